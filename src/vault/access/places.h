// Where staff belong: each person to one organisation, in one role there. An administrator says so
// at the vault; the centre can't. Pure values.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"

namespace madoguchi::vault {

enum class StaffRole { kOperator, kSupervisor, kOwner };

// Who acts by the administrator's commands, which have no session and name nobody.
OperatorId administrator();

std::string_view name_of(StaffRole role);
Result<StaffRole> role_named(std::string_view name);

struct StaffPlace {
  OperatorId who;
  OrganisationId organisation;
  StaffRole role = StaffRole::kOperator;
  std::string phone_user;  // the SIP user whose leg is this person's; empty: browser only
  friend bool operator==(const StaffPlace&, const StaffPlace&) = default;
};

class Places {
 public:
  // kInvalid: not whole; kConflict: the SIP user is another's.
  [[nodiscard]] Result<void> may_put(const StaffPlace& place) const;
  void put(const StaffPlace& place) { places_[place.who] = place; }

  [[nodiscard]] const StaffPlace* find(const OperatorId& who) const;
  [[nodiscard]] const std::map<OperatorId, StaffPlace>& all() const { return places_; }

 private:
  std::map<OperatorId, StaffPlace> places_;
};

}  // namespace madoguchi::vault
