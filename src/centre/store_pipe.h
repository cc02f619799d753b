// Between the call flow and the store: gathers effects, commits their records on a thread of its
// own and hands each batch on once it is durable, in order. While one batch is being written the
// next gathers, so a slow disk makes batches larger rather than more. A failed commit is tried
// again with everything that came since, until it succeeds: nothing is handed on before, so the
// exchange is not acknowledged and keeps its events. Belongs to the loop thread.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "centre/centre_store.h"
#include "centre/flow/call_flow.h"
#include "centre/loop.h"
#include "centre/worker.h"

namespace madoguchi::centre {

class StorePipe {
 public:
  // What a full pipe holds: beyond it no operator's command is taken (see is_full).
  static constexpr std::size_t kMostRecords = 50'000;
  static constexpr Micros kRetryAfter = std::chrono::milliseconds(250);
  static constexpr Micros kStuckAfter = std::chrono::seconds(2);  // a commit that takes so long

  using Committed = std::function<void(Effects)>;
  using Troubled = std::function<void(const Error&)>;

  // All must outlive it; the callbacks run on the loop.
  StorePipe(CentreStore& store, Loop& loop, Committed committed, Troubled troubled)
      : store_(store),
        loop_(loop),
        committed_(std::move(committed)),
        troubled_(std::move(troubled)) {}

  void add(Effects effects);
  void pump(Time now);  // begins a commit if there is something to write and none is under way

  void clock_was_set(Micros by) {
    if (retry_at_) *retry_at_ += by;
    busy_since_ += by;
  }

  [[nodiscard]] bool failing() const { return failing_; }
  // The last commit failed, or one waits for somebody's lock.
  [[nodiscard]] bool is_stuck(Time now) const {
    return failing_ || (busy_ && now - busy_since_ >= kStuckAfter);
  }
  [[nodiscard]] bool is_full() const { return waiting_.records.size() >= kMostRecords; }
  [[nodiscard]] std::optional<Time> next_retry() const { return retry_at_; }
  [[nodiscard]] std::uint64_t commits() const { return commits_; }

 private:
  void merge(std::vector<Record> records);
  void finished(Result<void> outcome, Effects batch);

  CentreStore& store_;
  Loop& loop_;
  const Committed committed_;
  const Troubled troubled_;
  Effects waiting_;
  std::unordered_map<std::string, std::size_t> places_;  // key of a waiting record → its index
  bool busy_ = false;
  Time busy_since_;
  bool failing_ = false;
  std::optional<Time> retry_at_;
  std::uint64_t commits_ = 0;
  Worker writer_{1, 4};
};

}  // namespace madoguchi::centre
