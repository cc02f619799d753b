#include "vault/access/limits.h"

#include <algorithm>

namespace madoguchi::vault {
namespace {

constexpr Micros kMinute = std::chrono::minutes(1);
constexpr Micros kHour = std::chrono::hours(1);
constexpr Micros kDay = std::chrono::hours(24);

}  // namespace

Rates least(const Rates& a, const Rates& b) {
  return {std::min(a.per_minute, b.per_minute), std::min(a.per_hour, b.per_hour),
          std::min(a.per_day, b.per_day)};
}

bool Limits::fits(const Charge& charge, Time now) const {
  if (charge.rates.per_minute == 0 || charge.rates.per_hour == 0 || charge.rates.per_day == 0)
    return false;
  const auto found = uses_.find(charge.counter);
  if (found == uses_.end()) return true;
  const std::deque<Time>& uses = found->second;
  // The rate-th use before this one must lie outside the window, else the window is full.
  const auto full = [&](std::uint32_t rate, Micros window) {
    return uses.size() >= rate && uses[uses.size() - rate] >= now - window;
  };
  return !full(charge.rates.per_minute, kMinute) && !full(charge.rates.per_hour, kHour) &&
         !full(charge.rates.per_day, kDay);
}

std::optional<Charge> Limits::exceeded(const std::vector<Charge>& charges, Time now) const {
  const Time at = std::max(now, latest_);
  for (const Charge& charge : charges)
    if (!fits(charge, at)) return charge;
  return std::nullopt;
}

void Limits::count(const std::vector<Charge>& charges, Time at) {
  for (const Charge& charge : charges) count(charge.counter, at);
}

void Limits::count(const Counter& counter, Time at) {
  latest_ = std::max(latest_, at);
  std::deque<Time>& uses = uses_[counter];
  uses.push_back(latest_);
  while (uses.front() < latest_ - kDay) uses.pop_front();
}

void Limits::take_back(const Counter& counter) {
  const auto found = uses_.find(counter);
  if (found == uses_.end()) return;
  found->second.pop_back();
  if (found->second.empty()) uses_.erase(found);
}

void Limits::forget(Time now) {
  const Time oldest = std::max(now, latest_) - kDay;
  std::erase_if(uses_, [&](const auto& entry) { return entry.second.back() < oldest; });
}

}  // namespace madoguchi::vault
