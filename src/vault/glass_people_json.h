// How the glass's answers about people are written. Included by glass_people*.cc only.
#pragma once

#include "vault/glass_answers.h"
#include "vault/openings.h"

namespace madoguchi::vault {

// Names of organisations and fields, for screens.
class Names {
 public:
  Names(Registry& registry, Records& records)
      : directory_(registry.directory()), records_(records) {}

  [[nodiscard]] Json owner(const OrganisationId& id) const;
  // Adds label_ja and label_en.
  void label(Json& into, const OrganisationId& owner, const std::string& field) const;
  // Fields of any of the owners' schemas for which `wanted` holds, each once.
  template <typename Wanted>
  [[nodiscard]] Json fields(const std::vector<OrganisationId>& owners, Wanted wanted) const {
    Json found = Json::array();
    std::set<std::string> seen;
    for (const OrganisationId& owner : owners) {
      const auto schema = records_.schema(owner);
      if (!schema) continue;
      for (const FieldSpec& field : (*schema)->fields())
        if (wanted(field) && seen.insert(field.name).second)
          found.push_back({{"name", field.name},
                           {"label_ja", field.label_ja},
                           {"label_en", field.label_en},
                           {"kind", name_of(field.kind)},
                           {"repeats", field.repeats}});
    }
    return found;
  }

 private:
  std::shared_ptr<const Directory> directory_;  // one state of names for one answer
  Records& records_;
};

// {"all_of": [{"field", "value"}, …]}.
std::optional<std::vector<Sought>> sought_in(const Json& body);

Json json_of(const PeopleFound& found, const Names& names);
Json json_of(const OpenedPerson& opened, const PersonId& person, const std::string& opened_by,
             const Names& names);
Json json_of(const DocumentVersion& document);
Json json_of(const Purpose& purpose);
web::Response declined_answer(const Declined& declined);

}  // namespace madoguchi::vault
