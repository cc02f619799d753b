// What was opened, searched and guessed in the last day, counted again from the clients' logs at
// start, so that a restart frees no limit.
#pragma once

#include "base/result.h"
#include "ledger/log_store.h"
#include "vault/authority_desk.h"

namespace madoguchi::vault {

Result<void> count_again(ledger::LogStore& log, AuthorityDesk& authority, Time now);

}  // namespace madoguchi::vault
