// One SQLite connection with its prepared statements, used directly where rows are many and hold
// bytes (records, keys): SOCI would copy every value twice and has no blobs here that keep their
// place. docs/decisions/records-store.md gives the reasons. One thread at a time.
//
// Promises are those of database.h: WAL with synchronous=FULL, so what was committed is durable;
// deleted bytes are overwritten (secure_delete). No exception leaves; no error holds a value.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace madoguchi::store {

class SqliteFile;

// A prepared statement in use; reset when it goes. Parameters count from 1, columns from 0.
class SqliteQuery {
 public:
  SqliteQuery(SqliteFile& file, sqlite3_stmt* statement) : file_(file), statement_(statement) {}
  SqliteQuery(const SqliteQuery&) = delete;
  ~SqliteQuery();

  SqliteQuery& bind(int at, std::int64_t value);
  // Views must live until the query has run.
  SqliteQuery& bind(int at, std::string_view text);
  SqliteQuery& bind(int at, ByteView bytes);

  // True: there is a row. False: it is over.
  Result<bool> step();
  // For what gives no rows; ready for the next one afterwards.
  Result<void> run();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] ByteView bytes(int column) const;  // until the next step

 private:
  SqliteFile& file_;
  sqlite3_stmt* statement_;  // null: it could not be prepared, and step() says why
};

enum class SqliteUse { kWrite, kRead };

class SqliteFile {
 public:
  struct Options {
    std::string path;
    SqliteUse use = SqliteUse::kWrite;
    std::chrono::milliseconds busy_timeout{2'000};
    int cache_kibibytes = 64 * 1024;
  };
  // Makes the file (0600) when it is missing and the use is kWrite.
  static Result<std::unique_ptr<SqliteFile>> open(const Options& options);
  SqliteFile(const SqliteFile&) = delete;
  ~SqliteFile();

  // `sql` must live as long as the file: it is the statement's name.
  [[nodiscard]] SqliteQuery query(std::string_view sql);
  Result<void> execute(const char* sql);

  // Runs `work`, a callable Result<void>(), in a transaction that writes.
  template <typename Work>
  Result<void> transact(Work&& work) {
    if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
    if (auto done = work(); !done) {
      static_cast<void>(execute("ROLLBACK"));
      return done;
    }
    auto committed = execute("COMMIT");
    if (!committed) static_cast<void>(execute("ROLLBACK"));
    return committed;
  }

  // Moves everything into the database file and cuts the write-ahead log to nothing: bytes that
  // were overwritten are then in neither. kUnavailable while a reader holds an old state.
  Result<void> empty_log();

  [[nodiscard]] int changes() const;
  tl::unexpected<Error> trouble(int code) const;

 private:
  friend class SqliteQuery;
  struct Statements;
  explicit SqliteFile(std::string path);

  const std::string path_;
  sqlite3* handle_ = nullptr;
  std::unique_ptr<Statements> statements_;
};

}  // namespace madoguchi::store
