#include "rtp/jitter_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "rtp/allocation_count.h"
#include "rtp/tone.h"

namespace madoguchi::rtp {
namespace {

using Pulled = JitterBuffer::Pulled;
using std::chrono::milliseconds;

constexpr double kTone = 500;

// A phone that sends a tone in packets, a network that delays each one, and a mixer that pulls
// every 20 ms.
class Playout {
 public:
  std::size_t packet_samples = 160;
  std::uint32_t first_timestamp = 0xffff8000;  // wraps soon
  Law law = Law::kMu;
  JitterBuffer buffer;
  std::vector<std::int16_t> heard;
  std::vector<Pulled> pulls;

  // `delay_ms(n)` of the n-th packet; negative: lost.
  template <typename Delay>
  void run(int packets, Delay delay_ms) {
    ToneGenerator generator(kTone, 8000);
    std::vector<Flying> air;
    for (int n = 0; n < packets; ++n) {
      std::vector<std::int16_t> sound(packet_samples);
      generator.fill(sound);
      Bytes payload(packet_samples);
      encode(law, sound, payload);
      const int delay = delay_ms(n);
      if (delay < 0) continue;
      const auto sent = Micros(static_cast<std::int64_t>(packet_samples) * 125 * (n + 1));
      const RtpHeader header{0, false, static_cast<std::uint16_t>(n),
                             first_timestamp + static_cast<std::uint32_t>(n * packet_samples), 7};
      air.push_back({MonoTime(sent) + milliseconds(delay), header, payload});
    }
    std::stable_sort(air.begin(), air.end(),
                     [](const Flying& a, const Flying& b) { return a.at < b.at; });
    const MonoTime end = air.back().at + milliseconds(100);
    std::size_t next = 0;
    for (MonoTime now{milliseconds(1)}; now < end; now += milliseconds(20)) {
      for (; next < air.size() && air[next].at <= now; ++next)
        buffer.insert(air[next].header, air[next].payload, law, air[next].at);
      Frame frame;
      pulls.push_back(buffer.pull(frame));
      heard.insert(heard.end(), frame.begin(), frame.end());
    }
  }

  std::size_t count(Pulled kind) const {
    return static_cast<std::size_t>(std::count(pulls.begin(), pulls.end(), kind));
  }
  // Windows of 20 ms in which the tone is whole.
  std::size_t clean_frames() const {
    std::size_t samples = 0;
    for (const ToneRun& run : find_tone(heard, kTone, 0.97)) samples += run.end - run.begin;
    return samples / kFrameSamples;
  }

