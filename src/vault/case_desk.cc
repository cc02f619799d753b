#include "vault/case_desk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostAMinute = 200;

tl::unexpected<Declined> declined(Declined why) {
  return tl::unexpected<Declined>(std::move(why));
}

tl::unexpected<Declined> no_reference() {
  return declined(
      Error{ErrorCode::kInvalid, "reference: 1 to 4 letters and one or two numbers, as C-1024"});
}

}  // namespace

std::span<const std::string_view> case_reasons() {
  static constexpr std::array<std::string_view, 4> kReasons{"complaint", "follow_up",
                                                            "asked_by_person", "fact_finding"};
  return kReasons;
}

ledger::Entry CaseDesk::entry_of(const CaseTicket& ticket, const OperatorId& by,
                                 std::string_view outcome) const {
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(ledger::kind::kCaseTicket);
  entry.operator_id = by.text();
  entry.organisation = ticket.actor.text();
  entry.case_id = ticket.reference;
  entry.desk = ticket.desk.text();
  entry.ticket = ticket.id.text();
  entry.purpose = ticket.purpose;
  entry.outcome = std::string(outcome);
  entry.details = {{"holder", ticket.holder.text()}, {"ends", format_utc(ticket.ends)}};
  return entry;
}

Result<void> CaseDesk::commit(const CaseTicket& ticket, ledger::Entry entry, AccessChange change) {
  const PersonId person{ticket.owner, ticket.subject};
  // Of somebody who was erased meanwhile a ticket can end, and nothing else.
  const bool ends = std::holds_alternative<DropCaseTicket>(change);
  if (auto named = parts_.log.name_subject(entry, person); !named)
    if (!ends || named.error().code != ErrorCode::kNotFound) return named;
  std::vector<Change> changes;
  changes.emplace_back(std::move(change));
  auto kept = parts_.log.keep(ticket.owner, {std::move(entry)}, std::move(changes));
  if (!kept) unsure_ = true;
  return kept;
}

Result<void> CaseDesk::read_again() {
  if (!unsure_) return {};
  const auto image = parts_.store.load_access();
  if (!image) return tl::unexpected<Error>(image.error());
  parts_.authority.with([&](Authority& authority, Time now) {
    for (const CaseTicket& row : image->cases) {
      const CaseTicket* known = authority.cases().find(row.id);
      if (known == nullptr)
        authority.cases().put(row);
      else if (known->holder != row.holder)
        authority.hand_on(row.id, row.holder, now);
    }
  });
  unsure_ = false;
  return {};
}

Declined CaseDesk::denied(Denial why, const Asker& asker, const CaseTicketId& id) {
  const auto owner = parts_.authority.with([&](Authority& authority, Time) {
    const CaseTicket* known = authority.cases().find(id);
    return known == nullptr ? OrganisationId() : known->owner;
  });
  return parts_.log.denied(why, asker, {owner, {}}, ledger::kind::kCaseTicket);
}

// ---- the operator

Answer<CaseTicket> CaseDesk::keep(const Asker& asker, const PersonId& person,
                                  const std::string& reference) {
  if (!is_case_reference(reference)) return no_reference();
  const std::lock_guard lock(mutex_);
  if (auto read = read_again(); !read) return declined(read.error());
  const PersonAsk ask{asker.ticket, asker.session, person.owner, person.subject};
  auto allowed = parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.may_keep(ask, reference, now); });
  if (!allowed)
    return declined(parts_.log.denied(allowed.error(), asker, person, ledger::kind::kCaseTicket));
  CaseTicket& ticket = *allowed;
  if (!ticket.id.empty()) return ticket;
  ticket.id = CaseTicketId::fresh(ticket.made, parts_.entropy);
  ledger::Entry entry = entry_of(ticket, asker.who, "made");
  entry.call = ticket.from;
  entry.details["origin"] = std::string(name_of(ticket.origin));
  ActLog::name_caller(entry, ticket.speaks);
  if (auto kept = commit(ticket, std::move(entry), PutCaseTicket{ticket}); !kept)
    return declined(kept.error());
  parts_.authority.with([&](Authority& authority, Time) { authority.cases().put(ticket); });
  return ticket;
}

Answer<OpeningTicket> CaseDesk::take_up(const Asker& asker, Time session_ends,
                                        const CaseTicketId& id) {
  const std::lock_guard lock(mutex_);
  if (auto read = read_again(); !read) return declined(read.error());
  auto taken = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.take_up(id, asker.who, asker.session, session_ends,
                             OpeningTicketId::fresh(now, parts_.entropy), now);
  });
  if (!taken) return declined(denied(taken.error(), asker, id));
  return *std::move(taken);
}

