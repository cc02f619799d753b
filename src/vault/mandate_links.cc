#include "vault/mandate_links.h"

#include "vault/mandate_json.h"

namespace madoguchi::vault {

std::string name_in(const Directory& directory, const OrganisationId& id) {
  const Organisation* known = directory.find(id);
  return known == nullptr ? id.text() : known->name;
}

Json link_json(const Mandates& mandates, const Mandates::Entry& entry, const Directory& directory,
               Time now) {
  const Mandate& newest = entry.versions.back();
  const Mandate* above = newest.parent.empty() ? nullptr : mandates.newest(newest.parent);
  Json owners = Json::array();
  bool unbroken = true;
  for (const OrganisationId& owner : newest.owners) {
    const auto mine = entry.signatures.find(owner);
    owners.push_back(
        {{"id", owner.text()},
         {"name", name_in(directory, owner)},
         {"state", std::string(state_of(entry, owner, now))},
         {"signed_version", mine == entry.signatures.end() ? 0 : mine->second.back().version}});
    unbroken = unbroken && mandates.unbroken(newest.id, owner, now);
  }
  return {{"mandate", Json::parse(to_json(newest))},
          {"to_name", name_in(directory, newest.to)},
          {"passed_on_by", above == nullptr ? "" : name_in(directory, above->to)},
          {"unbroken", unbroken},
          {"owners", std::move(owners)}};
}

}  // namespace madoguchi::vault
