#include "vault/watching/watching.h"

#include <algorithm>
#include <cmath>

namespace madoguchi::vault {
namespace {

constexpr std::chrono::hours kCallKept{24};
constexpr std::size_t kMostInSpan = 10'000;

std::int64_t hour_of(Time at) {
  return std::chrono::floor<std::chrono::hours>(at.time_since_epoch()).count();
}

const std::string* text_detail(const ledger::Entry& entry, const char* name) {
  const auto found = entry.details.find(name);
  return found == entry.details.end() ? nullptr : std::get_if<std::string>(&found->second);
}

std::int64_t number_detail(const ledger::Entry& entry, const char* name, std::int64_t absent) {
  const auto found = entry.details.find(name);
  const auto* number =
      found == entry.details.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
  return number == nullptr ? absent : *number;
}

bool flag_detail(const ledger::Entry& entry, const char* name) {
  const auto found = entry.details.find(name);
  const auto* flag = found == entry.details.end() ? nullptr : std::get_if<bool>(&found->second);
  return flag != nullptr && *flag;
}

bool is_about_call(Measure measure) {
  switch (measure) {
    case Measure::kPeopleInCall:
    case Measure::kOthersInCall:
    case Measure::kMismatchesInCall:
    case Measure::kCanary:
      return true;
    case Measure::kMismatches:
    case Measure::kRefusals:
    case Measure::kOutsideHours:
    case Measure::kRiseOwn:
    case Measure::kRiseDesk:
      return false;
  }
  return false;
}

// The call, or the case, that the entry is about; a case's reference is not a call's id.
std::string matter_of(const ledger::Entry& entry) {
  return entry.call.empty() ? entry.case_id : entry.call;
}

// Whoever is stopped presses again; that is no attempt at anything.
bool is_attempt(const ledger::Entry& entry) {
  return entry.outcome != "refused_frozen" && entry.outcome != "refused_ticket_frozen";
}

// Chance alone makes an hour differ from the usual by about the square root of it.
bool is_rise(const WatchRule& rule, const AlarmFigures& figures) {
  const double usual =
      static_cast<double>(figures.usual_tenths * figures.minutes) / 600.0;  // in the span
  const double needed = std::max(static_cast<double>(rule.times) * usual,
                                 usual + static_cast<double>(rule.spread) * std::sqrt(usual));
  return static_cast<double>(figures.count) >= needed;
}

std::string local_time(const calendar::OpeningHours& hours, Time at) {
  const calendar::LocalTime local = hours.zone().to_local(at);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(
      local - std::chrono::floor<std::chrono::days>(local));
  std::string text = "00:00";
  const auto put = [&](std::size_t where, std::int64_t number) {
    text[where] = static_cast<char>('0' + number / 10);
    text[where + 1] = static_cast<char>('0' + number % 10);
  };
  put(0, minutes.count() / 60);
  put(3, minutes.count() % 60);
  return text;
}

}  // namespace

// ---- habit

void HourlyCounts::add(Time at, std::int64_t more, Micros keep) {
  const std::int64_t hour = hour_of(at);
  auto place = hours_.end();
  while (place != hours_.begin() && std::prev(place)->first >= hour) --place;
  if (place == hours_.end() || place->first != hour) place = hours_.insert(place, {hour, 0});
  place->second += more;
  sum_ += more;
  const std::int64_t oldest = hour_of(at - keep);
  while (!hours_.empty() && hours_.front().first < oldest) {
    sum_ -= hours_.front().second;
    hours_.pop_front();
  }
}

HourlyCounts::Sum HourlyCounts::until(Time before) const {
  Sum sum{static_cast<std::int64_t>(hours_.size()), sum_};
  const std::int64_t end = hour_of(before);
  for (auto one = hours_.rbegin(); one != hours_.rend() && one->first >= end; ++one) {
    --sum.hours;
    sum.count -= one->second;
  }
  return sum;
}

// ---- counting

void Watching::touch(bool canary, InCall* call, Counted& counted) {
  counted.canary = canary;
  if (canary && call != nullptr) ++call->canaries;
}

Watching::Counted Watching::count(const OrganisationId& owner, const ledger::Entry& entry) {
  Counted counted;
  InCall* call = nullptr;
  if (!matter_of(entry).empty()) {
    call = &calls_[{owner.text(), matter_of(entry), entry.operator_id}];
    call->last = std::max(call->last, entry.time);
  }
  if (entry.kind == ledger::kind::kIdentityCheck && entry.outcome == "cannot_confirm") {
    counted.mismatch = true;
    if (call != nullptr) ++call->mismatches;
  }
  if (entry.kind == ledger::kind::kRefusal) counted.refusal = is_attempt(entry);
  if (entry.kind != ledger::kind::kOpening) touch(flag_detail(entry, "canary"), call, counted);
  const std::string* act =
      entry.kind == ledger::kind::kOpening ? text_detail(entry, "opening") : nullptr;
  std::string& last = last_act_[{owner.text(), entry.operator_id}];
  if (act == nullptr || *act == last) return counted;
  last = *act;
  counted.opening = true;
  touch(flag_detail(entry, "canary"), call, counted);
  if (call != nullptr) {
    call->people = std::max(call->people, number_detail(entry, "people", call->people + 1));
    call->others = std::max(call->others, number_detail(entry, "unlike", call->others));
  }
  habits_[{owner.text(), entry.operator_id}].add(entry.time, 1, rules_.habit());
  OnDesk& desk = desks_[{owner.text(), entry.desk}];
  desk.openings.add(entry.time, 1, rules_.habit());
  const std::int64_t hour = hour_of(entry.time);
  std::int64_t& last_hour = desk.last_hour[entry.operator_id];
  if (last_hour != hour) desk.operators.add(entry.time, 1, rules_.habit());
  last_hour = hour;
  return counted;
}

std::int64_t Watching::in_span(const WatchRule& rule, const OrganisationId& owner,
                               const ledger::Entry& entry, bool counts) {
  if (!counts) return 0;
  const bool by_desk = rule.measure == Measure::kRiseDesk;
  auto& uses =
      spans_[{rule.id, owner.text(), entry.operator_id, by_desk ? entry.desk : std::string()}];
  // An entry may tell of several refusals.
  const bool refusals = rule.measure == Measure::kRefusals;
  const std::int64_t times = refusals ? number_detail(entry, "times", 1) : 1;
  uses.insert(uses.end(), static_cast<std::size_t>(std::clamp<std::int64_t>(times, 1, kMostInSpan)),
              entry.time);
  while (uses.front() <= entry.time - rule.within || uses.size() > kMostInSpan) uses.pop_front();
  return static_cast<std::int64_t>(uses.size());
}

AlarmFigures Watching::judge(const WatchRule& rule, const OrganisationId& owner,
                             const ledger::Entry& entry, const Counted& counted) {
  AlarmFigures figures;
  figures.limit = rule.at_least;
  figures.minutes = std::chrono::duration_cast<std::chrono::minutes>(rule.within).count();
  const auto call = calls_.find({owner.text(), matter_of(entry), entry.operator_id});
  const InCall in_call = call == calls_.end() ? InCall() : call->second;
  const auto& hours = rules_.hours(DeskId(entry.desk));
  HourlyCounts::Sum usual;
  switch (rule.measure) {
    case Measure::kPeopleInCall:
      if (counted.opening) figures.count = in_call.people;
      break;
    case Measure::kOthersInCall:
      if (counted.opening) figures.count = in_call.others;
      break;
    case Measure::kMismatchesInCall:
      if (counted.mismatch) figures.count = in_call.mismatches;
      break;
    case Measure::kCanary:
      if (counted.canary) figures.count = in_call.canaries;
      break;
    case Measure::kMismatches:
      figures.count = in_span(rule, owner, entry, counted.mismatch);
      break;
    case Measure::kRefusals:
      figures.count = in_span(rule, owner, entry, counted.refusal);
      break;
    case Measure::kOutsideHours:
      figures.local_time = local_time(hours, entry.time);
      figures.count = in_span(rule, owner, entry, counted.opening && !hours.is_open(entry.time));
      break;
    case Measure::kRiseOwn:
      usual = habits_[{owner.text(), entry.operator_id}].until(entry.time - rule.within);
      figures.count = in_span(rule, owner, entry, counted.opening);
      break;
    case Measure::kRiseDesk: {
      const OnDesk& desk = desks_[{owner.text(), entry.desk}];
      usual = desk.openings.until(entry.time - rule.within);
      usual.hours = desk.operators.until(entry.time - rule.within).count;
      figures.count = in_span(rule, owner, entry, counted.opening);
      break;
    }
  }
  if (rule.measure != Measure::kRiseOwn && rule.measure != Measure::kRiseDesk) return figures;
  if (usual.hours < std::max<std::int64_t>(rule.known_hours, 1)) {
    figures.count = 0;  // too little is known to call anything a rise
    return figures;
  }
  figures.usual_tenths = usual.count * 10 / usual.hours;
  if (!is_rise(rule, figures)) figures.count = 0;
  return figures;
}

// ---- telling

bool Watching::is_new(const WatchRule& rule, const OrganisationId& owner,
                      const ledger::Entry& entry, std::int64_t count) const {
  const bool by_call = is_about_call(rule.measure);
  const auto told = told_.find(
      {rule.id, owner.text(), entry.operator_id, by_call ? matter_of(entry) : std::string()});
  if (told == told_.end()) return true;
  if (count >= 2 * told->second.count) return true;
  return !by_call && entry.time >= told->second.at + rule.within;
}

void Watching::tell(const WatchRule& rule, const OrganisationId& owner, const ledger::Entry& entry,
                    std::int64_t count) {
  const bool by_call = is_about_call(rule.measure);
  told_[{rule.id, owner.text(), entry.operator_id, by_call ? matter_of(entry) : std::string()}] = {
      entry.time, count};
}

std::vector<Finding> Watching::see(const OrganisationId& owner, const ledger::Entry& entry) {
  const Counted counted = count(owner, entry);
  std::vector<Finding> findings;
  if (!counted.anything()) return findings;
  for (const WatchRule& rule : rules_.all()) {
    AlarmFigures figures = judge(rule, owner, entry, counted);
    if (figures.count < rule.at_least || !is_new(rule, owner, entry, figures.count)) continue;
    tell(rule, owner, entry, figures.count);
    findings.push_back({&rule, std::move(figures)});
  }
  return findings;
}

void Watching::remember(const OrganisationId& owner, const ledger::Entry& entry) {
  if (entry.kind == ledger::kind::kAlarm) return remember_alarm(owner, entry);
  const Counted counted = count(owner, entry);
  if (!counted.anything()) return;
  for (const WatchRule& rule : rules_.all()) judge(rule, owner, entry, counted);
}

void Watching::remember_alarm(const OrganisationId& owner, const ledger::Entry& entry) {
  const std::string* id = text_detail(entry, "rule");
  const WatchRule* rule = id == nullptr ? nullptr : rules_.find(*id);
  if (entry.outcome == "raised" && rule != nullptr)
    tell(*rule, owner, entry, number_detail(entry, "count", 1));
}

void Watching::forget(Time now) {
  std::erase_if(calls_, [&](const auto& one) { return one.second.last + kCallKept < now; });
  std::erase_if(told_, [&](const auto& one) { return one.second.at + kCallKept < now; });
  std::erase_if(spans_, [&](const auto& one) { return one.second.back() + kCallKept < now; });
}

}  // namespace madoguchi::vault
