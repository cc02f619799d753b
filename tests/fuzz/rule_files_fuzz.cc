// Files of rules and mappings that people write or change: they are read whole or refused.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "calendar/holidays.h"
#include "vault/core/numbering.h"
#include "vault/records/import_mapping.h"
#include "vault/records/normalise.h"
#include "vault/records/schema.h"
#include "vault/watching/rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace madoguchi;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(calendar::Holidays::from_text(text, "some.toml"));
  static_cast<void>(vault::NumberingPlan::from_text(text, "some.toml"));
  static_cast<void>(vault::Normaliser::from_text(text, "some.toml"));
  static_cast<void>(vault::WatchRules::from_text(text, "some.toml"));
  static_cast<void>(vault::read_mapping(text, "some.toml", vault::Schema::standard()));
  static_cast<void>(vault::Schema::from_toml(text, "some.toml"));
  if (const auto schema = vault::Schema::from_json(text)) {
    const auto again = vault::Schema::from_json(schema->to_json());
    if (!again || again->to_json() != schema->to_json()) std::abort();
  }
  return 0;
}
