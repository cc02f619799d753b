// Who may open what, decided here and nowhere else: joins mandates, staff's places, freezes, the
// exchange's leases, sign-ins' audio legs, tickets of calls and cases, and limits. Pure: asks and
// time in, a grant or a refusal out; the shell (Openings) serialises the asks, commits what was
// decided together with its log entry, and only then lets a value out. Nothing is decided from an
// earlier answer.
//
// Promises, whatever the centre or the exchange say: without an unbroken chain of mandates signed
// by the owner, and without a live call with a leg in it that a signed-in operator's own session
// registered, or a case ticket that the vault made of such a call or by the owner, nothing is
// allowed; a revocation, an end or a freeze holds for the next ask;
// no limit is exceeded over any window. What is allowed is counted at once, also if the commit then
// fails.
#pragma once

#include <string>
#include <vector>

#include "vault/access/case_tickets.h"
#include "vault/access/freezes.h"
#include "vault/access/leases.h"
#include "vault/access/limits.h"
#include "vault/access/mandates.h"
#include "vault/access/places.h"
#include "vault/access/refusal.h"
#include "vault/access/session_legs.h"
#include "vault/access/tickets.h"

namespace madoguchi::vault {

struct AuthorityRules {
  WrapUpRule wrap_up;
  Rates searches{20, 200, 1000};  // by one operator
  Rates guesses{10, 60, 200};     // values that did not match, by one operator
  int guesses_a_person = 3;       // within one call
  int guesses_a_call = 6;
  CaseRule cases{};
  UseLimits usual = kUsualLimits;
};

struct TicketAsk {
  OpeningTicketId id;  // fresh
  OperatorId who;
  DeskId desk;
  std::string purpose;  // empty: the mandate's first
  CallId call;
};

// An ask in an operator's session about one person.
struct PersonAsk {
  OpeningTicketId ticket;
  SessionKey session;
  OrganisationId owner;  // of the person's data
  SubjectId subject;
};

// By a person of the owner: a case ticket for somebody of an organisation that it mandated.
struct CaseGift {
  OperatorId by;
  OrganisationId owner;
  SubjectId subject;
  OperatorId to;
  DeskId desk;
  std::string purpose;
  std::string reference;
};

// To whom and for what a case ticket can be given at this moment.
struct CaseOffer {
  OrganisationId to;
  std::vector<OperatorId> people;
  std::set<DeskId> desks;
  std::vector<Purpose> purposes;
};

struct Permission {
  AccessGrant grant;
  OpeningTicket ticket;  // as it was when allowed
  CallerSaid speaks{};   // by whom the grant is narrowed
  bool first = false;    // that open() allows this person for this purpose in the call
};

// Where an operator is with a person's identity in a call.
struct IdentityStanding {
  CallerSaid speaks;
  std::set<std::string> fields;  // what would open
  std::set<std::string> matched;
  int checks_left = 0;
  int guesses_left = 0;
  bool vouched = false;
  bool vouch_wanted = false;
};

struct VouchAsked {
  OperatorId who;
  CallId call;
  DeskId desk;
  SubjectId subject;
  VouchWanted wanted;
  IdentityStanding standing;
};

class Authority {
 public:
  explicit Authority(const AuthorityRules& rules) : rules_(rules), tickets_(rules.wrap_up) {}

  // ---- What the owners, the administrator and the exchange said; changed by committed acts.
  Mandates& mandates() { return mandates_; }
  Places& places() { return places_; }
  Freezes& freezes() { return freezes_; }
  CallLeases& leases() { return leases_; }
  SessionLegs& legs() { return legs_; }
  Limits& limits() { return limits_; }
  Tickets& tickets() { return tickets_; }
  CaseTickets& cases() { return cases_; }

