// What a log's entries of one calendar month come to, counted entry by entry as a verified log is
// read: how many, by whom, for what, refused why. Only ids and words are in it, as in the log. One
// thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace madoguchi::ledger {

struct CalendarMonth {
  std::chrono::year_month month;

  // "2026-11"; kInvalid for anything else.
  static Result<CalendarMonth> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] unsigned days() const;
};

class MonthCount {
 public:
  using Counts = std::map<std::string, std::uint64_t, std::less<>>;

  // What one person did. An opening is one field of one person: one entry.
  struct Deeds {
    std::uint64_t openings = 0;
    std::uint64_t calls = 0;  // calls or cases in which something was opened
    std::uint64_t searches = 0;
    std::uint64_t mismatches = 0;  // identity checks that did not confirm
    std::uint64_t refusals = 0;
    std::uint64_t exports = 0;
  };
  struct Who {
    std::string operator_id;
    std::string organisation;
    auto operator<=>(const Who&) const = default;
  };

  // Days begin at midnight, `from_utc` ahead of UTC (Japan: nine hours).
  MonthCount(CalendarMonth month, std::chrono::hours from_utc)
      : month_(month), from_utc_(from_utc) {}

  // In the order of the log. What is no entry of ours is counted under kinds() as "unknown".
  void add(std::uint64_t index, std::string_view entry);

  [[nodiscard]] const CalendarMonth& month() const { return month_; }
  [[nodiscard]] std::chrono::hours from_utc() const { return from_utc_; }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }
  // Indexes of the first and the last entry of the month; nothing when there is none.
  [[nodiscard]] const std::optional<std::pair<std::uint64_t, std::uint64_t>>& range() const {
    return range_;
  }
  [[nodiscard]] const Counts& kinds() const { return kinds_; }
  [[nodiscard]] const std::map<Who, Deeds>& people() const { return people_; }
  // Of openings.
  [[nodiscard]] const Counts& purposes() const { return purposes_; }
  [[nodiscard]] const Counts& fields() const { return fields_; }
  [[nodiscard]] const Counts& desks() const { return desks_; }
  [[nodiscard]] const std::array<std::uint64_t, 31>& days() const { return days_; }
  [[nodiscard]] const std::array<std::uint64_t, 24>& hours() const { return hours_; }
  // By outcome; alarms by the rule that raised them.
  [[nodiscard]] const Counts& refusals() const { return refusals_; }
  [[nodiscard]] const Counts& alarms() const { return alarms_; }

 private:
  const CalendarMonth month_;
  const std::chrono::hours from_utc_;
  std::uint64_t entries_ = 0;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> range_;
  Counts kinds_, purposes_, fields_, desks_, refusals_, alarms_;
  std::map<Who, Deeds> people_;
  std::set<std::pair<Who, std::string>> calls_;  // where somebody opened something
  std::array<std::uint64_t, 31> days_{};
  std::array<std::uint64_t, 24> hours_{};
};

}  // namespace madoguchi::ledger
