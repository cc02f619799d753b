// Numbers as carriers and keypads give them: any text is a line or a refusal, and what was read
// reads the same again.
#include <cstdint>
#include <string>

#include "vault/core/numbering.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using madoguchi::vault::Number;
  const auto& plan = madoguchi::vault::NumberingPlan::japanese();
  const auto now = madoguchi::time_from_micros(1'795'300'000'000'000);
  const Number raw(std::string(reinterpret_cast<const char*>(data), size));
  const auto line = plan.read(raw, now);
  if (!line) return 0;
  const auto again = plan.read(line->e164, now);
  if (!again || again->e164 != line->e164 || again->kind != line->kind) __builtin_trap();
  return 0;
}
