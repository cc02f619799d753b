// Tables and rows of the part of the vault that decides who may open what, for SqlVaultStore. Runs
// inside its transactions; SOCI's exceptions pass through to it.
#pragma once

#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "vault/access_store.h"

namespace madoguchi::store {

const std::vector<Migration>& access_tables();
Result<void> write_access(soci::session& sql, const vault::AccessChange& change);
Result<vault::AccessImage> read_access(soci::session& sql);

}  // namespace madoguchi::store
