// Takes the journal of a vault that had no clients' logs yet into them: each line that concerns an
// organisation, and was written before that organisation's log began, becomes an entry there, with
// the line's digest, so that the client's log vouches for it from then on. Lines that concern
// nobody in particular stay in the journal alone, which keeps all of them.
//
// Called once at start, before anything is served. What was taken in is marked in the same commits,
// so a start that was cut off goes on where it was, and the next ones do nothing.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "ledger/log_store.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

// How many lines became entries.
Result<std::uint64_t> take_in_journal(VaultStore& store, ledger::LogStore& log, Time now);

}  // namespace madoguchi::vault
