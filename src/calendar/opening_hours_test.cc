#include "calendar/opening_hours.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace madoguchi::calendar {
namespace {

using namespace std::chrono_literals;
namespace chr = std::chrono;

Time at(std::string_view utc) {
  return parse_utc(utc).value();
}

// "2026-11-24 09:00" in Tokyo, which has had no summer time since 1951.
Time tokyo(std::string_view local) {
  return at(std::string(local.substr(0, 10)) + "T" + std::string(local.substr(11)) + ":00Z") - 9h;
}

OpeningHours hours(std::string_view toml) {
  auto config = Config::from_text(toml, "desk.toml");
  OpeningHours made = OpeningHours::from_config(*config);
  const auto good = config->finish();
  EXPECT_TRUE(good.has_value()) << (good ? "" : good.error().message);
  return made;
}

constexpr std::string_view kOffice = R"(
mon = ["09:00-12:00", "13:00-18:00"]
tue = ["09:00-18:00"]
wed = ["09:00-18:00"]
thu = ["09:00-18:00"]
fri = ["22:00-06:00"]
holidays = "closed"
exceptions = [
  { date = "2026-12-30", hours = ["10:00-15:00"] },
  { date = "2026-11-23", hours = ["09:00-10:00"] },
  { date = "2026-12-31", hours = [] },
]
)";

struct Row {
  const char* local;
  bool open;
};

TEST(OpeningHours, TableOfAnOffice) {
  const OpeningHours office = hours(kOffice);
  for (const Row& row : std::initializer_list<Row>{
           {"2026-11-24 08:59", false},
           {"2026-11-24 09:00", true},
           {"2026-11-24 17:59", true},
           {"2026-11-24 18:00", false},
           {"2026-11-30 12:00", false},
           {"2026-11-30 13:00", true},
           {"2026-11-27 21:59", false},
           {"2026-11-27 22:00", true},
           {"2026-11-28 05:59", true},  // Friday night runs into Saturday
           {"2026-11-28 06:00", false},
           {"2026-11-29 10:00", false},  // Sunday
           {"2026-11-03 10:00", false},  // 文化の日, a Tuesday
           {"2026-11-23 09:30", true},   // 勤労感謝の日, but an exception opens it
           {"2026-11-23 10:30", false},
           {"2026-12-30 09:30", false},
           {"2026-12-30 10:30", true},
           {"2026-12-31 10:30", false},
       })
    EXPECT_EQ(office.is_open(tokyo(row.local)), row.open) << row.local;
}

TEST(OpeningHours, NextChangeIsTheNextOpeningOrClosing) {
  const OpeningHours office = hours(kOffice);
  EXPECT_EQ(office.next_change(tokyo("2026-11-24 08:00")), tokyo("2026-11-24 09:00"));
  EXPECT_EQ(office.next_change(tokyo("2026-11-24 09:00")), tokyo("2026-11-24 18:00"));
  EXPECT_EQ(office.next_change(tokyo("2026-11-24 18:00")), tokyo("2026-11-25 09:00"));
  EXPECT_EQ(office.next_change(tokyo("2026-11-27 23:00")), tokyo("2026-11-28 06:00"));
  EXPECT_EQ(office.next_change(tokyo("2026-11-28 06:00")), tokyo("2026-11-30 09:00"));
}

TEST(OpeningHours, AlwaysOpenNeverChanges) {
  const OpeningHours always = OpeningHours::always();
  EXPECT_TRUE(always.is_open(tokyo("2026-12-31 23:59")));
  EXPECT_EQ(always.next_change(tokyo("2026-12-31 23:59")), std::nullopt);
  const OpeningHours never = hours("");
  EXPECT_FALSE(never.is_open(tokyo("2026-12-01 12:00")));
  EXPECT_EQ(never.next_change(tokyo("2026-12-01 12:00")), std::nullopt);
}

TEST(OpeningHours, AdjoiningIntervalsAreOneOpening) {
  const OpeningHours joined = hours(R"(
mon = ["09:00-24:00"]
tue = ["00:00-03:00"]
)");
  EXPECT_EQ(joined.next_change(tokyo("2026-11-30 10:00")), tokyo("2026-12-01 03:00"));
}

