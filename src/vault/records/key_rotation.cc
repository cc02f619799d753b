#include "vault/records/key_rotation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace madoguchi::vault {
namespace {

constexpr std::size_t kAtOnce = 16'384;
constexpr std::array kUses{KeyUse::kData, KeyUse::kIndex};

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

std::string newest_key_cursor(const OrganisationId& organisation, KeyUse use) {
  return fmt::format("newest {} {}", use == KeyUse::kData ? "key" : "index", organisation.text());
}

Result<void> note_key(RecordStore& store, const OrganisationId& organisation, KeyUse use,
                      std::uint32_t version) {
  const auto noted = store.cursor(newest_key_cursor(organisation, use));
  if (!noted) return tl::unexpected<Error>(noted.error());
  if (*noted >= version) return {};
  return store.set_cursor(newest_key_cursor(organisation, use), version);
}

Result<void> expect_noted_keys(RecordStore& store, OrganisationKeys& keys,
                               const OrganisationId& organisation) {
  for (const KeyUse use : kUses) {
    const auto noted = store.cursor(newest_key_cursor(organisation, use));
    if (!noted) return tl::unexpected<Error>(noted.error());
    const std::uint32_t known = keys.newest_version(organisation, use);
    if (*noted > known)
      return fail(
          ErrorCode::kInvalid,
          fmt::format("database: the vault's own is older than its records: those of {} "
                      "hang on {} keys of version {}, and it knows of {} at most. Nothing "
                      "was changed; put the newer one back, or all from one backup",
                      organisation.text(), use == KeyUse::kData ? "its" : "search", *noted, known));
  }
  return {};
}

Result<void> KeyRotation::hold(const OrganisationId& organisation) const {
  if (auto known = expect_noted_keys(store_, organisation_keys_, organisation); !known)
    return known;
  for (const KeyUse use : kUses)
    if (auto noted = note_key(store_, organisation, use,
                              organisation_keys_.newest_version(organisation, use));
        !noted)
      return noted;
  return {};
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
