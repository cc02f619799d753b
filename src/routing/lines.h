// The lines that called: for each its open promise and today's calls that did not get through, so
// that a redial settles them. Known by token within one organisation; no number is here. Owned by
// the Engine.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "routing/balance.h"
#include "routing/types.h"

namespace madoguchi::routing {

// A call of this line that ended without a talk.
struct Unsettled {
  CallKey call;
  BalanceRow row;
  Bucket bucket;
  Time ended;
  Time day_ends;  // the day on which it arrived: a talk settles it until then
};

struct Line {
  OrganisationId organisation;
  LineToken token;
  PromiseKey promise;      // the open one, or none
  std::uint32_t live = 0;  // calls that are up, which keep the line from being forgotten
  Time talked{};           // last got through; epoch: never
  std::vector<Unsettled> unsettled;
};

class Lines {
 public:
  LineKey key(const OrganisationId& organisation, const LineToken& token);
  [[nodiscard]] const LineToken& token(LineKey key) const { return lines_[key.index].token; }
  Line& at(LineKey key) { return lines_[key.index]; }
  [[nodiscard]] const Line& at(LineKey key) const { return lines_[key.index]; }
  [[nodiscard]] std::size_t size() const { return by_name_.size(); }

  // Forgets what ended before `before`, and lines of which nothing is left. Their keys may name
  // other lines afterwards.
  void forget_before(Time before);

 private:
  std::vector<Line> lines_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string, std::uint32_t> by_name_;  // organisation, a space, token
};

}  // namespace madoguchi::routing
