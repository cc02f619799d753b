#include "store/sole_owner.h"

#include <fmt/format.h>

namespace madoguchi::store {

Result<FileLock> sole_owner_of(const std::string& database_file) {
  auto lock = FileLock::take(database_file + ".owner");
  if (!lock && lock.error().code == ErrorCode::kConflict)
    return fail(ErrorCode::kConflict,
                fmt::format("{}: another process of ours has this store open; stop it first",
                            database_file));
  return lock;
}

}  // namespace madoguchi::store
