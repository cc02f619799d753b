#include "vault/authority_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "base/sealing.h"
#include "vault/access/passing_on.h"
#include "vault/access/reach.h"
#include "vault/mandate_json.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostReason = 500;
constexpr std::size_t kMostScript = 2000;

JournalEntry entry_of(std::string kind, std::map<std::string, JournalEntry::Value> body) {
  return {std::move(kind), std::move(body)};
}

ledger::Entry mandate_entry(Time now, const OperatorId& by, const MandateId& id,
                            std::uint32_t version, std::string outcome) {
  ledger::Entry entry;
  entry.time = now;
  entry.kind = ledger::kind::kMandate;
  entry.operator_id = by.text();
  entry.mandate = {id.text(), version};
  entry.outcome = std::move(outcome);
  return entry;
}

ledger::Entry freeze_entry(const Freeze& freeze, Time now, const OperatorId& by,
                           std::string outcome) {
  ledger::Entry entry;
  entry.time = now;
  entry.kind = ledger::kind::kFreeze;
  entry.operator_id = by.text();
  entry.organisation = freeze.owner.text();
  entry.outcome = std::move(outcome);
  entry.details = {{"freeze", freeze.id.text()}, {"scope", std::string(name_of(freeze.scope))}};
  if (!freeze.name.empty()) entry.details["name"] = freeze.name;
  // Free text stays out of the log; who has the text can show that it is this one.
  if (!freeze.script.empty())
    entry.details["script_sha256"] = to_hex(sha256(as_bytes(freeze.script)));
  return entry;
}

ledger::Entry staff_entry(const StaffPlace& place, Time now, const OperatorId& by,
                          std::string outcome) {
  ledger::Entry entry;
  entry.time = now;
  entry.kind = ledger::kind::kStaff;
  entry.operator_id = by.text();
  entry.outcome = std::move(outcome);
  entry.details = {{"person", place.who.text()},
                   {"of", place.organisation.text()},
                   {"role", std::string(name_of(place.role))}};
  if (!place.phone_user.empty()) entry.details["phone"] = place.phone_user;
  return entry;
}

}  // namespace

Result<std::unique_ptr<AuthorityDesk>> AuthorityDesk::open(const Parts& parts) {
  std::unique_ptr<AuthorityDesk> desk(new AuthorityDesk(parts));
  if (auto loaded = desk->load(); !loaded) return tl::unexpected<Error>(loaded.error());
  return desk;
}

Result<void> AuthorityDesk::load() {
  auto image = parts_.store.load_access();
  if (!image) return tl::unexpected<Error>(image.error());
  for (const StaffPlace& place : image->places) authority_.places().put(place);
  for (const MandateRow& row : image->mandates) {
    auto mandate = mandate_from_json(row.json, MandateText::kKept);
    if (!mandate)
      return fail(ErrorCode::kCorrupt, fmt::format("mandate {} version {}: {}", row.id.text(),
                                                   row.version, mandate.error().message));
    mandate->limits = with_usual(mandate->limits, parts_.rules.usual);
    authority_.mandates().put(*mandate);
  }
  for (const Signature& row : image->signatures)
    if (authority_.mandates().may_sign(row)) authority_.mandates().sign(row);
  for (const Revocation& row : image->revocations)
    if (authority_.mandates().may_revoke(row)) authority_.mandates().revoke(row);
  for (const Freeze& row : image->freezes) authority_.freezes().put(row);
  for (const SessionLeg& row : image->legs) authority_.legs().put(row, parts_.clock.now());
  for (const CaseTicket& row : image->cases) authority_.cases().put(row);
  return {};
}

void AuthorityDesk::on_change(std::function<void()> changed) {
  const std::lock_guard lock(changed_mutex_);
  changed_ = std::move(changed);
}

void AuthorityDesk::tell_changed() {
  const std::lock_guard lock(changed_mutex_);
  if (changed_) changed_();
}

bool AuthorityDesk::concerns(const OrganisationId& organisation) {
  const std::lock_guard lock(mutex_);
  return authority_.mandates().concerns(organisation, parts_.clock.now());
}

// ---- the exchange

