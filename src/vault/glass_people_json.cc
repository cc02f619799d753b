#include "vault/glass_people_json.h"

#include "vault/records/refused_uses.h"

namespace madoguchi::vault {
namespace {

Json json_of(const RefusedUse& use) {
  return {{"ja", use.ja}, {"en", use.en}};
}

// A use that nobody but the client has a word for is said in its own.
Json refused_use(const std::string& words) {
  if (const RefusedUse* known = RefusedUses::japanese().find(words)) return json_of(*known);
  return {{"ja", words}, {"en", words}};
}

// Of a telephone that is not opened: the client's own text might say whose it is, so of that only
// that there is some.
void put_uses(Json& shown, const MaskedValue& value) {
  if (value.line_kind.empty() && value.refusals.empty()) return;
  shown["line_kind"] = value.line_kind;
  shown["refusals"] = Json::array();
  shown["more_refusals"] = false;
  for (const std::string& words : value.refusals) {
    if (const RefusedUse* known = RefusedUses::japanese().find(words))
      shown["refusals"].push_back(json_of(*known));
    else
      shown["more_refusals"] = true;
  }
}

Json json_of(const Provenance& from) {
  return {{"source", from.source},
          {"given_for", from.given_for},
          {"obtained_on", from.obtained_on},
          {"obtained_by", from.obtained_by}};
}

}  // namespace

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
      put_uses(shown, value);
      names.label(shown, one.person.owner, value.field);
      masked.push_back(std::move(shown));
    }
    people.push_back({{"owner", names.owner(one.person.owner)},
                      {"subject", one.person.subject.text()},
                      {"masked", std::move(masked)},
                      {"matched", one.matched},
                      {"vouched", one.vouched},
                      {"opened", one.opened},
                      {"opened_for", one.opened_for},
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
      shown["line_kind"] = value.telephone->line_kind;
      shown["refusals"] = Json::array();
      for (const std::string& words : value.telephone->refusals)
        shown["refusals"].push_back(refused_use(words));
    }
    if (value.provenance) shown["given"] = json_of(*value.provenance);
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
