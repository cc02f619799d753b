// How many line tokens an organisation's callers may be given in a minute, an hour and a day at
// once. A token names a line for good, so whoever could ask for all numbers of a country had a list
// of them: real callers never come near these rates. Pure; owned by Registry, which locks it.
//
// Promise: no span of a minute, an hour or a day, wherever it begins, holds more than its rate.
// Spans are counted in sixtieths, so a full one frees up at most a sixtieth late.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "base/id.h"
#include "base/time.h"

namespace madoguchi::vault {

struct TokenRates {
  std::uint32_t per_minute = 20'000;
  std::uint32_t per_hour = 900'000;
  std::uint32_t per_day = 3'000'000;
};

class TokenLimits {
 public:
  explicit TokenLimits(const TokenRates& rates) : rates_(rates) {}

  // Counts one more; false, and nothing counted, when one of the spans is full. A clock set back
  // frees nothing.
  [[nodiscard]] bool take(const OrganisationId& organisation, Time now);

 private:
  static constexpr std::size_t kParts = 60;

  class Span {
   public:
    explicit Span(Micros length) : part_(length / kParts) {}
    [[nodiscard]] std::uint64_t count(Time now);
    void add() { ++parts_[newest_ % parts_.size()]; }

   private:
    Micros part_;
    // One more than fits, so that the oldest part is counted whole.
    std::array<std::uint32_t, kParts + 1> parts_{};
    std::int64_t newest_ = 0;  // number of the newest part, counted from the epoch
  };
  struct Spans {
    Span minute{std::chrono::minutes(1)};
    Span hour{std::chrono::hours(1)};
    Span day{std::chrono::hours(24)};
  };

  const TokenRates rates_;
  std::map<OrganisationId, Spans> organisations_;
};

}  // namespace madoguchi::vault
