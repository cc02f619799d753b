#include "vault/core/token_tally.h"

#include <gtest/gtest.h>

namespace madoguchi::vault {
namespace {

using namespace std::chrono_literals;

const OrganisationId kSakura("sakura");
const Time kNow = *parse_utc("2026-11-22T03:20:00Z");

// As a restart does: what is kept, read again.
TokenTally restarted(const TokenTally& tally) {
  return TokenTally::parse(tally.text());
}

int fitting(TokenLimits& limits, Time now) {
  int taken = 0;
  while (taken < 10'000 && limits.take(kSakura, now)) ++taken;
  return taken;
}

TEST(TokenTally, ARestartFreesNoLimit) {
  TokenTally tally;
  tally.add({0, 40, 0, 0}, kNow - 2h);
  tally.add({0, 25, 0, 0}, kNow);
  TokenLimits limits({1'000, 50, 100});
  restarted(tally).count_again(limits, kSakura, kNow);
  EXPECT_EQ(fitting(limits, kNow), 25);          // the hour's
  EXPECT_EQ(fitting(limits, kNow + 90min), 10);  // the day's
  EXPECT_EQ(fitting(limits, kNow + 23h + 30min), 40);
}

TEST(TokenTally, EachHourIsTakenOnceWhenItIsOver) {
  TokenTally tally;
  tally.add({0, 3, 1, 0}, kNow);
  tally.add({0, 4, 0, 2}, kNow + 30min);
  EXPECT_TRUE(tally.take_finished(kNow + 39min).empty());
  const auto finished = restarted(tally).take_finished(kNow + 41min);
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(format_utc(finished[0].begins()), "2026-11-22T03:00:00.000000Z");
  EXPECT_EQ(finished[0].given, 7);
  EXPECT_EQ(finished[0].refused, 1);
  EXPECT_EQ(finished[0].over_limit, 2);
  EXPECT_EQ(tally.take_finished(kNow + 41min).size(), 1U);
  EXPECT_TRUE(restarted(tally).take_finished(kNow + 5h).empty());
  tally.add({0, 1, 0, 0}, kNow + 5h);
  EXPECT_EQ(tally.take_finished(kNow + 6h).size(), 1U);
}

TEST(TokenTally, OfADayIsAllThatIsKept) {
  TokenTally tally;
  for (int hour = 0; hour < 100; ++hour) {
    tally.add({0, 1, 0, 0}, kNow + std::chrono::hours(hour));
    (void)tally.take_finished(kNow + std::chrono::hours(hour));
  }
  EXPECT_LT(tally.text().size(), 500U);
}

TEST(TokenTally, RubbishCountsNothing) {
  for (const char* text : {"", "x", "5 x", "5 1 2", "5 1 -7 0 0", "-1"}) {
    TokenLimits limits({10, 10, 10});
    TokenTally::parse(text).count_again(limits, kSakura, kNow);
    EXPECT_EQ(fitting(limits, kNow), 10) << text;
  }
}

}  // namespace
}  // namespace madoguchi::vault
