// The first gate of everything that rings somebody: wishes of callers to be rung back, and tickets
// for them. A ticket is made only for a kept, open wish of that organisation and line, or for an
// operator's own phone; never for a line that the rules refuse, nor for a number of our own, nor
// more often than the rules allow, nor for an operator whom the vault has not identified. It is
// redeemed once, by the exchange, before it expires, and the rules are asked again then. Every
// answer but a repeated one is journalled in the transaction that makes it true; without the
// journal the answer is no. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/authority_desk.h"
#include "vault/dial_rules.h"
#include "vault/registry.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

struct WishAsked {
  WishId id;
  CallId call;
  OrganisationId organisation;
  Bytes sealed_number;
  bool other_line = false;
  Time asked;
};

// `error` is a word of the rules, empty when the wish is kept and may be rung back.
struct WishAnswer {
  LineToken token;
  std::string error;
};

struct TicketAsked {
  WishId wish;  // empty with own_phone
  bool own_phone = false;
  OrganisationId organisation;
  LineToken token;
  OperatorId operator_id;
  DeskId desk;
  PromiseId promise;
};

// Either a ticket or a refusal.
struct TicketAnswer {
  TicketId ticket;
  Time expires;
  std::optional<Refusal> refused;
};

struct Grant {
  Number number;
  OrganisationId organisation;
  std::optional<Refusal> refused;
};

class DialGate {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    Registry& registry;
    AuthorityDesk& authority;
    const NumberingPlan& plan;
    const DialRules& rules;
    // Where people sign in at the glass: a ticket is for an operator who is signed in there, when
    // it is made and when it is redeemed.
    bool needs_session = false;
  };
  explicit DialGate(const Parts& parts) : parts_(parts) {}

  // Errors of the store come as kUnavailable or kExhausted: nothing was decided, ask again. The
  // same id again gives the first answer.
  Result<WishAnswer> keep(const WishAsked& asked);

  // Nobody needs to ring for it any more: the line got through otherwise. Repeatable. A wish that
  // is not known yet is remembered as settled, and opens nothing when it comes; of these only so
  // many a minute, then kExhausted.
  Result<void> settle(const WishId& wish, const std::string& outcome);

  Result<TicketAnswer> ask(const TicketAsked& asked);

  // The same call may ask again, should the answer have been lost.
  Result<Grant> redeem(const TicketId& ticket, const CallId& call);

  // How the dial ended; "talked" settles its wish.
  Result<void> end(const TicketId& ticket, const std::string& outcome);

  // An operator's own phone, for tickets with own_phone; an empty number forgets it.
  Result<void> put_phone(const OperatorId& operator_id, const Number& number);

 private:
  struct Target {  // the line that a ticket is for
    Line line;
    std::string mark;
  };
  Result<tl::expected<Target, Refusal>> target_of_wish(const TicketAsked& asked);
  Result<tl::expected<Target, Refusal>> target_of_phone(const OperatorId& operator_id);
  Result<std::optional<Refusal>> refuse(const Target& target);
  Result<std::optional<Refusal>> refuse_stranger(const OperatorId& operator_id);
  Result<TicketAnswer> deny(const TicketAsked& asked, Refusal refusal);
  Result<Grant> deny(const TicketId& ticket, const CallId& call, Refusal refusal);
  tl::expected<Target, Refusal> open(std::string_view wrapped, const Secret& key,
                                     const Place& place) const;

  Result<void> settle_early(const WishId& wish, const std::string& outcome);

  const Parts parts_;
  Time early_minute_{};  // in which so many unknown wishes were settled
  int early_ = 0;
  std::mutex mutex_;  // one act at a time: what was read is still so when it is written
};

}  // namespace madoguchi::vault
