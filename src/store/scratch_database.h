// For tests of anything that stores: a fresh empty store of each kind. SQLite in a folder of its
// own; PostgreSQL as a private cluster, started once per test program on a Unix socket in a folder
// of its own and stopped at its end, or the server at $MADOGUCHI_TEST_POSTGRES when that is set.
// Every test then gets a database of its own in it. Linked into test programs only.
#pragma once

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>

#include "store/database.h"

namespace madoguchi::store {

class ScratchDatabase {
 public:
  // Null where PostgreSQL is not installed; `why` then says so in one line.
  static std::unique_ptr<ScratchDatabase> make(Backend backend, std::string* why);

  ScratchDatabase(const ScratchDatabase&) = delete;
  ~ScratchDatabase();

  [[nodiscard]] const std::string& url() const { return url_; }
  // SQLite only: where its files are.
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  ScratchDatabase() = default;
  std::string url_;
  std::filesystem::path folder_;  // removed at the end
};

inline void PrintTo(Backend backend, std::ostream* out) {
  *out << (backend == Backend::kSqlite ? "Sqlite" : "Postgres");
}

}  // namespace madoguchi::store
