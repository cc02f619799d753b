#include "vault/glass_people.h"

#include "vault/glass_people_json.h"
#include "vault/records/sealer.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kTicketHeader = "Madoguchi-Ticket";
constexpr std::size_t kMostNote = 80 * 1024;

std::optional<PersonId> person_in(const Json& body) {
  auto owner = id_in<OrganisationId>(body, "owner");
  auto subject = id_in<SubjectId>(body, "subject");
  if (!owner || !subject) return std::nullopt;
  return PersonId{*std::move(owner), *std::move(subject)};
}

std::optional<PersonId> person_asked(const web::Request& request) {
  const std::string_view owner = request.query_or("owner", "");
  const std::string_view subject = request.query_or("subject", "");
  if (!is_valid_id(owner) || !is_valid_id(subject)) return std::nullopt;
  return PersonId{OrganisationId(std::string(owner)), SubjectId(std::string(subject))};
}

}  // namespace

GlassDoor::Work GlassPeople::with_ticket(Act act) {
  return [this, act](const web::Request& request, const Visitor& visitor) {
    const auto ticket = OpeningTicketId::parse(request.header(kTicketHeader));
    if (!ticket) return refused(Denial::kNoTicket);
    return (this->*act)(request, visitor, {visitor.who, visitor.session, *ticket});
  };
}

void GlassPeople::add_to(web::Routes& routes) {
  using web::Method;
  const auto get = [&](std::string path, Act act) {
    routes.add({Method::kGet, std::move(path), parts_.door.reading(with_ticket(act))});
  };
  const auto post = [&](std::string path, Act act) {
    routes.add({Method::kPost, std::move(path), parts_.door.changing(with_ticket(act)), kMostNote});
  };
  get("/api/ticket", &GlassPeople::ticket);
  post("/api/ticket/purpose", &GlassPeople::purpose);
  post("/api/ticket/extend", &GlassPeople::extend);
  get("/api/candidates", &GlassPeople::candidates);
  post("/api/search", &GlassPeople::search);
  post("/api/check", &GlassPeople::check);
  post("/api/open", &GlassPeople::open);
  get("/api/documents", &GlassPeople::documents);
  post("/api/documents", &GlassPeople::write_document);
  get("/api/documents/{document}", &GlassPeople::read_document);
}

// ---- the ticket

web::Response GlassPeople::show(const OpeningTicketId& id, const SessionKey& session) {
  struct Look {
    OpeningTicket ticket;
    TicketState state;
    std::vector<Purpose> purposes;
    std::vector<OrganisationId> owners;
    std::optional<CaseTicket> of_case;
  };
  const auto look = parts_.authority.with([&](Authority& authority, Time now) -> Allowed<Look> {
    auto ticket = authority.look(id, session, now);
    if (!ticket) return refuse(ticket.error());
    Look seen{*ticket, {}, {}, {}, {}};
    seen.state = authority.tickets().state(*ticket, authority.leases(), now);
    seen.purposes = authority.purposes(*ticket, now);
    seen.owners = authority.owners(*ticket, now);
    if (const CaseTicket* of = authority.cases().live(ticket->case_ticket, now)) seen.of_case = *of;
    return seen;
  });
  if (!look) return refused(look.error());
  const Names names(parts_.registry, parts_.records);
  Json purposes = Json::array();
  Json mine = {
      {"id", look->ticket.purpose}, {"name", ""},        {"fields", Json::array()}, {"checks", 0},
      {"callers", Json::object()},  {"playback", false}, {"cases", false}};
  std::set<std::string> named;  // fields of the purpose
  for (const Purpose& purpose : look->purposes) {
    purposes.push_back(json_of(purpose));
    if (purpose.id != look->ticket.purpose) continue;
    mine = json_of(purpose);
    for (const std::string& field : purpose.fields) named.insert(field_of(field));
  }
  Json of_case = nullptr;
  if (look->of_case)
    of_case = {{"case", look->of_case->id.text()},
               {"reference", look->of_case->reference},
               {"owner", names.owner(look->of_case->owner)},
               {"subject", look->of_case->subject.text()}};
  Json owners = Json::array();
  for (const OrganisationId& owner : look->owners) owners.push_back(names.owner(owner));
  return shown(
      {{"ticket", look->ticket.id.text()},
       {"stage", std::string(name_of(look->state.stage))},
       {"ends_at", look->state.until ? Json(format_utc(*look->state.until)) : Json(nullptr)},
       {"desk", look->ticket.desk.text()},
       {"call", look->ticket.call.text()},
       {"case", std::move(of_case)},
       {"purpose", std::move(mine)},
       {"purposes", std::move(purposes)},
       {"owners", std::move(owners)},
       {"fields",
        names.fields(look->owners, [&](const FieldSpec& f) { return named.contains(f.name); })},
       {"searchable", names.fields(look->owners, [](const FieldSpec& f) { return f.indexed; })},
       {"checkable", names.fields(look->owners,
                                  [](const FieldSpec& f) { return f.kind != FieldKind::kText; })}});
}

web::Response GlassPeople::ticket(const web::Request&, const Visitor&, const Asker& asker) {
  return show(asker.ticket, asker.session);
}

