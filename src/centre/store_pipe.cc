#include "centre/store_pipe.h"

#include <iterator>
#include <memory>
#include <utility>
#include <variant>

namespace madoguchi::centre {
namespace {

struct KeyOf {
  std::string operator()(const CallRecord& row) const { return "c" + row.id.text(); }
  std::string operator()(const LegRecord& row) const { return "l" + row.id.text(); }
  std::string operator()(const StateRecord& row) const { return "s" + row.id.text(); }
  std::string operator()(const PromiseRecord& row) const { return "p" + row.id.text(); }
  std::string operator()(const AttemptRecord& row) const { return "a" + row.call.text(); }
  std::string operator()(const RecordingRecord& row) const { return "r" + row.id.text(); }
  std::string operator()(const SettledWishRecord& row) const { return "w" + row.wish.text(); }
  std::string operator()(const PositionRecord&) const { return "@"; }
};

template <typename T>
void append(std::vector<T>& to, std::vector<T> from) {
  if (to.empty())
    to = std::move(from);
  else
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

void StorePipe::merge(std::vector<Record> records) {
  // Records are whole rows: of several for one key only the latest needs writing.
  for (Record& record : records) {
    const auto [place, is_new] =
        places_.try_emplace(std::visit(KeyOf{}, record), waiting_.records.size());
    if (is_new)
      waiting_.records.push_back(std::move(record));
    else
      waiting_.records[place->second] = std::move(record);
  }
}

void StorePipe::add(Effects effects) {
  if (effects.empty()) return;
  merge(std::move(effects.records));
  append(waiting_.commands, std::move(effects.commands));
  append(waiting_.tickets, std::move(effects.tickets));
  append(waiting_.views, std::move(effects.views));
}

void StorePipe::pump(Time now) {
  if (busy_ || waiting_.empty()) return;
  if (failing_) {
    if (!retry_at_) retry_at_ = now + kRetryAfter;
    if (now < *retry_at_) return;
    retry_at_.reset();
  }
  places_.clear();
  if (waiting_.records.empty()) {
    committed_(std::exchange(waiting_, {}));
    return;
  }
  // Shared only because a job must be copyable; the writer is its one user.
  const auto batch = std::make_shared<Effects>(std::exchange(waiting_, {}));
  busy_ = writer_.post([this, batch] {
    auto outcome = store_.commit(batch->records);
    // At once: callers wait for the commands in it.
    loop_.post(
        [this, batch, outcome = std::move(outcome)]() mutable {
          finished(std::move(outcome), std::move(*batch));
        },
        Loop::Pace::kAtOnce);
  });
  busy_since_ = now;
  if (!busy_) waiting_ = std::move(*batch);
}

void StorePipe::finished(Result<void> outcome, Effects batch) {
  busy_ = false;
  if (outcome) {
    ++commits_;
    failing_ = false;
    committed_(std::move(batch));
    return;
  }
  // Older first, so that what came since replaces it.
  Effects since = std::exchange(waiting_, {});
  places_.clear();
  add(std::move(batch));
  add(std::move(since));
  failing_ = true;
  troubled_(outcome.error());
}

}  // namespace madoguchi::centre
