#include "vault/glass_owner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "vault/glass_answers.h"
#include "vault/mandate_links.h"

namespace madoguchi::vault {
namespace {

constexpr std::uint64_t kUsualPage = 50;
constexpr std::uint64_t kMostPage = 200;

Json json_of(const ledger::WitnessStanding& one) {
  return {{"name", one.witness},
          {"state", std::string(name_of(one.state))},
          {"since", format_utc(one.since)},
          {"size", one.size},
          {"cosigned", one.cosigned},
          {"seen_at", one.seen ? Json(format_utc(*one.seen)) : Json(nullptr)},
          {"trouble", one.trouble}};
}

std::uint64_t number_of(std::string_view text, std::uint64_t absent) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && !text.empty() ? number : absent;
}

std::uint64_t page_size(const web::Request& request) {
  return std::clamp<std::uint64_t>(number_of(request.query_or("limit", ""), kUsualPage), 1,
                                   kMostPage);
}

Json standing_of(Json out, const Mandates::Entry& entry, const OrganisationId& owner, Time now) {
  out.update({{"signed_version", 0},
              {"signed_by", nullptr},
              {"signed_at", nullptr},
              {"revoked_at", nullptr},
              {"state", std::string(state_of(entry, owner, now))}});
  const auto mine = entry.signatures.find(owner);
  if (mine != entry.signatures.end()) {
    const Signature& last = mine->second.back();
    out["signed_version"] = last.version;
    out["signed_by"] = last.by.text();
    out["signed_at"] = format_utc(last.at);
  }
  const auto revoked = entry.revocations.find(owner);
  if (revoked != entry.revocations.end()) out["revoked_at"] = format_utc(revoked->second.at);
  return out;
}

web::Response not_the_owners() {
  return web::error_response(403, "denied", "this page is the owner's");
}

}  // namespace

GlassDoor::Work GlassOwner::for_owner(OwnersWork work) {
  return [this, work](const web::Request& request, const Visitor& visitor) {
    const auto place = parts_.authority.place_of(visitor.who);
    if (!place || place->role != StaffRole::kOwner) return not_the_owners();
    return (this->*work)(request, visitor, place->organisation);
  };
}

void GlassOwner::add_to(web::Routes& routes) {
  using web::Method;
  GlassDoor& door = parts_.door;
  const std::string mandate = "/api/owner/mandates/{mandate}/";
  const std::string freezes = "/api/owner/freezes";
  routes.add({Method::kGet, "/api/owner/mandates", door.reading(for_owner(&GlassOwner::mandates))});
  routes.add({Method::kPost, mandate + "sign", door.changing(for_owner(&GlassOwner::sign))});
  routes.add({Method::kPost, mandate + "revoke", door.changing(for_owner(&GlassOwner::revoke))});
  const std::string numbers = "/api/owner/numbers";
  const std::string release = numbers + "/{number}/release";
  routes.add({Method::kGet, numbers, door.reading(for_owner(&GlassOwner::numbers))});
  routes.add({Method::kPost, release, door.changing(for_owner(&GlassOwner::give_free))});
  routes.add({Method::kDelete, release, door.changing(for_owner(&GlassOwner::keep_number))});
  routes.add({Method::kGet, freezes, door.reading(for_owner(&GlassOwner::freezes))});
  routes.add({Method::kPost, freezes, door.changing(for_owner(&GlassOwner::freeze))});
  routes.add({Method::kDelete, freezes + "/{freeze}", door.changing(for_owner(&GlassOwner::lift))});
  routes.add({Method::kGet, "/api/owner/entries", door.reading(for_owner(&GlassOwner::entries))});
  routes.add({Method::kGet, "/api/owner/log", door.reading(for_owner(&GlassOwner::log))});
  routes.add({Method::kGet, "/api/owner/live", door.reading(for_owner(&GlassOwner::live))});
  routes.add({Method::kGet, "/api/owner/changes",
              door.holding([this](const web::Request& request, const Visitor& visitor,
                                  const web::Reply& reply) { changes(request, visitor, reply); })});
}

