#include "vault/exports/evidence.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace madoguchi::vault {
namespace {

constexpr double kSlip = 0.03;        // a mark mistyped or read wrongly
constexpr double kRespelled = 0.1;    // all marks of one kind were made alike on the way
constexpr double kReordered = 0.5;    // lines were sorted or mixed on the way
constexpr double kPairKept = 0.95;    // of two neighbouring lines, when they were not
constexpr double kInvented = 6;       // a person who was invented for that very export
constexpr double kStranger = 1;       // a line whose person is not in the export
constexpr double kMostStrangers = 2;  // files are mixed, too
constexpr double kNamedAbove = 4;     // and the power of ten of how many are suspected
constexpr double kAboveNext = 3;

struct Seen {
  std::size_t person;
  const FoundCell* cell;
  std::uint8_t way;
};
using SeenByKind = std::array<std::vector<Seen>, kMarkKinds>;

SeenByKind sorted_by_kind(const std::vector<FoundPerson>& found) {
  SeenByKind seen;
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const FoundCell& cell : found[i].cells)
      for (const Marked& mark : cell.marks)
        seen[static_cast<std::size_t>(mark.kind)].push_back({i, &cell, mark.way});
  return seen;
}

// log10(10^a + 10^b)
double either(double a, double b) {
  const double most = std::max(a, b);
  return most + std::log10(std::pow(10, a - most) + std::pow(10, b - most));
}

// How likely each way is in this file, whoever wrote it.
std::array<double, 4> habits(const std::vector<Seen>& seen) {
  std::array<double, 4> share{};
  for (const Seen& one : seen) share[one.way] += 1.0 / static_cast<double>(seen.size());
  return share;
}

void weigh_kind(MarkKind kind, const std::vector<Seen>& seen, const std::vector<FoundPerson>& found,
                const Suspect& suspect, Score& score) {
  const auto share = habits(seen);
  const double others = ways_of(kind) - 1;
  double unknown = 0;  // the habits' own likelihood
  double wrote = 0;
  for (const Seen& one : seen) {
    if (!suspect.holds[one.person]) continue;
    const CellPlace place{found[one.person].subject, one.cell->field, one.cell->number};
    const bool fits = suspect.mark.ways(place, {kind})[0] == one.way;
    unknown += std::log10(share[one.way]);
    wrote += std::log10(fits ? 1 - kSlip : kSlip / others);
    ++score.marks;
    if (fits) ++score.fitting;
  }
  score.spelling +=
      either(std::log10(1 - kRespelled) + wrote, std::log10(kRespelled) + unknown) - unknown;
}

double weigh_order(const std::vector<FoundPerson>& found, const Suspect& suspect) {
  double kept = 0;
  std::optional<std::uint64_t> before;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!suspect.holds[i]) continue;
    const std::uint64_t rank = suspect.mark.rank(found[i].subject);
    if (before) kept += std::log10((rank >= *before ? kPairKept : 1 - kPairKept) / 0.5);
    before = rank;
  }
  return either(std::log10(1 - kReordered) + kept, std::log10(kReordered));
}

double weigh_people(const Suspect& suspect) {
  double sum = 0;
  double strangers = 0;
  for (std::size_t i = 0; i < suspect.holds.size(); ++i) {
    if (suspect.invented[i]) sum += kInvented;
    if (!suspect.holds[i]) strangers += kStranger;
  }
  return sum - std::min(strangers, kMostStrangers);
}

}  // namespace

std::vector<Score> weigh(const std::vector<FoundPerson>& found,
                         const std::vector<Suspect>& suspects) {
  const SeenByKind seen = sorted_by_kind(found);
  std::vector<Score> scores;
  for (const Suspect& suspect : suspects) {
    Score& score = scores.emplace_back();
    for (std::size_t kind = 0; kind < kMarkKinds; ++kind)
      if (!seen[kind].empty())
        weigh_kind(static_cast<MarkKind>(kind), seen[kind], found, suspect, score);
    score.order = weigh_order(found, suspect);
    score.people = weigh_people(suspect);
  }
  return scores;
}

std::optional<std::size_t> named(const std::vector<Score>& scores) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (!best || scores[i].sum() > scores[*best].sum()) best = i;
  if (!best) return std::nullopt;
  const double bar = kNamedAbove + std::log10(static_cast<double>(scores.size()));
  if (scores[*best].sum() < bar) return std::nullopt;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (i != *best && scores[i].sum() > scores[*best].sum() - kAboveNext) return std::nullopt;
  return best;
}

}  // namespace madoguchi::vault
