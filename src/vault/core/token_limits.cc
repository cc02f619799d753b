#include "vault/core/token_limits.h"

#include <algorithm>
#include <numeric>

namespace madoguchi::vault {

std::uint64_t TokenLimits::Span::count(Time now) {
  const std::int64_t part = now.time_since_epoch() / part_;
  const auto size = static_cast<std::int64_t>(parts_.size());
  const std::int64_t gone = std::clamp<std::int64_t>(part - newest_, 0, size);
  newest_ = std::max(newest_, part);
  for (std::int64_t i = 0; i < gone; ++i)
    parts_[static_cast<std::size_t>(newest_ - i) % parts_.size()] = 0;
  return std::accumulate(parts_.begin(), parts_.end(), std::uint64_t{0});
}

bool TokenLimits::take(const OrganisationId& organisation, Time now) {
  Spans& spans = organisations_[organisation];
  const bool fits = spans.minute.count(now) < rates_.per_minute &&
                    spans.hour.count(now) < rates_.per_hour &&
                    spans.day.count(now) < rates_.per_day;
  if (!fits) return false;
  for (Span* span : {&spans.minute, &spans.hour, &spans.day}) span->add();
  return true;
}

}  // namespace madoguchi::vault
