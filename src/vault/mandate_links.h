// Mandates as pages show them: each link of a chain with how it stands for each owner, names beside
// ids. Included by glass_*.cc only, since it brings the JSON library.
#pragma once

#include "vault/access/mandates.h"
#include "vault/directory.h"
#include "vault/glass_answers.h"

namespace madoguchi::vault {

// {mandate, to_name, passed_on_by, unbroken, owners}: `passed_on_by` names the organisation above,
// empty for what the owners gave themselves; `unbroken` of the whole chain, for all its owners.
Json link_json(const Mandates& mandates, const Mandates::Entry& entry, const Directory& directory,
               Time now);

std::string name_in(const Directory& directory, const OrganisationId& id);

}  // namespace madoguchi::vault
