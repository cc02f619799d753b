// Which calls are up, and whose legs are in them, as the exchange leases it: a lease is renewed
// every few seconds and dead ten seconds after the last time, whatever the reason. A leg is named
// by what the exchange itself has proved of it: the fingerprint of the certificate in a browser's
// DTLS handshake, or the user whose registration a telephone answered by. Pure; owned by Authority.
#pragma once

#include <chrono>
#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace madoguchi::vault {

inline constexpr Micros kLeaseLife = std::chrono::seconds(10);

enum class LegKind { kBrowser, kPhone };

struct LegProof {
  LegKind kind = LegKind::kBrowser;
  std::string proof;  // "sha-256 AA:BB:…" or a SIP user
  friend auto operator<=>(const LegProof&, const LegProof&) = default;
};

struct CallLease {
  CallId call;
  OrganisationId called;      // whose number was called
  DeskId desk;                // that it is at now
  std::string sealed_number;  // the caller's, as it arrived; empty: withheld
  std::vector<LegProof> legs;
};

class CallLeases {
 public:
  // A new lease, or a change of one: legs that are no longer in it have left now.
  void put(const CallLease& lease, Time now);
  // False: unknown here, the exchange must put it whole.
  bool renew(const CallId& call, Time now);
  void end(const CallId& call, Time now);

  // Nothing unless it is up now.
  [[nodiscard]] const CallLease* live(const CallId& call, Time now) const;
  [[nodiscard]] bool is_up(const CallId& call, const LegProof& leg, Time now) const;
  // The call as it was, also for a while after its end.
  [[nodiscard]] const CallLease* known(const CallId& call) const;
  // Since when the leg is no longer up: it left, or the call ended, or nobody renewed. Nothing
  // while it is up or was never there.
  [[nodiscard]] std::optional<Time> left(const CallId& call, const LegProof& leg, Time now) const;

  // Forgets calls that ended longer ago than this.
  void forget(Time now, Micros after);
  [[nodiscard]] std::size_t count() const { return calls_.size(); }

 private:
  struct Held {
    CallLease lease;
    Time renewed;
    std::optional<Time> ended;
    std::map<LegProof, Time> gone;
  };
  [[nodiscard]] static Time end_of(const Held& held, Time now);
  [[nodiscard]] const Held* find(const CallId& call) const;

  std::map<CallId, Held> calls_;
};

}  // namespace madoguchi::vault
