#include "vault/glass_cases.h"

#include "vault/glass_people_json.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kTicketHeader = "Madoguchi-Ticket";

Json named(const Directory& directory, const OrganisationId& id) {
  const Organisation* known = directory.find(id);
  return {{"id", id.text()}, {"name", known == nullptr ? id.text() : known->name}};
}

// As the mandate to the holder's organisation calls it.
std::string purpose_name(const Mandates& mandates, const CaseTicket& ticket) {
  for (const auto& [id, entry] : mandates.all()) {
    const Mandate& newest = entry.versions.back();
    if (newest.to != ticket.actor || !newest.is_about(ticket.owner)) continue;
    if (const Purpose* purpose = newest.purpose(ticket.purpose)) return purpose->name;
  }
  return ticket.purpose;
}

Json ids_of(const std::vector<OperatorId>& people) {
  Json list = Json::array();
  for (const OperatorId& one : people) list.push_back(one.text());
  return list;
}

Json offer_of(const CaseOffer& offer, const Directory& directory) {
  Json desks = Json::array();
  for (const DeskId& desk : offer.desks) desks.push_back(desk.text());
  Json purposes = Json::array();
  for (const Purpose& one : offer.purposes)
    purposes.push_back({{"id", one.id}, {"name", one.name}});
  return {{"organisation", named(directory, offer.to)},
          {"people", ids_of(offer.people)},
          {"desks", std::move(desks)},
          {"purposes", std::move(purposes)}};
}

CaseTicketId case_in(const web::Request& request) {
  return CaseTicketId(std::string(request.param("case")));
}

}  // namespace

Json GlassCases::json_of(const CaseTicket& ticket) {
  const auto directory = parts_.registry.directory();
  const std::string purpose = parts_.authority.with(
      [&](Authority& authority, Time) { return purpose_name(authority.mandates(), ticket); });
  return {{"case", ticket.id.text()},
          {"reference", ticket.reference},
          {"origin", std::string(name_of(ticket.origin))},
          {"owner", named(*directory, ticket.owner)},
          {"organisation", named(*directory, ticket.actor)},
          {"holder", ticket.holder.text()},
          {"desk", ticket.desk.text()},
          {"purpose", {{"id", ticket.purpose}, {"name", purpose}}},
          {"made_by", ticket.made_by.text()},
          {"made_at", format_utc(ticket.made)},
          {"ends_at", format_utc(ticket.ends)}};
}

Json GlassCases::list_of(const std::vector<CaseTicket>& tickets) {
  Json list = Json::array();
  for (const CaseTicket& one : tickets) list.push_back(json_of(one));
  return list;
}

GlassDoor::Work GlassCases::for_anyone(Work work) {
  return [this, work](const web::Request& request, const Visitor& visitor) {
    return (this->*work)(request, visitor);
  };
}

GlassDoor::Work GlassCases::for_owner(OwnersWork work) {
  return [this, work](const web::Request& request, const Visitor& visitor) {
    const auto place = parts_.authority.place_of(visitor.who);
    if (!place || place->role != StaffRole::kOwner)
      return web::error_response(403, "denied", "this page is the owner's");
    return (this->*work)(request, visitor, {visitor.who, place->organisation});
  };
}

void GlassCases::add_to(web::Routes& routes) {
  using web::Method;
  GlassDoor& door = parts_.door;
  const auto post = [&](std::string path, Work work) {
    routes.add({Method::kPost, std::move(path), door.changing(for_anyone(work))});
  };
  const std::string one = "/api/cases/{case}/";
  const std::string owners = "/api/owner/cases";
  routes.add({Method::kGet, "/api/cases", door.reading(for_anyone(&GlassCases::mine))});
  post("/api/cases", &GlassCases::keep);
  post(one + "ticket", &GlassCases::take_up);
  post(one + "hand", &GlassCases::hand_on);
  post(one + "end", &GlassCases::end);
  routes.add({Method::kGet, owners, door.reading(for_owner(&GlassCases::owners))});
  routes.add({Method::kPost, owners, door.changing(for_owner(&GlassCases::give))});
  routes.add(
      {Method::kPost, owners + "/{case}/end", door.changing(for_owner(&GlassCases::owners_end))});
}

