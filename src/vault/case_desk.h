// Tickets for cases, with what keeps them: an operator keeps a person of the call in hand, the
// owner gives one to somebody by name, a holder hands one on, holder or owner ends it. Making and
// handing on count once row and entry of the owner's log are committed together; an end holds at
// once, whatever becomes of its commit, which is tried again each minute until it is kept. What a
// ticket then opens goes through Openings like everything else. Nothing here is asked by the
// centre. Any thread; acts one after another, for they are rare.
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vault/act_log.h"
#include "vault/enquiries.h"

namespace madoguchi::vault {

// Why an owner gives one; words for the log.
std::span<const std::string_view> case_reasons();

// What an owner's person wants given.
struct CaseGiftWanted {
  SubjectId subject;
  OperatorId to;
  DeskId desk;
  std::string purpose;
  std::string reference;
  std::string reason;  // one of case_reasons()
};

class CaseDesk {
 public:
  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    AuthorityDesk& authority;
    Records& records;
    ActLog& log;
  };
  explicit CaseDesk(const Parts& parts) : parts_(parts) {}

  // ---- the operator, in the own session

  // The person of the call in hand; the same once more when it was kept before. kInvalid: no
  // reference of a case.
  Answer<CaseTicket> keep(const Asker& asker, const PersonId& person, const std::string& reference);
  // An opening ticket of this session, which ends at `session_ends`.
  Answer<OpeningTicket> take_up(const Asker& asker, Time session_ends, const CaseTicketId& id);
  Answer<CaseTicket> hand_on(const Asker& asker, const CaseTicketId& id, const OperatorId& to);
  // Those of people who are still there.
  Answer<std::vector<CaseTicket>> held_by(const OperatorId& who);

  // ---- the owner

  // kInvalid: the reference or the reason; kNotFound: no such person.
  Answer<CaseTicket> give(const OwnersPerson& asker, const CaseGiftWanted& wanted);
  std::vector<CaseTicket> of_owner(const OrganisationId& owner);
  std::vector<CaseOffer> offers(const OrganisationId& owner);

  // By the holder, or by a person of the owner.
  Answer<void> end(const Asker& asker, const CaseTicketId& id);

  // To be called every minute: what is over goes, with its entry.
  void minute();

 private:
  [[nodiscard]] ledger::Entry entry_of(const CaseTicket& ticket, const OperatorId& by,
                                       std::string_view outcome) const;
  // Row and entry in one commit.
  Result<void> commit(const CaseTicket& ticket, ledger::Entry entry, AccessChange change);
  Result<void> commit_end(const CaseTicket& ticket);
  // After a commit whose outcome nobody knows the rows say what there is.
  Result<void> read_again();
  // The refusal, told in the log of the owner whose case it is.
  Declined denied(Denial why, const Asker& asker, const CaseTicketId& id);

  const Parts parts_;
  std::mutex mutex_;  // guards unsure_, and holds one act apart from the next
  bool unsure_ = false;
};

}  // namespace madoguchi::vault
