#include "rtp/stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace madoguchi::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime at_ms(std::int64_t ms) {
  return MonoTime(Micros(ms * 1000));
}

// The n-th packet of a regular stream of 20 ms frames.
RtpHeader packet(int n, std::uint32_t ssrc = 7, std::uint16_t first = 65000) {
  return {0, false, static_cast<std::uint16_t>(first + n), static_cast<std::uint32_t>(n) * 160,
          ssrc};
}

TEST(ReceiveStats, CountsLossAcrossTheWrapOfSequenceNumbers) {
  ReceiveStats stats;
  for (int n = 0; n < 1000; ++n) {
    if (n % 10 == 3) continue;
    EXPECT_EQ(stats.receive(packet(n), 160, at_ms(n * 20)), Arrival::kInOrder);
  }
  const ReceiveTotals totals = stats.totals();
  EXPECT_EQ(totals.packets, 900U);
  EXPECT_EQ(totals.lost, 100);
  EXPECT_EQ(totals.bytes, 900U * 160);
  EXPECT_EQ(totals.highest_sequence, 65000U + 999);
  EXPECT_EQ(totals.jitter, Micros(0));
}

TEST(ReceiveStats, LateIsNotLostAndTwiceIsNotTwo) {
  ReceiveStats stats;
  const std::vector<std::pair<int, Arrival>> story = {
      {0, Arrival::kInOrder}, {1, Arrival::kInOrder},   {4, Arrival::kInOrder},
      {2, Arrival::kLate},    {2, Arrival::kDuplicate}, {4, Arrival::kDuplicate},
      {3, Arrival::kLate},    {5, Arrival::kInOrder},   {-1, Arrival::kLate},
  };
  for (const auto& [n, arrival] : story)
    EXPECT_EQ(stats.receive(packet(n), 160, at_ms(0)), arrival) << n;
  EXPECT_EQ(stats.totals().lost, 0);
  EXPECT_EQ(stats.totals().packets, 7U);
  EXPECT_EQ(stats.totals().duplicates, 2U);
}

TEST(ReceiveStats, LossIsTheSameHoweverPacketsAreReordered) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    std::vector<int> order;
    for (int n = 0; n < 400; ++n)
      if (random() % 8 != 0) order.push_back(n);
    const int lost = 400 - static_cast<int>(order.size());
    order.insert(order.begin(), 0);
    order.push_back(399);
    for (std::size_t i = 1; i + 8 < order.size(); i += 8)
      std::shuffle(order.begin() + static_cast<long>(i), order.begin() + static_cast<long>(i) + 8,
                   random);
    std::vector<int> distinct = order;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    ReceiveStats stats;
    for (const int n : order) stats.receive(packet(n), 160, at_ms(0));
    EXPECT_EQ(stats.totals().lost, 400 - static_cast<int>(distinct.size())) << "seed " << seed;
    EXPECT_LE(stats.totals().lost, lost);
  }
}

TEST(ReceiveStats, OneWildPacketChangesNothingTwoInARowRestart) {
  ReceiveStats stats;
  for (int n = 0; n < 10; ++n) stats.receive(packet(n), 160, at_ms(n * 20));
  EXPECT_EQ(stats.receive(packet(20000), 160, at_ms(200)), Arrival::kSuspect);
  EXPECT_EQ(stats.receive(packet(10), 160, at_ms(200)), Arrival::kInOrder);
  EXPECT_EQ(stats.receive(packet(30000), 160, at_ms(220)), Arrival::kSuspect);
  EXPECT_EQ(stats.receive(packet(30001), 160, at_ms(240)), Arrival::kRestarted);
  EXPECT_EQ(stats.receive(packet(30002), 160, at_ms(260)), Arrival::kInOrder);
  EXPECT_EQ(stats.totals().restarts, 1U);
  EXPECT_EQ(stats.totals().lost, 0);
  EXPECT_EQ(stats.totals().packets, 13U);
}

TEST(ReceiveStats, AnotherSsrcBeginsAnewButTotalsStay) {
  ReceiveStats stats;
  stats.receive(packet(0), 160, at_ms(0));
  stats.receive(packet(2), 160, at_ms(40));
  EXPECT_EQ(stats.receive(packet(500, 8), 160, at_ms(60)), Arrival::kRestarted);
  EXPECT_EQ(stats.totals().ssrc, 8U);
  EXPECT_EQ(stats.totals().lost, 1);
  EXPECT_EQ(stats.totals().packets, 3U);
  ASSERT_TRUE(stats.report(at_ms(80)));
  EXPECT_EQ(stats.report(at_ms(80))->lost, 0);
}

