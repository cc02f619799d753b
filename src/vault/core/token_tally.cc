#include "vault/core/token_tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace madoguchi::vault {
namespace {

constexpr std::int64_t kHoursKept = 25;  // a day, wherever in an hour it begins

std::int64_t hour_of(Time at) {
  return std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count();
}

}  // namespace

TokenTally TokenTally::parse(std::string_view text) {
  std::istringstream in{std::string(text)};
  TokenTally tally;
  in >> tally.taken_;
  for (TokenHour one; in >> one.hour >> one.given >> one.refused >> one.over_limit;)
    if (one.given >= 0) tally.hours_.push_back(one);
  return tally;
}

std::string TokenTally::text() const {
  std::string text = fmt::format("{}", taken_);
  for (const TokenHour& one : hours_)
    text += fmt::format(" {} {} {} {}", one.hour, one.given, one.refused, one.over_limit);
  return text;
}

void TokenTally::add(const TokenHour& more, Time now) {
  // A clock set back adds to the newest hour.
  const std::int64_t hour = hour_of(now);
  if (hours_.empty() || hours_.back().hour < hour) hours_.push_back({hour, 0, 0, 0});
  TokenHour& last = hours_.back();
  last.given += more.given;
  last.refused += more.refused;
  last.over_limit += more.over_limit;
}

std::vector<TokenHour> TokenTally::take_finished(Time now) {
  const std::int64_t hour = hour_of(now);
  std::vector<TokenHour> finished;
  for (const TokenHour& one : hours_)
    if (one.hour >= taken_ && one.hour < hour) finished.push_back(one);
  if (!finished.empty()) taken_ = finished.back().hour + 1;
  std::erase_if(hours_, [&](const TokenHour& one) { return one.hour + kHoursKept < hour; });
  return finished;
}

void TokenTally::count_again(TokenLimits& limits, const OrganisationId& organisation,
                             Time now) const {
  for (const TokenHour& one : hours_) {
    if (one.given <= 0 || one.begins() > now) continue;
    const Micros lasted = std::min<Micros>(std::chrono::hours(1), now - one.begins());
    for (std::int64_t i = 0; i < one.given; ++i)
      if (!limits.take(organisation, one.begins() + lasted * i / one.given)) break;
  }
}

}  // namespace madoguchi::vault
