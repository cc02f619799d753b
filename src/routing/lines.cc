#include "routing/lines.h"

namespace madoguchi::routing {

namespace {

// Ids have no spaces, so this names one line only.
std::string name_of(const OrganisationId& organisation, const LineToken& token) {
  return organisation.text() + ' ' + token.text();
}

}  // namespace

LineKey Lines::key(const OrganisationId& organisation, const LineToken& token) {
  std::string name = name_of(organisation, token);
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) return LineKey{known->second};
  std::uint32_t index;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(lines_.size());
    lines_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  lines_[index] = Line{organisation, token, {}, 0, {}, {}};
  by_name_.emplace(std::move(name), index);
  return LineKey{index};
}

void Lines::forget_before(Time before) {
  for (auto it = by_name_.begin(); it != by_name_.end();) {
    Line& line = lines_[it->second];
    std::erase_if(line.unsettled, [&](const Unsettled& call) { return call.ended < before; });
    if (line.unsettled.empty() && line.promise.none() && line.live == 0 && line.talked < before) {
      line = Line{};
      free_.push_back(it->second);
      it = by_name_.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace madoguchi::routing
