#include "ledger/month.h"

#include <gtest/gtest.h>

#include "ledger/entry.h"

namespace madoguchi::ledger {
namespace {

using std::chrono::hours;

CalendarMonth november() {
  return CalendarMonth::parse("2026-11").value();
}

struct Told {
  std::string_view time;
  std::string_view kind;
  std::string who = "sato";
  std::string call = "call-1";
  std::string outcome = "shown";
};

Entry made(const Told& told) {
  Entry made;
  made.time = parse_utc(told.time).value();
  made.kind = told.kind;
  made.operator_id = told.who;
  made.organisation = "minato";
  made.call = told.call;
  made.desk = "common";
  made.purpose = "inquiry";
  if (told.kind == kind::kOpening) made.fields = {"address"};
  made.outcome = told.outcome;
  return made;
}
std::string entry(const Told& told) {
  return made(told).text().value();
}
std::string alarm(const std::string& outcome, const std::string& rule) {
  Entry entry = made({"2026-11-22T03:04:05Z", kind::kAlarm, "hana", "call-2", outcome});
  entry.details["rule"] = rule;
  return entry.text().value();
}

TEST(CalendarMonth, ReadsOneSpellingOnly) {
  EXPECT_EQ(november().text(), "2026-11");
  EXPECT_EQ(november().days(), 30U);
  EXPECT_EQ(CalendarMonth::parse("2028-02")->days(), 29U);
  for (const char* wrong : {"", "2026", "2026-13", "2026-00", "2026-1", "26-11", "2026/11",
                            "2026-11-01", "２０２６-11", "-026-11"})
    EXPECT_FALSE(CalendarMonth::parse(wrong)) << wrong;
}

TEST(MonthCount, AMonthBeginsAtMidnightOfItsOwnPlace) {
  MonthCount japan(november(), hours(9));
  MonthCount greenwich(november(), hours(0));
  const char* times[] = {"2026-10-31T14:59:59.999999Z", "2026-10-31T15:00:00Z",
                         "2026-11-30T14:59:59Z", "2026-11-30T15:00:00Z"};
  for (std::uint64_t i = 0; i < 4; ++i)
    for (MonthCount* count : {&japan, &greenwich}) count->add(i, entry({times[i], kind::kOpening}));
  EXPECT_EQ(japan.entries(), 2U);
  EXPECT_EQ(japan.range(), (std::pair<std::uint64_t, std::uint64_t>(1, 2)));
  EXPECT_EQ(japan.days()[0], 1U);
  EXPECT_EQ(japan.days()[29], 1U);
  EXPECT_EQ(japan.hours()[0], 1U);
  EXPECT_EQ(japan.hours()[23], 1U);
  EXPECT_EQ(greenwich.entries(), 2U);
  EXPECT_EQ(greenwich.range(), (std::pair<std::uint64_t, std::uint64_t>(2, 3)));
}

TEST(MonthCount, SaysWhoDidWhat) {
  MonthCount count(november(), hours(9));
  const char* at = "2026-11-22T03:04:05Z";
  const std::string told[] = {
      entry({at, kind::kSearch}),
      entry({at, kind::kIdentityCheck, "sato", "call-1", "cannot_confirm"}),
      entry({at, kind::kIdentityCheck, "sato", "call-1", "match"}),
      entry({at, kind::kOpening}),
      entry({at, kind::kOpening}),
      entry({at, kind::kOpening, "sato", "call-2"}),
      entry({at, kind::kOpening, "hana", "call-2"}),
      entry({at, kind::kRefusal, "hana", "call-2", "refused_limit"}),
      alarm("raised", "night"),
      alarm("seen", "night"),
      entry({at, kind::kAlarm, "hana", "call-2", "invented_touched"}),
      R"({"no":"entry of ours"})",
  };
  for (std::uint64_t i = 0; i < std::size(told); ++i) count.add(i, told[i]);
  const auto& sato = count.people().at({"sato", "minato"});
  EXPECT_EQ(sato.openings, 3U);
  EXPECT_EQ(sato.calls, 2U);
  EXPECT_EQ(sato.searches, 1U);
  EXPECT_EQ(sato.mismatches, 1U);
  EXPECT_EQ(count.people().at({"hana", "minato"}).calls, 1U);
  EXPECT_EQ(count.people().at({"hana", "minato"}).refusals, 1U);
  EXPECT_EQ(count.refusals(), (MonthCount::Counts{{"refused_limit", 1}}));
  EXPECT_EQ(count.alarms(), (MonthCount::Counts{{"invented_touched", 1}, {"night", 1}}));
  EXPECT_EQ(count.purposes(), (MonthCount::Counts{{"inquiry", 4}}));
  EXPECT_EQ(count.fields(), (MonthCount::Counts{{"address", 4}}));
  EXPECT_EQ(count.kinds().at("unknown"), 1U);
  EXPECT_EQ(count.entries(), 11U);
}

TEST(MonthCount, CountsRefusalsThatOneEntryTellsOfTogether) {
  MonthCount count(november(), hours(9));
  const Told refused{"2026-11-22T03:04:05Z", kind::kRefusal, "hana", "call-1", "refused_limit"};
  Entry many = made(refused);
  many.details["times"] = std::int64_t{40};
  count.add(0, entry(refused));
  count.add(1, many.text().value());
  EXPECT_EQ(count.refusals(), (MonthCount::Counts{{"refused_limit", 41}}));
  EXPECT_EQ(count.people().at({"hana", "minato"}).refusals, 41U);
  EXPECT_EQ(count.kinds().at("refusal"), 2U);  // entries
}

}  // namespace
}  // namespace madoguchi::ledger
