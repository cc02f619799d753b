// When one witness is asked about which log, and how it stands with each: pure; whoever owns it
// guards it. A witness that is away is left alone for longer and longer (1 s to 5 min), and so is a
// log that it refuses; then the newest checkpoint is brought to it again, though nothing was added.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace madoguchi::ledger {

enum class WitnessState {
  kAsked,           // a checkpoint is on its way to it; nothing is known to be wrong
  kInStep,          // it cosigned the newest
  kAway,            // no answer
  kRefuses,         // it does not know this log, or not by this key
  kAnotherHistory,  // it has seen what this log does not follow from: a fork, or an old backup
};
std::string_view name_of(WitnessState state);  // "in_step"

struct WitnessStanding {
  std::string witness;  // its name
  std::string log;
  WitnessState state = WitnessState::kAsked;
  Time since{};                // of the state
  std::uint64_t size = 0;      // of the newest checkpoint
  std::uint64_t cosigned = 0;  // size of the last one it cosigned in this run; 0: none
  std::optional<Time> seen;    // when
  std::string trouble;         // one line, empty when it is in step
};

class WitnessTurns {
 public:
  explicit WitnessTurns(std::string witness) : witness_(std::move(witness)) {}

  // A new checkpoint, in the place of the log's older one.
  void want(const std::string& log, std::uint64_t size, Time at);

  // The log to ask about now, the longest waiting first. It has its turn until cosigned() or
  // failed().
  std::optional<std::string> next(MonoTime now);
  // When next() should be called again, if nothing else happens before.
  [[nodiscard]] std::optional<MonoTime> due() const;

  void cosigned(const std::string& log, std::uint64_t size, Time at);
  void failed(const std::string& log, const Error& why, MonoTime now, Time at);

  // Whether its answer about this log is still to come and worth waiting for.
  [[nodiscard]] bool is_awaited(const std::string& log) const;
  // Whether its last answer took longer than anyone waits; then nobody waits the next time.
  void was_late(const std::string& log, bool late);

  [[nodiscard]] std::optional<WitnessStanding> standing(const std::string& log) const;
  [[nodiscard]] std::vector<WitnessStanding> standings() const;

 private:
  struct Waiting {
    WitnessStanding standing;
    std::uint64_t turn = 0;      // of those that wait, the lowest is next
    bool wanted = false;         // the newest checkpoint is not cosigned
    bool is_late = false;        // as was_late() said
    std::chrono::seconds off{};  // how long it was left alone the last time
    MonoTime not_before{};
  };
  void enter(Waiting& one, WitnessState state, std::string trouble, Time at);

  const std::string witness_;
  std::map<std::string, Waiting> logs_;
  std::uint64_t turns_ = 0;
  std::chrono::seconds away_for_{};  // the witness itself
  MonoTime away_until_{};
  std::string away_why_;
};

}  // namespace madoguchi::ledger