void AuthorityDesk::lease(const CallLease& lease) {
  const std::lock_guard lock(mutex_);
  authority_.leases().put(lease, parts_.clock.now());
}

void AuthorityDesk::renew(const std::vector<CallId>& calls) {
  const std::lock_guard lock(mutex_);
  for (const CallId& call : calls) authority_.leases().renew(call, parts_.clock.now());
}

void AuthorityDesk::end_call(const CallId& call) {
  const std::lock_guard lock(mutex_);
  authority_.leases().end(call, parts_.clock.now());
}

// ---- sessions

Result<void> AuthorityDesk::register_leg(const SessionLeg& leg) {
  const Time now = parts_.clock.now();
  for (const SessionLeg& known : authority_.legs().of(leg.who, now))
    if (known.leg == leg.leg && known.session == leg.session) return {};
  if (auto may = authority_.legs().may_put(leg, now); !may) return may;
  const auto kept =
      commit(now, PutSessionLeg{leg, now},
             entry_of("leg_registered",
                      {{"operator", leg.who.text()}, {"phone", leg.leg.kind == LegKind::kPhone}}));
  if (kept) authority_.legs().put(leg, now);
  return kept;
}

Result<void> AuthorityDesk::register_browser(const OperatorId& who, const SessionKey& session,
                                             Time expires, std::string_view fingerprint) {
  auto spelled = fingerprint_of(fingerprint);
  if (!spelled) return tl::unexpected<Error>(spelled.error());
  const std::lock_guard lock(mutex_);
  return register_leg({session, who, {LegKind::kBrowser, std::move(*spelled)}, expires});
}

Result<void> AuthorityDesk::register_phone(const OperatorId& who, const SessionKey& session,
                                           Time expires) {
  const std::lock_guard lock(mutex_);
  const StaffPlace* place = authority_.places().find(who);
  if (place == nullptr || place->phone_user.empty())
    return fail(ErrorCode::kNotFound, "no telephone is set for this person; ask the administrator");
  return register_leg({session, who, {LegKind::kPhone, place->phone_user}, expires});
}

void AuthorityDesk::session_over(const SessionKey& session) {
  const std::lock_guard lock(mutex_);
  authority_.end_session(session, parts_.clock.now());
}

// ---- the centre

Allowed<OpeningTicket> AuthorityDesk::issue(const OperatorId& who, const DeskId& desk,
                                            const CallId& call, const std::string& purpose) {
  const std::lock_guard lock(mutex_);
  const Time now = parts_.clock.now();
  return authority_.issue({OpeningTicketId::fresh(now, parts_.entropy), who, desk, purpose, call},
                          now);
}

Allowed<TicketState> AuthorityDesk::extend(const OpeningTicketId& id, Micros by) {
  const std::lock_guard lock(mutex_);
  return authority_.tickets().extend(id, by, authority_.leases(), parts_.clock.now());
}

void AuthorityDesk::end_ticket(const OpeningTicketId& id) {
  const std::lock_guard lock(mutex_);
  authority_.tickets().end(id, parts_.clock.now());
}

// ---- the administrator

Result<void> AuthorityDesk::commit(Time now, AccessChange change, JournalEntry entry,
                                   const std::vector<OrganisationId>& owners,
                                   const ledger::Entry& told) {
  Act act;
  act.changes.emplace_back(std::move(change));
  act.journal.push_back(std::move(entry));
  for (const OrganisationId& owner : owners) {
    auto text = told.text();
    if (!text) return tl::unexpected<Error>(text.error());
    act.entries.push_back({owner.text(), *std::move(text)});
  }
  return parts_.store.commit(now, act);
}

Result<void> AuthorityDesk::put_place(const StaffPlace& place) {
  const std::lock_guard lock(mutex_);
  if (auto may = authority_.places().may_put(place); !may) return may;
  const StaffPlace* before = authority_.places().find(place.who);
  if (before != nullptr && *before == place) return {};
  const Time now = parts_.clock.now();
  ledger::Entry told = staff_entry(place, now, administrator(), "placed");
  std::set<OrganisationId> owners = owners_reached(authority_.mandates(), place, now);
  if (before != nullptr) {
    owners.merge(owners_reached(authority_.mandates(), *before, now));
    told.details["from"] = before->organisation.text();
    told.details["role_before"] = std::string(name_of(before->role));
  }
  auto kept = commit(now, PutStaffPlace{place},
                     entry_of("place_set", {{"operator", place.who.text()},
                                            {"organisation", place.organisation.text()},
                                            {"role", std::string(name_of(place.role))}}),
                     {owners.begin(), owners.end()}, told);
  if (kept) authority_.places().put(place);
  return kept;
}

