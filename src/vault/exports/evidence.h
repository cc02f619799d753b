// From which export a found file came, weighed: what its lines show of spelling and order against
// what each export would have written, as likelihood ratios. Pure; any thread.
//
// Against each export stands the same file written by somebody unknown, whose habits are taken to
// be just those that the file shows (so that a file all in one style says nothing). For each kind
// of mark an export is also allowed to have been respelled by whoever handled it, at a tenth of the
// weight; a single slip in typing costs little. Order counts as far as it was kept at all. Scores
// are powers of ten: 6 means a million times likelier.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vault/exports/export_mark.h"

namespace madoguchi::vault {

struct FoundCell {
  std::uint16_t field = 0;
  std::uint8_t number = 1;
  std::vector<Marked> marks;
};

// A line of which it is known whose it is.
struct FoundPerson {
  std::string subject;
  std::vector<FoundCell> cells;
};

// An export as it was, as far as it matters for one found file.
struct Suspect {
  ExportMark mark;
  std::vector<bool> holds;     // for each person found: is it in this export?
  std::vector<bool> invented;  // for each person found: was it invented for this export?
};

struct Score {
  double spelling = 0;  // powers of ten
  double order = 0;
  double people = 0;  // invented people, and people who are not in that export
  std::size_t marks = 0;
  std::size_t fitting = 0;  // marks that are as this export wrote them

  [[nodiscard]] double sum() const { return spelling + order + people; }
};

std::vector<Score> weigh(const std::vector<FoundPerson>& found,
                         const std::vector<Suspect>& suspects);

// The one that is named, if any is: its score must rise above chance by far, for so many suspects,
// and above that of the next.
std::optional<std::size_t> named(const std::vector<Score>& scores);

}  // namespace madoguchi::vault
