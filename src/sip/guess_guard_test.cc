#include "sip/guess_guard.h"

#include <gtest/gtest.h>

namespace madoguchi::sip {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const IpAddress kThere = *IpAddress::parse("198.51.100.7");
const IpAddress kElsewhere = *IpAddress::parse("192.0.2.5");

TEST(GuessGuard, AFewMistakesAreFreeThenEachDoublesTheWait) {
  GuessGuard guard;
  MonoTime now{};
  for (std::uint32_t i = 0; i < GuessGuard::kFree; ++i) {
    guard.wrong("200", kThere, now);
    EXPECT_FALSE(guard.wait("200", kThere, now));
  }
  for (const int expected : {2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600}) {
    guard.wrong("200", kThere, now);
    EXPECT_EQ(guard.wait("200", kThere, now), seconds(expected));
    now += seconds(expected);
    EXPECT_FALSE(guard.wait("200", kThere, now));
  }
  EXPECT_EQ(guard.wrong_count(), GuessGuard::kFree + 11U);
}

TEST(GuessGuard, OnlyThatAccountFromThatAddressWaits) {
  GuessGuard guard;
  for (int i = 0; i < 20; ++i) guard.wrong("200", kThere, MonoTime{});
  EXPECT_TRUE(guard.wait("200", kThere, MonoTime{}));
  EXPECT_FALSE(guard.wait("200", kElsewhere, MonoTime{}));
  EXPECT_FALSE(guard.wait("201", kThere, MonoTime{}));
}

TEST(GuessGuard, IsForgottenByTheRightPasswordAndAfterAnHour) {
  GuessGuard guard;
  MonoTime now{};
  for (int i = 0; i < 6; ++i) guard.wrong("200", kThere, now);
  guard.right("200", kThere);
  EXPECT_FALSE(guard.wait("200", kThere, now));
  EXPECT_EQ(guard.remembered(), 0U);
  for (int i = 0; i < 6; ++i) guard.wrong("200", kThere, now);
  now += hours(2);
  guard.wrong("201", kThere, now);
  EXPECT_EQ(guard.remembered(), 1U);
}

TEST(GuessGuard, IsBounded) {
  GuessGuard guard;
  MonoTime now{};
  for (std::size_t i = 0; i < GuessGuard::kMost + 500; ++i) {
    now += Micros(1);
    guard.wrong("user" + std::to_string(i), kThere, now);
  }
  EXPECT_EQ(guard.remembered(), GuessGuard::kMost);
}

}  // namespace
}  // namespace madoguchi::sip
