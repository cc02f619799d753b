#include "centre/centre_store.h"

namespace madoguchi::centre {

std::string_view name_of(Role role) {
  switch (role) {
    case Role::kOperator:
      return "operator";
    case Role::kSupervisor:
      return "supervisor";
    case Role::kAdministrator:
      return "administrator";
    case Role::kClient:
      return "client";
  }
  return {};
}

std::optional<Role> role_from_name(std::string_view name) {
  for (const Role role : {Role::kOperator, Role::kSupervisor, Role::kAdministrator, Role::kClient})
    if (name_of(role) == name) return role;
  return std::nullopt;
}

std::string_view name_of(PromptSource source) {
  switch (source) {
    case PromptSource::kSpoken:
      return "spoken";
    case PromptSource::kUploaded:
      return "uploaded";
    case PromptSource::kMade:
      return "made";
  }
  return {};
}

}  // namespace madoguchi::centre
