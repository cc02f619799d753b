// How often something may happen, over a minute, an hour and a day at once, counted exactly: each
// use is remembered for a day, and a window is any span of that length, not a calendar's. Pure;
// nothing here is cached from one ask to the next. Whoever restarts counts the uses of the last day
// again from the log.
//
// Promise: as long as every use that fits() allowed is counted, no window of any of the three
// lengths, wherever it begins, holds more uses than its rate.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace madoguchi::vault {

struct Rates {
  static constexpr std::uint32_t kUnlimited = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t per_minute = kUnlimited;
  std::uint32_t per_hour = kUnlimited;
  std::uint32_t per_day = kUnlimited;
  friend bool operator==(const Rates&, const Rates&) = default;
};

Rates least(const Rates& a, const Rates& b);

// What is counted: a mandate's uses by one operator, say. All parts together are the name.
struct Counter {
  std::string what;   // "operator", "desk", "mandate", "search", "guess"
  std::string scope;  // mandate id; empty where no mandate is meant
  std::string name;
  friend auto operator<=>(const Counter&, const Counter&) = default;
};

struct Charge {
  Counter counter;
  Rates rates;
};

class Limits {
 public:
  // The first charge that one more use now would exceed; nothing when all fit.
  [[nodiscard]] std::optional<Charge> exceeded(const std::vector<Charge>& charges, Time now) const;

  // Uses come in the order of time; one dated before the latest counts as the latest, so that a
  // clock set back frees nothing.
  void count(const std::vector<Charge>& charges, Time at);
  void count(const Counter& counter, Time at);
  // The latest use did not come about after all.
  void take_back(const Counter& counter);

  // Forgets what no window reaches any more. To be called now and then.
  void forget(Time now);

  [[nodiscard]] std::size_t counters() const { return uses_.size(); }

 private:
  [[nodiscard]] bool fits(const Charge& charge, Time now) const;

  std::map<Counter, std::deque<Time>> uses_;  // oldest first
  Time latest_{};
};

}  // namespace madoguchi::vault
