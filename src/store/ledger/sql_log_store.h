// The log's rows in SQL: the tables, the append that runs inside somebody's transaction, and the
// reading side for ledger::Logs. Owned by the process that runs the vault; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "ledger/log_store.h"
#include "store/database.h"

namespace soci {
class session;
}

namespace madoguchi::store {

// As module "ledger"; whoever opens the database migrates it before the first append.
const std::vector<Migration>& ledger_tables();

// Inside the caller's transaction. The indexes given, in the order of the drafts; they count only
// when the transaction commits. kInvalid: a draft that check_draft() refuses.
Result<std::vector<std::uint64_t>> append_entries(soci::session& sql,
                                                  std::span<const ledger::Draft> drafts);

// Over a database whose tables are there. `database` outlives it; give it a connection of its own
// where reading should not wait for writers.
std::unique_ptr<ledger::LogStore> make_log_store(Database& database);

}  // namespace madoguchi::store
