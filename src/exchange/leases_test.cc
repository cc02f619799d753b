#include "exchange/leases.h"

#include <gtest/gtest.h>

namespace madoguchi::exchange {
namespace {

using namespace std::chrono_literals;

wire::CallLease lease_of(const std::string& call) {
  wire::CallLease lease;
  lease.set_call_id(call);
  return lease;
}

wire::ExchangeAsks filled(Leases& leases, MonoTime now) {
  wire::ExchangeAsks asks;
  leases.fill(asks, now);
  return asks;
}

TEST(Leases, GoWholeOnceThenAreRenewedTogether) {
  Leases leases;
  MonoTime now(100s);
  EXPECT_FALSE(leases.renewal_due());
  leases.put(lease_of("a"));
  leases.put(lease_of("b"));
  EXPECT_TRUE(leases.has_news());
  EXPECT_EQ(filled(leases, now).leases_size(), 2);
  EXPECT_FALSE(leases.has_news());
  EXPECT_EQ(leases.renewal_due(), now + Leases::kRenewEvery);
  EXPECT_EQ(filled(leases, now + 1s).ByteSizeLong(), 0U);
  now += Leases::kRenewEvery;
  const auto renewal = filled(leases, now);
  EXPECT_EQ(renewal.leases_size(), 0);
  EXPECT_EQ(renewal.renewed_calls_size(), 2);
}

TEST(Leases, AnEndIsToldOnceAndNotRenewed) {
  Leases leases;
  leases.put(lease_of("a"));
  (void)filled(leases, MonoTime(100s));
  leases.end("a");
  leases.end("unknown");
  const auto asks = filled(leases, MonoTime(200s));
  EXPECT_EQ(asks.ended_calls_size(), 1);
  EXPECT_EQ(asks.renewed_calls_size(), 0);
  EXPECT_EQ(filled(leases, MonoTime(300s)).ByteSizeLong(), 0U);
}

TEST(Leases, ANewStreamIsToldAll) {
  Leases leases;
  leases.put(lease_of("a"));
  (void)filled(leases, MonoTime(100s));
  leases.again();
  EXPECT_EQ(filled(leases, MonoTime(101s)).leases_size(), 1);
}

}  // namespace
}  // namespace madoguchi::exchange