  // ---- Tickets
  Allowed<OpeningTicket> issue(const TicketAsk& ask, Time now);
  // The same call and session for another purpose; in the wrap-up for one that somebody was opened
  // for in the call.
  Allowed<OpeningTicket> for_purpose(const OpeningTicketId& known, const SessionKey& session,
                                     const OpeningTicketId& fresh, const std::string& purpose,
                                     Time now);
  Allowed<OpeningTicket> look(const OpeningTicketId& id, const SessionKey& session, Time now);
  // Purposes that the ticket's operator may ask for.
  [[nodiscard]] std::vector<Purpose> purposes(const OpeningTicket& ticket, Time now) const;
  // Whose people may be opened by it.
  [[nodiscard]] std::vector<OrganisationId> owners(const OpeningTicket& ticket, Time now) const;

  // ---- In the glass. Each allowed one is counted. In the wrap-up only what was opened in the call
  // is opened again: no other person, purpose or field.
  Allowed<Permission> open(const PersonAsk& ask, Time now);
  // What open() allowed came to nothing: it could not be told in the log, or not be read after
  // that, so nothing was shown. It stays counted.
  void not_opened(const PersonAsk& ask, const Permission& permission);
  // Writing about a person who was opened, also in the wrap-up; counted as nothing.
  Allowed<Permission> write(const PersonAsk& ask, Time now);
  // Whether what was written about a person may be listed: a field of the purpose, for which the
  // person was opened.
  Allowed<Permission> may_read(const PersonAsk& ask, Time now);
  // Reading one of them, in the call only; counted as an opening.
  Allowed<Permission> read(const PersonAsk& ask, Time now);
  // Hearing the recording of the ticket's own call, also in its wrap-up; counted as an opening.
  // About nobody (empty subject), or about somebody who was opened in it.
  Allowed<Permission> play(const PersonAsk& ask, Time now);
  // Whether what play() allowed may go on; counts nothing.
  Allowed<Permission> may_play(const PersonAsk& ask, Time now);
  Allowed<OpeningTicket> search(const OpeningTicketId& id, const SessionKey& session, Time now);
  // An owner's person looks for one of its people: no ticket, counted as a search.
  Allowed<void> enquire(const OperatorId& owners_person, Time now);
  // Before a typed value is compared, in the call only: counts as a guess from here on, so that no
  // number of them at once is more than the limit. Then checked() with the outcome, which takes a
  // right one back; or unchecked() when it could not be compared or told.
  Allowed<Permission> check(const PersonAsk& ask, Time now);
  void checked(const PersonAsk& ask, const std::string& field, bool matched);
  void unchecked(const PersonAsk& ask);
  // Whether the purpose gives anything when `said` speaks; then speaks(). Who spoke before no
  // longer counts, what was matched or missed stays.
  Allowed<Permission> may_speak(const PersonAsk& ask, const CallerSaid& said, Time now);
  void speaks(const PersonAsk& ask, const CallerSaid& said);
  Allowed<IdentityStanding> standing(const PersonAsk& ask, Time now);
  // What the ticket's purpose gives for this owner now; counts nothing.
  [[nodiscard]] Allowed<AccessGrant> granted(const OpeningTicket& ticket,
                                             const OrganisationId& owner, Time now) const;
  // Whether this supervisor may vouch for somebody of this owner's people; then vouch().
  [[nodiscard]] Allowed<OpeningTicket> may_vouch(const OpeningTicketId& id,
                                                 const OrganisationId& owner,
                                                 const OperatorId& supervisor, Time now);
  // A supervisor of the operator's organisation vouches for the person's identity.
  Allowed<OpeningTicket> vouch(const OpeningTicketId& id, const OrganisationId& owner,
                               const SubjectId& subject, const OperatorId& supervisor, Time now);

  // The operator wants it; true when that is new. In the call only.
  Allowed<Permission> may_want_vouch(const PersonAsk& ask, Time now);
  bool want_vouch(const PersonAsk& ask, Time now);
  // What is wanted of this supervisor, oldest first.
  [[nodiscard]] std::vector<VouchAsked> vouches_wanted(const OperatorId& supervisor, Time now);
  // The supervisor does not vouch.
  void decline_vouch(const OpeningTicketId& id, const SubjectId& subject);

