// Who speaks on the telephone about a person, and the supervisor's word in place of matching
// answers: agents, relatives, heirs, relay services and overrides. Each is one entry in the owner's
// log, durable before it counts; what each may then open is the mandate's. Guesses are those of the
// person in the call, whoever speaks. Any thread.
#pragma once

#include <string>
#include <vector>

#include "vault/act_log.h"
#include "vault/caller_rules.h"

namespace madoguchi::vault {

class CallerIdentity {
 public:
  // All outlive it.
  struct Parts {
    const Clock& clock;
    AuthorityDesk& authority;
    ActLog& log;
    const CallerRules& rules;
  };
  explicit CallerIdentity(const Parts& parts) : parts_(parts) {}

  [[nodiscard]] const CallerRules& rules() const { return parts_.rules; }

  // kInvalid: no such caller, or not on that basis.
  Answer<IdentityStanding> speaks(const Asker& asker, const PersonId& person,
                                  const std::string& kind, const std::string& basis);
  // Tells nothing of the record; no entry.
  Answer<IdentityStanding> standing(const Asker& asker, const PersonId& person);

  // The operator wants a supervisor's word; asking again is nothing new.
  Answer<void> want_vouch(const Asker& asker, const PersonId& person);
  [[nodiscard]] std::vector<VouchAsked> wanted_of(const OperatorId& supervisor);
  // `asker` is the supervisor, with the operator's ticket; `reason` a word of the rules.
  Answer<void> vouch(const Asker& asker, const PersonId& person, const std::string& reason);
  Answer<void> decline(const Asker& asker, const PersonId& person);

 private:
  // One entry of the operator's call, in the supervisor's name.
  Answer<void> tell(const Asker& supervisor, const OpeningTicket& ticket, const PersonId& person,
                    const std::string& outcome, const std::string& reason);

  const Parts parts_;
};

}  // namespace madoguchi::vault