// ---- the operator

web::Response GlassCases::mine(const web::Request&, const Visitor& visitor) {
  const auto held = parts_.cases.held_by(visitor.who);
  if (!held) return declined_answer(held.error());
  const auto colleagues = parts_.authority.with(
      [&](Authority& authority, Time) { return authority.colleagues(visitor.who); });
  return shown({{"cases", list_of(*held)}, {"colleagues", ids_of(colleagues)}});
}

web::Response GlassCases::keep(const web::Request& request, const Visitor& visitor) {
  const auto ticket = OpeningTicketId::parse(request.header(kTicketHeader));
  if (!ticket) return refused(Denial::kNoTicket);
  const auto body = body_of(request);
  const auto owner = body ? id_in<OrganisationId>(*body, "owner") : std::nullopt;
  const auto subject = body ? id_in<SubjectId>(*body, "subject") : std::nullopt;
  const auto reference = body ? text_in(*body, "reference") : std::nullopt;
  if (!owner || !subject || !reference) return malformed("send owner, subject and reference");
  const auto kept =
      parts_.cases.keep({visitor.who, visitor.session, *ticket}, {*owner, *subject}, *reference);
  return kept ? shown(json_of(*kept)) : declined_answer(kept.error());
}

web::Response GlassCases::take_up(const web::Request& request, const Visitor& visitor) {
  const auto taken =
      parts_.cases.take_up({visitor.who, visitor.session, {}}, visitor.expires, case_in(request));
  return taken ? shown({{"ticket", taken->id.text()}}) : declined_answer(taken.error());
}

web::Response GlassCases::hand_on(const web::Request& request, const Visitor& visitor) {
  const auto body = body_of(request);
  const auto to = body ? id_in<OperatorId>(*body, "to") : std::nullopt;
  if (!to) return malformed("send to: who takes it over");
  const auto handed =
      parts_.cases.hand_on({visitor.who, visitor.session, {}}, case_in(request), *to);
  return handed ? shown(json_of(*handed)) : declined_answer(handed.error());
}

web::Response GlassCases::end(const web::Request& request, const Visitor& visitor) {
  const auto ended = parts_.cases.end({visitor.who, visitor.session, {}}, case_in(request));
  return ended ? shown({{"ended", true}}) : declined_answer(ended.error());
}

// ---- the owner

web::Response GlassCases::owners(const web::Request&, const Visitor&, const OwnersPerson& asker) {
  const auto directory = parts_.registry.directory();
  Json offers = Json::array();
  for (const CaseOffer& one : parts_.cases.offers(asker.owner))
    offers.push_back(offer_of(one, *directory));
  return shown(
      {{"cases", list_of(parts_.cases.of_owner(asker.owner))}, {"offers", std::move(offers)}});
}

web::Response GlassCases::give(const web::Request& request, const Visitor&,
                               const OwnersPerson& asker) {
  const auto body = body_of(request);
  const auto subject = body ? id_in<SubjectId>(*body, "subject") : std::nullopt;
  const auto to = body ? id_in<OperatorId>(*body, "to") : std::nullopt;
  const auto desk = body ? id_in<DeskId>(*body, "desk") : std::nullopt;
  const auto purpose = body ? text_in(*body, "purpose") : std::nullopt;
  const auto reference = body ? text_in(*body, "reference") : std::nullopt;
  const auto reason = body ? text_in(*body, "reason") : std::nullopt;
  if (!subject || !to || !desk || !purpose || !reference || !reason)
    return malformed("send subject, to, desk, purpose, reference and reason");
  const auto given =
      parts_.cases.give(asker, {*subject, *to, *desk, *purpose, *reference, *reason});
  return given ? shown(json_of(*given)) : declined_answer(given.error());
}

web::Response GlassCases::owners_end(const web::Request& request, const Visitor& visitor,
                                     const OwnersPerson&) {
  return end(request, visitor);
}

}  // namespace madoguchi::vault
