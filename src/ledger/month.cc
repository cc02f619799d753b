#include "ledger/month.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/entry.h"

namespace madoguchi::ledger {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char letter) { return letter >= '0' && letter <= '9'; });
}

int number_of(std::string_view digits) {
  int number = 0;
  for (const char digit : digits) number = number * 10 + (digit - '0');
  return number;
}

// One entry may tell of many refusals of the same kind.
std::uint64_t times_of(const Entry& entry) {
  const auto found = entry.details.find("times");
  if (found == entry.details.end()) return 1;
  const auto* times = std::get_if<std::int64_t>(&found->second);
  return times != nullptr && *times > 0 ? static_cast<std::uint64_t>(*times) : 1;
}

}  // namespace

Result<CalendarMonth> CalendarMonth::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is no month; write it as 2026-11", text.substr(0, 40)));
  };
  if (text.size() != 7 || text[4] != '-' || !is_digits(text.substr(0, 4)) ||
      !is_digits(text.substr(5)))
    return wrong();
  const std::chrono::year_month month{
      std::chrono::year(number_of(text.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(number_of(text.substr(5))))};
  if (!month.ok()) return wrong();
  return CalendarMonth{month};
}

std::string CalendarMonth::text() const {
  return fmt::format("{:04}-{:02}", static_cast<int>(month.year()),
                     static_cast<unsigned>(month.month()));
}

unsigned CalendarMonth::days() const {
  return static_cast<unsigned>((month / std::chrono::last).day());
}

void MonthCount::add(std::uint64_t index, std::string_view text) {
  const auto entry = Entry::parse(text);
  if (!entry) {
    // Without a time it can belong to any month: it is told in each.
    ++kinds_["unknown"];
    return;
  }
  const auto there = entry->time + from_utc_;
  const auto midnight = std::chrono::floor<std::chrono::days>(there);
  const std::chrono::year_month_day day(midnight);
  if (day.year() / day.month() != month_.month) return;
  ++entries_;
  range_ = {range_ ? range_->first : index, index};
  ++kinds_[entry->kind];
  Deeds& deeds = people_[{entry->operator_id, entry->organisation}];
  if (entry->kind == kind::kOpening) {
    ++deeds.openings;
    const std::string& of = entry->call.empty() ? entry->case_id : entry->call;
    if (calls_.insert({{entry->operator_id, entry->organisation}, of}).second) ++deeds.calls;
    ++purposes_[entry->purpose];
    ++desks_[entry->desk];
    for (const std::string& field : entry->fields) ++fields_[field];
    ++days_.at(static_cast<unsigned>(day.day()) - 1);
    ++hours_.at(
        static_cast<std::size_t>(std::chrono::floor<std::chrono::hours>(there - midnight).count()));
  } else if (entry->kind == kind::kRefusal) {
    const std::uint64_t times = times_of(*entry);
    deeds.refusals += times;
    refusals_[entry->outcome] += times;
  } else if (entry->kind == kind::kSearch) {
    ++deeds.searches;
  } else if (entry->kind == kind::kIdentityCheck) {
    if (entry->outcome == "cannot_confirm") ++deeds.mismatches;
  } else if (entry->kind == kind::kExport) {
    ++deeds.exports;
  } else if (entry->kind == kind::kAlarm) {
    // An answer to an alarm names its rule, too.
    const auto rule = entry->details.find("rule");
    if (rule == entry->details.end())
      ++alarms_[entry->outcome];
    else if (const auto* name = std::get_if<std::string>(&rule->second);
             name != nullptr && entry->outcome == "raised")
      ++alarms_[*name];
  }
}

}  // namespace madoguchi::ledger
