// For tests of this module: a small world. Client "sakura" mandates vendor "minato", which passes
// on to "kawa"; hana works at minato, kei at kawa, and both have a browser signed in.
#pragma once

#include <string>

#include "vault/access/authority.h"

namespace madoguchi::vault {

inline Purpose purpose_of(const std::string& id, std::set<std::string> fields,
                          unsigned checks = 0) {
  return {id, id, std::move(fields), checks};
}

inline Mandate mandate_of(const std::string& id, const std::string& owner, const std::string& to,
                          Time begins) {
  Mandate mandate;
  mandate.id = MandateId(id);
  mandate.owners = {OrganisationId(owner)};
  mandate.to = OrganisationId(to);
  mandate.desks = {DeskId("leak")};
  mandate.purposes = {purpose_of("answer", {"name", "address", "letter"}),
                      purpose_of("call-back", {"name", "phone"})};
  mandate.begins = begins;
  mandate.ends = begins + std::chrono::hours(24 * 30);
  mandate.retention = mandate.ends;
  return mandate;
}

struct AccessWorld {
  explicit AccessWorld(const AuthorityRules& rules = {}) : authority(rules) {
    put_place("hana", "minato", StaffRole::kOperator);
    put_place("suzu", "minato", StaffRole::kSupervisor);
    put_place("kei", "kawa", StaffRole::kOperator);
    sign_in("hana", "session-hana", "AA");
    sign_in("kei", "session-kei", "BB");
  }

  void put_place(const std::string& who, const std::string& organisation, StaffRole role) {
    authority.places().put({OperatorId(who), OrganisationId(organisation), role, ""});
  }
  void sign_in(const std::string& who, const std::string& session, const std::string& proof) {
    authority.legs().put({SessionKey(session),
                          OperatorId(who),
                          {LegKind::kBrowser, proof},
                          now + std::chrono::hours(12)},
                         now);
  }
  void put(const Mandate& mandate) {
    const auto may = authority.mandates().may_put(mandate);
    if (!may) throw std::runtime_error(may.error().message);
    authority.mandates().put(mandate);
  }
  void sign(const std::string& mandate, const std::string& owner = "sakura", unsigned version = 1) {
    authority.mandates().sign(
        {MandateId(mandate), version, OrganisationId(owner), OperatorId("owner"), now});
  }
  void revoke(const std::string& mandate, const std::string& owner = "sakura") {
    authority.mandates().revoke(
        {MandateId(mandate), OrganisationId(owner), OperatorId("owner"), now});
  }
  // The exchange says: the call is up with these browsers.
  void lease(const std::string& call, std::vector<std::string> proofs,
             const std::string& called = "sakura") {
    CallLease lease{CallId(call), OrganisationId(called), DeskId("leak"), "sealed", {}};
    for (std::string& proof : proofs) lease.legs.push_back({LegKind::kBrowser, std::move(proof)});
    authority.leases().put(lease, now);
  }
  Allowed<OpeningTicket> issue(const std::string& id, const std::string& who = "hana",
                               const std::string& call = "call") {
    return authority.issue({OpeningTicketId(id), OperatorId(who), DeskId("leak"), "", CallId(call)},
                           now);
  }
  PersonAsk about(const std::string& ticket, const std::string& subject = "taro",
                  const std::string& session = "session-hana") const {
    return {OpeningTicketId(ticket), SessionKey(session), OrganisationId("sakura"),
            SubjectId(subject)};
  }
  // An opening, or the word of its refusal.
  std::string open(const std::string& ticket, const std::string& subject = "taro",
                   const std::string& session = "session-hana") {
    const auto permission = authority.open(about(ticket, subject, session), now);
    return permission ? "opened" : std::string(name_of(permission.error()));
  }
  // Time passes while the exchange renews.
  void talk(const std::string& call, Micros how_long) {
    for (const Time end = now + how_long; now < end;) {
      now = std::min(end, now + std::chrono::seconds(4));
      authority.leases().renew(CallId(call), now);
    }
  }

  Time now = *parse_utc("2026-11-22T03:00:00Z");
  Authority authority;
};

}  // namespace madoguchi::vault
