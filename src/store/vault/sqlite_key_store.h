// The subjects' keys in a SQLite file of its own. Keys lie in blocks of fixed size, one row and one
// page a block, each key at the place its record's number gives: a key is written, wrapped again
// and overwritten where it lies, and no copy of it is ever left behind by the moving of rows.
// Blocks are appended in ascending order, empty, before anything is written into them.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "vault/records/record_store.h"

namespace madoguchi::store {

Result<std::unique_ptr<vault::SubjectKeyStore>> open_sqlite_key_store(
    const std::string& file, std::chrono::milliseconds busy_timeout);

}  // namespace madoguchi::store
