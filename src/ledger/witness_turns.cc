#include "ledger/witness_turns.h"

#include <algorithm>

namespace madoguchi::ledger {
namespace {

constexpr std::chrono::seconds kFirstOff{1};
constexpr std::chrono::seconds kLongestOff{300};

std::chrono::seconds longer(std::chrono::seconds before) {
  return std::clamp(before * 2, kFirstOff, kLongestOff);
}

WitnessState state_of(const Error& why) {
  if (why.code == ErrorCode::kUnavailable) return WitnessState::kAway;
  if (why.code == ErrorCode::kConflict) return WitnessState::kAnotherHistory;
  return WitnessState::kRefuses;
}

}  // namespace

std::string_view name_of(WitnessState state) {
  switch (state) {
    case WitnessState::kAsked:
      return "asked";
    case WitnessState::kInStep:
      return "in_step";
    case WitnessState::kAway:
      return "away";
    case WitnessState::kRefuses:
      return "refuses";
    case WitnessState::kAnotherHistory:
      return "another_history";
  }
  return "";
}

void WitnessTurns::enter(Waiting& one, WitnessState state, std::string trouble, Time at) {
  if (one.standing.state != state) one.standing.since = at;
  one.standing.state = state;
  one.standing.trouble = std::move(trouble);
}

void WitnessTurns::want(const std::string& log, std::uint64_t size, Time at) {
  const auto [found, is_new] = logs_.try_emplace(log);
  Waiting& one = found->second;
  if (is_new) {
    one.standing.witness = witness_;
    one.standing.log = log;
    one.standing.since = at;
  }
  if (!one.wanted) one.turn = ++turns_;
  one.wanted = true;
  one.standing.size = size;
  if (away_for_ > std::chrono::seconds(0))
    enter(one, WitnessState::kAway, away_why_, at);
  else if (one.standing.state == WitnessState::kInStep)
    enter(one, WitnessState::kAsked, "", at);
}

std::optional<std::string> WitnessTurns::next(MonoTime now) {
  if (now < away_until_) return std::nullopt;
  const std::string* chosen = nullptr;
  std::uint64_t turn = 0;
  for (const auto& [log, one] : logs_) {
    if (!one.wanted || now < one.not_before || (chosen != nullptr && one.turn > turn)) continue;
    chosen = &log;
    turn = one.turn;
  }
  return chosen == nullptr ? std::nullopt : std::optional(*chosen);
}

std::optional<MonoTime> WitnessTurns::due() const {
  std::optional<MonoTime> soonest;
  for (const auto& [log, one] : logs_)
    if (one.wanted && (!soonest || one.not_before < *soonest)) soonest = one.not_before;
  return soonest ? std::optional(std::max(*soonest, away_until_)) : std::nullopt;
}

void WitnessTurns::cosigned(const std::string& log, std::uint64_t size, Time at) {
  const auto found = logs_.find(log);
  if (found == logs_.end()) return;
  Waiting& one = found->second;
  away_for_ = one.off = {};
  away_until_ = one.not_before = {};
  one.standing.cosigned = size;
  one.standing.seen = at;
  one.turn = ++turns_;
  one.wanted = one.standing.size != size;
  enter(one, one.wanted ? WitnessState::kAsked : WitnessState::kInStep, "", at);
}

void WitnessTurns::failed(const std::string& log, const Error& why, MonoTime now, Time at) {
  const auto found = logs_.find(log);
  if (found == logs_.end()) return;
  Waiting& one = found->second;
  one.turn = ++turns_;
  const WitnessState state = state_of(why);
  if (state == WitnessState::kAway) {
    away_for_ = longer(away_for_);
    away_until_ = now + away_for_;
    away_why_ = why.message;
    for (auto& [name, each] : logs_)  // one that does not answer does so to all
      if (each.wanted) enter(each, state, why.message, at);
  } else {
    one.off = longer(one.off);
    one.not_before = now + one.off;
    enter(one, state, why.message, at);
  }
}

bool WitnessTurns::is_awaited(const std::string& log) const {
  const auto found = logs_.find(log);
  if (found == logs_.end()) return false;
  const Waiting& one = found->second;
  return one.wanted && !one.is_late && one.standing.state == WitnessState::kAsked;
}

void WitnessTurns::was_late(const std::string& log, bool late) {
  if (const auto found = logs_.find(log); found != logs_.end()) found->second.is_late = late;
}

std::optional<WitnessStanding> WitnessTurns::standing(const std::string& log) const {
  const auto found = logs_.find(log);
  return found == logs_.end() ? std::nullopt : std::optional(found->second.standing);
}

std::vector<WitnessStanding> WitnessTurns::standings() const {
  std::vector<WitnessStanding> all;
  for (const auto& [log, one] : logs_) all.push_back(one.standing);
  return all;
}

}  // namespace madoguchi::ledger
