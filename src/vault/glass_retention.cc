#include "vault/glass_retention.h"

#include <fmt/format.h>

#include "vault/glass_answers.h"

namespace madoguchi::vault {
namespace {

Json json_of(const RetentionStanding& standing, const Directory& directory) {
  const RetentionTerm& term = standing.term;
  const Organisation* to = directory.find(term.to);
  Json out = {{"mandate", term.mandate.text()},
              {"version", term.version},
              {"to", term.to.text()},
              {"to_name", to == nullptr ? term.to.text() : to->name},
              {"at_end", term.at_end == AtEnd::kReturned ? "returned" : "destroyed"},
              {"ends", format_utc(term.ends)},
              {"retention", format_utc(term.retention)},
              {"state", std::string(name_of(standing.state))},
              {"not_before", format_utc(standing.not_before)},
              {"waived_by", standing.waived_by.text()},
              {"returned_in", standing.returned ? standing.returned->text() : ""},
              {"destruction", standing.destruction.text()}};
  return out;
}

}  // namespace

GlassDoor::Work GlassRetention::for_owner(Work work) {
  return [this, work](const web::Request& request, const Visitor& visitor) {
    const auto place = parts_.authority.place_of(visitor.who);
    if (!place || place->role != StaffRole::kOwner)
      return web::error_response(403, "denied", "this page is the owner's");
    return (this->*work)(request, visitor.who, place->organisation);
  };
}

void GlassRetention::add_to(web::Routes& routes) {
  using web::Method;
  GlassDoor& door = parts_.door;
  const std::string mandate = "/api/owner/mandates/{mandate}/";
  routes.add(
      {Method::kGet, "/api/owner/retention", door.reading(for_owner(&GlassRetention::show))});
  routes.add(
      {Method::kPost, mandate + "waive-return", door.changing(for_owner(&GlassRetention::waive))});
  routes.add(
      {Method::kPost, mandate + "return", door.changing(for_owner(&GlassRetention::give_back))});
  routes.add({Method::kGet, "/api/owner/destructions/{destruction}/certificate",
              door.reading(for_owner(&GlassRetention::certificate))});
}

web::Response GlassRetention::show(const web::Request&, const OperatorId&,
                                   const OrganisationId& owner) {
  const auto directory = parts_.registry.directory();
  Json terms = Json::array();
  for (const RetentionStanding& one : parts_.retention.of_owner(owner))
    terms.push_back(json_of(one, *directory));
  Json destructions = Json::array();
  for (const DestructionRow& row : parts_.retention.destructions())
    if (row.owner == owner)
      destructions.push_back({{"destruction", row.id.text()},
                              {"done", row.done},
                              {"certificate", Json::parse(row.certificate, nullptr, false)}});
  return shown({{"terms", std::move(terms)}, {"destructions", std::move(destructions)}});
}

web::Response GlassRetention::waive(const web::Request& request, const OperatorId& who,
                                    const OrganisationId&) {
  const auto waived = parts_.retention.waive(MandateId(std::string(request.param("mandate"))), who);
  return waived ? shown({{"waived", true}}) : failed(waived.error());
}

web::Response GlassRetention::give_back(const web::Request& request, const OperatorId& who,
                                        const OrganisationId&) {
  const auto body = body_of(request);
  const auto recipient = body ? text_in(*body, "recipient") : std::nullopt;
  if (!recipient) return malformed("send the recipient's key");
  const auto key = RecipientKey::parse(*recipient);
  if (!key) return failed(key.error());
  const auto asked =
      parts_.retention.ask_return(MandateId(std::string(request.param("mandate"))), *key, who);
  return asked ? shown({{"export", asked->id.text()}}) : failed(asked.error());
}

web::Response GlassRetention::certificate(const web::Request& request, const OperatorId&,
                                          const OrganisationId& owner) {
  const auto id = DestructionId::parse(request.param("destruction"));
  if (!id) return failed(id.error());
  for (const DestructionRow& row : parts_.retention.destructions()) {
    if (row.id != *id || row.owner != owner) continue;
    const auto certificate = parts_.retention.certificate(*id);
    if (!certificate) return failed(certificate.error());
    auto text = certificate->text();
    if (!text) return failed(text.error());
    web::Response response;
    response.body = *std::move(text);
    response.content_type = "application/json";
    response.headers.emplace_back(
        "Content-Disposition",
        fmt::format("attachment; filename=\"{}.certificate.json\"", id->text()));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
  }
  return web::error_response(404, "not_found", "there is no such destruction");
}

}  // namespace madoguchi::vault
