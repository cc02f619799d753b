// Opening tickets: an operator, in one session at the glass, may open people's fields for one
// purpose on one desk because of one call. A ticket lives as long as the operator's leg is up in
// the call, and then for a wrap-up that may be extended to a cap of the vault's. Or because of one
// case (case_tickets.h), whose holder took it up in that session: then it lives as long as the case
// ticket and the session do. It is kept in memory only: after a restart of the vault the centre, or
// the holder, asks again. Pure; owned by Authority.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "vault/access/ids.h"
#include "vault/access/leases.h"
#include "vault/access/refusal.h"

namespace madoguchi::vault {

struct WrapUpRule {
  Micros first = std::chrono::minutes(1);
  Micros most = std::chrono::minutes(10);
};

struct OpeningTicket {
  OpeningTicketId id;
  OperatorId who;
  SessionKey session;
  LegProof leg;
  OrganisationId actor;  // where the operator belonged when it was made
  OrganisationId called;
  DeskId desk;
  std::string purpose;
  CallId call;  // or
  CaseTicketId case_ticket{};
  std::string case_reference{};
  Time made;
  Time until{};  // of one for a case

  Micros wrap_up{0};          // granted so far
  std::optional<Time> ended;  // by the centre, a sign-out, a revocation

  [[nodiscard]] bool is_for_case() const { return !case_ticket.empty(); }
};

// Who speaks about a person in a call, as the operator heard it.
struct CallerSaid {
  std::string kind;  // "agent"; empty: nothing was said, it is the person
  std::string basis;
  bool own_voice = true;  // it is the person who speaks
};

// An operator wants a supervisor's word for a person's identity.
struct VouchWanted {
  OpeningTicketId ticket;
  OrganisationId owner;
  Time at;
};

// What one operator has done about people in one call, whichever tickets were used for it: another
// ticket gives no new guesses.
struct CallProgress {
  std::set<SubjectId> opened;
  // What was opened of whom for which purpose: all that is shown again in the wrap-up.
  std::map<SubjectId, std::map<std::string, std::set<std::string>>> shown;
  // Whom the caller's number is registered for, of each owner for whom it was looked up.
  std::map<OrganisationId, std::set<SubjectId>> callers;
  // Fields of a person that matched what the caller said; a supervisor's word counts for all.
  std::map<SubjectId, std::set<std::string>> matched;
  std::set<SubjectId> vouched;
  std::map<SubjectId, VouchWanted> vouch_wanted;
  std::map<SubjectId, CallerSaid> speaks;
  std::map<SubjectId, int> mismatches;  // and values that are being compared
  int all_mismatches = 0;

  // So many fields matched, or a supervisor gave a word.
  [[nodiscard]] bool is_checked(const SubjectId& subject, std::uint32_t fields) const;
  [[nodiscard]] bool was_opened_for(const std::string& purpose) const;
  // Of this person; empty: the person was not opened for it.
  [[nodiscard]] std::set<std::string> shown_of(const SubjectId& subject,
                                               const std::string& purpose) const;
  // Of those opened: who are not whom the caller's number is, though it is somebody's.
  [[nodiscard]] std::size_t unlike_the_call() const;
};

enum class TicketStage { kInCall, kWrapUp, kInCase, kOver };

std::string_view name_of(TicketStage stage);

struct TicketState {
  TicketStage stage = TicketStage::kOver;
  std::optional<Time> until;  // of the wrap-up, or of the case in this session
};

// The call, or the case ticket: within it one operator's guesses and openings are counted.
using MatterId = Id<struct MatterTag>;
MatterId matter_of(const OpeningTicket& ticket);

class Tickets {
 public:
  explicit Tickets(const WrapUpRule& rule) : rule_(rule) {}

  OpeningTicket& add(OpeningTicket ticket);

  [[nodiscard]] TicketState state(const OpeningTicket& ticket, const CallLeases& leases,
                                  Time now) const;
  // kNoTicket, kTicketOver or kTicketFrozen; a ticket of another session is no ticket.
  Allowed<OpeningTicket*> usable(const OpeningTicketId& id, const SessionKey& session,
                                 const CallLeases& leases, Time now);
  [[nodiscard]] OpeningTicket* find(const OpeningTicketId& id);
  CallProgress& progress(const OpeningTicket& ticket) {
    return progress_[{matter_of(ticket), ticket.who}];
  }
  [[nodiscard]] const std::map<std::pair<MatterId, OperatorId>, CallProgress>& in_calls() const {
    return progress_;
  }

  // More wrap-up, as far as the cap allows; when it ends then, or kTicketOver.
  Allowed<TicketState> extend(const OpeningTicketId& id, Micros by, const CallLeases& leases,
                              Time now);
  void end(const OpeningTicketId& id, Time now);
  void end_session(const SessionKey& session, Time now);
  void end_case(const CaseTicketId& id, Time now);
  // Of this session for this case, still usable; nothing when it has none.
  [[nodiscard]] const OpeningTicket* taken_up(const CaseTicketId& id, const SessionKey& session,
                                              Time now) const;

  // What an operator may do in a call stops, whichever ticket is used for it, also one that is
  // asked for later, until it is released. No call: what the operator may do in any case.
  void freeze(const CallId& call, const OperatorId& who, Time now) { frozen_[{call, who}] = now; }
  void release(const CallId& call, const OperatorId& who) { frozen_.erase({call, who}); }
  [[nodiscard]] bool is_frozen(const CallId& call, const OperatorId& who) const {
    return frozen_.contains({call, who});
  }

  void forget(const CallLeases& leases, Time now);
  [[nodiscard]] const std::map<OpeningTicketId, OpeningTicket>& all() const { return tickets_; }
  [[nodiscard]] const WrapUpRule& rule() const { return rule_; }

 private:
  const WrapUpRule rule_;
  std::map<OpeningTicketId, OpeningTicket> tickets_;
  std::map<std::pair<MatterId, OperatorId>, CallProgress> progress_;
  std::map<std::pair<CallId, OperatorId>, Time> frozen_;
};

}  // namespace madoguchi::vault
