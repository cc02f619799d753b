#include "vault/glass_people_json.h"

namespace madoguchi::vault {

Json Names::owner(const OrganisationId& id) const {
  const Organisation* known = directory_->find(id);
  return {{"id", id.text()}, {"name", known == nullptr ? id.text() : known->name}};
}

void Names::label(Json& into, const OrganisationId& owner, const std::string& field) const {
  const auto schema = records_.schema(owner);
  const FieldSpec* spec = schema ? (*schema)->find(field) : nullptr;
  into["label_ja"] = spec == nullptr ? field : spec->label_ja;
  into["label_en"] = spec == nullptr ? field : spec->label_en;
}

std::optional<std::vector<Sought>> sought_in(const Json& body) {
  const auto list = body.find("all_of");
  if (list == body.end() || !list->is_array()) return std::nullopt;
  std::vector<Sought> sought;
  for (const Json& one : *list) {
    if (!one.is_object()) return std::nullopt;
    auto field = text_in(one, "field");
    auto value = text_in(one, "value");
    if (!field || !value) return std::nullopt;
    sought.push_back({*std::move(field), Personal<std::string>(*std::move(value))});
  }
  return sought;
}

Json json_of(const PeopleFound& found, const Names& names) {
  Json people = Json::array();
  for (const PersonSeen& one : found.people) {
    Json masked = Json::array();
    for (const MaskedValue& value : one.masked) {
      Json shown = {{"field", value.field}, {"number", value.number}, {"shown", value.shown}};
      names.label(shown, one.person.owner, value.field);
      masked.push_back(std::move(shown));
    }
    people.push_back({{"owner", names.owner(one.person.owner)},
                      {"subject", one.person.subject.text()},
                      {"masked", std::move(masked)},
                      {"matched", one.matched},
                      {"vouched", one.vouched},
                      {"opened", one.opened},
                      {"may_open", one.may_open}});
  }
  return {{"people", std::move(people)}, {"more", found.more}, {"withheld", found.withheld}};
}

Json json_of(const OpenedPerson& opened, const PersonId& person, const std::string& opened_by,
             const Names& names) {
  Json values = Json::array();
  for (const FieldValue& value : opened.record.values) {
    Json shown = {{"field", value.field},
                  {"number", value.number},
                  {"text", value.text.reveal()},
                  {"verified", value.standing == Standing::kVerified}};
    names.label(shown, person.owner, value.field);
    if (value.telephone) {
      shown["holder"] = std::string(name_of(value.telephone->holder));
      shown["refusals"] = value.telephone->refusals;
    }
    values.push_back(std::move(shown));
  }
  return {{"owner", names.owner(person.owner)},
          {"subject", person.subject.text()},
          {"company", opened.record.kind == SubjectKind::kCompany},
          {"purpose", opened.purpose},
          {"opened_at", format_utc(opened.at)},
          {"opened_by", opened_by},
          {"entries", opened.entries},
          {"values", std::move(values)}};
}

Json json_of(const DocumentVersion& document) {
  return {{"document", document.document.text()},
          {"version", document.version},
          {"kind", document.kind},
          {"author", document.author},
          {"written_at", format_utc(document.written)},
          {"draft", document.draft}};
}

Json json_of(const Purpose& purpose) {
  Json callers = Json::object();
  for (const auto& [caller, terms] : purpose.callers)
    callers[caller] = {{"fields", terms.fields}, {"checks", terms.checks}};
  return {
      {"id", purpose.id},         {"name", purpose.name},          {"fields", purpose.fields},
      {"checks", purpose.checks}, {"callers", std::move(callers)}, {"playback", purpose.playback},
      {"cases", purpose.cases}};
}

web::Response declined_answer(const Declined& declined) {
  if (const auto* denial = std::get_if<Denial>(&declined)) return refused(*denial);
  return failed(std::get<Error>(declined));
}

}  // namespace madoguchi::vault
