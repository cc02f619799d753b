#include "vault/watch_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostAlarms = 10'000;
constexpr std::chrono::hours kAlarmsKept{24 * 28};
constexpr std::chrono::hours kFrozenKept{24};
constexpr std::size_t kAtOnce = 512;
constexpr std::string_view kCanary = "canary";
constexpr std::string_view kCanaryRow = "canary.";  // and the owner, and an id

}  // namespace

std::vector<ledger::Draft> WatchDesk::see(const OrganisationId& owner,
                                          const std::vector<ledger::Entry>& entries) {
  std::vector<ledger::Draft> drafts;
  std::vector<Alarm> freezing;
  {
    const std::lock_guard lock(mutex_);
    if (const auto owed = owed_.find(owner.text()); owed != owed_.end()) {
      drafts = std::move(owed->second);
      owed_.erase(owed);
    }
    for (const ledger::Entry& entry : entries) {
      for (const Finding& finding : watching_.see(owner, entry)) {
        Alarm alarm = make_alarm(AlarmId::fresh(parts_.clock.now(), parts_.entropy), owner,
                                 *finding.rule, finding.figures, entry);
        auto text = entry_of(alarm).text();
        if (!text) {
          log_warn("an alarm can't be written: {}", text.error().message);
          continue;
        }
        drafts.push_back({owner.text(), *std::move(text)});
        if (alarm.freezes) freezing.push_back(alarm);
        keep(std::move(alarm));
      }
    }
  }
  for (const Alarm& alarm : freezing)
    parts_.authority.with([&](Authority& authority, Time now) {
      authority.tickets().freeze(alarm.call, alarm.who, now);
    });
  return drafts;
}

void WatchDesk::not_kept(std::vector<ledger::Draft> drafts) {
  const std::lock_guard lock(mutex_);
  for (ledger::Draft& draft : drafts) owed_[draft.log].push_back(std::move(draft));
}

void WatchDesk::keep(Alarm alarm) {
  alarms_.push_back(std::move(alarm));
  if (alarms_.size() > kMostAlarms) alarms_.pop_front();
}

Alarm* WatchDesk::find(const AlarmId& id) {
  const auto found = std::find_if(alarms_.rbegin(), alarms_.rend(),
                                  [&](const Alarm& alarm) { return alarm.id == id; });
  return found == alarms_.rend() ? nullptr : &*found;
}

Result<void> WatchDesk::answer(const AlarmId& id, const OrganisationId& owner, AlarmAnswer answer,
                               const OperatorId& by) {
  Alarm alarm;
  const Alarm::Answered answered{answer, by, parts_.clock.now()};
  {
    const std::lock_guard lock(mutex_);
    const Alarm* known = find(id);
    if (known == nullptr || known->owner != owner)
      return fail(ErrorCode::kNotFound, "there is no such alarm of this organisation");
    if (known->answered && (known->answered->answer == answer || answer == AlarmAnswer::kSeen))
      return fail(ErrorCode::kConflict, "this alarm has been answered");
    alarm = *known;
  }
  auto text = answer_entry(alarm, answered).text();
  if (!text) return tl::unexpected<Error>(text.error());
  Act act;
  act.entries.push_back({owner.text(), *std::move(text)});
  if (auto kept = parts_.store.commit(answered.at, act); !kept) return kept;
  {
    const std::lock_guard lock(mutex_);
    if (Alarm* known = find(id)) known->answered = answered;
  }
  if (answer == AlarmAnswer::kRelease)
    parts_.authority.with(
        [&](Authority& authority, Time) { authority.tickets().release(alarm.call, alarm.who); });
  return {};
}

Result<void> WatchDesk::mark_canary(const OrganisationId& owner, const SubjectId& subject,
                                    ByteView salt_key, const OperatorId& by) {
  if (is_canary(owner, subject, salt_key)) return {};
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = kCanary;
  entry.operator_id = by.text();
  entry.organisation = owner.text();
  entry.outcome = "marked";
  entry.subject = ledger::SubjectCommitment::make(salt_key, subject.text(), parts_.entropy);
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  Act act;
  act.entries.push_back({owner.text(), *std::move(text)});
  act.changes.emplace_back(PutMeta{
      fmt::format("{}{}.{}", kCanaryRow, owner.text(), fresh_id_text(entry.time, parts_.entropy)),
      to_base64(entry.subject->nonce) + " " + to_base64(entry.subject->commitment)});
  if (auto kept = parts_.store.commit(entry.time, act); !kept) return kept;
  const std::lock_guard lock(mutex_);
  canaries_[owner].push_back(*entry.subject);
  return {};
}

