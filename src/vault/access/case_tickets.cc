#include "vault/access/case_tickets.h"

#include <algorithm>

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostLetters = 4;
constexpr std::size_t kMostDigits = 6;
constexpr int kMostNumbers = 2;

// Takes what is at the front and in this range of characters; false: none of it, or too many.
bool take(std::string_view& text, char first, char last, std::size_t most) {
  const std::size_t end = static_cast<std::size_t>(
      std::find_if(text.begin(), text.end(), [&](char c) { return c < first || c > last; }) -
      text.begin());
  text.remove_prefix(end);
  return end >= 1 && end <= most;
}

}  // namespace

std::string_view name_of(CaseOrigin origin) {
  switch (origin) {
    case CaseOrigin::kCall:
      return "call";
    case CaseOrigin::kMail:
      return "mail";
    case CaseOrigin::kOwner:
      return "owner";
  }
  return "";
}

Result<CaseOrigin> origin_named(std::string_view name) {
  for (const CaseOrigin origin : {CaseOrigin::kCall, CaseOrigin::kMail, CaseOrigin::kOwner})
    if (name == name_of(origin)) return origin;
  return fail(ErrorCode::kInvalid, "origin: call, mail or owner");
}

bool is_case_reference(std::string_view text) {
  if (!take(text, 'A', 'Z', kMostLetters)) return false;
  int numbers = 0;
  while (text.starts_with('-')) {
    text.remove_prefix(1);
    if (++numbers > kMostNumbers || !take(text, '0', '9', kMostDigits)) return false;
  }
  return text.empty() && numbers > 0;
}

void CaseTickets::end(const CaseTicketId& id, const CaseEnd& how) {
  const auto found = tickets_.find(id);
  if (found != tickets_.end() && !found->second.ended) found->second.ended = how;
}

void CaseTickets::hand_on(const CaseTicketId& id, const OperatorId& to) {
  if (const auto found = tickets_.find(id); found != tickets_.end()) found->second.holder = to;
}

const CaseTicket* CaseTickets::find(const CaseTicketId& id) const {
  const auto found = tickets_.find(id);
  return found == tickets_.end() ? nullptr : &found->second;
}

const CaseTicket* CaseTickets::live(const CaseTicketId& id, Time now) const {
  const CaseTicket* ticket = find(id);
  return ticket != nullptr && ticket->is_live(now) ? ticket : nullptr;
}

template <typename Wanted>
std::vector<CaseTicket> CaseTickets::all(Wanted wanted) const {
  std::vector<CaseTicket> found;
  for (const auto& [id, ticket] : tickets_)
    if (wanted(ticket)) found.push_back(ticket);
  return found;
}

std::vector<CaseTicket> CaseTickets::held_by(const OperatorId& who, Time now) const {
  return all([&](const CaseTicket& one) { return one.holder == who && one.is_live(now); });
}

std::vector<CaseTicket> CaseTickets::of_owner(const OrganisationId& owner, Time now) const {
  return all([&](const CaseTicket& one) { return one.owner == owner && one.is_live(now); });
}

std::vector<CaseTicket> CaseTickets::over(Time now, std::size_t most) const {
  std::size_t left = most;
  return all([&](const CaseTicket& one) { return !one.is_live(now) && left > 0 && left-- > 0; });
}

}  // namespace madoguchi::vault
