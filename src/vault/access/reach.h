// Whose log tells of an organisation's staff: every owner whose data they can come to. Pure; any
// thread that holds the mandates.
#pragma once

#include <set>

#include "vault/access/mandates.h"
#include "vault/access/places.h"

namespace madoguchi::vault {

// Owners of a mandate to `to` that they signed, that they have not revoked and that has not ended;
// one that begins later counts.
std::set<OrganisationId> owners_reached(const Mandates& mandates, const OrganisationId& to,
                                        Time now);

// The same for one person; an owner's person comes to the data of their own organisation.
std::set<OrganisationId> owners_reached(const Mandates& mandates, const StaffPlace& place,
                                        Time now);

// Whether an owner has anything to do with this person: one of their own, or of an organisation
// that a mandate about their people is for, in whatever state.
bool is_known_to(const OrganisationId& owner, const Mandates& mandates, const StaffPlace& place);

}  // namespace madoguchi::vault