TEST(ReceiveStats, JitterFollowsTheFormulaOfTheRfc) {
  ReceiveStats stats;
  double expected = 0;
  for (int n = 0; n < 200; ++n) {
    const int late = n % 2 == 0 ? 0 : 10;  // every second one comes 10 ms = 80 ticks late
    stats.receive(packet(n), 160, at_ms(n * 20 + late));
    if (n > 0) expected += (80 - expected) / 16;
  }
  EXPECT_NEAR(static_cast<double>(stats.totals().jitter.count()) / 125, expected, 2);
  EXPECT_NEAR(stats.report(at_ms(4000))->jitter, expected, 2);
}

TEST(ReceiveStats, FractionLostIsOfTheIntervalOnly) {
  ReceiveStats stats;
  for (int n = 0; n < 100; ++n)
    if (n % 4 != 1) stats.receive(packet(n), 160, at_ms(n * 20));
  EXPECT_EQ(stats.report(at_ms(2000))->fraction_lost, 64);
  for (int n = 100; n < 200; ++n) stats.receive(packet(n), 160, at_ms(n * 20));
  const auto block = stats.report(at_ms(4000));
  EXPECT_EQ(block->fraction_lost, 0);
  EXPECT_EQ(block->lost, 25);
}

TEST(SendState, ContinuesNumbersAcrossSources) {
  SendState send(99, 65534, 0xffffff00);
  // A prompt of three frames …
  EXPECT_EQ(send.produce(0, 160, 160, at_ms(0)).sequence, 65534);
  RtpHeader last = send.produce(0, 160, 160, at_ms(20));
  EXPECT_EQ(last.sequence, 65535);
  EXPECT_EQ(last.timestamp, 0xffffff00 + 160);
  EXPECT_FALSE(last.marker);
  last = send.produce(0, 160, 160, at_ms(40));
  // … then an operator, half a second later …
  const auto first = send.relay(packet(0, 5, 100), 0, 160, at_ms(540));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->sequence, 1);
  EXPECT_EQ(first->timestamp, last.timestamp + 4000);
  EXPECT_TRUE(first->marker);
  EXPECT_EQ(first->ssrc, 99U);
  const auto second = send.relay(packet(1, 5, 100), 0, 160, at_ms(560));
  EXPECT_EQ(second->sequence, 2);
  EXPECT_EQ(second->timestamp, first->timestamp + 160);
  EXPECT_FALSE(second->marker);
  // … then hold music at once: never less than a frame later.
  const RtpHeader music = send.produce(0, 160, 160, at_ms(561));
  EXPECT_EQ(music.sequence, 3);
  EXPECT_EQ(music.timestamp, second->timestamp + 160);
  EXPECT_TRUE(music.marker);
}

TEST(SendState, RelayKeepsLossAndReorderingOfTheSource) {
  SendState send(99, 1000, 0);
  const int arrivals[] = {0, 1, 4, 3, 5};
  const int expected[] = {1000, 1001, 1004, 1003, 1005};
  for (int i = 0; i < 5; ++i) {
    const auto header = send.relay(packet(arrivals[i]), 8, 160, at_ms(arrivals[i] * 20));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->sequence, expected[i]);
    EXPECT_EQ(header->timestamp, static_cast<std::uint32_t>(arrivals[i]) * 160);
    EXPECT_EQ(header->payload_type, 8);
  }
}

TEST(SendState, AStragglerFromBeforeTheSwitchIsNotSentUnderAUsedNumber) {
  SendState send(99, 1000, 0);
  for (int n = 0; n < 5; ++n) send.relay(packet(n, 1), 0, 160, at_ms(n * 20));
  send.switch_source();
  EXPECT_EQ(send.relay(packet(50, 2), 0, 160, at_ms(100))->sequence, 1005);
  EXPECT_FALSE(send.relay(packet(49, 2), 0, 160, at_ms(101)));
  EXPECT_EQ(send.relay(packet(51, 2), 0, 160, at_ms(120))->sequence, 1006);
}

