#include "store/group_commit.h"

#include <soci/soci.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "store/ledger/sql_log_store.h"
#include "store/sql_trouble.h"

namespace madoguchi::store {

class GroupCommit::Queue {
 public:
  Queue(Database& database, GroupCommitLimits limits)
      : database_(database), limits_(limits), thread_([this] { loop(); }) {}

  ~Queue() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  bool push(Piece& piece, Done& done) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= limits_.most_waiting) return false;
      waiting_.push_back({std::move(piece), std::move(done), {}});
    }
    wake_.notify_one();
    return true;
  }

 private:
  struct Item {
    Piece piece;
    Done done;
    Result<void> outcome;
  };

  void loop() {
    for (;;) {
      std::vector<Item> group = take();
      if (group.empty()) return;
      const Result<void> committed = commit(group);
      for (Item& item : group)
        item.done(committed ? std::move(item.outcome) : Result<void>(committed));
    }
  }

  std::vector<Item> take() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    std::vector<Item> group;
    while (!waiting_.empty() && group.size() < limits_.most_together) {
      group.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    return group;
  }

  Result<void> commit(std::vector<Item>& group) {
    bool refused = false;  // by a piece, before anything was committed
    Result<void> done = database_.transact(
        [&](soci::session& sql) -> Result<void> { return together(sql, group, refused); });
    if (done || !refused || group.size() == 1) return done;
    for (Item& item : group) item.outcome = {};
    return database_.transact(
        [&](soci::session& sql) -> Result<void> { return each_apart(sql, group); });
  }

  Result<void> together(soci::session& sql, std::vector<Item>& group, bool& refused) {
    std::vector<ledger::Draft> entries;
    for (Item& item : group) {
      if (auto worked = attempt(sql, item.piece.work); !worked) {
        refused = true;
        return worked;
      }
      entries.insert(entries.end(), item.piece.entries.begin(), item.piece.entries.end());
    }
    auto appended = append_entries(sql, entries);
    if (appended) return {};
    refused = true;
    return tl::unexpected<Error>(appended.error());
  }

  Result<void> each_apart(soci::session& sql, std::vector<Item>& group) {
    for (Item& item : group) {
      sql << "SAVEPOINT piece";
      item.outcome = attempt(sql, item.piece.work);
      if (item.outcome)
        if (auto appended = append_entries(sql, item.piece.entries); !appended)
          item.outcome = tl::unexpected<Error>(appended.error());
      if (!item.outcome) sql << "ROLLBACK TO SAVEPOINT piece";
      sql << "RELEASE SAVEPOINT piece";
    }
    return {};
  }

  // A broken constraint is this piece's own fault; a full disk or a lost server is everybody's, and
  // goes on as the exception it is.
  Result<void> attempt(soci::session& sql, const Work& work) {
    if (!work) return {};
    try {
      return work(sql);
    } catch (const std::exception& thrown) {
      const Trouble trouble = trouble_of(thrown, database_.backend(), database_.shown_url());
      if (trouble.code != ErrorCode::kConflict) throw;
      return fail(trouble.code, database_.shown_url() + ": " + trouble.text);
    }
  }

  Database& database_;
  const GroupCommitLimits limits_;
  std::mutex mutex_;  // guards the next two
  std::deque<Item> waiting_;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;  // last: it uses the others
};

GroupCommit::GroupCommit(Database& database, GroupCommitLimits limits)
    : queue_(std::make_unique<Queue>(database, limits)) {}
GroupCommit::~GroupCommit() = default;

void GroupCommit::submit(Piece piece, Done done) {
  if (!queue_->push(piece, done))
    done(fail(ErrorCode::kExhausted, "the store is behind: too many changes wait to be kept"));
}

Result<void> GroupCommit::run(Piece piece) {
  std::promise<Result<void>> promise;
  auto kept = promise.get_future();
  submit(std::move(piece), [&](Result<void> outcome) { promise.set_value(std::move(outcome)); });
  return kept.get();
}

}  // namespace madoguchi::store
