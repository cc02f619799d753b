#include "centre/opening_tickets.h"

#include <algorithm>
#include <array>

namespace madoguchi::centre {
namespace {

using std::chrono::milliseconds;

// The exchange's lease and our own event travel on their own; then people sign in late.
constexpr std::array<milliseconds, 6> kPauses{milliseconds(100),  milliseconds(250),
                                              milliseconds(500),  milliseconds(1000),
                                              milliseconds(5000), milliseconds(15000)};
constexpr std::chrono::seconds kQuiet{60};

bool may_come(const std::string& denied) {
  return denied == "no_call" || denied == "not_on_call" || denied == "away";
}

}  // namespace

void OpeningTickets::apply(const CallView& view, Time now) {
  now_ = std::max(now_, now);
  if (!view.talked || view.with.empty()) return;
  const auto talks = [&](const OperatorId& who) {
    const auto quiet = quiet_until_.find({who, view.desk});
    if (quiet != quiet_until_.end() && now < quiet->second) return;
    const auto [found, is_new] = held_.try_emplace({who, view.id});
    if (!is_new) return;
    found->second.desk = view.desk;
    ask(found->first, found->second);
  };
  talks(view.with);
  if (view.consulting && !view.consulted.empty()) talks(view.consulted);
}

void OpeningTickets::apply(const OperatorView& view, Time now) {
  now_ = std::max(now_, now);
  for (auto at = held_.lower_bound({view.id, CallId()});
       at != held_.end() && at->first.first == view.id;) {
    Held& held = at->second;
    if (at->first.second == view.call) {
      const bool longer = view.deadline && view.state == routing::OperatorState::kWrapUp &&
                          held.wrap_up_until != view.deadline;
      if (longer && !held.ticket.empty() && *view.deadline > now)
        vault_.extend_opening(held.ticket, *view.deadline - now);
      if (longer) held.wrap_up_until = view.deadline;
      ++at;
      continue;
    }
    const CallId call = at->first.second;
    if (!held.ticket.empty()) vault_.end_opening(held.ticket);
    if (held.asking) {
      held.over = true;
      ++at;
    } else {
      at = held_.erase(at);
    }
    shown_(call);
  }
}

void OpeningTickets::ask(const Key& key, Held& held) {
  held.asking = true;
  held.again_at.reset();
  vault_.ask_opening(key.first, held.desk, key.second,
                     [this, key](const TicketId& ticket, const std::string& denied) {
                       answered(key, ticket, denied);
                     });
}

void OpeningTickets::answered(const Key& key, const TicketId& ticket, const std::string& denied) {
  const auto found = held_.find(key);
  if (found == held_.end()) return;
  Held& held = found->second;
  held.asking = false;
  if (held.over) {
    if (!ticket.empty()) vault_.end_opening(ticket);
    held_.erase(found);
    return;
  }
  if (!ticket.empty()) {
    held.ticket = ticket;
    return shown_(key.second);
  }
  if (may_come(denied)) {
    const auto step =
        std::min<std::size_t>(static_cast<std::size_t>(held.tries++), kPauses.size() - 1);
    held.again_at = now_ + kPauses[step];
    return;
  }
  quiet_until_[{key.first, held.desk}] = now_ + kQuiet;
}

void OpeningTickets::advance(Time now) {
  now_ = std::max(now_, now);
  for (auto& [key, held] : held_)
    if (held.again_at && *held.again_at <= now) ask(key, held);
}

std::optional<Time> OpeningTickets::next_deadline() const {
  std::optional<Time> next;
  for (const auto& [key, held] : held_)
    if (held.again_at && (!next || *held.again_at < *next)) next = held.again_at;
  return next;
}

TicketId OpeningTickets::ticket_of(const CallId& call, const OperatorId& who) const {
  const auto found = held_.find({who, call});
  return found == held_.end() || found->second.over ? TicketId() : found->second.ticket;
}

}  // namespace madoguchi::centre
