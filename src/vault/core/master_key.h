// The master key's file: the one secret outside the database. Made at first start with mode 0600;
// refused when anybody else could read it. Without it the database is noise, so it must be backed
// up apart from the database.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/secret.h"

namespace madoguchi::vault {

// What to do when the file is missing.
enum class IfMissing { kMake, kRefuse };

// One clear line naming the file on every error. `kRefuse` is for a database that was made with a
// key already: a new one would not fit.
Result<Secret> read_master_key(const std::filesystem::path& file, IfMissing if_missing);

// A fresh one in a file that must not be there yet; durable with its name.
Result<void> write_fresh_master_key(const std::filesystem::path& file);

}  // namespace madoguchi::vault
