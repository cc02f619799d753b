// Tables and rows of the mandates' retention, for SqlVaultStore. Runs inside its transactions;
// SOCI's exceptions pass through to it.
#pragma once

#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "vault/retention_store.h"

namespace madoguchi::store {

const std::vector<Migration>& retention_tables();
Result<void> write_retention(soci::session& sql, const vault::RetentionChange& change);
Result<vault::RetentionImage> read_retention(soci::session& sql);

}  // namespace madoguchi::store
