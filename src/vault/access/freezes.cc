#include "vault/access/freezes.h"

namespace madoguchi::vault {

std::string_view name_of(FreezeScope scope) {
  switch (scope) {
    case FreezeScope::kPerson:
      return "person";
    case FreezeScope::kDesk:
      return "desk";
    case FreezeScope::kAll:
      return "all";
  }
  return "";
}

Result<FreezeScope> scope_named(std::string_view name) {
  for (const FreezeScope scope : {FreezeScope::kPerson, FreezeScope::kDesk, FreezeScope::kAll})
    if (name == name_of(scope)) return scope;
  return fail(ErrorCode::kInvalid, "a scope is one of person, desk, all");
}

const Freeze* Freezes::find(const FreezeId& id) const {
  const auto found = freezes_.find(id);
  return found == freezes_.end() ? nullptr : &found->second;
}

const Freeze* Freezes::stopping(const OrganisationId& owner, const OperatorId& who,
                                const DeskId& desk) const {
  for (const auto& [id, freeze] : freezes_) {
    if (freeze.owner != owner) continue;
    const bool hits = freeze.scope == FreezeScope::kAll ||
                      (freeze.scope == FreezeScope::kPerson && freeze.name == who.text()) ||
                      (freeze.scope == FreezeScope::kDesk && freeze.name == desk.text());
    if (hits) return &freeze;
  }
  return nullptr;
}

}  // namespace madoguchi::vault
