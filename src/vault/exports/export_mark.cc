#include "vault/exports/export_mark.h"

#include <fmt/format.h>

namespace madoguchi::vault {

std::vector<std::uint8_t> ExportMark::ways(const CellPlace& place,
                                           const std::vector<MarkKind>& kinds) const {
  if (kinds.empty()) return {};
  const std::string name =
      fmt::format("spelling|{}|{}|{}", place.subject, place.field, place.number);
  const Mac digest = hmac_sha256(key_, as_bytes(name));
  std::vector<std::uint8_t> out;
  out.reserve(kinds.size());
  static_assert(2 * kMarkKinds <= std::tuple_size_v<Mac>);
  for (const MarkKind kind : kinds) {
    const std::size_t at = 2 * static_cast<std::size_t>(kind);
    const unsigned drawn = static_cast<unsigned>(digest[at]) << 8 | digest[at + 1];
    out.push_back(static_cast<std::uint8_t>(drawn % ways_of(kind)));
  }
  return out;
}

std::uint64_t ExportMark::rank(std::string_view subject) const {
  const Mac digest = hmac_sha256(key_, as_bytes(fmt::format("order|{}", subject)));
  std::uint64_t rank = 0;
  for (std::size_t i = 0; i < 8; ++i) rank = rank << 8 | digest[i];
  return rank;
}

Mac ExportMark::drawn(std::string_view what, std::uint64_t number) const {
  return hmac_sha256(key_, as_bytes(fmt::format("{}|{}", what, number)));
}

}  // namespace madoguchi::vault
