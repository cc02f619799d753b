// All witnesses of one vault's logs, asked on a thread for each. Owned by whoever owns the logs,
// and made before the publisher; cosign() and late() are its thread's, standings() any thread's.
//
// Promises: a checkpoint waits for its witnesses no longer than the patience given, and not at all
// for one that is away, refuses or came late the last time; what comes later is handed out by
// late(). A witness that could not be had is asked again by itself, also when nothing was added.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "ledger/cosigner.h"
#include "ledger/logs.h"
#include "ledger/witness_turns.h"

namespace madoguchi::ledger {

class WitnessDesk final : public Cosigning {
 public:
  struct Witnessed {
    WitnessAddress address;
    std::set<std::string> logs;  // whose checkpoints it is asked to cosign
    std::unique_ptr<Poster> poster;
  };
  // Told on a witness's thread, when its state with a log is another than before.
  using Report = std::function<void(const WitnessStanding&)>;

  // `clock` outlives it.
  WitnessDesk(std::vector<Witnessed> witnesses, const Clock& clock,
              std::chrono::milliseconds patience, Report report);
  ~WitnessDesk() override;  // has posts that are under way given up
  WitnessDesk(const WitnessDesk&) = delete;
  WitnessDesk& operator=(const WitnessDesk&) = delete;

  void cosign(std::span<SignedLog> round) override;
  std::vector<SignedLog> late() override;

  // Of the witnesses that this log has, in their order; of all of them with "".
  [[nodiscard]] std::vector<WitnessStanding> standings(std::string_view log = {}) const;

 private:
  struct Shared;
  class Caller;
  std::unique_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Caller>> callers_;  // last: their threads use the others
};

}  // namespace madoguchi::ledger