TEST(OpeningHours, SummerTimeShortensAndLengthensNights) {
  const OpeningHours berlin = hours(R"(
zone = "Europe/Berlin"
sat = ["22:00-04:00"]
)");
  // 2026-03-29 02:00 → 03:00, 2026-10-25 03:00 → 02:00.
  EXPECT_EQ(berlin.next_change(at("2026-03-28T21:00:00Z")), at("2026-03-29T02:00:00Z"));
  EXPECT_EQ(berlin.next_change(at("2026-10-24T20:00:00Z")), at("2026-10-25T03:00:00Z"));
  const OpeningHours gap = hours("zone = \"Europe/Berlin\"\nsun = [\"02:30-03:30\"]\n");
  EXPECT_EQ(gap.next_change(at("2026-03-29T00:00:00Z")), at("2026-03-29T01:00:00Z"));
}

TEST(OpeningHours, ADeadlineCountsOpenTimeOnly) {
  const OpeningHours office = hours(kOffice);
  EXPECT_EQ(office.after_open(tokyo("2026-11-24 10:00"), 2h), tokyo("2026-11-24 12:00"));
  EXPECT_EQ(office.after_open(tokyo("2026-11-24 17:00"), 2h), tokyo("2026-11-25 10:00"));
  EXPECT_EQ(office.after_open(tokyo("2026-11-24 21:00"), 2h), tokyo("2026-11-25 11:00"));
  EXPECT_EQ(office.after_open(tokyo("2026-11-28 12:00"), 4h), tokyo("2026-11-30 14:00"));
  const OpeningHours never = hours("");
  EXPECT_EQ(never.after_open(tokyo("2026-11-24 17:00"), 2h), tokyo("2026-11-24 19:00"));
}

TEST(OpeningHours, MistakesNameFileKeyAndCause) {
  for (const char* bad : {"mon = [\"9:00-18:00\"]", "mon = [\"09:00-25:00\"]",
                          "mon = [\"24:00-09:00\"]", "zone = \"Asia/Edo\"", "holidays = \"never\"",
                          "monday = []", "exceptions = [{ date = \"2026-13-01\", hours = [] }]",
                          "exceptions = [{ date = \"2026-12-01\" }, { date = \"2026-12-01\" }]"}) {
    auto config = Config::from_text(bad, "desk.toml");
    static_cast<void>(OpeningHours::from_config(*config));
    const auto result = config->finish();
    ASSERT_FALSE(result.has_value()) << bad;
    EXPECT_EQ(result.error().message.rfind("desk.toml: ", 0), 0U) << result.error().message;
  }
}

TEST(Interval, ReadsAndWritesTheSameText) {
  for (const char* text : {"09:00-18:00", "22:00-06:00", "00:00-24:00", "12:00-12:00"})
    EXPECT_EQ(format_interval(parse_interval(text).value()), text);
}

RC_GTEST_PROP(OpeningHours, NextChangeIsTheFirstMomentThatDiffers, ()) {
  OpeningHoursSettings settings;
  settings.zone = *rc::gen::element<std::string>("Asia/Tokyo", "Europe/Berlin", "America/New_York");
  for (DayHours& day : settings.week) {
    const int count = *rc::gen::inRange(0, 3);
    for (int i = 0; i < count; ++i) {
      const int from = *rc::gen::inRange(0, 24 * 60);
      const int length = *rc::gen::inRange(1, 24 * 60 + 1);
      day.push_back({chr::minutes(from), chr::minutes(from + length)});
    }
  }
  const OpeningHours made = OpeningHours::make(settings).value();
  const Time start = at("2026-01-01T00:00:00Z") + chr::minutes(*rc::gen::inRange(0, 525600));
  const bool open = made.is_open(start);
  const auto change = made.next_change(start);
  const Time end = change.value_or(start + 24h * 9);
  if (change) {
    RC_ASSERT(*change > start);
    RC_ASSERT(made.is_open(*change) != open);
  }
  for (Time t = start; t < end; t += 7min) RC_ASSERT(made.is_open(t) == open);
}

}  // namespace
}  // namespace madoguchi::calendar
