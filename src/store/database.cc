#include "store/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "store/owner_wait.h"
#include "store/sole_owner.h"
#include "store/sql_trouble.h"
#include "store/sqlite_setup.h"
#include "store/sqlite_turns.h"

namespace madoguchi::store {
namespace {

constexpr std::string_view kSqlitePrefix = "sqlite:";
constexpr std::chrono::seconds kPostgresConnect{3};
// Key of PostgreSQL's advisory lock for a sole owner: "madoguchi" in a number of our own choosing.
constexpr long long kOwnerLock = 0x6d61646f67756368;

bool is_postgres(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

// postgresql://user:secret@host/base -> postgresql://user@host/base
std::string without_password(std::string url) {
  const auto start = url.find("://");
  if (start == std::string::npos) return url;
  const auto at = url.find('@', start + 3);
  const auto colon = url.find(':', start + 3);
  if (at != std::string::npos && colon != std::string::npos && colon < at)
    url.erase(colon, at - colon);
  const auto query = url.find("password=");
  if (query != std::string::npos) {
    const auto end = url.find('&', query);
    url.replace(query, end == std::string::npos ? std::string::npos : end - query, "password=…");
  }
  return url;
}

}  // namespace

struct Database::Connection {
  DatabaseOptions options;
  Backend backend = Backend::kSqlite;
  std::string shown_url;
  std::string path;  // SQLite's file

  std::mutex mutex;  // guards the session
  std::unique_ptr<soci::session> session;
  std::shared_ptr<void> prepared;               // on the session; goes before it
  FileLock owner_lock;                          // SQLite with sole_owner
  std::shared_ptr<WriteTurn> turn;              // SQLite
  std::unique_ptr<WalCheckpoints> checkpoints;  // SQLite with sole_owner
  std::atomic<StoreState> state{StoreState::kReady};

  ~Connection() { close(); }

  void close() {
    prepared.reset();
    session.reset();
  }
  Result<void> connect();
  Result<void> connect_sqlite();
  Result<void> connect_postgres();
  Result<void> lock_beside();
  void configure_postgres();
  Result<void> attempt(Access access, const std::function<Result<void>(soci::session&)>& work);
  void begin(Access access);
  Result<void> commit(Access access);
  tl::unexpected<Error> report(const Trouble& trouble);
  void roll_back();
};

Result<void> Database::Connection::lock_beside() {
  if (!options.sole_owner || owner_lock.is_held()) return {};
  auto lock = sole_owner_of(path);
  if (!lock) return tl::unexpected<Error>(lock.error());
  owner_lock = *std::move(lock);
  return {};
}

Result<void> Database::Connection::connect_sqlite() {
  // SQLite would make the file with the umask's mode; nobody but the owner has business in it.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    state = StoreState::kAway;
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: cannot be opened or made; check that its folder exists and is "
                            "writable",
                            path));
  }
  ::close(fd);
  if (auto locked = lock_beside(); !locked) return locked;
  configure_sqlite();
  auto fresh = std::make_unique<soci::session>();
  fresh->open(soci::sqlite3, fmt::format("db=\"{}\"", path));
  *fresh << fmt::format("PRAGMA busy_timeout = {}", options.busy_timeout.count());
  *fresh << "PRAGMA journal_mode = WAL";
  *fresh << "PRAGMA synchronous = FULL";
  // A process in its sandbox has no folder for temporary files, and none may hold what it keeps.
  *fresh << "PRAGMA temp_store = MEMORY";
  *fresh << "PRAGMA foreign_keys = ON";
  if (!turn) turn = write_turn_of(path);
  if (options.sole_owner && !checkpoints)
    checkpoints = std::make_unique<WalCheckpoints>(path, turn);
  if (checkpoints)
    checkpoints->follow(static_cast<soci::sqlite3_session_backend*>(fresh->get_backend())->conn_);
  session = std::move(fresh);
  return {};
}

void Database::Connection::configure_postgres() {
  *session << "SET synchronous_commit = on";
  *session << "SET client_encoding = 'UTF8'";
  *session << "SET client_min_messages = warning";
  *session << fmt::format("SET lock_timeout = {}", options.busy_timeout.count());
  *session << "SET statement_timeout = 30000";
  *session << "SET idle_in_transaction_session_timeout = 60000";
}

Result<void> Database::Connection::connect_postgres() {
  std::string url = options.url;
  if (url.find("connect_timeout=") == std::string::npos)
    url += fmt::format("{}connect_timeout={}", url.find('?') == std::string::npos ? '?' : '&',
                       kPostgresConnect.count());
  session = std::make_unique<soci::session>(soci::postgresql, url);
  configure_postgres();
  if (!options.sole_owner) return {};
  const bool locked = locked_soon([&] {
    int now = 0;
    *session << "SELECT CASE WHEN pg_try_advisory_lock(:k) THEN 1 ELSE 0 END",
        soci::use(kOwnerLock), soci::into(now);
    return now == 1;
  });
  if (locked) return {};
  close();
  return fail(
      ErrorCode::kConflict,
      fmt::format("{}: another process of ours has this store open; stop it first", shown_url));
}

