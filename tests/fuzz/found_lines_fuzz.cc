// Files that somebody found, and files that pass for exports: whatever their bytes, they are read,
// cut and weighed without a crash.
#include <cstdint>

#include "vault/exports/found_lines.h"
#include "vault/exports/sealed_export.h"
#include "vault/exports/spelling.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace madoguchi;
  using namespace madoguchi::vault;
  static const RecipientSecret secret{"fuzz", fresh_seal_key_pair()};
  const ByteView bytes(data, size);
  const auto nothing = [](ByteView) -> Result<void> { return {}; };
  if (open_export(bytes, secret, nothing)) __builtin_trap();  // nobody sealed it to this key
  const auto found = read_found_lines(bytes, 10);
  if (!found) return 0;
  for (const FoundLine& line : found->lines) {
    if (line.cells.size() > 200) __builtin_trap();
    for (const std::string& cell : line.cells)
      for (const FieldKind kind : {FieldKind::kName, FieldKind::kDate, FieldKind::kPostalCode,
                                   FieldKind::kTelephone, FieldKind::kAddress}) {
        const Spelling spelling(kind, cell, Normaliser::japanese());
        const std::vector<std::uint8_t> ways(spelling.marks().size(), 1);
        for (const Marked& mark : spelling.read(spelling.text(ways)))
          if (mark.way >= ways_of(mark.kind)) __builtin_trap();
      }
  }
  return 0;
}
