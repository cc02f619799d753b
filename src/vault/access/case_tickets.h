// Case tickets: one person's record may be opened again, for one purpose on one desk, by one named
// holder, because a case about that person is still open, though nobody is on the phone. Made from
// an attested call, from a received mail, or by the owner; held to an end that lies in the future
// from the first moment; handed on within the holder's organisation; ended early by the holder or
// the owner. What it opens is asked of the mandates anew at every opening: the ticket itself gives
// nothing. Pure; owned by Authority, which decides; CaseDesk keeps them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/access/ids.h"
#include "vault/access/tickets.h"

namespace madoguchi::vault {

// What the vault itself has seen of the case.
enum class CaseOrigin { kCall, kMail, kOwner };

std::string_view name_of(CaseOrigin origin);
Result<CaseOrigin> origin_named(std::string_view name);

struct CaseRule {
  Micros life = std::chrono::hours(24 * 30);  // a mandate that ends before ends it before
  std::size_t most_open = 100;                // of one holder
};

// Why it was over before its time.
struct CaseEnd {
  Time at;
  OperatorId by;    // empty: its deadline
  std::string why;  // "holder", "owner", "deadline"
};

struct CaseTicket {
  CaseTicketId id;
  std::string reference;  // the case's, as its people call it: "C-1024"
  CaseOrigin origin = CaseOrigin::kOwner;
  std::string from;  // the call's or the mail's id; empty: the owner's word
  OperatorId made_by;
  OrganisationId owner;  // of the person's data
  SubjectId subject;
  CallerSaid speaks;      // who spoke for the person: it opens no more than that call did
  OrganisationId actor;   // the holders' organisation, for good
  OrganisationId called;  // whose number was called; the owner where none was
  DeskId desk;
  std::string purpose;
  OperatorId holder;
  Time made;
  Time ends;
  std::optional<CaseEnd> ended{};  // then it opens nothing, whether that is kept yet or not

  [[nodiscard]] bool is_live(Time now) const { return !ended && now < ends; }
};

// "C-1024", "KJ-2026-12": the log is open to everyone, so that no name and no telephone number, as
// anybody would write them, can be a reference.
bool is_case_reference(std::string_view text);

class CaseTickets {
 public:
  void put(const CaseTicket& ticket) { tickets_.insert_or_assign(ticket.id, ticket); }
  void end(const CaseTicketId& id, const CaseEnd& how);  // the first end counts
  void hand_on(const CaseTicketId& id, const OperatorId& to);
  void forget(const CaseTicketId& id) { tickets_.erase(id); }

  [[nodiscard]] const CaseTicket* find(const CaseTicketId& id) const;
  [[nodiscard]] const CaseTicket* live(const CaseTicketId& id, Time now) const;
  // Live ones, oldest first.
  [[nodiscard]] std::vector<CaseTicket> held_by(const OperatorId& who, Time now) const;
  [[nodiscard]] std::vector<CaseTicket> of_owner(const OrganisationId& owner, Time now) const;
  // Those that are over and still here, at most so many.
  [[nodiscard]] std::vector<CaseTicket> over(Time now, std::size_t most) const;

 private:
  template <typename Wanted>
  [[nodiscard]] std::vector<CaseTicket> all(Wanted wanted) const;

  std::map<CaseTicketId, CaseTicket> tickets_;  // ids are in the order of time
};

}  // namespace madoguchi::vault
