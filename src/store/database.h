// One connection to a store, SQLite or PostgreSQL behind the same SQL, for the implementations
// under src/store. Whoever opens it owns it; calls from several threads are serialised by a mutex,
// so a process that wants to read while it writes opens two.
//
// Promises: when transact() returns without an error the work is durable (WAL with
// synchronous=FULL, synchronous_commit=on). On an error nothing of it is, except that a connection
// lost in the very moment of the commit may have kept it: work that matters carries an idempotency
// key and may be repeated. A lost connection is opened again by the next call. No exception leaves,
// and no error text holds a value that was stored.
//
// What both kinds of SQL understand, and nothing else, is used: BIGINT, TEXT, INTEGER for flags,
// ON CONFLICT, RETURNING. Bytes are stored as base64 text.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace soci {
class session;
}

namespace madoguchi::store {

enum class Backend { kSqlite, kPostgres };

// Why the last call failed, for the line that a person sees; kReady after a call that did not.
enum class StoreState {
  kReady,
  kLocked,    // another program holds the lock longer than we wait; heals by itself
  kAway,      // file or server cannot be reached; heals by itself
  kDiskFull,  // heals when somebody makes room
  kDamaged,   // the bytes are no database, or its pages are broken: restore a backup
};
std::string_view name_of(StoreState state);

// `number` counts from 1 within a module without gaps. In `sql`, statements are separated by ";"
// at a line's end, $AUTOKEY stands for an ever-increasing BIGINT primary key, and a statement that
// begins with $SQLITE or $POSTGRES is for that kind of server alone.
struct Migration {
  int number = 0;
  std::string_view name;
  std::string_view sql;
};

// What a test may do to a commit: both ways in which a durable call can go wrong.
enum class CommitFault { kNone, kFailed, kFailedButKept };

struct DatabaseOptions {
  // "postgresql://…", or "sqlite:<path>", or a path.
  std::string url{};
  std::chrono::milliseconds busy_timeout{2'000};
  // Only one process at a time may open the store with this set; another gets kConflict.
  bool sole_owner = false;
  std::function<CommitFault()> commit_fault{};  // tests only
};

class Database {
 public:
  // kInvalid: the URL makes no sense; kUnavailable, kCorrupt, kConflict otherwise. A SQLite file is
  // made when it is missing, with mode 0600.
  static Result<std::unique_ptr<Database>> open(DatabaseOptions options);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // Brings the tables of `module` up to date, each migration in a transaction. kConflict when the
  // store was written by a newer program than this one.
  Result<void> migrate(std::string_view module, const std::vector<Migration>& migrations);

  // Runs `work`, a callable Result<T>(soci::session&), in one transaction that writes; a failed
  // Result rolls it back and is returned. Exceptions of SOCI become errors:
  //   kUnavailable locked or away, kExhausted disk full, kConflict constraint, kCorrupt damaged.
  // `work` may run SQL and nothing else: it must not call back into this Database.
  template <typename Work>
  std::invoke_result_t<Work&, soci::session&> transact(Work&& work) {
    return run<Work>(Access::kWrite, work);
  }

  // The same for reading only: sees one consistent state, never waits for a writer under SQLite.
  template <typename Work>
  std::invoke_result_t<Work&, soci::session&> read(Work&& work) {
    return run<Work>(Access::kRead, work);
  }

  // For `work` of transact() and read(): statements that it prepared, to be found again by the
  // next. Emptied before the connection closes and when a transaction fails. Shared only because
  // that knows how to delete what it holds.
  [[nodiscard]] std::shared_ptr<void>& prepared();

  [[nodiscard]] Backend backend() const;
  [[nodiscard]] StoreState state() const;
  // The store's address without a password, for messages.
  [[nodiscard]] const std::string& shown_url() const;

 private:
  enum class Access { kRead, kWrite };
  struct Connection;

  explicit Database(std::unique_ptr<Connection> connection);

  Result<void> perform(Access access, const std::function<Result<void>(soci::session&)>& work);

  template <typename Work>
  std::invoke_result_t<Work&, soci::session&> run(Access access, Work& work) {
    using Outcome = std::invoke_result_t<Work&, soci::session&>;
    std::optional<Outcome> outcome;
    const Result<void> performed = perform(access, [&](soci::session& sql) -> Result<void> {
      outcome.emplace(work(sql));
      if (!*outcome) return tl::unexpected<Error>(outcome->error());
      return {};
    });
    if (!performed) return tl::unexpected<Error>(performed.error());
    return std::move(*outcome);
  }

  std::unique_ptr<Connection> connection_;
};

}  // namespace madoguchi::store
