#include "vault/glass_watch.h"

#include "vault/glass_answers.h"
#include "vault/openings.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostAlarms = 100;
constexpr std::string_view kTicketHeader = "Madoguchi-Ticket";

Json json_of(const Alarm& alarm, const WatchRules& rules) {
  const WatchRule* rule = rules.find(alarm.rule);
  Json out = {{"alarm", alarm.id.text()},
              {"rule", alarm.rule},
              {"severity", std::string(name_of(alarm.severity))},
              {"frozen", alarm.freezes},
              {"owner", alarm.owner.text()},
              {"operator", alarm.who.text()},
              {"organisation", alarm.actor.text()},
              {"desk", alarm.desk.text()},
              {"call", alarm.call.text()},
              {"case", alarm.case_id},
              {"at", format_utc(alarm.at)},
              {"count", alarm.figures.count},
              {"limit", alarm.figures.limit},
              // A rule that the file no longer has leaves its name and its figures.
              {"reason_ja", rule == nullptr ? alarm.rule : say(rule->ja, alarm.figures)},
              {"reason_en", rule == nullptr ? alarm.rule : say(rule->en, alarm.figures)},
              {"answer", nullptr},
              {"answered_by", nullptr},
              {"answered_at", nullptr}};
  if (alarm.answered) {
    out["answer"] = alarm.answered->answer == AlarmAnswer::kRelease ? "release" : "seen";
    out["answered_by"] = alarm.answered->by.text();
    out["answered_at"] = format_utc(alarm.answered->at);
  }
  return out;
}

Json json_of(const std::vector<Alarm>& alarms, const WatchRules& rules) {
  Json list = Json::array();
  for (const Alarm& alarm : alarms) list.push_back(json_of(alarm, rules));
  return {{"alarms", std::move(list)}};
}

// Whether somebody of `actor`, with this ticket or none, is to be told of the freeze.
bool concerns(const Freeze& freeze, const StaffPlace& place, const OpeningTicket* ticket,
              const Mandates& mandates) {
  if (freeze.scope == FreezeScope::kPerson) return freeze.name == place.who.text();
  if (ticket != nullptr && freeze.scope == FreezeScope::kDesk)
    return freeze.name == ticket->desk.text();
  for (const auto& [id, entry] : mandates.all()) {
    const Mandate& newest = entry.versions.back();  // its parties are those of all versions
    if (newest.to != place.organisation || !newest.is_about(freeze.owner)) continue;
    const Mandate* standing = entry.signed_by(freeze.owner);
    if (freeze.scope == FreezeScope::kAll ||
        (standing != nullptr && standing->desks.contains(DeskId(freeze.name))))
      return true;
  }
  return false;
}

}  // namespace

GlassDoor::Work GlassWatch::only_for(StaffRole role, Work work) {
  return [this, role, work](const web::Request& request, const Visitor& visitor) {
    const auto place = parts_.authority.place_of(visitor.who);
    if (!place || place->role != role)
      return web::error_response(403, "denied", "this is for another role");
    if (parts_.watch == nullptr) return glass_away();
    return (this->*work)(request, visitor, *place);
  };
}

void GlassWatch::add_to(web::Routes& routes) {
  using web::Method;
  GlassDoor& door = parts_.door;
  routes.add({Method::kGet, "/api/owner/alarms",
              door.reading(only_for(StaffRole::kOwner, &GlassWatch::owners_alarms))});
  routes.add({Method::kPost, "/api/owner/alarms/{alarm}/answer",
              door.changing(only_for(StaffRole::kOwner, &GlassWatch::answer))});
  routes.add({Method::kGet, "/api/owner/canaries",
              door.reading(only_for(StaffRole::kOwner, &GlassWatch::canaries))});
  routes.add({Method::kPost, "/api/owner/canaries",
              door.changing(only_for(StaffRole::kOwner, &GlassWatch::mark_canary))});
  routes.add({Method::kGet, "/api/alarms",
              door.reading(only_for(StaffRole::kSupervisor, &GlassWatch::supervisors_alarms))});
  routes.add({Method::kGet, "/api/stops",
              door.reading([this](const web::Request& request, const Visitor& visitor) {
                return stops(request, visitor);
              })});
}