Result<void> AuthorityDesk::tell(Act& act, const OperatorId& who, std::string outcome,
                                 const OperatorId& by) {
  const std::lock_guard lock(mutex_);
  const StaffPlace* place = authority_.places().find(who);
  if (place == nullptr) return {};  // comes to nobody's data
  const Time now = parts_.clock.now();
  const auto text = staff_entry(*place, now, by, std::move(outcome)).text();
  if (!text) return tl::unexpected<Error>(text.error());
  for (const OrganisationId& owner : owners_reached(authority_.mandates(), *place, now))
    act.entries.push_back({owner.text(), *text});
  return {};
}

std::optional<StaffPlace> AuthorityDesk::place_of(const OperatorId& who) {
  const std::lock_guard lock(mutex_);
  const StaffPlace* place = authority_.places().find(who);
  return place == nullptr ? std::nullopt : std::optional<StaffPlace>(*place);
}

Result<bool> AuthorityDesk::has_owner(const OrganisationId& organisation) {
  std::vector<OperatorId> owners;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [who, place] : authority_.places().all())
      if (place.role == StaffRole::kOwner && place.organisation == organisation)
        owners.push_back(who);
  }
  for (const OperatorId& who : owners) {
    const auto staff = parts_.store.find_staff(who);
    if (!staff) return tl::unexpected<Error>(staff.error());
    if (*staff && !(*staff)->password_hash.empty()) return true;
    const auto passkeys = parts_.store.passkeys_of(who);
    if (!passkeys) return tl::unexpected<Error>(passkeys.error());
    if (!passkeys->empty()) return true;
  }
  return false;
}

Result<void> AuthorityDesk::draft(const Mandate& mandate, const OperatorId& by) {
  const std::lock_guard lock(mutex_);
  if (auto may = authority_.mandates().may_put(mandate); !may) return may;
  if (auto may = check_not_over(mandate, parts_.clock.now()); !may) return may;
  const Mandate limited = with_limits(mandate);
  if (!mandate.parent.empty())
    if (auto may = check_narrower(limited, *authority_.mandates().newest(mandate.parent)); !may)
      return may;
  return keep_draft(limited, by, {});
}

// The owner signs what is written there, so it is written there.
Mandate AuthorityDesk::with_limits(const Mandate& mandate) {
  UseLimits usual = parts_.rules.usual;
  if (const Mandate* parent = authority_.mandates().newest(mandate.parent))
    usual = least(usual, parent->limits);
  Mandate limited = mandate;
  limited.limits = with_usual(mandate.limits, usual);
  return limited;
}

Result<void> AuthorityDesk::pass_on(const Mandate& mandate, const OperatorId& by) {
  const std::lock_guard lock(mutex_);
  const StaffPlace* place = authority_.places().find(by);
  if (place == nullptr || place->role != StaffRole::kSupervisor)
    return fail(ErrorCode::kDenied, "passing a mandate on is a supervisor's");
  const Time now = parts_.clock.now();
  if (auto may = may_pass_on(authority_.mandates(), mandate, place->organisation, now); !may)
    return may;
  if (auto may = authority_.mandates().may_put(mandate); !may) return may;
  if (auto may = check_not_over(mandate, now); !may) return may;
  return keep_draft(mandate, by, mandate.owners);
}

