// National holidays, from a dated data file that names its legal ground (data/holidays-jp.toml,
// which also travels inside the program). Immutable after loading, so any thread may read one. A
// date outside the years the file covers is no holiday; covers() tells, so that a doctor command
// can warn in time.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace madoguchi {
class Config;
}

namespace madoguchi::calendar {

using Day = std::chrono::year_month_day;  // a date as people say it, in some place

class Holidays {
 public:
  // None at all.
  Holidays() = default;

  // Japan's, 国民の祝日に関する法律, as built in.
  static const Holidays& japanese();

  static Result<Holidays> from_file(const std::filesystem::path& file);
  static Result<Holidays> from_text(std::string_view toml, std::string file_name);

  [[nodiscard]] bool is_holiday(Day day) const { return days_.contains(day); }
  // The name as the law has it; std::nullopt on other days.
  [[nodiscard]] std::optional<std::string> name_of(Day day) const;
  [[nodiscard]] bool covers(std::chrono::year year) const { return year >= from_ && year <= to_; }
  [[nodiscard]] const std::map<Day, std::string>& days() const { return days_; }

 private:
  static Result<Holidays> read(Config& config);

  std::chrono::year from_{1};
  std::chrono::year to_{0};  // before from_: nothing is covered
  std::map<Day, std::string> days_;
};

// "2026-11-23"; nothing else.
Result<Day> parse_day(std::string_view text);
std::string format_day(Day day);

}  // namespace madoguchi::calendar
