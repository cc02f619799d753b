#include "vault/access/reach.h"

#include <algorithm>

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

bool is_known_to(const OrganisationId& owner, const Mandates& mandates, const StaffPlace& place) {
  return place.organisation == owner ||
         std::any_of(mandates.all().begin(), mandates.all().end(), [&](const auto& one) {
           const Mandate& mandate = one.second.versions.back();  // its parties are those of all
           return mandate.to == place.organisation && mandate.is_about(owner);
         });
}

}  // namespace madoguchi::vault
