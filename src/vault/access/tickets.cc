#include "vault/access/tickets.h"

#include <algorithm>
#include <utility>

namespace madoguchi::vault {
namespace {

constexpr std::chrono::hours kFrozenKept{24};  // no call lasts that long

}  // namespace

bool CallProgress::is_checked(const SubjectId& subject, std::uint32_t fields) const {
  if (vouched.contains(subject)) return true;
  const auto found = matched.find(subject);
  return (found == matched.end() ? 0 : found->second.size()) >= fields;
}

std::set<std::string> CallProgress::shown_of(const SubjectId& subject,
                                             const std::string& purpose) const {
  const auto person = shown.find(subject);
  if (person == shown.end()) return {};
  const auto fields = person->second.find(purpose);
  return fields == person->second.end() ? std::set<std::string>() : fields->second;
}

bool CallProgress::was_opened_for(const std::string& purpose) const {
  return std::any_of(shown.begin(), shown.end(),
                     [&](const auto& person) { return person.second.contains(purpose); });
}

std::size_t CallProgress::unlike_the_call() const {
  std::set<SubjectId> all;
  for (const auto& [owner, people] : callers) all.insert(people.begin(), people.end());
  if (all.empty()) return 0;
  return static_cast<std::size_t>(
      std::count_if(opened.begin(), opened.end(),
                    [&](const SubjectId& subject) { return !all.contains(subject); }));
}

OpeningTicket& Tickets::add(OpeningTicket ticket) {
  ticket.wrap_up = rule_.first;
  const OpeningTicketId id = ticket.id;
  return tickets_.insert_or_assign(id, std::move(ticket)).first->second;
}

OpeningTicket* Tickets::find(const OpeningTicketId& id) {
  const auto found = tickets_.find(id);
  return found == tickets_.end() ? nullptr : &found->second;
}

std::string_view name_of(TicketStage stage) {
  switch (stage) {
    case TicketStage::kInCall:
      return "in_call";
    case TicketStage::kWrapUp:
      return "wrap_up";
    case TicketStage::kInCase:
      return "in_case";
    case TicketStage::kOver:
      return "over";
  }
  return "";
}

MatterId matter_of(const OpeningTicket& ticket) {
  // No id that came from outside has such a colon.
  return MatterId(ticket.is_for_case() ? "case:" + ticket.case_ticket.text() : ticket.call.text());
}

TicketState Tickets::state(const OpeningTicket& ticket, const CallLeases& leases, Time now) const {
  if (ticket.ended) return {TicketStage::kOver, ticket.ended};
  if (ticket.is_for_case())
    return {now < ticket.until ? TicketStage::kInCase : TicketStage::kOver, ticket.until};
  if (leases.is_up(ticket.call, ticket.leg, now)) return {TicketStage::kInCall, std::nullopt};
  const auto left = leases.left(ticket.call, ticket.leg, now);
  if (!left) return {TicketStage::kOver, std::nullopt};
  const Time until = *left + std::min(ticket.wrap_up, rule_.most);
  return {now < until ? TicketStage::kWrapUp : TicketStage::kOver, until};
}

Allowed<OpeningTicket*> Tickets::usable(const OpeningTicketId& id, const SessionKey& session,
                                        const CallLeases& leases, Time now) {
  OpeningTicket* ticket = find(id);
  if (ticket == nullptr || ticket->session != session) return refuse(Denial::kNoTicket);
  if (state(*ticket, leases, now).stage == TicketStage::kOver) return refuse(Denial::kTicketOver);
  if (is_frozen(ticket->call, ticket->who)) return refuse(Denial::kTicketFrozen);
  return ticket;
}

Allowed<TicketState> Tickets::extend(const OpeningTicketId& id, Micros by, const CallLeases& leases,
                                     Time now) {
  OpeningTicket* ticket = find(id);
  if (ticket == nullptr) return refuse(Denial::kNoTicket);
  if (state(*ticket, leases, now).stage == TicketStage::kOver) return refuse(Denial::kTicketOver);
  // Compared before adding: `by` comes from outside.
  if (by > Micros(0))
    ticket->wrap_up += std::min(by, rule_.most - std::min(ticket->wrap_up, rule_.most));
  return state(*ticket, leases, now);
}

void Tickets::end(const OpeningTicketId& id, Time now) {
  OpeningTicket* ticket = find(id);
  if (ticket != nullptr && !ticket->ended) ticket->ended = now;
}

void Tickets::end_session(const SessionKey& session, Time now) {
  for (auto& [id, ticket] : tickets_)
    if (ticket.session == session && !ticket.ended) ticket.ended = now;
}

void Tickets::end_case(const CaseTicketId& id, Time now) {
  for (auto& [known, ticket] : tickets_)
    if (ticket.case_ticket == id && !ticket.ended) ticket.ended = now;
}

const OpeningTicket* Tickets::taken_up(const CaseTicketId& id, const SessionKey& session,
                                       Time now) const {
  const auto found = std::find_if(tickets_.begin(), tickets_.end(), [&](const auto& entry) {
    const OpeningTicket& ticket = entry.second;
    return ticket.case_ticket == id && ticket.session == session && !ticket.ended &&
           now < ticket.until;
  });
  return found == tickets_.end() ? nullptr : &found->second;
}

void Tickets::forget(const CallLeases& leases, Time now) {
  std::erase_if(tickets_, [&](const auto& entry) {
    return state(entry.second, leases, now).stage == TicketStage::kOver &&
           entry.second.made + rule_.most < now;
  });
  std::erase_if(frozen_, [&](const auto& entry) {
    return !entry.first.first.empty() && entry.second + kFrozenKept < now;
  });
  std::set<std::pair<MatterId, OperatorId>> needed;
  for (const auto& [id, ticket] : tickets_) needed.insert({matter_of(ticket), ticket.who});
  std::erase_if(progress_, [&](const auto& entry) { return !needed.contains(entry.first); });
}

}  // namespace madoguchi::vault