Result<void> AuthorityDesk::keep_draft(const Mandate& mandate, const OperatorId& by,
                                       const std::vector<OrganisationId>& told) {
  const Time now = parts_.clock.now();
  ledger::Entry entry = mandate_entry(now, by, mandate.id, mandate.version, "drafted");
  if (!mandate.parent.empty()) entry.details["passed_on_from"] = mandate.parent.text();
  entry.details["to"] = mandate.to.text();
  auto kept =
      commit(now, PutMandate{{mandate.id, mandate.version, to_json(mandate), by, now}},
             entry_of("mandate_drafted", {{"mandate", mandate.id.text()},
                                          {"version", static_cast<std::int64_t>(mandate.version)},
                                          {"by", by.text()}}),
             told, entry);
  if (kept) authority_.mandates().put(mandate);
  return kept;
}

// ---- owners

Result<OrganisationId> AuthorityDesk::owner_of(const OperatorId& by) {
  const StaffPlace* place = authority_.places().find(by);
  if (place == nullptr || place->role != StaffRole::kOwner)
    return fail(ErrorCode::kDenied, "only a person of the owner may do this");
  return place->organisation;
}

Result<void> AuthorityDesk::sign(const MandateId& mandate, std::uint32_t version,
                                 const OperatorId& by) {
  {
    const std::lock_guard lock(mutex_);
    const auto owner = owner_of(by);
    if (!owner) return tl::unexpected<Error>(owner.error());
    const Time now = parts_.clock.now();
    const Signature signature{mandate, version, *owner, by, now};
    if (auto may = authority_.mandates().may_sign(signature); !may) return may;
    // Not a rule of may_sign(): what was signed before there was this one is still read.
    const auto& versions = authority_.mandates().all().at(mandate).versions;
    if (auto may = check_not_over(versions[version - 1], now); !may) return may;
    auto kept = commit(now, PutSignature{signature},
                       entry_of("mandate_signed", {{"mandate", mandate.text()},
                                                   {"version", static_cast<std::int64_t>(version)},
                                                   {"owner", owner->text()},
                                                   {"by", by.text()}}),
                       {*owner}, mandate_entry(now, by, mandate, version, "signed"));
    if (!kept) return kept;
    authority_.mandates().sign(signature);
  }
  tell_changed();
  return {};
}

Result<void> AuthorityDesk::revoke(const MandateId& mandate, const OperatorId& by) {
  std::unique_lock lock(mutex_);
  const auto owner = owner_of(by);
  if (!owner) return tl::unexpected<Error>(owner.error());
  for (const Owed& owed : owed_)
    if (const auto* put = std::get_if<PutRevocation>(&owed.change);
        put != nullptr && put->row.mandate == mandate && put->row.owner == *owner) {
      lock.unlock();
      return keep_owed();
    }
  const Time now = parts_.clock.now();
  const Revocation revocation{mandate, *owner, by, now};
  if (auto may = authority_.mandates().may_revoke(revocation); !may) return may;
  authority_.mandates().revoke(revocation);  // holds from here on
  return commit_or_owe(
      {PutRevocation{revocation},
       entry_of("mandate_revoked",
                {{"mandate", mandate.text()}, {"owner", owner->text()}, {"by", by.text()}}),
       *owner, mandate_entry(now, by, mandate, 0, "revoked")});
}

Result<void> AuthorityDesk::may_freeze(const OrganisationId& owner, FreezeScope scope,
                                       const std::string& name) {
  const Mandates& mandates = authority_.mandates();
  const auto& tickets = authority_.tickets().all();
  const StaffPlace* place = authority_.places().find(OperatorId(name));
  switch (scope) {
    case FreezeScope::kAll:
      return {};
    case FreezeScope::kDesk:
      if (mandates.names_desk(DeskId(name), owner)) return {};
      return fail(ErrorCode::kNotFound, "name: no mandate about your people names such a desk");
    case FreezeScope::kPerson:
      if (place != nullptr && is_known_to(owner, mandates, *place)) return {};
      // Who belongs elsewhere since, and still has a ticket from before.
      if (std::any_of(tickets.begin(), tickets.end(),
                      [&](const auto& one) { return one.second.who == OperatorId(name); }))
        return {};
      return fail(ErrorCode::kNotFound, "name: nobody of that name can come to your people's data");
  }
  return {};
}

