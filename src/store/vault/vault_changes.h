// Each change of the vault as SQL. Called inside a transaction; SOCI's exceptions pass through to
// Database, which turns them into errors.
#pragma once

#include "base/result.h"
#include "vault/vault_store.h"

namespace soci {
class session;
}

namespace madoguchi::store {

Result<void> write(soci::session& sql, const vault::Change& change);

// Puts the entries at the end of the chain.
void write_journal(soci::session& sql, Time now, const std::vector<vault::JournalEntry>& entries);

}  // namespace madoguchi::store
