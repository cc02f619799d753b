// The witnesses that the settings name, ready to be asked over HTTP(S). Connections go out from the
// vault to these addresses only; what they carry is public: checkpoints and proofs of a log that
// holds no personal data.
#pragma once

#include <memory>
#include <vector>

#include "base/time.h"
#include "ledger/witness_desk.h"
#include "vault/settings.h"

namespace madoguchi::vault {

// Null without witnesses. `clock` outlives it.
std::unique_ptr<ledger::WitnessDesk> open_witness_desk(
    const std::vector<WitnessSettings>& witnesses, const Clock& clock);

// One line about a witness that is not in step, for people; empty when there is nothing to tell.
std::string trouble_of(const ledger::WitnessStanding& standing);

}  // namespace madoguchi::vault