Result<void> Database::Connection::connect() {
  try {
    return backend == Backend::kSqlite ? connect_sqlite() : connect_postgres();
  } catch (const std::exception& thrown) {
    close();
    return report(trouble_of(thrown, backend, path));
  }
}

tl::unexpected<Error> Database::Connection::report(const Trouble& trouble) {
  if (trouble.state) state = *trouble.state;
  if (trouble.reconnect) close();
  return fail(trouble.code, fmt::format("{}: {}", shown_url, trouble.text));
}

void Database::Connection::roll_back() {
  prepared.reset();
  if (!session) return;
  try {
    *session << "ROLLBACK";
  } catch (const std::exception&) {
    // The connection cannot even roll back; closing it does.
    close();
  }
}

Result<void> Database::Connection::commit(Access access) {
  const bool faulty = access == Access::kWrite && options.commit_fault;
  const CommitFault fault = faulty ? options.commit_fault() : CommitFault::kNone;
  if (fault == CommitFault::kFailed) {
    roll_back();
  } else {
    *session << "COMMIT";
  }
  if (fault == CommitFault::kNone) return {};
  state = StoreState::kAway;
  return fail(ErrorCode::kUnavailable, fmt::format("{}: cannot be reached", shown_url));
}

// A transaction that begins by reading and then writes can fail halfway under SQLite; taking the
// write lock at once makes it wait at the beginning instead.
void Database::Connection::begin(Access access) {
  const bool sqlite = backend == Backend::kSqlite;
  if (access == Access::kWrite)
    *session << (sqlite ? "BEGIN IMMEDIATE" : "BEGIN");
  else
    *session << (sqlite ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

Result<void> Database::Connection::attempt(
    Access access, const std::function<Result<void>(soci::session&)>& work) {
  try {
    if (auto outcome = work(*session); !outcome) {
      roll_back();
      return outcome;
    }
    if (auto committed = commit(access); !committed) return committed;
    state = StoreState::kReady;
    return {};
  } catch (const std::exception& thrown) {
    const Trouble trouble = trouble_of(thrown, backend, path);
    roll_back();
    return report(trouble);
  }
}

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(DatabaseOptions options) {
  auto connection = std::make_unique<Connection>();
  connection->options = std::move(options);
  const std::string& url = connection->options.url;
  connection->shown_url = without_password(url);
  if (is_postgres(url)) {
    connection->backend = Backend::kPostgres;
  } else {
    connection->path = url.starts_with(kSqlitePrefix) ? url.substr(kSqlitePrefix.size()) : url;
    connection->shown_url = connection->path;
    if (connection->path.empty() || connection->path.find('"') != std::string::npos ||
        connection->path.find("://") != std::string::npos)
      return fail(ErrorCode::kInvalid,
                  fmt::format("\"{}\" names no store; write sqlite:<file> or postgresql://…",
                              connection->shown_url));
  }
  if (auto connected = connection->connect(); !connected)
    return tl::unexpected<Error>(connected.error());
  return std::unique_ptr<Database>(new Database(std::move(connection)));
}

Result<void> Database::perform(Access access,
                               const std::function<Result<void>(soci::session&)>& work) {
  const std::lock_guard lock(connection_->mutex);
  std::unique_lock<WriteTurn> turn;
  if (access == Access::kWrite && connection_->turn) {
    turn = std::unique_lock(*connection_->turn, connection_->options.busy_timeout);
    if (!turn) return connection_->report(locked_trouble());
  }
  // A server that was restarted is noticed by the first statement; as nothing was done in that
  // transaction yet, a new connection may begin it again.
  for (bool again = connection_->session != nullptr;; again = false) {
    if (connection_->session == nullptr) {
      if (auto connected = connection_->connect(); !connected) return connected;
    }
    try {
      connection_->begin(access);
      break;
    } catch (const std::exception& thrown) {
      const Trouble trouble = trouble_of(thrown, connection_->backend, connection_->path);
      const auto error = connection_->report(trouble);
      if (!trouble.reconnect || !again) return error;
    }
  }
  return connection_->attempt(access, work);
}

std::shared_ptr<void>& Database::prepared() {
  return connection_->prepared;
}

Backend Database::backend() const {
  return connection_->backend;
}
StoreState Database::state() const {
  return connection_->state;
}
const std::string& Database::shown_url() const {
  return connection_->shown_url;
}

std::string_view name_of(StoreState state) {
  switch (state) {
    case StoreState::kReady:
      return "ready";
    case StoreState::kLocked:
      return "locked";
    case StoreState::kAway:
      return "away";
    case StoreState::kDiskFull:
      return "disk full";
    case StoreState::kDamaged:
      return "damaged";
  }
  return "";
}

}  // namespace madoguchi::store
