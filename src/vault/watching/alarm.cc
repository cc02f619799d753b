#include "vault/watching/alarm.h"

namespace madoguchi::vault {
namespace {

constexpr const char* kRaised = "raised";
constexpr const char* kSeen = "seen";
constexpr const char* kReleased = "released";

template <typename Value>
Value detail(const ledger::Entry& entry, const char* name, Value absent) {
  const auto found = entry.details.find(name);
  if (found == entry.details.end()) return absent;
  const Value* value = std::get_if<Value>(&found->second);
  return value == nullptr ? absent : *value;
}

}  // namespace

Alarm make_alarm(const AlarmId& id, const OrganisationId& owner, const WatchRule& rule,
                 const AlarmFigures& figures, const ledger::Entry& cause) {
  Alarm alarm;
  alarm.id = id;
  alarm.rule = rule.id;
  alarm.severity = rule.severity;
  alarm.freezes = rule.freezes;
  alarm.owner = owner;
  alarm.who = OperatorId(cause.operator_id);
  alarm.actor = OrganisationId(cause.organisation);
  alarm.desk = DeskId(cause.desk);
  alarm.call = CallId(cause.call);
  alarm.case_id = cause.case_id;
  alarm.at = cause.time;
  alarm.figures = figures;
  return alarm;
}

ledger::Entry entry_of(const Alarm& alarm) {
  ledger::Entry entry;
  entry.time = alarm.at;
  entry.kind = ledger::kind::kAlarm;
  entry.operator_id = alarm.who.text();
  entry.organisation = alarm.actor.text();
  entry.call = alarm.call.text();
  entry.case_id = alarm.case_id;
  entry.desk = alarm.desk.text();
  entry.outcome = kRaised;
  entry.details = {{"alarm", alarm.id.text()},
                   {"rule", alarm.rule},
                   {"severity", std::string(name_of(alarm.severity))},
                   {"frozen", alarm.freezes},
                   {"count", alarm.figures.count},
                   {"limit", alarm.figures.limit},
                   {"minutes", alarm.figures.minutes}};
  if (alarm.figures.usual_tenths > 0) entry.details["usual_tenths"] = alarm.figures.usual_tenths;
  if (!alarm.figures.local_time.empty()) entry.details["local_time"] = alarm.figures.local_time;
  return entry;
}

ledger::Entry answer_entry(const Alarm& alarm, const Alarm::Answered& answered) {
  ledger::Entry entry;
  entry.time = answered.at;
  entry.kind = ledger::kind::kAlarm;
  entry.operator_id = answered.by.text();
  entry.organisation = alarm.owner.text();
  entry.call = alarm.call.text();
  entry.case_id = alarm.case_id;
  entry.desk = alarm.desk.text();
  entry.outcome = answered.answer == AlarmAnswer::kRelease ? kReleased : kSeen;
  entry.details = {{"alarm", alarm.id.text()}, {"rule", alarm.rule}};
  return entry;
}

std::optional<Alarm> raised_alarm(const OrganisationId& owner, const ledger::Entry& entry) {
  if (entry.kind != ledger::kind::kAlarm || entry.outcome != kRaised) return std::nullopt;
  const auto severity = severity_named(detail(entry, "severity", std::string()));
  Alarm alarm;
  alarm.id = AlarmId(detail(entry, "alarm", std::string()));
  alarm.rule = detail(entry, "rule", std::string());
  if (!severity || alarm.id.empty()) return std::nullopt;
  alarm.severity = *severity;
  alarm.freezes = detail(entry, "frozen", false);
  alarm.owner = owner;
  alarm.who = OperatorId(entry.operator_id);
  alarm.actor = OrganisationId(entry.organisation);
  alarm.desk = DeskId(entry.desk);
  alarm.call = CallId(entry.call);
  alarm.case_id = entry.case_id;
  alarm.at = entry.time;
  alarm.figures = {detail<std::int64_t>(entry, "count", 0), detail<std::int64_t>(entry, "limit", 0),
                   detail<std::int64_t>(entry, "usual_tenths", 0),
                   detail<std::int64_t>(entry, "minutes", 0),
                   detail(entry, "local_time", std::string())};
  return alarm;
}

std::optional<AlarmAnswered> answered_alarm(const ledger::Entry& entry) {
  if (entry.kind != ledger::kind::kAlarm) return std::nullopt;
  if (entry.outcome != kSeen && entry.outcome != kReleased) return std::nullopt;
  return AlarmAnswered{AlarmId(detail(entry, "alarm", std::string())),
                       {entry.outcome == kReleased ? AlarmAnswer::kRelease : AlarmAnswer::kSeen,
                        OperatorId(entry.operator_id), entry.time}};
}

}  // namespace madoguchi::vault
