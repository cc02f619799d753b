// How many line tokens one organisation's callers were given in each hour of the last day, as one
// line of text that is kept over restarts: so that a restart frees no limit (token_limits.h), and
// each hour that is over is told to the owner once. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "vault/core/token_limits.h"

namespace madoguchi::vault {

struct TokenHour {
  std::int64_t hour = 0;  // since the epoch
  std::int64_t given = 0;
  std::int64_t refused = 0;     // numbers that can't be read
  std::int64_t over_limit = 0;  // calls that went on without a token

  [[nodiscard]] Time begins() const { return Time(std::chrono::hours(hour)); }
};

class TokenTally {
 public:
  // What text() wrote; of anything else what can be read of it.
  static TokenTally parse(std::string_view text);
  [[nodiscard]] std::string text() const;

  // `more` was counted up to now; its hour is ignored.
  void add(const TokenHour& more, Time now);
  // The hours that are over and were not taken before. What is older than a day is forgotten.
  std::vector<TokenHour> take_finished(Time now);
  // Into limits that have counted nothing yet, evenly over each hour.
  void count_again(TokenLimits& limits, const OrganisationId& organisation, Time now) const;

 private:
  std::int64_t taken_ = 0;  // hours before this one were taken
  std::vector<TokenHour> hours_;
};

}  // namespace madoguchi::vault
