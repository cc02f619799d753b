// The lock that keeps a second process from opening a SQLite file of ours: a file of its own beside
// the database, since SQLite must be free to replace and lock its own.
#pragma once

#include <string>

#include "base/file_lock.h"

namespace madoguchi::store {

// kConflict when another process holds it.
Result<FileLock> sole_owner_of(const std::string& database_file);

}  // namespace madoguchi::store