Result<void> WatchDesk::load() {
  const auto image = parts_.store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  const std::lock_guard lock(mutex_);
  for (const auto& [name, value] : image->meta) {
    if (!name.starts_with(kCanaryRow)) continue;
    const std::size_t end = name.rfind('.');
    const std::size_t space = value.find(' ');
    ledger::SubjectCommitment commitment;
    const auto nonce = from_base64(value.substr(0, space));
    const auto mac =
        space == std::string::npos ? std::nullopt : from_base64(value.substr(space + 1));
    if (end < kCanaryRow.size() || !nonce || nonce->size() != commitment.nonce.size() || !mac ||
        mac->size() != commitment.commitment.size())
      return fail(ErrorCode::kCorrupt, "a watch record's row can't be read");
    std::copy(nonce->begin(), nonce->end(), commitment.nonce.begin());
    std::copy(mac->begin(), mac->end(), commitment.commitment.begin());
    canaries_[OrganisationId(name.substr(kCanaryRow.size(), end - kCanaryRow.size()))].push_back(
        commitment);
  }
  return {};
}

std::size_t WatchDesk::canaries(const OrganisationId& owner) {
  const std::lock_guard lock(mutex_);
  const auto known = canaries_.find(owner);
  return known == canaries_.end() ? 0 : known->second.size();
}

bool WatchDesk::is_canary(const OrganisationId& owner, const SubjectId& subject,
                          ByteView salt_key) {
  const std::lock_guard lock(mutex_);
  const auto known = canaries_.find(owner);
  if (known == canaries_.end()) return false;
  return std::any_of(known->second.begin(), known->second.end(), [&](const auto& commitment) {
    return commitment.is_about(salt_key, subject.text());
  });
}

std::vector<Alarm> WatchDesk::newest(std::size_t most,
                                     bool (*wanted)(const Alarm&, const OrganisationId&),
                                     const OrganisationId& organisation) {
  const std::lock_guard lock(mutex_);
  std::vector<Alarm> found;
  for (auto one = alarms_.rbegin(); one != alarms_.rend() && found.size() < most; ++one)
    if (wanted(*one, organisation)) found.push_back(*one);
  return found;
}

std::vector<Alarm> WatchDesk::of_owner(const OrganisationId& owner, std::size_t most) {
  return newest(
      most, [](const Alarm& alarm, const OrganisationId& of) { return alarm.owner == of; }, owner);
}

std::vector<Alarm> WatchDesk::about(const OrganisationId& actor, std::size_t most) {
  return newest(
      most, [](const Alarm& alarm, const OrganisationId& of) { return alarm.actor == of; }, actor);
}

void WatchDesk::remember(const OrganisationId& owner, const ledger::Entry& entry) {
  const std::lock_guard lock(mutex_);
  watching_.remember(owner, entry);
  if (auto raised = raised_alarm(owner, entry)) {
    const bool holds = raised->call.empty() || raised->at + kFrozenKept > parts_.clock.now();
    if (raised->freezes && holds)
      parts_.authority.with([&](Authority& authority, Time now) {
        authority.tickets().freeze(raised->call, raised->who, now);
      });
    if (find(raised->id) == nullptr) keep(*std::move(raised));
    return;
  }
  const auto answered = answered_alarm(entry);
  Alarm* known = answered ? find(answered->alarm) : nullptr;
  if (known == nullptr) return;
  known->answered = answered->answered;
  if (answered->answered.answer == AlarmAnswer::kRelease)
    parts_.authority.with(
        [&](Authority& authority, Time) { authority.tickets().release(known->call, known->who); });
}

void WatchDesk::minute() {
  const std::lock_guard lock(mutex_);
  const Time now = parts_.clock.now();
  watching_.forget(now);
  while (!alarms_.empty() && alarms_.front().at + kAlarmsKept < now) alarms_.pop_front();
}

// ---- at start

namespace {

// The first entry not older than `since`: entries stand in about the order of time.
Result<std::uint64_t> first_since(ledger::LogStore& log, const ledger::LogSize& of, Time since) {
  std::uint64_t low = 0;
  std::uint64_t high = of.size;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto found = log.entries(of.log, middle, 1);
    if (!found) return tl::unexpected<Error>(found.error());
    if (found->empty()) return fail(ErrorCode::kCorrupt, "a log lacks an entry");
    const auto entry = ledger::Entry::parse(found->front().entry);
    if (entry && entry->time < since)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

}  // namespace

Result<void> watch_again(ledger::LogStore& log, WatchDesk& desk, Time now) {
  if (auto loaded = desk.load(); !loaded) return loaded;
  const auto sizes = log.sizes();
  if (!sizes) return tl::unexpected<Error>(sizes.error());
  for (const ledger::LogSize& of : *sizes) {
    const auto first =
        first_since(log, of, now - std::max<Micros>(desk.rules().habit(), kAlarmsKept));
    if (!first) return tl::unexpected<Error>(first.error());
    const OrganisationId owner(of.log);
    for (std::uint64_t next = *first; next < of.size;) {
      const auto entries = log.entries(of.log, next, kAtOnce);
      if (!entries) return tl::unexpected<Error>(entries.error());
      if (entries->empty()) break;
      for (const ledger::StoredEntry& stored : *entries)
        if (const auto entry = ledger::Entry::parse(stored.entry)) desk.remember(owner, *entry);
      next += entries->size();
    }
  }
  return {};
}

}  // namespace madoguchi::vault
