// When a desk is open: weekly hours that may run past midnight, hours for national holidays,
// exceptions by date, in a named time zone. Immutable after make(), a value, readable from any
// thread; asks no clock.
//
// An interval belongs to the date on which it begins: "mon 22:00-06:00" runs into Tuesday whatever
// Tuesday's own hours are, and a holiday on Tuesday does not cut it. For one date, an exception
// beats the holiday hours, which beat the hours of the weekday.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "base/time.h"
#include "calendar/holidays.h"
#include "calendar/zone.h"

namespace madoguchi::calendar {

// From `from` (0:00 to 23:59) up to, not including, `until`, both minutes of the wall clock after
// the beginning of the date; `until` is after `from` and at most 24 hours after it, so it may pass
// 24:00.
struct Interval {
  std::chrono::minutes from{};
  std::chrono::minutes until{};
  friend bool operator==(const Interval&, const Interval&) = default;
};

// "09:00-18:00", "22:00-06:00" (until next morning), "00:00-24:00" (all day).
Result<Interval> parse_interval(std::string_view text);
std::string format_interval(const Interval& interval);

using DayHours = std::vector<Interval>;  // empty: closed

struct OpeningHoursSettings {
  std::string zone = "Asia/Tokyo";
  std::array<DayHours, 7> week;      // index 0 is Sunday, as std::chrono::weekday::c_encoding()
  std::optional<DayHours> holidays;  // absent: national holidays are as other days; empty: closed
  std::map<Day, DayHours> exceptions;
};

class OpeningHours {
 public:
  static Result<OpeningHours> make(const OpeningHoursSettings& settings,
                                   const Holidays& holidays = Holidays::japanese());
  // Open at every moment (week all day, no exceptions).
  static OpeningHours always(std::string_view zone = "Asia/Tokyo");

  // Reads [hours]: zone = "Asia/Tokyo", sun..sat = ["09:00-18:00", …], holidays = "as_usual" |
  // "closed" or holiday_hours = ["10:00-16:00"], and [[exceptions]] date = "2026-12-31", hours =
  // []. Mistakes go to the Config's finish(); what is returned then is open never.
  static OpeningHours from_config(Config& table, const Holidays& holidays = Holidays::japanese());

  [[nodiscard]] bool is_open(Time time) const;
  // False where neither a weekday, nor holidays, nor an exception has hours.
  [[nodiscard]] bool ever_opens() const;

  // The first moment after `time` at which is_open() differs from what it is at `time`;
  // std::nullopt if it stays the same for the next 400 days.
  [[nodiscard]] std::optional<Time> next_change(Time time) const;

  // The moment by which the desk will have been open for `span` since `time`: the deadline of what
  // was promised "within two hours" in the evening falls in the next morning. If the desk does not
  // open often enough within 400 days, simply `time + span`.
  [[nodiscard]] Time after_open(Time time, Micros span) const;

  [[nodiscard]] const Zone& zone() const { return zone_; }
  [[nodiscard]] const OpeningHoursSettings& settings() const { return settings_; }

 private:
  OpeningHours(OpeningHoursSettings settings, Zone zone, const Holidays& holidays);

  struct Span {
    Time from;
    Time until;
  };
  [[nodiscard]] const DayHours& hours_of(Day day) const;
  void add_spans_of(Day day, std::vector<Span>& spans) const;
  // The span that holds `time` or else the next one within the horizon; adjoining ones are merged
  // until `enough` of it lies after `time`.
  [[nodiscard]] std::optional<Span> span_at_or_after(Time time, Micros enough) const;

  OpeningHoursSettings settings_;
  Zone zone_;
  std::map<Day, std::string> holidays_;  // those that matter to settings_, by date
};

}  // namespace madoguchi::calendar
