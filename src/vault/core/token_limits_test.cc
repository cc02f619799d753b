#include "vault/core/token_limits.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace madoguchi::vault {
namespace {

using namespace std::chrono_literals;

const OrganisationId kSakura("sakura");
const Time kStart = *parse_utc("2026-11-22T03:00:00Z");

TEST(TokenLimits, AFullMinuteFreesUpOverTheNext) {
  TokenLimits limits({60, 1000, 1000});
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(limits.take(kSakura, kStart + i * 1s)) << i;
  EXPECT_FALSE(limits.take(kSakura, kStart + 59s));
  EXPECT_FALSE(limits.take(kSakura, kStart + 60s));
  EXPECT_TRUE(limits.take(kSakura, kStart + 61s));
  EXPECT_FALSE(limits.take(kSakura, kStart + 61s));
}

TEST(TokenLimits, OrganisationsAreCountedApart) {
  TokenLimits limits({1, 1, 1});
  EXPECT_TRUE(limits.take(kSakura, kStart));
  EXPECT_FALSE(limits.take(kSakura, kStart));
  EXPECT_TRUE(limits.take(OrganisationId("wakaba"), kStart));
}

TEST(TokenLimits, AClockSetBackFreesNothing) {
  TokenLimits limits({2, 10, 10});
  EXPECT_TRUE(limits.take(kSakura, kStart));
  EXPECT_TRUE(limits.take(kSakura, kStart - 24h));
  EXPECT_FALSE(limits.take(kSakura, kStart - 12h));
  EXPECT_FALSE(limits.take(kSakura, kStart + 30s));
}

TEST(TokenLimits, NoSpanWhereverItBeginsHoldsMoreThanItsRate) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    TokenLimits limits({20, 150, 400});
    std::deque<Time> given;
    Time now = kStart;
    for (int i = 0; i < 4000; ++i) {
      now += Micros(random() % (seed % 2 == 0 ? 6'000'000 : 90'000'000));
      if (!limits.take(kSakura, now)) continue;
      given.push_back(now);
      const auto within = [&](Micros span) {
        return given.end() - std::upper_bound(given.begin(), given.end(), now - span);
      };
      ASSERT_LE(within(1min), 20) << seed;
      ASSERT_LE(within(1h), 150) << seed;
      ASSERT_LE(within(24h), 400) << seed;
    }
  }
}

}  // namespace
}  // namespace madoguchi::vault
