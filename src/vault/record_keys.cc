#include "vault/record_keys.h"

#include <fmt/format.h>

#include "vault/core/crypto.h"
#include "vault/directory.h"

namespace madoguchi::vault {
namespace {

std::string_view kind_of(KeyUse use) {
  switch (use) {
    case KeyUse::kData:
      return "records";
    case KeyUse::kIndex:
      return "records_index";
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<RecordKeys>> RecordKeys::open(const Parts& parts, const Master& master) {
  std::unique_ptr<RecordKeys> keys(new RecordKeys(parts, master.shared_wrapping()));
  if (auto loaded = keys->load(); !loaded) return tl::unexpected<Error>(loaded.error());
  return keys;
}

Result<void> RecordKeys::load() {
  const auto wrapping = wrapping_->use();
  if (!wrapping) return tl::unexpected<Error>(wrapping.error());
  const auto image = parts_.store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  decltype(keys_) loaded;
  for (const KeyRow& row : image->keys)
    for (const KeyUse use : {KeyUse::kData, KeyUse::kIndex}) {
      if (row.organisation.empty() || row.kind != kind_of(use)) continue;
      auto key = unwrap(row.wrapped, wrapping->key(),
                        {row.organisation.text(), row.kind, std::to_string(row.version)});
      if (!key) return tl::unexpected<Error>(key.error());
      loaded[{row.organisation, use}][static_cast<std::uint32_t>(row.version)] =
          std::make_shared<const Secret>(*std::move(key));
    }
  keys_ = std::move(loaded);
  in_doubt_ = false;
  return {};
}

VersionedKey RecordKeys::newest_of(const Name& name) const {
  const auto found = keys_.find(name);
  if (found == keys_.end() || found->second.empty()) return {};
  return {found->second.rbegin()->first, found->second.rbegin()->second};
}

Result<VersionedKey> RecordKeys::make(const Name& name) {
  if (in_doubt_) {
    const std::uint32_t before = newest_of(name).version;
    if (auto loaded = load(); !loaded) return tl::unexpected<Error>(loaded.error());
    if (auto kept = newest_of(name); kept.version > before) return kept;
  }
  auto wrapping = wrapping_->use();
  if (!wrapping) return tl::unexpected<Error>(wrapping.error());
  auto& versions = keys_[name];
  const std::uint32_t version = versions.empty() ? 1 : versions.rbegin()->first + 1;
  const Time now = parts_.clock.now();
  auto key = std::make_shared<const Secret>(Secret::random(kKeyBytes));
  KeyRow row;
  row.organisation = name.first;
  row.kind = kind_of(name.second);
  row.version = version;
  row.key_id = fresh_id_text(now, parts_.entropy);
  row.made = now;
  row.wrapped = wrap(key->reveal(), wrapping->key(),
                     {row.organisation.text(), row.kind, std::to_string(row.version)});
  Act act;
  act.journal.push_back({"key_made",
                         {{"organisation", row.organisation.text()},
                          {"kind", row.kind},
                          {"key", row.key_id},
                          {"version", row.version}}});
  act.changes.emplace_back(PutKey{std::move(row)});
  if (auto kept = parts_.store.commit(now, act); !kept) {
    // It may have been kept all the same: then that one counts, not the one made here. While the
    // store is away nobody knows, and all that are known are needed still.
    wrapping->release();
    in_doubt_ = true;
    if (auto loaded = load(); !loaded) return tl::unexpected<Error>(loaded.error());
    return tl::unexpected<Error>(kept.error());
  }
  versions[version] = key;
  return VersionedKey{version, std::move(key)};
}

Result<VersionedKey> RecordKeys::newest(const OrganisationId& organisation, KeyUse use) {
  const std::lock_guard lock(mutex_);
  const VersionedKey known = newest_of({organisation, use});
  return known.version == 0 ? make({organisation, use}) : known;
}

Result<VersionedKey> RecordKeys::at(const OrganisationId& organisation, KeyUse use,
                                    std::uint32_t version) {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find({organisation, use});
  if (found != keys_.end())
    if (const auto key = found->second.find(version); key != found->second.end())
      return VersionedKey{version, key->second};
  return fail(ErrorCode::kNotFound, fmt::format("organisation {} has no {} key of version {}",
                                                organisation.text(), kind_of(use), version));
}

std::uint32_t RecordKeys::newest_version(const OrganisationId& organisation, KeyUse use) {
  const std::lock_guard lock(mutex_);
  return newest_of({organisation, use}).version;
}

Result<VersionedKey> RecordKeys::make_next(const OrganisationId& organisation, KeyUse use) {
  const std::lock_guard lock(mutex_);
  return make({organisation, use});
}

}  // namespace madoguchi::vault
