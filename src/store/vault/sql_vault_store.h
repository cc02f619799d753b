// The vault's store in SQL. Owned by the process that runs the vault; any thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "store/database.h"
#include "vault/vault_store.h"

namespace madoguchi::store {

// Opens (and makes or brings up to date) the store at `options.url` as its sole owner.
Result<std::unique_ptr<vault::VaultStore>> open_vault_store(DatabaseOptions options);

}  // namespace madoguchi::store
