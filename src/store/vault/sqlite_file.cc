#include "store/vault/sqlite_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <unordered_map>

#include "store/sqlite_setup.h"

namespace madoguchi::store {

struct SqliteFile::Statements {
  std::unordered_map<const char*, sqlite3_stmt*> prepared;
  int failed = SQLITE_OK;  // why the last one could not be prepared
};

SqliteQuery::~SqliteQuery() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

SqliteQuery& SqliteQuery::bind(int at, std::int64_t value) {
  sqlite3_bind_int64(statement_, at, value);
  return *this;
}
SqliteQuery& SqliteQuery::bind(int at, std::string_view text) {
  sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}
SqliteQuery& SqliteQuery::bind(int at, ByteView bytes) {
  // A null pointer would be NULL, not an empty blob.
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  sqlite3_bind_blob(statement_, at, data, static_cast<int>(bytes.size()), SQLITE_STATIC);
  return *this;
}

Result<bool> SqliteQuery::step() {
  if (statement_ == nullptr) return file_.trouble(file_.statements_->failed);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto error = file_.trouble(code);
  sqlite3_reset(statement_);
  return error;
}

Result<void> SqliteQuery::run() {
  const auto stepped = step();
  if (!stepped) return tl::unexpected<Error>(stepped.error());
  sqlite3_reset(statement_);
  return {};
}

std::int64_t SqliteQuery::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
std::string SqliteQuery::text(int column) const {
  return std::string(as_text(bytes(column)));
}
ByteView SqliteQuery::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  return {static_cast<const std::uint8_t*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

SqliteFile::SqliteFile(std::string path)
    : path_(std::move(path)), statements_(std::make_unique<Statements>()) {}

SqliteFile::~SqliteFile() {
  for (const auto& [name, statement] : statements_->prepared) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

tl::unexpected<Error> SqliteFile::trouble(int code) const {
  const auto say = [&](ErrorCode kind, std::string_view cause) {
    return fail(kind, fmt::format("{}: {}", path_, cause));
  };
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return say(ErrorCode::kExhausted, "the disk is full; make room");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return say(ErrorCode::kUnavailable, "is locked by another program");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return say(ErrorCode::kCorrupt, "is damaged, or no database; restore a backup");
    case SQLITE_CONSTRAINT:
      return say(ErrorCode::kConflict, "holds such a row already");
    default:  // a foreign enumeration
      return say(ErrorCode::kUnavailable,
                 fmt::format("cannot be read or written ({})", sqlite3_errstr(code)));
  }
}

Result<std::unique_ptr<SqliteFile>> SqliteFile::open(const Options& options) {
  std::unique_ptr<SqliteFile> file(new SqliteFile(options.path));
  const bool writes = options.use == SqliteUse::kWrite;
  if (writes) {
    // SQLite would make the file with the umask's mode; nobody but the owner has business in it.
    const int fd = ::open(options.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
      return fail(ErrorCode::kUnavailable,
                  fmt::format("{}: cannot be opened or made; check that its folder exists and is "
                              "writable",
                              options.path));
    ::close(fd);
  }
  configure_sqlite();
  const int code = sqlite3_open_v2(options.path.c_str(), &file->handle_,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return file->trouble(code);
  sqlite3_extended_result_codes(file->handle_, 1);
  sqlite3_busy_timeout(file->handle_, static_cast<int>(options.busy_timeout.count()));
  const std::string settings = fmt::format(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
      "PRAGMA cache_size = -{}; PRAGMA wal_autocheckpoint = 8192;"
      "PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;{}",
      options.cache_kibibytes, writes ? "" : "PRAGMA query_only = ON;");
  if (auto set = file->execute(settings.c_str()); !set) return tl::unexpected<Error>(set.error());
  return file;
}

SqliteQuery SqliteFile::query(std::string_view sql) {
  sqlite3_stmt*& statement = statements_->prepared[sql.data()];
  if (statement == nullptr)
    statements_->failed = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                             SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  return {*this, statement};
}

Result<void> SqliteFile::execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return trouble(code);
  return {};
}

Result<void> SqliteFile::empty_log() {
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) return trouble(code);
  return {};
}

int SqliteFile::changes() const {
  return sqlite3_changes(handle_);
}

}  // namespace madoguchi::store
