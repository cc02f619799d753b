#include "vault/act_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace madoguchi::vault {
namespace {

std::int64_t sum_of(const std::map<std::string, std::int64_t>& counts) {
  std::int64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

}  // namespace

Result<DerivedKey> subject_salt_key(Records& records, const PersonId& person) {
  return records.derived_key(person.owner, person.subject, kSaltPurpose);
}

ledger::Entry ActLog::entry_for(const OpeningTicket& ticket, std::string_view kind) const {
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(kind);
  entry.operator_id = ticket.who.text();
  entry.organisation = ticket.actor.text();
  entry.call = ticket.call.text();
  entry.case_id = ticket.case_reference;
  entry.desk = ticket.desk.text();
  entry.ticket = ticket.is_for_case() ? ticket.case_ticket.text() : ticket.id.text();
  entry.purpose = ticket.purpose;
  return entry;
}

void ActLog::name_chain(ledger::Entry& entry, const AccessGrant& grant) {
  const ChainLink& root = grant.chain.front();
  entry.mandate = {root.id.text(), root.version};
  std::string chain;
  for (const ChainLink& link : grant.chain)
    chain += fmt::format("{}{}:{}", chain.empty() ? "" : "+", link.id.text(), link.version);
  // A text of an entry has at most 160 bytes; longer chains are named by their ends.
  entry.details["chain"] =
      chain.size() <= 160 ? chain
                          : fmt::format("{}:{}+.+{}:{}", root.id.text(), root.version,
                                        grant.chain.back().id.text(), grant.chain.back().version);
}

void ActLog::name_caller(ledger::Entry& entry, const CallerSaid& said) {
  if (said.kind.empty()) return;
  entry.details["caller"] = said.kind;
  if (!said.basis.empty()) entry.details["basis"] = said.basis;
}

Result<void> ActLog::name_subject(ledger::Entry& entry, const PersonId& person) {
  const auto key = subject_salt_key(parts_.records, person);
  if (!key) return tl::unexpected<Error>(key.error());
  entry.subject =
      ledger::SubjectCommitment::make(key->reveal(), person.subject.text(), parts_.entropy);
  if (parts_.watch != nullptr &&
      parts_.watch->is_canary(person.owner, person.subject, key->reveal()))
    entry.details["canary"] = true;
  return {};
}

Result<bool> ActLog::finds_canary(const OrganisationId& owner,
                                  const std::vector<SubjectId>& subjects) {
  if (parts_.watch == nullptr || parts_.watch->canaries(owner) == 0) return false;
  for (const SubjectId& subject : subjects) {
    const auto key = subject_salt_key(parts_.records, {owner, subject});
    if (!key) return tl::unexpected<Error>(key.error());
    if (parts_.watch->is_canary(owner, subject, key->reveal())) return true;
  }
  return false;
}

Result<void> ActLog::keep(const OrganisationId& owner, const std::vector<ledger::Entry>& entries,
                          std::vector<Change> changes) {
  Act act;
  act.changes = std::move(changes);
  for (const ledger::Entry& entry : entries) {
    auto text = entry.text();
    if (!text) return tl::unexpected<Error>(text.error());
    act.entries.push_back({owner.text(), *std::move(text)});
  }
  std::vector<ledger::Draft> alarms;
  if (parts_.watch != nullptr) alarms = parts_.watch->see(owner, entries);
  act.entries.insert(act.entries.end(), alarms.begin(), alarms.end());
  auto kept = parts_.store.commit(parts_.clock.now(), act);
  if (!kept && !alarms.empty()) parts_.watch->not_kept(std::move(alarms));
  return kept;
}

Declined ActLog::denied(Denial why, const Asker& asker, const PersonId& person,
                        std::string_view kind) {
  // Only organisations that the vault knows have logs; a name that somebody made up gets none.
  if (parts_.registry.directory()->find(person.owner) == nullptr) return why;
  const auto singly = is_told_singly({person.owner, asker.who}, why, kind);
  if (!singly) return singly.error();
  if (!*singly) return why;
  const auto ticket = parts_.authority.with([&](Authority& authority, Time) {
    const OpeningTicket* known = authority.tickets().find(asker.ticket);
    return known == nullptr ? OpeningTicket() : *known;
  });
  ledger::Entry entry = entry_for(ticket, ledger::kind::kRefusal);
  entry.operator_id = asker.who.text();
  entry.outcome = "refused_" + std::string(name_of(why));
  entry.details["asked"] = std::string(kind);
  // An id that somebody made up, or of a person who is gone, names nobody.
  if (const auto named = name_subject(entry, person);
      !named && named.error().code != ErrorCode::kNotFound)
    return named.error();
  if (const auto kept = keep(person.owner, {entry}); !kept) {
    log_warn("a refusal could not be logged: {}", kept.error().message);
    return kept.error();
  }
  return why;
}

Result<bool> ActLog::is_told_singly(const Repeater& of, Denial why, std::string_view kind) {
  std::map<std::string, std::int64_t> telling;
  {
    const std::lock_guard lock(mutex_);
    Repeated& repeated = repeated_[of];
    if (repeated.singly < kMostSingly) {
      ++repeated.singly;
      return true;
    }
    Beyond& beyond = repeated.beyond[why];
    ++beyond.untold[std::string(kind)];
    const std::int64_t untold = sum_of(beyond.untold);
    if (untold <= beyond.told) return false;
    telling = std::exchange(beyond.untold, {});
    beyond.told += untold;
  }
  const auto told = tell_repeated(of, why, telling);
  if (!told) return tl::unexpected<Error>(told.error());
  return false;
}

Result<void> ActLog::tell_repeated(const Repeater& of, Denial why,
                                   const std::map<std::string, std::int64_t>& times) {
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(ledger::kind::kRefusal);
  entry.operator_id = of.second.text();
  entry.outcome = "refused_" + std::string(name_of(why));
  entry.details["times"] = sum_of(times);
  for (const auto& [asked, number] : times) entry.details["asked_" + asked] = number;
  auto kept = keep(of.first, {entry});
  if (kept) return {};
  log_warn("refusals could not be logged: {}", kept.error().message);
  const std::lock_guard lock(mutex_);  // not lost: the next one tells them too
  Beyond& beyond = repeated_[of].beyond[why];
  for (const auto& [asked, number] : times) beyond.untold[asked] += number;
  beyond.told = std::max<std::int64_t>(0, beyond.told - sum_of(times));
  return kept;
}

void ActLog::minute() {
  std::map<Repeater, Repeated> before;
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(repeated_, {});
  }
  for (const auto& [of, repeated] : before)
    for (const auto& [why, beyond] : repeated.beyond)
      if (!beyond.untold.empty()) (void)tell_repeated(of, why, beyond.untold);
}

// A person who was invented for an export has called nobody and was sent no letter.
void ActLog::add_alarms(const OpeningTicket& ticket, const std::vector<SubjectId>& touched,
                        std::string_view by, std::vector<ledger::Entry>& entries) const {
  if (parts_.invented == nullptr) return;
  for (const SubjectId& subject : touched) {
    const auto of = parts_.invented->invented_for(subject);
    if (!of) continue;
    ledger::Entry& alarm = entries.emplace_back(entry_for(ticket, ledger::kind::kAlarm));
    alarm.outcome = "invented_touched";
    alarm.details = {{"export", of->text()}, {"by", std::string(by)}};
  }
}

}  // namespace madoguchi::vault
