#include "vault/access/reach.h"

namespace madoguchi::vault {

std::set<OrganisationId> owners_reached(const Mandates& mandates, const OrganisationId& to,
                                        Time now) {
  std::set<OrganisationId> owners;
  for (const auto& [id, entry] : mandates.all())
    for (const auto& [owner, signatures] : entry.signatures) {
      if (signatures.empty() || entry.revocations.contains(owner)) continue;
      const Mandate& standing = entry.versions[signatures.back().version - 1];
      if (standing.to == to && now < standing.ends) owners.insert(owner);
    }
  return owners;
}

std::set<OrganisationId> owners_reached(const Mandates& mandates, const StaffPlace& place,
                                        Time now) {
  std::set<OrganisationId> owners = owners_reached(mandates, place.organisation, now);
  if (place.role == StaffRole::kOwner) owners.insert(place.organisation);
  return owners;
}

}  // namespace madoguchi::vault