web::Response GlassWatch::owners_alarms(const web::Request&, const Visitor&,
                                        const StaffPlace& place) {
  return shown(
      json_of(parts_.watch->of_owner(place.organisation, kMostAlarms), parts_.watch->rules()));
}

web::Response GlassWatch::supervisors_alarms(const web::Request&, const Visitor&,
                                             const StaffPlace& place) {
  return shown(
      json_of(parts_.watch->about(place.organisation, kMostAlarms), parts_.watch->rules()));
}

web::Response GlassWatch::answer(const web::Request& request, const Visitor& visitor,
                                 const StaffPlace& place) {
  const auto body = body_of(request);
  const auto word = body ? text_in(*body, "answer") : std::nullopt;
  if (word != "seen" && word != "release") return malformed("send answer: seen or release");
  const auto answered = parts_.watch->answer(
      AlarmId(std::string(request.param("alarm"))), place.organisation,
      word == "seen" ? AlarmAnswer::kSeen : AlarmAnswer::kRelease, visitor.who);
  return answered ? shown({{"answered", true}}) : failed(answered.error());
}

web::Response GlassWatch::canaries(const web::Request&, const Visitor&, const StaffPlace& place) {
  return shown({{"count", parts_.watch->canaries(place.organisation)}});
}

web::Response GlassWatch::mark_canary(const web::Request& request, const Visitor& visitor,
                                      const StaffPlace& place) {
  const auto body = body_of(request);
  const auto subject = body ? id_in<SubjectId>(*body, "subject") : std::nullopt;
  if (!subject) return malformed("send the subject, as a search gave it");
  const auto key = subject_salt_key(parts_.records, {place.organisation, *subject});
  if (!key) return failed(key.error());
  const auto marked =
      parts_.watch->mark_canary(place.organisation, *subject, key->reveal(), visitor.who);
  return marked ? canaries(request, visitor, place) : failed(marked.error());
}

web::Response GlassWatch::stops(const web::Request& request, const Visitor& visitor) {
  const OpeningTicketId id{std::string(request.header(kTicketHeader))};
  bool ticket_frozen = false;
  Json ticket_stage = nullptr;
  const auto found =
      parts_.authority.with([&](Authority& authority, Time now) -> std::vector<Freeze> {
        std::vector<Freeze> stopping;
        const StaffPlace* place = authority.places().find(visitor.who);
        if (place == nullptr) return stopping;
        const OpeningTicket* ticket = authority.tickets().find(id);
        if (ticket != nullptr && ticket->session != visitor.session) ticket = nullptr;
        if (ticket != nullptr) {
          ticket_frozen = authority.tickets().is_frozen(ticket->call, ticket->who);
          ticket_stage = std::string(
              name_of(authority.tickets().state(*ticket, authority.leases(), now).stage));
        }
        for (const auto& [freeze_id, freeze] : authority.freezes().all())
          if (concerns(freeze, *place, ticket, authority.mandates())) stopping.push_back(freeze);
        return stopping;
      });
  const auto directory = parts_.registry.directory();
  Json list = Json::array();
  for (const Freeze& freeze : found) {
    const Organisation* owner = directory->find(freeze.owner);
    list.push_back({{"scope", std::string(name_of(freeze.scope))},
                    {"name", freeze.name},
                    {"owner",
                     {{"id", freeze.owner.text()},
                      {"name", owner == nullptr ? freeze.owner.text() : owner->name}}},
                    {"since", format_utc(freeze.since)},
                    {"script", freeze.script}});
  }
  return shown({{"stops", std::move(list)},
                {"ticket_frozen", ticket_frozen},
                {"ticket_stage", std::move(ticket_stage)}});
}

}  // namespace madoguchi::vault
