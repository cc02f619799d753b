// The clients' logs in the vault's database, on a connection of their own, for reading and for
// keeping what was signed: reading never waits for what is being written.
#pragma once

#include <memory>

#include "base/result.h"
#include "ledger/log_store.h"
#include "store/database.h"

namespace madoguchi::store {

// The database must have been opened by open_vault_store() first, which makes its tables.
Result<std::unique_ptr<ledger::LogStore>> open_vault_log(DatabaseOptions options);

}  // namespace madoguchi::store
