#include "rtp/symmetric_latch.h"

#include <gtest/gtest.h>

namespace madoguchi::rtp {
namespace {

const Address kSignalled = Address::v4(0xc0000201, 4000);
const Address kOtherPort = Address::v4(0xc0000201, 4002);
const Address kNat = Address::v4(0xcb007101, 50000);
const Address kNatAgain = Address::v4(0xcb007101, 50001);
const Address kStranger = Address::v4(0xc6336401, 666);

MonoTime at_ms(std::int64_t ms) {
  return MonoTime(Micros(ms * 1000));
}

TEST(SymmetricLatch, SendsToTheSignalledAddressUntilSomethingComes) {
  SymmetricLatch latch(kSignalled);
  EXPECT_EQ(latch.target(), kSignalled);
  EXPECT_FALSE(latch.latched());
  EXPECT_TRUE(latch.accept(kSignalled, 1, at_ms(0)));
  EXPECT_TRUE(latch.latched());
}

TEST(SymmetricLatch, BelievesAPhoneBehindNatAfterThreePacketsInARow) {
  SymmetricLatch latch(kSignalled);
  EXPECT_FALSE(latch.accept(kNat, 1, at_ms(0)));
  EXPECT_FALSE(latch.accept(kNat, 1, at_ms(20)));
  EXPECT_EQ(latch.target(), kSignalled);
  EXPECT_TRUE(latch.accept(kNat, 1, at_ms(40)));
  EXPECT_EQ(latch.target(), kNat);
  EXPECT_EQ(latch.refused(), 2U);
}

TEST(SymmetricLatch, BelievesAnotherPortOfTheSignalledHostAtOnce) {
  SymmetricLatch latch(kSignalled);
  EXPECT_TRUE(latch.accept(kOtherPort, 1, at_ms(0)));
  EXPECT_EQ(latch.target(), kOtherPort);
}

TEST(SymmetricLatch, ChangingSourcesDoNotAddUp) {
  SymmetricLatch latch(kSignalled);
  for (std::uint32_t n = 0; n < 50; ++n)
    EXPECT_FALSE(latch.accept(n % 2 == 0 ? kNat : kStranger, n, at_ms(n * 20)));
  for (std::uint32_t n = 0; n < 50; ++n) EXPECT_FALSE(latch.accept(kNat, n, at_ms(n * 20)));
  EXPECT_FALSE(latch.latched());
}

TEST(SymmetricLatch, AStrangerCannotTakeACallThatTalks) {
  SymmetricLatch latch(kSignalled);
  latch.accept(kSignalled, 1, at_ms(0));
  for (int n = 1; n < 500; ++n) {
    EXPECT_TRUE(latch.accept(kSignalled, 1, at_ms(n * 20)));
    EXPECT_FALSE(latch.accept(kStranger, 1, at_ms(n * 20 + 1)));
  }
  EXPECT_EQ(latch.target(), kSignalled);
}

TEST(SymmetricLatch, FollowsANewNatBindingOnceTheOldOneIsSilent) {
  SymmetricLatch latch(kSignalled);
  for (int n = 0; n < 3; ++n) latch.accept(kNat, 1, at_ms(n * 20));
  ASSERT_EQ(latch.target(), kNat);
  int refused = 0;
  std::int64_t ms = 60;
  while (!latch.accept(kNatAgain, 1, at_ms(ms))) {
    ++refused;
    ms += 20;
    ASSERT_LT(ms, 5000);
  }
  EXPECT_GE(ms, 2040);
  EXPECT_LE(ms, 2200);
  EXPECT_EQ(latch.target(), kNatAgain);
  EXPECT_EQ(latch.relatches(), 1U);
}

TEST(SymmetricLatch, TheSignalledAddressOutranksWhoCameFirst) {
  SymmetricLatch latch(kSignalled);
  for (int n = 0; n < 3; ++n) latch.accept(kStranger, 9, at_ms(n * 20));
  ASSERT_EQ(latch.target(), kStranger);
  EXPECT_TRUE(latch.accept(kSignalled, 1, at_ms(100)));
  EXPECT_EQ(latch.target(), kSignalled);
  EXPECT_FALSE(latch.accept(kStranger, 9, at_ms(120)));
}

TEST(SymmetricLatch, RelatchesAreBoundedPerMinute) {
  SymmetricLatch latch(kSignalled);
  latch.accept(kSignalled, 1, at_ms(0));
  std::int64_t ms = 0;
  for (int round = 0; round < 10; ++round) {
    ms += 2500;
    const Address next = Address::v4(0xcb007101, static_cast<std::uint16_t>(1000 + round));
    for (int n = 0; n < 6; ++n) latch.accept(next, 1, at_ms(ms + n * 20));
  }
  EXPECT_EQ(latch.relatches(), 3U);
}

TEST(SymmetricLatch, ATrunkOfKnownAddressesIsHeldToThem) {
  SymmetricLatch::Policy policy;
  policy.trust = SymmetricLatch::Trust::kSignalledIp;
  SymmetricLatch latch(kSignalled, policy);
  for (int n = 0; n < 500; ++n) EXPECT_FALSE(latch.accept(kNat, 1, at_ms(n * 20)));
  EXPECT_TRUE(latch.accept(kOtherPort, 1, at_ms(20000)));
}

TEST(SymmetricLatch, ANewOfferOpensItAgain) {
  SymmetricLatch latch(kSignalled);
  latch.accept(kSignalled, 1, at_ms(0));
  latch.signal(kSignalled);
  EXPECT_TRUE(latch.latched());
  latch.signal(kStranger);
  EXPECT_FALSE(latch.latched());
  EXPECT_EQ(latch.target(), kStranger);
  EXPECT_TRUE(latch.accept(kStranger, 2, at_ms(20)));
}

}  // namespace
}  // namespace madoguchi::rtp
