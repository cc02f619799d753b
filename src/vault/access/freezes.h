// An owner's stop: no opening of this owner's people by one person, on one desk, or at all, until
// the owner lifts it. Holds for the very next ask. Pure; owned by Authority.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/access/ids.h"

namespace madoguchi::vault {

enum class FreezeScope { kPerson, kDesk, kAll };

std::string_view name_of(FreezeScope scope);
Result<FreezeScope> scope_named(std::string_view name);

struct Freeze {
  FreezeId id;
  OrganisationId owner;
  FreezeScope scope = FreezeScope::kAll;
  std::string name;  // the person's or desk's id
  OperatorId by;
  Time since;
  std::string reason;    // the owner's words: about the stop, never about a person of the records
  std::string script{};  // what the owner wants callers to be told meanwhile; may be empty
};

class Freezes {
 public:
  void put(const Freeze& freeze) { freezes_[freeze.id] = freeze; }
  void lift(const FreezeId& id) { freezes_.erase(id); }

  [[nodiscard]] const Freeze* find(const FreezeId& id) const;
  // A freeze that stops this; nothing when none does.
  [[nodiscard]] const Freeze* stopping(const OrganisationId& owner, const OperatorId& who,
                                       const DeskId& desk) const;
  [[nodiscard]] const std::map<FreezeId, Freeze>& all() const { return freezes_; }

 private:
  std::map<FreezeId, Freeze> freezes_;
};

}  // namespace madoguchi::vault