Answer<CaseTicket> CaseDesk::hand_on(const Asker& asker, const CaseTicketId& id,
                                     const OperatorId& to) {
  const std::lock_guard lock(mutex_);
  if (auto read = read_again(); !read) return declined(read.error());
  auto handed = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.may_hand_on(id, asker.who, to, now);
  });
  if (!handed) return declined(denied(handed.error(), asker, id));
  if (auto kept =
          commit(*handed, entry_of(*handed, asker.who, "handed_on"), PutCaseTicket{*handed});
      !kept)
    return declined(kept.error());
  parts_.authority.with([&](Authority& authority, Time now) { authority.hand_on(id, to, now); });
  return *std::move(handed);
}

Answer<std::vector<CaseTicket>> CaseDesk::held_by(const OperatorId& who) {
  const std::lock_guard lock(mutex_);
  if (auto read = read_again(); !read) return declined(read.error());
  auto found = parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.cases().held_by(who, now); });
  std::vector<CaseTicket> there;
  for (CaseTicket& one : found) {
    const auto known = parts_.records.exists(one.owner, one.subject);
    if (!known) return declined(known.error());
    if (*known) there.push_back(std::move(one));
  }
  return there;
}

// ---- the owner

Answer<CaseTicket> CaseDesk::give(const OwnersPerson& asker, const CaseGiftWanted& wanted) {
  if (!is_case_reference(wanted.reference)) return no_reference();
  const auto reasons = case_reasons();
  if (std::find(reasons.begin(), reasons.end(), wanted.reason) == reasons.end())
    return declined(Error{ErrorCode::kInvalid, "reason: none of the words"});
  const std::lock_guard lock(mutex_);
  if (auto read = read_again(); !read) return declined(read.error());
  auto allowed = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.may_give({asker.who, asker.owner, wanted.subject, wanted.to, wanted.desk,
                               wanted.purpose, wanted.reference},
                              now);
  });
  if (!allowed) return declined(allowed.error());
  CaseTicket& ticket = *allowed;
  ticket.id = CaseTicketId::fresh(ticket.made, parts_.entropy);
  ledger::Entry entry = entry_of(ticket, asker.who, "made");
  entry.organisation = asker.owner.text();
  entry.details["origin"] = std::string(name_of(ticket.origin));
  entry.details["for"] = ticket.actor.text();
  entry.details["reason"] = wanted.reason;
  if (auto kept = commit(ticket, std::move(entry), PutCaseTicket{ticket}); !kept)
    return declined(kept.error());
  parts_.authority.with([&](Authority& authority, Time) { authority.cases().put(ticket); });
  return ticket;
}

std::vector<CaseTicket> CaseDesk::of_owner(const OrganisationId& owner) {
  return parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.cases().of_owner(owner, now); });
}

std::vector<CaseOffer> CaseDesk::offers(const OrganisationId& owner) {
  return parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.case_offers(owner, now); });
}

// ---- the end

Result<void> CaseDesk::commit_end(const CaseTicket& ticket) {
  ledger::Entry entry = entry_of(ticket, ticket.ended->by, "ended");
  entry.details["by"] = ticket.ended->why;
  if (auto kept = commit(ticket, std::move(entry), DropCaseTicket{ticket.id}); !kept) return kept;
  parts_.authority.with([&](Authority& authority, Time) { authority.cases().forget(ticket.id); });
  return {};
}

Answer<void> CaseDesk::end(const Asker& asker, const CaseTicketId& id) {
  const std::lock_guard lock(mutex_);
  (void)read_again();
  // Before anything that may fail: it opens nothing more, whatever the store says.
  const auto ended =
      parts_.authority.with([&](Authority& authority, Time now) -> Allowed<CaseTicket> {
        auto may = authority.may_end(id, asker.who);
        if (!may) return may;
        authority.end_case(id, {now, asker.who, may->holder == asker.who ? "holder" : "owner"});
        return *authority.cases().find(id);
      });
  if (!ended) return declined(denied(ended.error(), asker, id));
  if (auto kept = commit_end(*ended); !kept) return declined(kept.error());
  return {};
}

void CaseDesk::minute() {
  const std::lock_guard lock(mutex_);
  if (auto read = read_again(); !read) return;
  const auto over = parts_.authority.with([&](Authority& authority, Time now) {
    for (const CaseTicket& one : authority.cases().over(now, kMostAMinute))
      if (!one.ended) authority.end_case(one.id, {one.ends, {}, "deadline"});
    return authority.cases().over(now, kMostAMinute);
  });
  for (const CaseTicket& one : over) {
    const auto kept = commit_end(one);
    if (kept) continue;
    log_warn("the end of a case's ticket could not be logged: {}", kept.error().message);
    return;
  }
}

}  // namespace madoguchi::vault
