// Group commit: pieces of work that arrive while a transaction is being made durable share the next
// one, so that many writers cost one fsync. What one refuses, or a constraint it breaks, undoes
// that one alone: the transaction is then begun again with each in a savepoint of its own, so a
// piece's SQL may run twice before it counts. Entries of clients' logs go in last, all together, in
// the order of their pieces. Owned by a store's implementation; submit() and run() from any thread;
// the work and what follows it run on one thread of its own, in the order in which they came.
//
// Promises: `done` is called exactly once, with success only when the work is durable. On
// kUnavailable the work may have been kept, as Database says of every transaction. The queue is
// bounded: beyond it, kExhausted at once.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "ledger/log_store.h"
#include "store/database.h"

namespace madoguchi::store {

struct GroupCommitLimits {
  std::size_t most_waiting = 8'192;
  std::size_t most_together = 1'024;
};

class GroupCommit {
 public:
  using Work = std::function<Result<void>(soci::session&)>;
  struct Piece {
    Work work;  // may be empty
    std::vector<ledger::Draft> entries{};
  };
  using Done = std::function<void(Result<void>)>;

  // `database` outlives it.
  explicit GroupCommit(Database& database, GroupCommitLimits limits = {});
  ~GroupCommit();  // what waits is still committed
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  // Both must not throw; `done` must not block.
  void submit(Piece piece, Done done);
  // The same, waiting for it. Not from within `work` or `done`.
  Result<void> run(Piece piece);

 private:
  class Queue;
  std::unique_ptr<Queue> queue_;
};

}  // namespace madoguchi::store
