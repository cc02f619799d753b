// The part of Authority that is about cases.
#include <algorithm>
#include <utility>

#include "vault/access/authority.h"

namespace madoguchi::vault {

Allowed<void> Authority::case_stands(const OpeningTicket& ticket, const PersonAsk& ask,
                                     Time now) const {
  const CaseTicket* of = cases_.live(ticket.case_ticket, now);
  if (of == nullptr || of->holder != ticket.who) return refuse(Denial::kTicketOver);
  const StaffPlace* place = places_.find(ticket.who);
  if (place == nullptr || place->organisation != of->actor) return refuse(Denial::kNoPlace);
  if (ask.owner != of->owner || ask.subject != of->subject) return refuse(Denial::kOtherPerson);
  return {};
}

Allowed<AccessGrant> Authority::granted_for_case(const CaseTicket& ticket, Time now) const {
  auto grant =
      mandates_.ask({ticket.owner, ticket.called, ticket.actor, ticket.desk, ticket.purpose}, now);
  if (!grant) return grant;
  if (!grant->purpose.cases) return refuse(Denial::kNoCases);
  return grant;
}

bool Authority::has_room_for_case(const OperatorId& holder, Time now) const {
  return cases_.held_by(holder, now).size() < rules_.cases.most_open;
}

Allowed<CaseTicket> Authority::may_keep(const PersonAsk& ask, const std::string& reference,
                                        Time now) {
  const auto permission = openable(ask, now);
  if (!permission) return refuse(permission.error());
  const OpeningTicket& in = permission->ticket;
  if (in.is_for_case()) return refuse(Denial::kNoCall);  // a case makes no cases
  // A case opens all that the purpose gives: in the wrap-up all of it was opened in the call.
  const auto whole = permitted(ask, now);
  if (!whole) return refuse(whole.error());
  if (whole->grant.purpose.fields != permission->grant.purpose.fields)
    return refuse(Denial::kWrapUp);
  const CallProgress& progress = tickets_.progress(in);
  // Whom nobody has checked is no person of a case, also where the purpose wants no check.
  const std::uint32_t checks = std::max<std::uint32_t>(1, permission->grant.purpose.checks);
  if (!progress.opened.contains(ask.subject) || !progress.is_checked(ask.subject, checks))
    return refuse(Denial::kNotChecked);

  CaseTicket ticket;
  ticket.reference = reference;
  ticket.origin = CaseOrigin::kCall;
  ticket.from = in.call.text();
  ticket.made_by = in.who;
  ticket.owner = ask.owner;
  ticket.subject = ask.subject;
  ticket.speaks = permission->speaks;
  ticket.actor = in.actor;
  ticket.called = in.called;
  ticket.desk = in.desk;
  ticket.purpose = in.purpose;
  ticket.holder = in.who;
  ticket.made = now;
  const auto grant = granted_for_case(ticket, now);
  if (!grant) return refuse(grant.error());
  ticket.ends = std::min(now + rules_.cases.life, grant->ends);
  for (const CaseTicket& mine : cases_.held_by(in.who, now))
    if (mine.subject == ticket.subject && mine.purpose == ticket.purpose &&
        mine.reference == reference)
      return mine;
  if (!has_room_for_case(in.who, now)) return refuse(Denial::kTooManyCases);
  return ticket;
}

Allowed<CaseTicket> Authority::may_give(const CaseGift& gift, Time now) const {
  const StaffPlace* place = places_.find(gift.to);
  if (place == nullptr) return refuse(Denial::kNoPlace);
  CaseTicket ticket;
  ticket.reference = gift.reference;
  ticket.origin = CaseOrigin::kOwner;
  ticket.made_by = gift.by;
  ticket.owner = gift.owner;
  ticket.subject = gift.subject;
  ticket.actor = place->organisation;
  ticket.called = gift.owner;
  ticket.desk = gift.desk;
  ticket.purpose = gift.purpose;
  ticket.holder = gift.to;
  ticket.made = now;
  const auto grant = granted_for_case(ticket, now);
  if (!grant) return refuse(grant.error());
  ticket.ends = std::min(now + rules_.cases.life, grant->ends);
  if (!has_room_for_case(gift.to, now)) return refuse(Denial::kTooManyCases);
  return ticket;
}

std::vector<CaseOffer> Authority::case_offers(const OrganisationId& owner, Time now) const {
  std::map<OrganisationId, CaseOffer> offers;
  for (const auto& [id, entry] : mandates_.all()) {
    const Mandate& newest = entry.versions.back();
    if (!newest.is_about(owner)) continue;
    for (const DeskId& desk : newest.desks)
      for (const Purpose& purpose : newest.purposes) {
        CaseTicket wanted;
        wanted.owner = wanted.called = owner;
        wanted.actor = newest.to;
        wanted.desk = desk;
        wanted.purpose = purpose.id;
        if (!granted_for_case(wanted, now)) continue;
        CaseOffer& offer = offers[newest.to];
        offer.desks.insert(desk);
        if (std::none_of(offer.purposes.begin(), offer.purposes.end(),
                         [&](const Purpose& known) { return known.id == purpose.id; }))
          offer.purposes.push_back(purpose);
      }
  }
  std::vector<CaseOffer> found;
  for (auto& [to, offer] : offers) {
    offer.to = to;
    for (const auto& [who, place] : places_.all())
      if (place.organisation == to) offer.people.push_back(who);
    found.push_back(std::move(offer));
  }
  return found;
}

Allowed<CaseTicket> Authority::may_hand_on(const CaseTicketId& id, const OperatorId& by,
                                           const OperatorId& to, Time now) const {
  const CaseTicket* known = cases_.find(id);
  const StaffPlace* mine = places_.find(by);
  if (known == nullptr || known->holder != by || mine == nullptr ||
      mine->organisation != known->actor)
    return refuse(Denial::kNoTicket);
  if (!known->is_live(now)) return refuse(Denial::kTicketOver);
  const StaffPlace* place = places_.find(to);
  if (to == by || place == nullptr || place->organisation != known->actor)
    return refuse(Denial::kNoPlace);
  if (!has_room_for_case(to, now)) return refuse(Denial::kTooManyCases);
  CaseTicket handed = *known;
  handed.holder = to;
  return handed;
}

std::vector<OperatorId> Authority::colleagues(const OperatorId& who) const {
  std::vector<OperatorId> found;
  const StaffPlace* mine = places_.find(who);
  if (mine == nullptr) return found;
  for (const auto& [other, place] : places_.all())
    if (other != who && place.organisation == mine->organisation) found.push_back(other);
  return found;
}

Allowed<CaseTicket> Authority::may_end(const CaseTicketId& id, const OperatorId& by) const {
  const CaseTicket* known = cases_.find(id);
  const StaffPlace* place = places_.find(by);
  if (known == nullptr || place == nullptr) return refuse(Denial::kNoTicket);
  const bool owners = place->role == StaffRole::kOwner && place->organisation == known->owner;
  if (!owners && known->holder != by) return refuse(Denial::kNoTicket);
  return *known;
}

void Authority::hand_on(const CaseTicketId& id, const OperatorId& to, Time now) {
  cases_.hand_on(id, to);
  tickets_.end_case(id, now);
}

void Authority::end_case(const CaseTicketId& id, const CaseEnd& how) {
  cases_.end(id, how);
  tickets_.end_case(id, how.at);
}

Allowed<OpeningTicket> Authority::take_up(const CaseTicketId& id, const OperatorId& who,
                                          const SessionKey& session, Time session_ends,
                                          const OpeningTicketId& fresh, Time now) {
  const CaseTicket* known = cases_.find(id);
  if (known == nullptr || known->holder != who) return refuse(Denial::kNoTicket);
  if (!known->is_live(now)) return refuse(Denial::kTicketOver);
  if (tickets_.is_frozen({}, who)) return refuse(Denial::kTicketFrozen);
  const StaffPlace* place = places_.find(who);
  if (place == nullptr || place->organisation != known->actor) return refuse(Denial::kNoPlace);
  if (freezes_.stopping(known->owner, who, known->desk) != nullptr) return refuse(Denial::kFrozen);
  if (const auto grant = granted_for_case(*known, now); !grant) return refuse(grant.error());
  if (const OpeningTicket* mine = tickets_.taken_up(id, session, now)) return *mine;
  OpeningTicket ticket;
  ticket.id = fresh;
  ticket.who = who;
  ticket.session = session;
  ticket.actor = known->actor;
  ticket.called = known->called;
  ticket.desk = known->desk;
  ticket.purpose = known->purpose;
  ticket.case_ticket = id;
  ticket.case_reference = known->reference;
  ticket.made = now;
  ticket.until = std::min(known->ends, session_ends);
  const OpeningTicket& added = tickets_.add(std::move(ticket));
  if (!known->speaks.kind.empty()) tickets_.progress(added).speaks[known->subject] = known->speaks;
  return added;
}

}  // namespace madoguchi::vault
