#include "vault/access/authority.h"

#include <algorithm>
#include <utility>

namespace madoguchi::vault {
namespace {

Charge searches_of(const OperatorId& who, const Rates& rates) {
  return {{"search", "", who.text()}, rates};
}
Charge guesses_of(const OperatorId& who, const Rates& rates) {
  return {{"guess", "", who.text()}, rates};
}

}  // namespace

MandateAsk Authority::mandate_ask(const OpeningTicket& ticket) const {
  const StaffPlace* place = places_.find(ticket.who);
  return {{},
          ticket.called,
          place == nullptr ? OrganisationId() : place->organisation,
          ticket.desk,
          ticket.purpose};
}

std::optional<SessionLeg> Authority::leg_in_call(const OperatorId& who, const CallId& call,
                                                 Time now) const {
  for (const SessionLeg& leg : legs_.of(who, now))
    if (leases_.is_up(call, leg.leg, now)) return leg;
  return std::nullopt;
}

Allowed<OpeningTicket> Authority::issue(const TicketAsk& ask, Time now) {
  const StaffPlace* place = places_.find(ask.who);
  if (place == nullptr) return refuse(Denial::kNoPlace);
  const CallLease* lease = leases_.live(ask.call, now);
  if (lease == nullptr) return refuse(Denial::kNoCall);
  const auto leg = leg_in_call(ask.who, ask.call, now);
  if (!leg) return refuse(Denial::kNotOnCall);
  if (lease->desk != ask.desk) return refuse(Denial::kOtherDesk);

  OpeningTicket ticket;
  ticket.id = ask.id;
  ticket.who = ask.who;
  ticket.session = leg->session;
  ticket.leg = leg->leg;
  ticket.actor = place->organisation;
  ticket.called = lease->called;
  ticket.desk = ask.desk;
  ticket.purpose = ask.purpose;
  ticket.call = ask.call;
  ticket.made = now;
  const auto purposes = mandates_.purposes(mandate_ask(ticket), now);
  if (purposes.empty()) return refuse(Denial::kNoMandate);
  if (ticket.purpose.empty()) ticket.purpose = purposes.front().id;
  if (owners(ticket, now).empty()) return refuse(Denial::kNoPurpose);
  return tickets_.add(std::move(ticket));
}

Allowed<OpeningTicket> Authority::for_purpose(const OpeningTicketId& known,
                                              const SessionKey& session,
                                              const OpeningTicketId& fresh,
                                              const std::string& purpose, Time now) {
  auto usable = tickets_.usable(known, session, leases_, now);
  if (!usable) return refuse(usable.error());
  OpeningTicket ticket = **usable;
  if (ticket.is_for_case()) return refuse(Denial::kNoPurpose);
  if (wraps_up(ticket, now) && !tickets_.progress(ticket).was_opened_for(purpose))
    return refuse(Denial::kWrapUp);
  ticket.purpose = purpose;
  if (owners(ticket, now).empty()) return refuse(Denial::kNoPurpose);
  ticket.id = fresh;
  ticket.made = now;
  const Micros wrap_up = ticket.wrap_up;
  OpeningTicket& added = tickets_.add(std::move(ticket));
  added.wrap_up = wrap_up;  // what was granted so far is the call's, not the purpose's
  return added;
}

Allowed<OpeningTicket> Authority::look(const OpeningTicketId& id, const SessionKey& session,
                                       Time now) {
  auto usable = tickets_.usable(id, session, leases_, now);
  if (!usable) return refuse(usable.error());
  return **usable;
}

std::vector<Purpose> Authority::purposes(const OpeningTicket& ticket, Time now) const {
  auto found = mandates_.purposes(mandate_ask(ticket), now);
  if (!ticket.is_for_case()) return found;
  std::erase_if(found, [&](const Purpose& one) { return one.id != ticket.purpose; });
  for (Purpose& one : found) one.playback = false;  // as in granted()
  return found;
}

std::vector<OrganisationId> Authority::owners(const OpeningTicket& ticket, Time now) const {
  auto found = mandates_.owners(mandate_ask(ticket), now);
  if (!ticket.is_for_case()) return found;
  const CaseTicket* of = cases_.live(ticket.case_ticket, now);
  std::erase_if(found, [&](const auto& owner) { return of == nullptr || owner != of->owner; });
  return found;
}

bool Authority::wraps_up(const OpeningTicket& ticket, Time now) const {
  return tickets_.state(ticket, leases_, now).stage == TicketStage::kWrapUp;
}

Allowed<Permission> Authority::granted_by_ticket(const PersonAsk& ask, Time now) {
  auto usable = tickets_.usable(ask.ticket, ask.session, leases_, now);
  if (!usable) return refuse(usable.error());
  const OpeningTicket& ticket = **usable;
  if (places_.find(ticket.who) == nullptr) return refuse(Denial::kNoPlace);
  if (ticket.is_for_case())
    if (auto stands = case_stands(ticket, ask, now); !stands) return refuse(stands.error());
  auto grant = granted(ticket, ask.owner, now);
  if (!grant) return refuse(grant.error());
  if (freezes_.stopping(ask.owner, ticket.who, ticket.desk) != nullptr)
    return refuse(Denial::kFrozen);
  return Permission{std::move(*grant), ticket};
}

Allowed<Permission> Authority::permitted(const PersonAsk& ask, Time now) {
  auto permission = granted_by_ticket(ask, now);
  if (!permission) return permission;
  const OpeningTicket& ticket = permission->ticket;
  const CallProgress& progress = tickets_.progress(ticket);
  if (wraps_up(ticket, now) && !progress.opened.contains(ask.subject))
    return refuse(Denial::kWrapUp);
  const auto said = progress.speaks.find(ask.subject);
  if (said == progress.speaks.end()) return permission;
  if (auto given = narrow(permission->grant, said->second); !given) return refuse(given.error());
  permission->speaks = said->second;
  return permission;
}

Allowed<Permission> Authority::openable(const PersonAsk& ask, Time now) {
  auto permission = permitted(ask, now);
  if (!permission) return permission;
  const OpeningTicket& ticket = permission->ticket;
  if (!wraps_up(ticket, now)) return permission;
  const auto shown = tickets_.progress(ticket).shown_of(ask.subject, ticket.purpose);
  std::erase_if(permission->grant.purpose.fields,
                [&](const std::string& field) { return !shown.contains(field); });
  if (permission->grant.purpose.fields.empty()) return refuse(Denial::kWrapUp);
  return permission;
}

// ---- who speaks

Allowed<void> Authority::narrow(AccessGrant& grant, const CallerSaid& said) const {
  if (said.own_voice) return {};
  const auto terms = grant.purpose.callers.find(said.kind);
  if (terms == grant.purpose.callers.end()) return refuse(Denial::kNoCaller);
  std::erase_if(grant.purpose.fields,
                [&](const std::string& field) { return !terms->second.fields.contains(field); });
  grant.purpose.checks = std::max(grant.purpose.checks, terms->second.checks);
  if (grant.purpose.fields.empty()) return refuse(Denial::kNoCaller);
  return {};
}

Allowed<Permission> Authority::may_speak(const PersonAsk& ask, const CallerSaid& said, Time now) {
  auto permission = granted_by_ticket(ask, now);
  if (!permission) return permission;
  if (tickets_.state(permission->ticket, leases_, now).stage != TicketStage::kInCall)
    return refuse(Denial::kWrapUp);
  if (auto given = narrow(permission->grant, said); !given) return refuse(given.error());
  permission->speaks = said;
  return permission;
}

void Authority::speaks(const PersonAsk& ask, const CallerSaid& said) {
  if (const OpeningTicket* ticket = tickets_.find(ask.ticket))
    tickets_.progress(*ticket).speaks[ask.subject] = said;
}

IdentityStanding Authority::standing_of(const Permission& permission, const SubjectId& subject) {
  const CallProgress& progress = tickets_.progress(permission.ticket);
  IdentityStanding standing;
  standing.speaks = permission.speaks;
  standing.fields = permission.grant.purpose.fields;
  if (const auto found = progress.matched.find(subject); found != progress.matched.end())
    standing.matched = found->second;
  const auto missed = progress.mismatches.find(subject);
  const int of_this = missed == progress.mismatches.end() ? 0 : missed->second;
  standing.vouched = progress.vouched.contains(subject);
  standing.vouch_wanted = progress.vouch_wanted.contains(subject);
  const int wanted = static_cast<int>(permission.grant.purpose.checks);
  const int done = static_cast<int>(standing.matched.size());
  standing.checks_left = standing.vouched ? 0 : std::max(0, wanted - done);
  standing.guesses_left = std::max(0, std::min(rules_.guesses_a_person - of_this,
                                               rules_.guesses_a_call - progress.all_mismatches));
  return standing;
}

Allowed<IdentityStanding> Authority::standing(const PersonAsk& ask, Time now) {
  const auto permission = openable(ask, now);
  if (!permission) return refuse(permission.error());
  return standing_of(*permission, ask.subject);
}

// ---- opening

Allowed<Permission> Authority::spent(Permission permission, Time now) {
  const auto charges = permission.grant.charges(permission.ticket.who, permission.ticket.desk);
  if (limits_.exceeded(charges, now)) return refuse(Denial::kLimit);
  limits_.count(charges, now);
  return permission;
}

Allowed<Permission> Authority::open(const PersonAsk& ask, Time now) {
  auto permission = openable(ask, now);
  if (!permission) return permission;
  CallProgress& progress = tickets_.progress(permission->ticket);
  // Whose case it is was settled when its ticket was made; there is nobody to ask now.
  if (!permission->ticket.is_for_case() &&
      !progress.is_checked(ask.subject, permission->grant.purpose.checks))
    return refuse(Denial::kNotChecked);
  permission = spent(*std::move(permission), now);
  if (!permission) return permission;
  progress.opened.insert(ask.subject);
  const std::set<std::string>& fields = permission->grant.purpose.fields;
  auto& shown = progress.shown[ask.subject];
  permission->first = !shown.contains(permission->ticket.purpose);
  shown[permission->ticket.purpose].insert(fields.begin(), fields.end());
  return permission;
}

void Authority::not_opened(const PersonAsk& ask, const Permission& permission) {
  const OpeningTicket* ticket = tickets_.find(ask.ticket);
  if (ticket == nullptr || !permission.first) return;
  CallProgress& progress = tickets_.progress(*ticket);
  auto& shown = progress.shown[ask.subject];
  shown.erase(permission.ticket.purpose);
  if (!shown.empty()) return;
  progress.shown.erase(ask.subject);
  progress.opened.erase(ask.subject);
}

Allowed<Permission> Authority::write(const PersonAsk& ask, Time now) {
  auto permission = permitted(ask, now);
  if (!permission) return permission;
  if (!tickets_.progress(permission->ticket).opened.contains(ask.subject))
    return refuse(Denial::kNotChecked);
  return permission;
}

Allowed<Permission> Authority::may_read(const PersonAsk& ask, Time now) {
  auto permission = openable(ask, now);
  if (!permission) return permission;
  if (!permission->grant.purpose.fields.contains(kDocumentsField))
    return refuse(Denial::kNoPurpose);
  // Opened for this purpose, which may want more checks than another.
  if (!tickets_.progress(permission->ticket)
           .shown_of(ask.subject, permission->ticket.purpose)
           .contains(kDocumentsField))
    return refuse(Denial::kNotChecked);
  return permission;
}

Allowed<Permission> Authority::read(const PersonAsk& ask, Time now) {
  auto permission = may_read(ask, now);
  if (!permission) return permission;
  if (wraps_up(permission->ticket, now)) return refuse(Denial::kWrapUp);
  return spent(*std::move(permission), now);
}

Allowed<Permission> Authority::may_play(const PersonAsk& ask, Time now) {
  auto permission = granted_by_ticket(ask, now);
  if (!permission) return permission;
  if (!ask.subject.empty() && !tickets_.progress(permission->ticket).opened.contains(ask.subject))
    return refuse(Denial::kNotChecked);
  if (!permission->grant.purpose.playback) return refuse(Denial::kNoPlayback);
  return permission;
}

Allowed<Permission> Authority::play(const PersonAsk& ask, Time now) {
  auto permission = may_play(ask, now);
  if (!permission) return permission;
  return spent(*std::move(permission), now);
}

Allowed<OpeningTicket> Authority::search(const OpeningTicketId& id, const SessionKey& session,
                                         Time now) {
  auto usable = tickets_.usable(id, session, leases_, now);
  if (!usable) return refuse(usable.error());
  const OpeningTicket& ticket = **usable;
  if (ticket.is_for_case()) return refuse(Denial::kOtherPerson);
  if (tickets_.state(ticket, leases_, now).stage != TicketStage::kInCall)
    return refuse(Denial::kWrapUp);
  if (owners(ticket, now).empty()) return refuse(Denial::kNoMandate);
  const Charge charge = searches_of(ticket.who, rules_.searches);
  if (limits_.exceeded({charge}, now)) return refuse(Denial::kSearches);
  limits_.count(charge.counter, now);
  return ticket;
}

Allowed<void> Authority::enquire(const OperatorId& owners_person, Time now) {
  const Charge charge = searches_of(owners_person, rules_.searches);
  if (limits_.exceeded({charge}, now)) return refuse(Denial::kSearches);
  limits_.count(charge.counter, now);
  return {};
}

Allowed<Permission> Authority::check(const PersonAsk& ask, Time now) {
  auto permission = permitted(ask, now);
  if (!permission) return permission;
  if (permission->ticket.is_for_case()) return refuse(Denial::kNoCall);
  if (wraps_up(permission->ticket, now)) return refuse(Denial::kWrapUp);
  const Charge guess = guesses_of(permission->ticket.who, rules_.guesses);
  CallProgress& progress = tickets_.progress(permission->ticket);
  if (progress.all_mismatches >= rules_.guesses_a_call || limits_.exceeded({guess}, now))
    return refuse(Denial::kGuesses);
  int& of_this = progress.mismatches[ask.subject];
  if (of_this >= rules_.guesses_a_person) return refuse(Denial::kGuesses);
  ++of_this;
  ++progress.all_mismatches;
  limits_.count(guess.counter, now);
  return permission;
}

void Authority::checked(const PersonAsk& ask, const std::string& field, bool matched) {
  if (!matched) return;
  unchecked(ask);
  if (const OpeningTicket* ticket = tickets_.find(ask.ticket))
    tickets_.progress(*ticket).matched[ask.subject].insert(field);
}

void Authority::unchecked(const PersonAsk& ask) {
  const OpeningTicket* ticket = tickets_.find(ask.ticket);
  if (ticket == nullptr) return;
  CallProgress& progress = tickets_.progress(*ticket);
  int& of_this = progress.mismatches[ask.subject];
  if (of_this == 0) return;
  --of_this;
  --progress.all_mismatches;
  limits_.take_back(guesses_of(ticket->who, rules_.guesses).counter);
}

Allowed<AccessGrant> Authority::granted(const OpeningTicket& ticket, const OrganisationId& owner,
                                        Time now) const {
  MandateAsk wanted = mandate_ask(ticket);
  wanted.owner = owner;
  auto grant = mandates_.ask(wanted, now);
  if (!grant || !ticket.is_for_case()) return grant;
  if (!grant->purpose.cases) return refuse(Denial::kNoCases);
  grant->purpose.playback = false;  // of the call in hand, and there is none
  return grant;
}

Allowed<OpeningTicket> Authority::may_vouch(const OpeningTicketId& id, const OrganisationId& owner,
                                            const OperatorId& supervisor, Time now) {
  const OpeningTicket* ticket = tickets_.find(id);
  const StaffPlace* above = places_.find(supervisor);
  if (ticket == nullptr || above == nullptr || above->role != StaffRole::kSupervisor ||
      above->organisation != ticket->actor || supervisor == ticket->who)
    return refuse(Denial::kNoTicket);
  if (tickets_.state(*ticket, leases_, now).stage != TicketStage::kInCall)
    return refuse(Denial::kTicketOver);
  const auto grant = granted(*ticket, owner, now);
  if (!grant) return refuse(grant.error());
  return *ticket;
}

Allowed<OpeningTicket> Authority::vouch(const OpeningTicketId& id, const OrganisationId& owner,
                                        const SubjectId& subject, const OperatorId& supervisor,
                                        Time now) {
  auto ticket = may_vouch(id, owner, supervisor, now);
  if (!ticket) return ticket;
  CallProgress& progress = tickets_.progress(*ticket);
  progress.vouched.insert(subject);
  progress.vouch_wanted.erase(subject);
  return ticket;
}

Allowed<Permission> Authority::may_want_vouch(const PersonAsk& ask, Time now) {
  auto permission = permitted(ask, now);
  if (!permission) return permission;
  if (tickets_.state(permission->ticket, leases_, now).stage != TicketStage::kInCall)
    return refuse(Denial::kWrapUp);
  return permission;
}

bool Authority::want_vouch(const PersonAsk& ask, Time now) {
  const OpeningTicket* ticket = tickets_.find(ask.ticket);
  if (ticket == nullptr) return false;
  return tickets_.progress(*ticket)
      .vouch_wanted.insert_or_assign(ask.subject, VouchWanted{ask.ticket, ask.owner, now})
      .second;
}

std::vector<VouchAsked> Authority::vouches_wanted(const OperatorId& supervisor, Time now) {
  std::vector<VouchAsked> found;
  for (const auto& [in, progress] : tickets_.in_calls())
    for (const auto& [subject, wanted] : progress.vouch_wanted) {
      const auto ticket = may_vouch(wanted.ticket, wanted.owner, supervisor, now);
      if (!ticket) continue;
      const auto standing =
          this->standing({wanted.ticket, ticket->session, wanted.owner, subject}, now);
      if (!standing) continue;
      found.push_back({ticket->who, ticket->call, ticket->desk, subject, wanted, *standing});
    }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.wanted.at < b.wanted.at; });
  return found;
}

void Authority::decline_vouch(const OpeningTicketId& id, const SubjectId& subject) {
  if (const OpeningTicket* ticket = tickets_.find(id))
    tickets_.progress(*ticket).vouch_wanted.erase(subject);
}

void Authority::end_session(const SessionKey& session, Time now) {
  tickets_.end_session(session, now);
  legs_.end(session);
}

void Authority::forget(Time now) {
  tickets_.forget(leases_, now);
  leases_.forget(now, rules_.wrap_up.most);
  limits_.forget(now);
}

}  // namespace madoguchi::vault