  // ---- Cases. What may be kept, given or handed on is told whole; it counts once it is committed.
  // Of the call of this ticket, in it or in its wrap-up, where this person was opened after an
  // identity check; no more than was opened. With the id of the one that this holder already has of
  // the same person, purpose and reference, else with none.
  Allowed<CaseTicket> may_keep(const PersonAsk& ask, const std::string& reference, Time now);
  [[nodiscard]] Allowed<CaseTicket> may_give(const CaseGift& gift, Time now) const;
  [[nodiscard]] std::vector<CaseOffer> case_offers(const OrganisationId& owner, Time now) const;
  // By its holder, to somebody else of the same organisation; as it would then be.
  [[nodiscard]] Allowed<CaseTicket> may_hand_on(const CaseTicketId& id, const OperatorId& by,
                                                const OperatorId& to, Time now) const;
  // Who else of the holder's organisation there is.
  [[nodiscard]] std::vector<OperatorId> colleagues(const OperatorId& who) const;
  // By its holder or a person of the owner. Also of one whose end could not be kept yet.
  [[nodiscard]] Allowed<CaseTicket> may_end(const CaseTicketId& id, const OperatorId& by) const;
  void hand_on(const CaseTicketId& id, const OperatorId& to, Time now);
  // Opens nothing from here on.
  void end_case(const CaseTicketId& id, const CaseEnd& how);
  // The holder wants to open it in this session, which lasts until `session_ends`: the ticket that
  // the session has for it already, or `fresh`.
  Allowed<OpeningTicket> take_up(const CaseTicketId& id, const OperatorId& who,
                                 const SessionKey& session, Time session_ends,
                                 const OpeningTicketId& fresh, Time now);

  // The session ended: its tickets and legs with it.
  void end_session(const SessionKey& session, Time now);
  // Drops what can matter no more. To be called now and then.
  void forget(Time now);

  [[nodiscard]] const AuthorityRules& rules() const { return rules_; }

 private:
  [[nodiscard]] MandateAsk mandate_ask(const OpeningTicket& ticket) const;
  [[nodiscard]] std::optional<SessionLeg> leg_in_call(const OperatorId& who, const CallId& call,
                                                      Time now) const;
  Allowed<void> narrow(AccessGrant& grant, const CallerSaid& said) const;
  [[nodiscard]] IdentityStanding standing_of(const Permission& permission,
                                             const SubjectId& subject);
  // Whether the case of this ticket is still this operator's, and about this person.
  [[nodiscard]] Allowed<void> case_stands(const OpeningTicket& ticket, const PersonAsk& ask,
                                          Time now) const;
  [[nodiscard]] Allowed<AccessGrant> granted_for_case(const CaseTicket& ticket, Time now) const;
  [[nodiscard]] bool has_room_for_case(const OperatorId& holder, Time now) const;
  [[nodiscard]] bool wraps_up(const OpeningTicket& ticket, Time now) const;
  // The ticket is usable and a chain grants its purpose for this owner.
  Allowed<Permission> granted_by_ticket(const PersonAsk& ask, Time now);
  // Counts one more use of all that it stands under, unless a limit is reached.
  Allowed<Permission> spent(Permission permission, Time now);
  // And in the wrap-up, the person was opened before; narrowed by who speaks.
  Allowed<Permission> permitted(const PersonAsk& ask, Time now);
  // And in the wrap-up, narrowed to what was opened of the person in the call for this purpose.
  Allowed<Permission> openable(const PersonAsk& ask, Time now);

  const AuthorityRules rules_;
  Mandates mandates_;
  Places places_;
  Freezes freezes_;
  CallLeases leases_;
  SessionLegs legs_;
  Tickets tickets_;
  CaseTickets cases_;
  Limits limits_;
};

}  // namespace madoguchi::vault