web::Response GlassOwner::mandates(const web::Request&, const Visitor&,
                                   const OrganisationId& owner) {
  const auto directory = parts_.registry.directory();
  Json list = parts_.authority.with([&](Authority& authority, Time now) {
    const Mandates& mandates = authority.mandates();
    Json found = Json::array();
    for (const auto& [id, entry] : mandates.all()) {
      if (!entry.versions.back().is_about(owner)) continue;
      Json one = link_json(mandates, entry, *directory, now);
      // For this owner: what the others have not signed yet is no matter of its chain.
      one["unbroken"] = mandates.unbroken(id, owner, now);
      found.push_back(standing_of(std::move(one), entry, owner, now));
    }
    return found;
  });
  return shown({{"mandates", std::move(list)}});
}

web::Response GlassOwner::sign(const web::Request& request, const Visitor& visitor,
                               const OrganisationId&) {
  const auto body = body_of(request);
  if (!body || !body->contains("version") || !(*body)["version"].is_number_unsigned())
    return malformed("send the version that you have read");
  const auto signed_off =
      parts_.authority.sign(MandateId(std::string(request.param("mandate"))),
                            (*body)["version"].get<std::uint32_t>(), visitor.who);
  if (!signed_off && signed_off.error().code == ErrorCode::kInvalid)
    return web::error_response(400, "mandate_over", signed_off.error().message);
  return signed_off ? shown({{"signed", true}}) : failed(signed_off.error());
}

web::Response GlassOwner::revoke(const web::Request& request, const Visitor& visitor,
                                 const OrganisationId&) {
  const auto revoked =
      parts_.authority.revoke(MandateId(std::string(request.param("mandate"))), visitor.who);
  return revoked ? shown({{"revoked", true}}) : failed(revoked.error());
}

web::Response GlassOwner::numbers(const web::Request& request, const Visitor&,
                                  const OrganisationId& owner) {
  const auto most = static_cast<std::size_t>(page_size(request));
  const auto found =
      parts_.registry.directory()->numbers_of(owner, request.query_or("after", ""), most);
  Json list = Json::array();
  for (const NumberRow& row : found) {
    const bool free = !row.given_free_by.empty();
    list.push_back({{"number", row.number_called},
                    {"given_free_by", free ? Json(row.given_free_by.text()) : Json(nullptr)},
                    {"given_free_at", free ? Json(format_utc(row.given_free)) : Json(nullptr)}});
  }
  return shown({{"numbers", std::move(list)},
                {"next", found.size() < most ? Json(nullptr) : Json(found.back().canonical)}});
}

web::Response GlassOwner::give_free(const web::Request& request, const Visitor& visitor,
                                    const OrganisationId& owner) {
  const auto given = parts_.registry.say_of_number(std::string(request.param("number")), owner,
                                                   visitor.who, NumbersWord::kGivenFree);
  return given ? shown({{"given_free", true}}) : failed(given.error());
}

web::Response GlassOwner::keep_number(const web::Request& request, const Visitor& visitor,
                                      const OrganisationId& owner) {
  const auto kept = parts_.registry.say_of_number(std::string(request.param("number")), owner,
                                                  visitor.who, NumbersWord::kKept);
  return kept ? shown({{"kept", true}}) : failed(kept.error());
}

web::Response GlassOwner::freezes(const web::Request&, const Visitor&,
                                  const OrganisationId& owner) {
  Json list = parts_.authority.with([&](Authority& authority, Time) {
    Json found = Json::array();
    for (const auto& [id, freeze] : authority.freezes().all())
      if (freeze.owner == owner)
        found.push_back({{"freeze", id.text()},
                         {"scope", std::string(name_of(freeze.scope))},
                         {"name", freeze.name},
                         {"by", freeze.by.text()},
                         {"since", format_utc(freeze.since)},
                         {"reason", freeze.reason},
                         {"script", freeze.script}});
    return found;
  });
  return shown({{"freezes", std::move(list)}});
}

web::Response GlassOwner::freeze(const web::Request& request, const Visitor& visitor,
                                 const OrganisationId&) {
  const auto body = body_of(request);
  const auto scope = body ? text_in(*body, "scope") : std::nullopt;
  const auto reason = body ? text_in(*body, "reason") : std::nullopt;
  if (!scope || !reason) return malformed("send scope, name and reason");
  const auto known = scope_named(*scope);
  if (!known) return failed(known.error());
  const auto frozen = parts_.authority.freeze(*known, text_in(*body, "name").value_or(""), *reason,
                                              visitor.who, text_in(*body, "script").value_or(""));
  if (!frozen && frozen.error().code == ErrorCode::kNotFound)
    return web::error_response(400, fmt::format("unknown_{}", name_of(*known)),
                               frozen.error().message);
  return frozen ? shown({{"freeze", frozen->text()}}) : failed(frozen.error());
}

