// What the demo's vault is filled with at its first start: two invented client companies with
// twenty invented people, where the demo's staff belong, and mandates that the two invented owners
// have signed. None of the people, companies and telephone numbers exist: numbers of these ranges
// are given to nobody (0 after the area code or mobile prefix). Only where the settings say demo.
#pragma once

#include <map>
#include <string>

#include "vault/authority_desk.h"
#include "vault/records/records.h"
#include "vault/staff.h"

namespace madoguchi::vault {

// Owners' sign-ins, by the organisation each owns.
using DemoOwners = std::map<std::string, std::string>;

// Does nothing where any mandate is known already.
Result<void> fill_demo(AuthorityDesk& authority, Staff& staff, Records& records,
                       const DemoOwners& passwords, Time now);

}  // namespace madoguchi::vault
