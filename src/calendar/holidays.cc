#include "calendar/holidays.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/config.h"
#include "calendar_data/holidays_jp.h"

namespace madoguchi::calendar {

namespace {

std::optional<int> number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

Result<Day> parse_day(std::string_view text) {
  const auto bad = [] {
    return fail(ErrorCode::kInvalid, "a date of the calendar looks like 2026-11-23");
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return bad();
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(5, 2));
  const auto day = number(text.substr(8, 2));
  if (!year || !month || !day) return bad();
  const Day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                 std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return bad();
  return date;
}

std::string format_day(Day day) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
}

const Holidays& Holidays::japanese() {
  static const Holidays built_in = [] {
    auto loaded = from_text(kHolidaysJp, "data/holidays-jp.toml");
    CHECK(loaded.has_value());  // the built-in file is checked by the tests
    return std::move(*loaded);
  }();
  return built_in;
}

namespace {

// One [[year]] table holds the dates of that year, so that a year is either all there or not at
// all.
void read_year(Config& table, std::chrono::year year, std::map<Day, std::string>& days) {
  for (Config& row : table.tables("holiday")) {
    const auto day = parse_day(row.text("date"));
    std::string name = row.text("name");
    if (!day || day->year() != year) {
      row.refuse("date", "must be a date such as 2026-11-23, of the year it stands under");
      continue;
    }
    if (!days.emplace(*day, std::move(name)).second) row.refuse("date", "stands here twice");
  }
}

}  // namespace

Result<Holidays> Holidays::from_file(const std::filesystem::path& file) {
  auto config = Config::from_file(file);
  if (!config) return tl::unexpected(config.error());
  return read(*config);
}

Result<Holidays> Holidays::from_text(std::string_view toml, std::string file_name) {
  auto config = Config::from_text(toml, std::move(file_name));
  if (!config) return tl::unexpected(config.error());
  return read(*config);
}

Result<Holidays> Holidays::read(Config& config) {
  Holidays holidays;
  static_cast<void>(config.text("law"));
  static_cast<void>(config.text("checked"));
  static_cast<void>(config.text_or("equinoxes", ""));
  for (Config& table : config.tables("year")) {
    const std::chrono::year year(static_cast<int>(table.integer("year", 1949, 9999)));
    if (holidays.from_ > holidays.to_) {
      holidays.from_ = year;
    } else if (year != holidays.to_ + std::chrono::years(1)) {
      table.refuse("year", "the years must follow each other without a gap");
    }
    holidays.to_ = year;
    read_year(table, year, holidays.days_);
  }
  if (auto good = config.finish(); !good) return tl::unexpected(good.error());
  return holidays;
}

std::optional<std::string> Holidays::name_of(Day day) const {
  const auto found = days_.find(day);
  if (found == days_.end()) return std::nullopt;
  return found->second;
}

}  // namespace madoguchi::calendar