web::Response GlassOwner::lift(const web::Request& request, const Visitor& visitor,
                               const OrganisationId&) {
  const auto lifted =
      parts_.authority.lift(FreezeId(std::string(request.param("freeze"))), visitor.who);
  return lifted ? shown({{"lifted", true}}) : failed(lifted.error());
}

web::Response GlassOwner::entries(const web::Request& request, const Visitor&,
                                  const OrganisationId& owner) {
  if (parts_.log == nullptr) return glass_away();
  const auto sizes = parts_.log->sizes();
  if (!sizes) return failed(sizes.error());
  const auto mine = std::find_if(sizes->begin(), sizes->end(), [&](const ledger::LogSize& one) {
    return one.log == owner.text();
  });
  const std::uint64_t size = mine == sizes->end() ? 0 : mine->size;
  const std::uint64_t before = std::min(number_of(request.query_or("before", ""), size), size);
  const std::uint64_t limit = page_size(request);
  const std::uint64_t from = before > limit ? before - limit : 0;
  Json list = Json::array();
  if (before > from) {
    const auto found =
        parts_.log->entries(owner.text(), from, static_cast<std::size_t>(before - from));
    if (!found) return failed(found.error());
    for (std::size_t i = found->size(); i > 0; --i)
      list.push_back(
          {{"index", from + i - 1}, {"entry", Json::parse((*found)[i - 1].entry, nullptr, false)}});
  }
  return shown({{"entries", std::move(list)}, {"size", size}});
}

web::Response GlassOwner::log(const web::Request& request, const Visitor&,
                              const OrganisationId& owner) {
  if (parts_.logs == nullptr) return glass_away();
  const auto key = parts_.logs->verifier_of(owner.text());
  if (!key) return failed(key.error());
  std::string url = request.secure ? "https://" : "http://";  // the door has checked the host
  url.append(request.header("Host")).append("/log/").append(owner.text());
  Json witnesses = Json::array();
  if (parts_.witnesses != nullptr)
    for (const ledger::WitnessStanding& one : parts_.witnesses->standings(owner.text()))
      witnesses.push_back(json_of(one));
  return shown({{"origin", key->name},
                {"key", key->text()},
                {"url", std::move(url)},
                {"witnesses", std::move(witnesses)}});
}

void GlassOwner::changes(const web::Request& request, const Visitor& visitor,
                         const web::Reply& reply) {
  const auto place = parts_.authority.place_of(visitor.who);
  if (!place || place->role != StaffRole::kOwner) return reply.send(not_the_owners());
  if (parts_.changes == nullptr) return reply.send(glass_away());
  parts_.changes->wait(place->organisation, request.query_or("seen", ""), reply);
}

web::Response GlassOwner::live(const web::Request&, const Visitor&, const OrganisationId& owner) {
  Json list = parts_.authority.with([&](Authority& authority, Time now) {
    Json found = Json::array();
    for (const auto& [id, ticket] : authority.tickets().all()) {
      const TicketState state = authority.tickets().state(ticket, authority.leases(), now);
      const auto owners = authority.owners(ticket, now);
      if (state.stage == TicketStage::kOver ||
          std::find(owners.begin(), owners.end(), owner) == owners.end())
        continue;
      found.push_back({{"operator", ticket.who.text()},
                       {"organisation", ticket.actor.text()},
                       {"desk", ticket.desk.text()},
                       {"purpose", ticket.purpose},
                       {"call", ticket.call.text()},
                       {"case", ticket.case_reference},
                       {"since", format_utc(ticket.made)},
                       {"stage", std::string(name_of(state.stage))},
                       {"opened", authority.tickets().progress(ticket).opened.size()}});
    }
    return found;
  });
  return shown({{"tickets", std::move(list)}});
}

}  // namespace madoguchi::vault