web::Response GlassPeople::purpose(const web::Request& request, const Visitor&,
                                   const Asker& asker) {
  const auto body = body_of(request);
  const auto wanted = body ? text_in(*body, "purpose") : std::nullopt;
  if (!wanted) return malformed("send a purpose");
  const auto fresh = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.for_purpose(asker.ticket, asker.session,
                                 OpeningTicketId::fresh(now, parts_.entropy), *wanted, now);
  });
  return fresh ? show(fresh->id, asker.session) : refused(fresh.error());
}

web::Response GlassPeople::extend(const web::Request& request, const Visitor&, const Asker& asker) {
  const auto body = body_of(request);
  if (!body || !body->contains("seconds") || !(*body)["seconds"].is_number_unsigned())
    return malformed("send seconds");
  const auto seconds = std::min<std::uint64_t>((*body)["seconds"].get<std::uint64_t>(), 3600);
  const auto extended =
      parts_.authority.with([&](Authority& authority, Time now) -> Allowed<TicketState> {
        if (auto mine = authority.look(asker.ticket, asker.session, now); !mine)
          return refuse(mine.error());
        return authority.tickets().extend(asker.ticket,
                                          std::chrono::seconds(static_cast<std::int64_t>(seconds)),
                                          authority.leases(), now);
      });
  return extended ? show(asker.ticket, asker.session) : refused(extended.error());
}

// ---- people

web::Response GlassPeople::candidates(const web::Request&, const Visitor&, const Asker& asker) {
  const auto found = parts_.openings.candidates(asker);
  if (!found) return declined_answer(found.error());
  return shown(json_of(*found, {parts_.registry, parts_.records}));
}

web::Response GlassPeople::search(const web::Request& request, const Visitor&, const Asker& asker) {
  const auto body = body_of(request);
  const auto all_of = body ? sought_in(*body) : std::nullopt;
  if (!all_of) return malformed("send all_of: a list of field and value");
  const auto owner = id_in<OrganisationId>(*body, "owner").value_or(OrganisationId());
  const auto found = parts_.openings.search(asker, owner, *all_of);
  if (!found) return declined_answer(found.error());
  return shown(json_of(*found, {parts_.registry, parts_.records}));
}

web::Response GlassPeople::check(const web::Request& request, const Visitor&, const Asker& asker) {
  const auto body = body_of(request);
  const auto person = body ? person_in(*body) : std::nullopt;
  const auto field = body ? text_in(*body, "field") : std::nullopt;
  const auto typed = body ? text_in(*body, "typed") : std::nullopt;
  if (!person || !field || !typed) return malformed("send owner, subject, field and typed");
  const auto outcome = parts_.openings.check(asker, *person, *field, Personal<std::string>(*typed));
  if (!outcome) return declined_answer(outcome.error());
  return shown({{"outcome", outcome->matched ? "match" : "cannot_confirm"},
                {"checks_left", outcome->checks_left},
                {"guesses_left", outcome->guesses_left}});
}

web::Response GlassPeople::open(const web::Request& request, const Visitor& visitor,
                                const Asker& asker) {
  const auto body = body_of(request);
  const auto person = body ? person_in(*body) : std::nullopt;
  if (!person) return malformed("send owner and subject");
  const auto opened = parts_.openings.open(asker, *person);
  if (!opened) return declined_answer(opened.error());
  return shown(json_of(*opened, *person, visitor.display_name, {parts_.registry, parts_.records}));
}

// ---- documents

web::Response GlassPeople::documents(const web::Request& request, const Visitor&,
                                     const Asker& asker) {
  const auto person = person_asked(request);
  if (!person) return malformed("name owner and subject");
  const auto found = parts_.openings.documents(asker, *person);
  if (!found) return declined_answer(found.error());
  Json list = Json::array();
  for (const DocumentVersion& one : *found) list.push_back(json_of(one));
  return shown({{"documents", std::move(list)}});
}

web::Response GlassPeople::read_document(const web::Request& request, const Visitor&,
                                         const Asker& asker) {
  const auto person = person_asked(request);
  const auto document = DocumentId::parse(request.param("document"));
  if (!person || !document) return malformed("name owner and subject");
  const auto opened = parts_.openings.read_document(asker, *person, *document);
  if (!opened) return declined_answer(opened.error());
  Json out = json_of(opened->about);
  out["text"] = opened->text.reveal();
  return shown(out);
}

web::Response GlassPeople::write_document(const web::Request& request, const Visitor&,
                                          const Asker& asker) {
  const auto body = body_of(request);
  const auto person = body ? person_in(*body) : std::nullopt;
  const auto text = body ? text_in(*body, "text") : std::nullopt;
  if (!person || !text || !body->contains("draft") || !(*body)["draft"].is_boolean())
    return malformed("send owner, subject, text and draft");
  const auto document = id_in<DocumentId>(*body, "document").value_or(DocumentId());
  const auto written = parts_.openings.write_document(
      asker, *person, document, Personal<std::string>(*text), (*body)["draft"].get<bool>());
  if (!written) return declined_answer(written.error());
  return shown(json_of(*written));
}

}  // namespace madoguchi::vault