TEST(SendState, NeverRepeatsANumberWhateverTheSourcesDo) {
  std::mt19937 random(3);
  SendState send(99, 0, 0);
  std::vector<bool> used(65536);
  int n = 0;
  std::uint32_t ssrc = 1;
  std::int64_t ms = 0;
  for (int step = 0; step < 20000; ++step) {
    ms += 20;
    std::optional<RtpHeader> header;
    const unsigned dice = random() % 100;
    if (dice == 0) ++ssrc;
    if (dice == 1) send.switch_source();
    if (dice == 2) n += 20000;  // the source jumps
    if (dice < 10) {
      header = send.produce(0, 160, 160, at_ms(ms));
    } else {
      header = send.relay(packet(++n, ssrc), 0, 160, at_ms(ms));
    }
    ASSERT_TRUE(header);
    ASSERT_FALSE(used[header->sequence]) << step;
    used[header->sequence] = true;
  }
}

TEST(SendState, AnEventKeepsItsTimestampAndSoundGoesOnBehindIt) {
  SendState send(99, 10, 1000);
  send.produce(0, 160, 160, at_ms(0));
  send.begin_event(at_ms(20));
  const RtpHeader one = send.event(101, true, 4);
  const RtpHeader two = send.event(101, false, 4);
  EXPECT_EQ(one.timestamp, 1160U);
  EXPECT_EQ(two.timestamp, 1160U);
  EXPECT_EQ(one.sequence, 11);
  EXPECT_EQ(two.sequence, 12);
  const RtpHeader sound = send.produce(0, 160, 160, at_ms(180));
  EXPECT_EQ(sound.timestamp, 1000U + 180 * 8);
  EXPECT_EQ(sound.sequence, 13);
  EXPECT_TRUE(sound.marker);
}

TEST(RtcpReporter, MeasuresTheRoundTripOfTwoLegs) {
  const Time wall = time_from_micros(1'790'000'000'000'000);
  SendState send_a(1, 0, 0);
  SendState send_b(2, 0, 0);
  ReceiveStats from_a;
  ReceiveStats from_b;
  RtcpReporter a("a", at_ms(0), 0.5);
  RtcpReporter b("b", at_ms(0), 0.0);
  EXPECT_EQ(a.next_report(), at_ms(5000));
  EXPECT_EQ(b.next_report(), at_ms(2500));
  for (int n = 0; n < 100; ++n) {
    from_a.receive(send_a.produce(0, 160, 160, at_ms(n * 20)), 160, at_ms(n * 20 + 30));
    from_b.receive(send_b.produce(0, 160, 160, at_ms(n * 20)), 160, at_ms(n * 20 + 30));
  }
  std::array<std::uint8_t, 200> buffer{};
  std::size_t size = a.write(buffer, send_a, from_b, at_ms(2000), wall);
  ASSERT_NE(size, 0U);
  EXPECT_EQ(a.next_report(), at_ms(7000));
  ASSERT_TRUE(b.receive(ByteView(buffer).first(size), send_b, from_a, at_ms(2030)));
  EXPECT_FALSE(b.remote().round_trip);  // b has sent no report yet
  EXPECT_EQ(b.remote().reports, 1U);

  // b holds it for 500 ms; a's wall clock jumps meanwhile.
  size = b.write(buffer, send_b, from_a, at_ms(2530), wall + seconds(3600));
  ASSERT_TRUE(a.receive(ByteView(buffer).first(size), send_a, from_b, at_ms(2560)));
  ASSERT_TRUE(a.remote().round_trip);
  EXPECT_NEAR(static_cast<double>(a.remote().round_trip->count()), 60'000, 100);
  EXPECT_EQ(a.remote().lost, 0);

  size = b.write_goodbye(buffer, send_b, from_a, at_ms(3000), wall);
  ASSERT_TRUE(a.receive(ByteView(buffer).first(size), send_a, from_b, at_ms(3000)));
  EXPECT_TRUE(a.remote().said_goodbye);
  EXPECT_FALSE(a.receive(ByteView(buffer).first(5), send_a, from_b, at_ms(3000)));
}

TEST(RtcpReporter, SaysAReceiverReportWhileNothingWasSent) {
  SendState silent(1, 0, 0);
  ReceiveStats heard;
  RtcpReporter reporter("a", at_ms(0), 0.5);
  std::array<std::uint8_t, 200> buffer{};
  const std::size_t size = reporter.write(buffer, silent, heard, at_ms(0), Time{});
  const auto compound = RtcpCompound::parse(ByteView(buffer).first(size));
  ASSERT_TRUE(compound);
  EXPECT_FALSE(compound->sender);
  EXPECT_EQ(compound->block_count, 0U);
  EXPECT_EQ(compound->cname, "a");
}

TEST(ToNtp, CountsFrom1900) {
  EXPECT_EQ(to_ntp(time_from_micros(500'000)), 2208988800ULL << 32 | 0x80000000);
}

}  // namespace
}  // namespace madoguchi::rtp
