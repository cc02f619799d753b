#include "vault/records/key_rotation.h"

#include <algorithm>

namespace madoguchi::vault {
namespace {

constexpr std::size_t kAtOnce = 16'384;

}  // namespace

std::string rotation_cursor(const OrganisationId& organisation) {
  return "rotation " + organisation.text();
}

std::string reindex_cursor(const OrganisationId& organisation) {
  return "reindex " + organisation.text();
}

std::string oldest_index_cursor(const OrganisationId& organisation) {
  return "oldest index " + organisation.text();
}

Result<KeyStanding> KeyRotation::standing(const OrganisationId& organisation) const {
  const std::uint32_t newest = organisation_keys_.newest_version(organisation, KeyUse::kData);
  const auto cursor = store_.cursor(rotation_cursor(organisation));
  if (!cursor) return tl::unexpected<Error>(cursor.error());
  const auto highest = keys_.highest_number();
  if (!highest) return tl::unexpected<Error>(highest.error());
  const auto marks = store_.cursor(reindex_cursor(organisation));
  if (!marks) return tl::unexpected<Error>(marks.error());
  const auto oldest = store_.cursor(oldest_index_cursor(organisation));
  if (!oldest) return tl::unexpected<Error>(oldest.error());
  return KeyStanding{newest,
                     *cursor,
                     organisation_keys_.newest_version(organisation, KeyUse::kIndex),
                     *marks,
                     std::max(static_cast<std::uint32_t>(*oldest), 1U),
                     *highest};
}

Result<void> KeyRotation::again(const OrganisationId& organisation) const {
  return store_.set_cursor(rotation_cursor(organisation), 1);
}

Result<std::uint64_t> KeyRotation::older_keys(const OrganisationId& organisation) const {
  const std::uint32_t newest = organisation_keys_.newest_version(organisation, KeyUse::kData);
  const auto settled = keys_.settled();
  if (!settled) return tl::unexpected<Error>(settled.error());
  std::uint64_t older = 0;
  for (RecordNumber from = 1; from != 0;) {
    const auto page = keys_.walk(from, kAtOnce);
    if (!page) return tl::unexpected<Error>(page.error());
    for (const SubjectKeyRow& row : page->keys) {
      if (row.organisation != organisation || row.version == newest) continue;
      const auto record = store_.record(row.number);
      if (!record) return tl::unexpected<Error>(record.error());
      if (*record || row.number >= *settled) ++older;
    }
    from = page->next;
  }
  return older;
}

}  // namespace madoguchi::vault
