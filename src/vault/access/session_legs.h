// Which audio leg belongs to which sign-in at the glass. An operator's own session registers the
// browser's fingerprint; the SIP user comes from the person's place. A leg belongs to one person:
// nobody else's session can take it as long as the first one lasts. Pure; owned by Authority.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "vault/access/ids.h"
#include "vault/access/leases.h"

namespace madoguchi::vault {

struct SessionLeg {
  SessionKey session;
  OperatorId who;
  LegProof leg;
  Time expires;  // with the session
};

// "sha-256 AA:BB:…" in one spelling; kInvalid for anything else.
Result<std::string> fingerprint_of(std::string_view text);

class SessionLegs {
 public:
  static constexpr std::size_t kMostOfASession = 8;

  // kConflict: the leg is another person's now, or the session has too many.
  [[nodiscard]] Result<void> may_put(const SessionLeg& leg, Time now) const;
  // The newest session of a person that registered a leg has it.
  void put(const SessionLeg& leg, Time now);
  void end(const SessionKey& session);

  [[nodiscard]] std::vector<SessionLeg> of(const OperatorId& who, Time now) const;
  [[nodiscard]] bool is_live(const SessionKey& session, Time now) const;

 private:
  std::map<LegProof, SessionLeg> legs_;
};

}  // namespace madoguchi::vault
