#include "calendar/holidays.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace madoguchi::calendar {
namespace {

using namespace std::chrono;  // NOLINT: year_month_day arithmetic reads best unqualified

Day nth_monday(year y, month m, unsigned n) {
  return Day(local_days(y / m / Monday[n]));
}

// The well-known approximation for 1980-2099 (海上保安庁水路部 暦計算研究会, 新こよみ便利帳).
unsigned equinox_day(int y, double base) {
  return static_cast<unsigned>(
      std::floor(base + 0.242194 * (y - 1980) - std::floor((y - 1980) / 4)));
}

// Article 2 as it stands since 2022.
std::set<Day> by_article_2(year y) {
  const int n = static_cast<int>(y);
  return {y / January / 1,
          nth_monday(y, January, 2),
          y / February / 11,
          y / February / 23,
          y / March / day(equinox_day(n, 20.8431)),
          y / April / 29,
          y / May / 3,
          y / May / 4,
          y / May / 5,
          nth_monday(y, July, 3),
          y / August / 11,
          nth_monday(y, September, 3),
          y / September / day(equinox_day(n, 23.2488)),
          nth_monday(y, October, 2),
          y / November / 3,
          y / November / 23};
}

Day next(Day day) {
  return Day(local_days(day) + days(1));
}

std::set<Day> by_law(year y) {
  const std::set<Day> national = by_article_2(y);
  std::set<Day> all = national;
  for (const Day day : national) {
    if (weekday(local_days(day)) != Sunday) continue;  // article 3 paragraph 2
    Day rest = next(day);
    while (national.contains(rest)) rest = next(rest);
    all.insert(rest);
  }
  for (const Day day : national)  // article 3 paragraph 3
    if (national.contains(next(next(day)))) all.insert(next(day));
  return all;
}

TEST(Holidays, TheFileIsWhatTheLawSaysForEveryYearItCovers) {
  const Holidays& japan = Holidays::japanese();
  for (int n = 2024; n <= 2030; ++n) {
    ASSERT_TRUE(japan.covers(year(n)));
    std::set<Day> in_file;
    for (const auto& [day, name] : japan.days())
      if (day.year() == year(n)) in_file.insert(day);
    EXPECT_EQ(in_file, by_law(year(n))) << n;
  }
  EXPECT_FALSE(japan.covers(year(2023)));
  EXPECT_FALSE(japan.covers(year(2031)));
}

TEST(Holidays, KnowsSubstituteAndSandwichedDays) {
  const Holidays& japan = Holidays::japanese();
  EXPECT_TRUE(japan.is_holiday(2026y / May / 6));         // 5/3 was a Sunday
  EXPECT_TRUE(japan.is_holiday(2026y / September / 22));  // between 敬老の日 and 秋分の日
  EXPECT_FALSE(japan.is_holiday(2026y / May / 7));
  EXPECT_EQ(japan.name_of(2026y / November / 23), "勤労感謝の日");
  EXPECT_EQ(japan.name_of(2026y / November / 24), std::nullopt);
}

TEST(Holidays, AFileWithAHoleOrAWrongDateIsRefusedByName) {
  const auto load = [](std::string years) {
    return Holidays::from_text("law = \"x\"\nchecked = \"2026-01-01\"\n" + years, "h.toml");
  };
  EXPECT_TRUE(load("[[year]]\nyear = 2026\nholiday = []\n").has_value());
  const auto hole = load("[[year]]\nyear = 2026\n[[year]]\nyear = 2028\n");
  ASSERT_FALSE(hole.has_value());
  EXPECT_NE(hole.error().message.find("h.toml"), std::string::npos);
  EXPECT_FALSE(
      load("[[year]]\nyear = 2026\nholiday = [{ date = \"2026-02-30\", name = \"x\" }]\n"));
  EXPECT_FALSE(
      load("[[year]]\nyear = 2026\nholiday = [{ date = \"2025-01-01\", name = \"x\" }]\n"));
  EXPECT_FALSE(load("[[year]]\nyear = 2026\nholydays = []\n"));
}

TEST(ParseDay, TakesOneFormOnly) {
  EXPECT_EQ(parse_day("2028-02-29").value(), 2028y / February / 29);
  for (const char* bad : {"", "2026-2-03", "2026-02-29", "2026/02/03", "2026-02-03 ", "x026-02-03"})
    EXPECT_FALSE(parse_day(bad)) << bad;
  EXPECT_EQ(format_day(2026y / February / 3), "2026-02-03");
}

}  // namespace
}  // namespace madoguchi::calendar