 private:
  struct Flying {
    MonoTime at;
    RtpHeader header;
    Bytes payload;
  };
};

TEST(JitterBuffer, AnEvenStreamPlaysWholeWithLittleDelay) {
  for (const std::size_t samples : {80U, 160U, 240U, 320U}) {
    Playout playout;
    playout.packet_samples = samples;
    playout.law = samples == 240 ? Law::kA : Law::kMu;
    playout.run(400, [](int) { return 30; });
    const std::size_t expected = 400 * samples / kFrameSamples;
    // Packets longer than a frame find the buffer empty once, until it has learnt to wait for them.
    EXPECT_GE(playout.clean_frames(), expected - 3) << samples;
    EXPECT_LE(playout.count(Pulled::kConcealed), 5U) << samples;
    EXPECT_EQ(playout.buffer.totals().late_packets, 0U);
    EXPECT_LE(playout.buffer.totals().target, milliseconds(60));
  }
}

TEST(JitterBuffer, JitterIsLearntAndThenHidden) {
  std::mt19937 random(1);
  Playout playout;
  playout.run(1000, [&](int) { return 20 + static_cast<int>(random() % 60); });
  const auto totals = playout.buffer.totals();
  EXPECT_GE(totals.target, milliseconds(60));
  EXPECT_LE(totals.target, milliseconds(85));
  EXPECT_GE(playout.clean_frames(), 970U);
  EXPECT_LE(totals.late_packets, 10U);
}

TEST(JitterBuffer, DelayShrinksAgainWhenTheNetworkCalms) {
  std::mt19937 random(2);
  Playout playout;
  playout.run(3000, [&](int n) { return n < 300 ? 20 + static_cast<int>(random() % 120) : 20; });
  const auto totals = playout.buffer.totals();
  EXPECT_LE(totals.target, milliseconds(25));
  EXPECT_GT(totals.skipped, 0U);
  EXPECT_LE(totals.waiting, milliseconds(80));
}

TEST(JitterBuffer, LossIsConcealedWithoutHoles) {
  std::mt19937 random(3);
  Playout playout;
  // One or two in a row; three are 60 ms and fade.
  int in_a_row = 0;
  playout.run(1000, [&](int) {
    in_a_row = in_a_row < 2 && random() % 10 == 0 ? in_a_row + 1 : 0;
    return in_a_row > 0 ? -1 : 30;
  });
  EXPECT_GT(playout.count(Pulled::kConcealed), 60U);
  std::size_t silent = 0;
  for (std::size_t at = 1600; at + 160 <= 900 * 160; at += 160)
    if (level(std::span(playout.heard).subspan(at, 160)) < 0.03) ++silent;
  EXPECT_EQ(silent, 0U);
  // A steady tone repeated by its period is the tone still.
  EXPECT_GE(playout.clean_frames(), 800U);
}

TEST(JitterBuffer, ALongHoleFadesToSilenceAndComesBack) {
  Playout playout;
  playout.run(300, [](int n) { return n >= 100 && n < 140 ? -1 : 30; });
  EXPECT_GE(playout.count(Pulled::kSilence), 30U);
  EXPECT_GE(playout.clean_frames(), 250U);
}

TEST(JitterBuffer, AStallIsPlayedLaterNotThrownAway) {
  Playout playout;
  // 100 ms of nothing, then the packets that were held up come at once.
  playout.run(300, [](int n) { return n >= 100 && n < 105 ? 30 + (105 - n) * 20 : 30; });
  EXPECT_GT(playout.buffer.totals().stretched, 0U);
  EXPECT_EQ(playout.buffer.totals().late_packets, 0U);
  EXPECT_GE(playout.clean_frames(), 285U);
}

TEST(JitterBuffer, ASourceThatRestartsBeginsAnew) {
  JitterBuffer buffer;
  const Bytes loud(160, linear_to_mu(8000));
  Frame frame;
  MonoTime now{milliseconds(1)};
  const auto play = [&](std::uint32_t timestamp, std::uint32_t ssrc) {
    int sounded = 0;
    for (std::uint32_t n = 0; n < 20; ++n) {
      buffer.insert({0, false, 0, timestamp + n * 160, ssrc}, loud, Law::kMu, now);
      sounded += buffer.pull(frame) == Pulled::kSound ? 1 : 0;
      now += milliseconds(20);
    }
    return sounded;
  };
  EXPECT_GE(play(1000, 1), 15);
  EXPECT_GE(play(900'000, 1), 15);  // a jump ahead
  EXPECT_GE(play(2'000, 1), 15);    // and far back
  EXPECT_GE(play(5'000'000, 2), 15);
}

TEST(JitterBuffer, NothingHeardIsSilence) {
  JitterBuffer buffer;
  Frame frame;
  frame.fill(99);
  EXPECT_EQ(buffer.pull(frame), Pulled::kSilence);
  EXPECT_EQ(level(frame), 0);
  const Bytes too_long(2000, 0);
  buffer.insert({0, false, 0, 0, 1}, too_long, Law::kMu, MonoTime{});
  buffer.insert({0, false, 0, 0, 1}, {}, Law::kMu, MonoTime{});
  EXPECT_EQ(buffer.pull(frame), Pulled::kSilence);
}

TEST(JitterBuffer, AnythingGoesWithinBounds) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    JitterBuffer buffer;
    Frame frame;
    MonoTime now{};
    std::uint32_t timestamp = static_cast<std::uint32_t>(random());
    for (int step = 0; step < 5000; ++step) {
      now += Micros(random() % 40000);
      if (random() % 50 == 0) timestamp = static_cast<std::uint32_t>(random());
      timestamp += static_cast<std::uint32_t>(random() % 400);
      const auto back = static_cast<std::uint32_t>(random() % 500);
      const std::uint32_t ssrc = random() % 40 == 0 ? 1 : 2;
      const Bytes payload(random() % 700, static_cast<std::uint8_t>(random()));
      buffer.insert({0, false, 0, timestamp - back, ssrc}, payload, Law::kA, now);
      if (random() % 2 == 0) buffer.pull(frame);
      ASSERT_LE(buffer.totals().waiting, milliseconds(512)) << "seed " << seed;
    }
  }
}

TEST(JitterBuffer, NothingIsAllocatedPerPacket) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer owns malloc";
  JitterBuffer buffer;
  const Bytes payload(160, 0x42);
  Frame frame;
  const std::size_t before = allocations();
  for (std::uint32_t n = 0; n < 500; ++n) {
    if (n % 9 != 0)
      buffer.insert({0, false, 0, n * 160, 1}, payload, Law::kMu, MonoTime(milliseconds(n * 20)));
    buffer.pull(frame);
  }
  EXPECT_EQ(allocations(), before);
}

}  // namespace
}  // namespace madoguchi::rtp
