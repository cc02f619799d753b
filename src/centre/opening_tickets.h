// Asks the vault for tickets to the glass: one for each operator who talks with a caller, on a desk
// where the vault gives any. A ticket's id goes to the operator's console and means nothing outside
// the operator's own session at the vault. Asks again while the vault has not heard of the call yet
// or the operator signs in late; tells the vault when the wrap-up is longer, and when it is over.
// Pure but for the vault it is given; the centre's loop thread owns it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "centre/flow/views.h"

namespace madoguchi::centre {

// What is asked of the vault; answers come on the loop, never from within the call.
class TicketVault {
 public:
  // A ticket, or the vault's word why not; "away" when it could not be asked.
  using Answered = std::function<void(const TicketId& ticket, const std::string& denied)>;
  virtual ~TicketVault() = default;
  virtual void ask_opening(const OperatorId& who, const DeskId& desk, const CallId& call,
                           Answered then) = 0;
  virtual void extend_opening(const TicketId& ticket, Micros by) = 0;
  virtual void end_opening(const TicketId& ticket) = 0;
};

class OpeningTickets {
 public:
  // Both outlive it. `shown` is called when what a console should know of a call changed.
  OpeningTickets(TicketVault& vault, std::function<void(const CallId&)> shown)
      : vault_(vault), shown_(std::move(shown)) {}

  void apply(const CallView& view, Time now);
  void apply(const OperatorView& view, Time now);

  void advance(Time now);
  [[nodiscard]] std::optional<Time> next_deadline() const;

  // Empty: none.
  [[nodiscard]] TicketId ticket_of(const CallId& call, const OperatorId& who) const;

 private:
  using Key = std::pair<OperatorId, CallId>;
  struct Held {
    DeskId desk;
    TicketId ticket;
    int tries = 0;
    bool asking = false;
    bool over = false;             // the operator went on while the vault was asked
    std::optional<Time> again_at;  // nothing: given, being asked, or given up
    std::optional<Time> wrap_up_until;
  };
  void ask(const Key& key, Held& held);
  void answered(const Key& key, const TicketId& ticket, const std::string& denied);

  TicketVault& vault_;
  const std::function<void(const CallId&)> shown_;
  std::map<Key, Held> held_;
  std::map<std::pair<OperatorId, DeskId>, Time> quiet_until_;  // no tickets for them there
  Time now_{};
};

}  // namespace madoguchi::centre
