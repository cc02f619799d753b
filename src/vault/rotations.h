// New keys for organisations, while everything goes on: a data key is made, then the keys of its
// people are wrapped under it again; a key of search marks is made, then its people's marks are
// made anew. In small steps on a thread of its own. The older keys are kept, for backups.
//
// Records of such a backup may be marked under an older key than the newest: their people are found
// all the same, and what a rotation does to keys and marks is done by itself from the start on.
//
// That a rotation is begun and that it is done are entries in the owner's log; the first is
// committed together with what makes it go on after a crash, the second together with its end.
// Owned by RunningVault; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/rounds.h"
#include "base/time.h"
#include "vault/records/key_rotation.h"
#include "vault/records/records.h"
#include "vault/registry.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class Rotations {
 public:
  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Registry& registry;
    Records& records;
    KeyRotation keys;
    std::size_t keys_at_once = 1024;
    std::size_t people_at_once = 256;
  };
  // Those that were cut off go on with advance(). kInvalid: the vault's own database is older than
  // any organisation's records.
  static Result<std::unique_ptr<Rotations>> open(const Parts& parts);

  // Gives the version that the key will have. kNotFound: no such organisation, or it has no key
  // yet; kConflict while one is under way.
  Result<std::uint32_t> begin(const OrganisationId& organisation, const std::string& asked_by);

  // One step of the one whose turn it is; says how long to rest. What one has to wait for, or what
  // is wrong with it, holds no other up.
  Result<Rounds::Rest> advance();
  // Until the next one's turn.
  [[nodiscard]] Rounds::Rest rest() const;

  struct Standing {
    OrganisationId organisation;
    KeyStanding keys;
    bool under_way = false;
    std::string stage;  // "keys", "marks", or "import": an unfinished one is waited for
    Time begun;
  };
  [[nodiscard]] Result<std::vector<Standing>> all() const;

 private:
  struct Wanted {
    std::uint32_t version = 0;
    Time begun;
    std::uint32_t index_version = 0;
    MonoTime due{};      // its next step
    bool waits = false;  // for an import
  };
  Result<Rounds::Rest> step(const OrganisationId& organisation, const Wanted& wanted);
  explicit Rotations(const Parts& parts) : parts_(parts) {}
  Result<void> find_unfinished();
  Result<void> find_older(const OrganisationId& organisation, const KeyStanding& keys);
  Result<Rounds::Rest> begin_marks(const OrganisationId& organisation, const KeyStanding& keys,
                                   const Wanted& wanted);
  Result<Rounds::Rest> advance_marks(const OrganisationId& organisation, const Wanted& wanted,
                                     const KeyStanding& keys);
  Result<void> keep(const OrganisationId& organisation, const Wanted& wanted,
                    std::string_view outcome, const std::string& asked_by,
                    std::string_view cause = {});

  const Parts parts_;
  mutable std::mutex mutex_;  // guards the rest
  std::map<OrganisationId, Wanted> under_way_;
};

// Calls advance() on a thread of its own.
class RotationClock {
 public:
  explicit RotationClock(Rotations& rotations);  // outlives it
  RotationClock(const RotationClock&) = delete;
  void wake() { rounds_.wake(); }

 private:
  Rounds::Rest round();

  Rotations& rotations_;
  std::string trouble_;  // told last: one that lasts is told once
  Rounds rounds_;        // last: it uses the others
};

}  // namespace madoguchi::vault
