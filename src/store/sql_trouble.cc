#include "store/sql_trouble.h"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sqlite3.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <string_view>

namespace madoguchi::store {
namespace {

constexpr std::uint64_t kLeastRoom = 1 << 20;

Trouble away() {
  return {ErrorCode::kUnavailable, "cannot be reached; it is tried again by itself",
          StoreState::kAway, true};
}
Trouble full() {
  return {ErrorCode::kExhausted, "its disk is full; make room, then it goes on by itself",
          StoreState::kDiskFull, false};
}
Trouble damaged() {
  return {ErrorCode::kCorrupt, "is damaged or no database of ours; restore a backup",
          StoreState::kDamaged, true};
}
Trouble constraint() {
  return {ErrorCode::kConflict, "a row like this exists already, or one it needs does not",
          std::nullopt, false};
}

bool has_no_room(const std::string& path) {
  struct statvfs room {};
  const auto folder = std::filesystem::path(path).parent_path();
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &room) != 0) return false;
  return static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize < kLeastRoom;
}

Trouble of_sqlite(int result, const std::string& path) {
  switch (result & 0xff) {  // the primary code
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return locked_trouble();
    case SQLITE_FULL:
      return full();
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return has_no_room(path) ? full() : away();
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged();
    case SQLITE_CONSTRAINT:
      return constraint();
    default:
      return {ErrorCode::kInternal, fmt::format("a statement failed (SQLite code {})", result),
              std::nullopt, false};
  }
}

// Classes and codes of PostgreSQL's documentation, appendix A.
Trouble of_postgres(std::string_view state) {
  if (state == "55P03" || state == "40P01" || state == "40001") return locked_trouble();
  if (state == "53100") return full();
  if (state.starts_with("23")) return constraint();
  if (state == "XX001" || state == "XX002") return damaged();
  if (state.starts_with("08") || state.starts_with("57") || state.starts_with("53") ||
      state == "25P03" || state == "25006" || state.starts_with("28") || state == "3D000" ||
      state.find_first_not_of(" \0") == std::string_view::npos)
    return away();
  return {ErrorCode::kInternal, fmt::format("a statement failed (SQLSTATE {})", state),
          std::nullopt, false};
}

}  // namespace

Trouble locked_trouble() {
  return {ErrorCode::kUnavailable, "is locked by another program; it is tried again by itself",
          StoreState::kLocked, false};
}

Trouble trouble_of(const std::exception& thrown, Backend backend, const std::string& path) {
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&thrown))
    return of_sqlite(sqlite->result(), path);
  if (const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&thrown)) {
    if (postgres->get_error_category() == soci::soci_error::connection_error) return away();
    return of_postgres(postgres->sqlstate());
  }
  if (const auto* other = dynamic_cast<const soci::soci_error*>(&thrown)) {
    // A connection that could not be made comes without a code.
    const std::string text = other->get_error_message();
    if (backend == Backend::kPostgres && (text.find("stablish connection") != std::string::npos ||
                                          text.find("onnection") != std::string::npos))
      return away();
  }
  return {ErrorCode::kInternal, "a statement could not be carried out as written", std::nullopt,
          false};
}

}  // namespace madoguchi::store
