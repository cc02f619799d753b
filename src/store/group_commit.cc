#include "store/group_commit.h"

#include <soci/soci.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

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

  bool push(Work& work, Done& done) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= limits_.most_waiting) return false;
      waiting_.push_back({std::move(work), std::move(done), {}});
    }
    wake_.notify_one();
    return true;
  }

 private:
  struct Item {
    Work work;
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

  // A refusal of the only piece is a refusal of the transaction: nothing to keep apart.
  Result<void> commit(std::vector<Item>& group) {
    return database_.transact([&](soci::session& sql) -> Result<void> {
      if (group.size() == 1) return group.front().work(sql);
      for (Item& item : group) {
        sql << "SAVEPOINT piece";
        item.outcome = apart(sql, item.work);
        if (!item.outcome) sql << "ROLLBACK TO SAVEPOINT piece";
        sql << "RELEASE SAVEPOINT piece";
      }
      return {};
    });
  }

  // A broken constraint is this piece's own fault; a full disk or a lost server is everybody's, and
  // goes on as the exception it is.
  Result<void> apart(soci::session& sql, const Work& work) {
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

void GroupCommit::submit(Work work, Done done) {
  if (!queue_->push(work, done))
    done(fail(ErrorCode::kExhausted, "the store is behind: too many changes wait to be kept"));
}

Result<void> GroupCommit::run(Work work) {
  std::promise<Result<void>> promise;
  auto kept = promise.get_future();
  submit(std::move(work), [&](Result<void> outcome) { promise.set_value(std::move(outcome)); });
  return kept.get();
}

}  // namespace madoguchi::store
