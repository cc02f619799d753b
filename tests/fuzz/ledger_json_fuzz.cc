// Entries of a log as anybody may serve them: what is accepted must come out again byte for byte.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ledger/entry.h"
#include "ledger/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace madoguchi::ledger;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto value = parse_json(text, 65'535)) {
    const std::string written = canonical(*value);
    const auto again = parse_canonical(written, written.size());
    if (!again || canonical(*again) != written) std::abort();
  }
  const auto whole = parse_canonical(text, 65'535);
  const bool is_object = whole && whole->as_object() != nullptr;
  if (canonical_members(text, 65'535).has_value() != is_object) std::abort();
  if (const auto entry = Entry::parse(text))
    if (entry->text() != std::string(text)) std::abort();
  static_cast<void>(check_entry(text));
  return 0;
}
