// Organisations' keys held in memory only: for tests and measurements, never for data that shall be
// read again. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "vault/records/organisation_keys.h"

namespace madoguchi::vault {

class HeldKeys final : public OrganisationKeys {
 public:
  Result<VersionedKey> newest(const OrganisationId& organisation, KeyUse use) override {
    const std::lock_guard lock(mutex_);
    auto& versions = keys_[{organisation, use}];
    if (versions.empty()) versions.push_back(fresh());
    return VersionedKey{static_cast<std::uint32_t>(versions.size()), versions.back()};
  }
  Result<VersionedKey> at(const OrganisationId& organisation, KeyUse use,
                          std::uint32_t version) override {
    const std::lock_guard lock(mutex_);
    auto& versions = keys_[{organisation, use}];
    if (version == 0 || version > versions.size())
      return fail(ErrorCode::kNotFound, "there is no such key");
    return VersionedKey{version, versions[version - 1]};
  }
  std::uint32_t newest_version(const OrganisationId& organisation, KeyUse use) override {
    const std::lock_guard lock(mutex_);
    const auto found = keys_.find({organisation, use});
    return found == keys_.end() ? 0 : static_cast<std::uint32_t>(found->second.size());
  }
  Result<VersionedKey> make_next(const OrganisationId& organisation, KeyUse use) override {
    const std::lock_guard lock(mutex_);
    auto& versions = keys_[{organisation, use}];
    versions.push_back(fresh());
    return VersionedKey{static_cast<std::uint32_t>(versions.size()), versions.back()};
  }

 private:
  static std::shared_ptr<const Secret> fresh() {
    return std::make_shared<const Secret>(Secret::random(32));
  }
  std::mutex mutex_;
  std::map<std::pair<OrganisationId, KeyUse>, std::vector<std::shared_ptr<const Secret>>> keys_;
};

}  // namespace madoguchi::vault
