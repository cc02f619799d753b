#include "vault/access/places.h"

#include <algorithm>

namespace madoguchi::vault {

OperatorId administrator() {
  return OperatorId("administrator");
}

std::string_view name_of(StaffRole role) {
  switch (role) {
    case StaffRole::kOperator:
      return "operator";
    case StaffRole::kSupervisor:
      return "supervisor";
    case StaffRole::kOwner:
      return "owner";
  }
  return "";
}

Result<StaffRole> role_named(std::string_view name) {
  for (const StaffRole role : {StaffRole::kOperator, StaffRole::kSupervisor, StaffRole::kOwner})
    if (name == name_of(role)) return role;
  return fail(ErrorCode::kInvalid, "a role is one of operator, supervisor, owner");
}

const StaffPlace* Places::find(const OperatorId& who) const {
  const auto found = places_.find(who);
  return found == places_.end() ? nullptr : &found->second;
}

Result<void> Places::may_put(const StaffPlace& place) const {
  if (place.who.empty() || place.organisation.empty())
    return fail(ErrorCode::kInvalid, "a place names a person and an organisation");
  if (place.phone_user.empty()) return {};
  const bool taken = std::any_of(places_.begin(), places_.end(), [&](const auto& other) {
    return other.first != place.who && other.second.phone_user == place.phone_user;
  });
  if (taken) return fail(ErrorCode::kConflict, "that SIP user is another person's");
  return {};
}

}  // namespace madoguchi::vault
