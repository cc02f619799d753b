// The mark that one export carries: which way each value is written in and where each line stands
// follow from a key of that export alone. Without the key the choices look like those of many
// clerks; with it a handful of lines tells which export they are from. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/keyed.h"
#include "vault/exports/spelling.h"

namespace madoguchi::vault {

// Which value of which person.
struct CellPlace {
  std::string_view subject;
  std::uint16_t field = 0;  // its number in the schema
  std::uint8_t number = 1;
};

class ExportMark {
 public:
  explicit ExportMark(const Mac& key) : key_(key) {}

  // A way for each of these kinds.
  [[nodiscard]] std::vector<std::uint8_t> ways(const CellPlace& place,
                                               const std::vector<MarkKind>& kinds) const;
  [[nodiscard]] std::string spelled(const CellPlace& place, const Spelling& spelling) const {
    return spelling.text(ways(place, spelling.marks()));
  }
  // Lines stand in the order of these.
  [[nodiscard]] std::uint64_t rank(std::string_view subject) const;
  // Bytes for what is invented, the same each time.
  [[nodiscard]] Mac drawn(std::string_view what, std::uint64_t number) const;

 private:
  const Mac key_;
};

}  // namespace madoguchi::vault
