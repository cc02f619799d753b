// Where the records get an organisation's keys from. Implemented by whoever holds the master key
// (src/vault) and by tests. Keys are handed out by shared_ptr because a key must not go while a
// thread works with it, and a rotation replaces it meanwhile. Any thread.
#pragma once

#include <cstdint>
#include <memory>

#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"

namespace madoguchi::vault {

enum class KeyUse {
  kData,   // wraps the subjects' keys: key rows of the kind "records"
  kIndex,  // marks for exact search: key rows of the kind "records_index"
};

struct VersionedKey {
  std::uint32_t version = 0;
  std::shared_ptr<const Secret> key;  // 32 bytes
};

class OrganisationKeys {
 public:
  virtual ~OrganisationKeys() = default;

  // The newest. kNotFound: no such organisation, or its keys were destroyed.
  virtual Result<VersionedKey> newest(const OrganisationId& organisation, KeyUse use) = 0;
  // One in particular; kNotFound when it is gone.
  virtual Result<VersionedKey> at(const OrganisationId& organisation, KeyUse use,
                                  std::uint32_t version) = 0;
  // Its version; 0: none was asked for yet, and none is made by asking this.
  virtual std::uint32_t newest_version(const OrganisationId& organisation, KeyUse use) = 0;
  // Makes the next version, durable when this returns.
  virtual Result<VersionedKey> make_next(const OrganisationId& organisation, KeyUse use) = 0;
};

}  // namespace madoguchi::vault