Result<FreezeId> AuthorityDesk::freeze(FreezeScope scope, const std::string& name,
                                       const std::string& reason, const OperatorId& by,
                                       const std::string& script) {
  if (scope != FreezeScope::kAll && !is_valid_id(name))
    return fail(ErrorCode::kInvalid, "name: whom or which desk to stop");
  if (reason.size() > kMostReason)
    return fail(ErrorCode::kInvalid, fmt::format("reason: at most {} bytes", kMostReason));
  if (script.size() > kMostScript)
    return fail(ErrorCode::kInvalid, fmt::format("script: at most {} bytes", kMostScript));
  const std::lock_guard lock(mutex_);
  const auto owner = owner_of(by);
  if (!owner) return tl::unexpected<Error>(owner.error());
  if (auto may = may_freeze(*owner, scope, name); !may) return tl::unexpected<Error>(may.error());
  const Time now = parts_.clock.now();
  const Freeze freeze{
      FreezeId::fresh(now, parts_.entropy), *owner, scope, name, by, now, reason, script};
  authority_.freezes().put(freeze);  // holds from here on
  const auto kept = commit_or_owe({PutFreeze{freeze},
                                   entry_of("frozen", {{"owner", owner->text()},
                                                       {"scope", std::string(name_of(scope))},
                                                       {"name", name},
                                                       {"by", by.text()}}),
                                   *owner, freeze_entry(freeze, now, by, "frozen")});
  if (!kept) return tl::unexpected<Error>(kept.error());
  return freeze.id;
}

Result<void> AuthorityDesk::lift(const FreezeId& id, const OperatorId& by) {
  // A freeze that is still owed would come back after it was lifted.
  if (auto kept = keep_owed(); !kept) return kept;
  const std::lock_guard lock(mutex_);
  const auto owner = owner_of(by);
  if (!owner) return tl::unexpected<Error>(owner.error());
  const Freeze* freeze = authority_.freezes().find(id);
  if (freeze == nullptr || freeze->owner != *owner)
    return fail(ErrorCode::kNotFound, "there is no such freeze of this organisation");
  const Time now = parts_.clock.now();
  auto kept = commit(now, LiftFreeze{id},
                     entry_of("freeze_lifted",
                              {{"owner", owner->text()}, {"freeze", id.text()}, {"by", by.text()}}),
                     {*owner}, freeze_entry(*freeze, now, by, "lifted"));
  if (kept) authority_.freezes().lift(id);
  return kept;
}

// ---- what is owed

Result<void> AuthorityDesk::commit_or_owe(Owed act) {
  auto kept = commit(act.told.time, act.change, act.journal, {act.owner}, act.told);
  if (!kept) owed_.push_back(std::move(act));
  return kept;
}

// After an error it may be kept all the same.
Result<bool> AuthorityDesk::is_kept(const AccessChange& change) {
  const auto image = parts_.store.load_access();
  if (!image) return tl::unexpected<Error>(image.error());
  if (const auto* put = std::get_if<PutRevocation>(&change))
    return std::any_of(image->revocations.begin(), image->revocations.end(),
                       [&](const Revocation& row) {
                         return row.mandate == put->row.mandate && row.owner == put->row.owner;
                       });
  if (const auto* put = std::get_if<PutFreeze>(&change))
    return std::any_of(image->freezes.begin(), image->freezes.end(),
                       [&](const Freeze& row) { return row.id == put->row.id; });
  return false;
}

Result<void> AuthorityDesk::keep_owed() {
  const std::lock_guard one_after_the_other(keeping_);
  while (true) {
    std::optional<Owed> owed;
    {
      const std::lock_guard lock(mutex_);
      if (owed_.empty()) return {};
      owed = owed_.front();
    }
    // Not under the lock of the decisions: a store that is away keeps us waiting.
    const auto before = is_kept(owed->change);
    if (!before) return tl::unexpected<Error>(before.error());
    if (!*before) {
      auto kept =
          commit(parts_.clock.now(), owed->change, owed->journal, {owed->owner}, owed->told);
      if (!kept) return kept;
    }
    const std::lock_guard lock(mutex_);
    owed_.erase(owed_.begin());
  }
}

void AuthorityDesk::minute() {
  const std::lock_guard lock(mutex_);
  authority_.forget(parts_.clock.now());
}

}  // namespace madoguchi::vault
