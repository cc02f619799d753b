// The keys that the records of each organisation hang on, out of the vault's key table: wrapped
// under the master key there, unwrapped here, in guarded memory. An organisation that has none yet
// gets its first ones when they are first asked for. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "vault/master.h"
#include "vault/records/organisation_keys.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class RecordKeys final : public OrganisationKeys {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
  };
  // kInvalid, kCorrupt: the master key does not fit the table.
  static Result<std::unique_ptr<RecordKeys>> open(const Parts& parts, const Master& master);

  Result<VersionedKey> newest(const OrganisationId& organisation, KeyUse use) override;
  Result<VersionedKey> at(const OrganisationId& organisation, KeyUse use,
                          std::uint32_t version) override;
  std::uint32_t newest_version(const OrganisationId& organisation, KeyUse use) override;
  Result<VersionedKey> make_next(const OrganisationId& organisation, KeyUse use) override;

 private:
  using Name = std::pair<OrganisationId, KeyUse>;
  RecordKeys(const Parts& parts, std::shared_ptr<KeyWrapping> wrapping)
      : parts_(parts), wrapping_(std::move(wrapping)) {}
  // With the mutex held, all of them.
  Result<void> load();
  Result<VersionedKey> make(const Name& name);
  [[nodiscard]] VersionedKey newest_of(const Name& name) const;  // version 0: none

  const Parts parts_;
  const std::shared_ptr<KeyWrapping> wrapping_;  // as Master has it
  std::mutex mutex_;                             // guards the rest
  bool in_doubt_ = false;                        // whether a key is kept that is not among keys_
  // Shared because a key must not go while a thread works with it.
  std::map<Name, std::map<std::uint32_t, std::shared_ptr<const Secret>>> keys_;
};

}  // namespace madoguchi::vault
