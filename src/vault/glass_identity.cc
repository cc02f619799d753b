#include "vault/glass_identity.h"

#include "vault/glass_people_json.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kTicketHeader = "Madoguchi-Ticket";

Json json_of(const CallerBasis& basis) {
  return {{"id", basis.id}, {"ja", basis.words.ja}, {"en", basis.words.en}};
}

Json list_of(const std::vector<CallerBasis>& all) {
  Json list = Json::array();
  for (const CallerBasis& one : all) list.push_back(json_of(one));
  return list;
}

Json json_of(const CallerWords& words) {
  return {{"ja", words.ja}, {"en", words.en}};
}

Json json_of(const CallerKind& kind) {
  Json asks = Json::array();
  for (const CallerWords& words : kind.asks) asks.push_back(json_of(words));
  return {{"caller", kind.id},           {"ja", kind.name.ja},    {"en", kind.name.en},
          {"own_voice", kind.own_voice}, {"ground", kind.ground}, {"asks", std::move(asks)},
          {"bases", list_of(kind.bases)}};
}

Json json_of(const IdentityStanding& standing, const CallerRules& rules) {
  const std::string& said = standing.speaks.kind;
  return {{"caller", said.empty() ? rules.kinds().front().id : said},
          {"basis", standing.speaks.basis},
          {"fields", standing.fields},
          {"matched", standing.matched},
          {"checks_left", standing.checks_left},
          {"guesses_left", standing.guesses_left},
          {"vouched", standing.vouched},
          {"vouch_wanted", standing.vouch_wanted},
          {"may_open", standing.checks_left == 0}};
}

}  // namespace

GlassDoor::Work GlassIdentity::about_person(Act act) {
  return [this, act](const web::Request& request, const Visitor& visitor) {
    const auto ticket = OpeningTicketId::parse(request.header(kTicketHeader));
    if (!ticket) return refused(Denial::kNoTicket);
    const auto body = body_of(request);
    const auto owner = body ? id_in<OrganisationId>(*body, "owner") : std::nullopt;
    const auto subject = body ? id_in<SubjectId>(*body, "subject") : std::nullopt;
    if (!owner || !subject) return malformed("send owner and subject");
    return (this->*act)(request, {visitor.who, visitor.session, *ticket}, {*owner, *subject});
  };
}

void GlassIdentity::add_to(web::Routes& routes) {
  using web::Method;
  GlassDoor& door = parts_.door;
  const auto get = [&](std::string path,
                       web::Response (GlassIdentity::*work)(const web::Request&, const Visitor&)) {
    routes.add({Method::kGet, std::move(path),
                door.reading([this, work](const web::Request& request, const Visitor& visitor) {
                  return (this->*work)(request, visitor);
                })});
  };
  const auto post = [&](std::string path, Act act) {
    routes.add({Method::kPost, std::move(path), door.changing(about_person(act))});
  };
  get("/api/callers", &GlassIdentity::callers);
  get("/api/identity", &GlassIdentity::standing);
  post("/api/caller", &GlassIdentity::caller);
  post("/api/vouch/wanted", &GlassIdentity::want_vouch);
  get("/api/vouches", &GlassIdentity::vouches);
  post("/api/vouch", &GlassIdentity::vouch);
  post("/api/vouch/decline", &GlassIdentity::decline);
}

web::Response GlassIdentity::callers(const web::Request&, const Visitor&) {
  Json list = Json::array();
  for (const CallerKind& kind : parts_.identity.rules().kinds()) list.push_back(json_of(kind));
  return shown({{"callers", std::move(list)}});
}

web::Response GlassIdentity::standing(const web::Request& request, const Visitor& visitor) {
  const auto ticket = OpeningTicketId::parse(request.header(kTicketHeader));
  if (!ticket) return refused(Denial::kNoTicket);
  const auto owner = OrganisationId::parse(request.query_or("owner", ""));
  const auto subject = SubjectId::parse(request.query_or("subject", ""));
  if (!owner || !subject) return malformed("name owner and subject");
  const auto found =
      parts_.identity.standing({visitor.who, visitor.session, *ticket}, {*owner, *subject});
  return found ? shown(json_of(*found, parts_.identity.rules())) : declined_answer(found.error());
}

web::Response GlassIdentity::caller(const web::Request& request, const Asker& asker,
                                    const PersonId& person) {
  const auto body = body_of(request);
  const auto kind = body ? text_in(*body, "caller") : std::nullopt;
  const auto basis = body ? text_in(*body, "basis") : std::nullopt;
  if (!kind) return malformed("send owner, subject, caller and, where there is one, basis");
  const auto standing = parts_.identity.speaks(asker, person, *kind, basis.value_or(""));
  return standing ? shown(json_of(*standing, parts_.identity.rules()))
                  : declined_answer(standing.error());
}

web::Response GlassIdentity::want_vouch(const web::Request&, const Asker& asker,
                                        const PersonId& person) {
  const auto wanted = parts_.identity.want_vouch(asker, person);
  return wanted ? shown({{"wanted", true}}) : declined_answer(wanted.error());
}

web::Response GlassIdentity::vouches(const web::Request&, const Visitor& visitor) {
  const Names names(parts_.registry, parts_.records);
  Json list = Json::array();
  for (const VouchAsked& one : parts_.identity.wanted_of(visitor.who))
    list.push_back({{"ticket", one.wanted.ticket.text()},
                    {"operator", one.who.text()},
                    {"call", one.call.text()},
                    {"desk", one.desk.text()},
                    {"owner", names.owner(one.wanted.owner)},
                    {"subject", one.subject.text()},
                    {"asked_at", format_utc(one.wanted.at)},
                    {"standing", json_of(one.standing, parts_.identity.rules())}});
  return shown(
      {{"wanted", std::move(list)}, {"reasons", list_of(parts_.identity.rules().overrides())}});
}

web::Response GlassIdentity::vouch(const web::Request& request, const Asker& asker,
                                   const PersonId& person) {
  const auto body = body_of(request);
  const auto reason = body ? text_in(*body, "reason") : std::nullopt;
  if (!reason) return malformed("send owner, subject and a reason");
  const auto vouched = parts_.identity.vouch(asker, person, *reason);
  return vouched ? shown({{"vouched", true}}) : declined_answer(vouched.error());
}

web::Response GlassIdentity::decline(const web::Request&, const Asker& asker,
                                     const PersonId& person) {
  const auto declined = parts_.identity.decline(asker, person);
  return declined ? shown({{"vouched", false}}) : declined_answer(declined.error());
}

}  // namespace madoguchi::vault
