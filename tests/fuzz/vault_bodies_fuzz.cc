// What the glass and the administrator send the vault as JSON: mandates and exports. What is taken
// must be written and read again as it was.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vault/export_json.h"
#include "vault/mandate_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace madoguchi::vault;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto mandate = mandate_from_json(text)) {
    const std::string written = to_json(*mandate);
    const auto again = mandate_from_json(written);
    if (!again || to_json(*again) != written) std::abort();
  }
  if (const auto one = export_from_json(text)) {
    const std::string written = to_json(*one);
    const auto again = export_from_json(written);
    if (!again || to_json(*again) != written) std::abort();
  }
  return 0;
}
