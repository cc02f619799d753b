#include "rtp/dtmf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "rtp/stream.h"

namespace madoguchi::rtp {
namespace {

using std::chrono::milliseconds;

MonoTime at_ms(std::int64_t ms) {
  return MonoTime(Micros(ms * 1000));
}

struct Sent {
  RtpHeader header;
  Bytes payload;
  std::int64_t ms = 0;
};

std::vector<Sent> key_in(std::string_view digits, int press_ms) {
  std::vector<Sent> packets;
  SendState send(1, 100, 5000);
  DtmfSender sender;
  std::int64_t ms = 0;
  for (const char digit : digits) {
    EXPECT_TRUE(sender.press(digit, milliseconds(press_ms)));
    EXPECT_FALSE(sender.press(digit, milliseconds(press_ms)));
    while (sender.busy()) {
      if (const auto packet = sender.tick()) {
        if (packet->first) send.begin_event(at_ms(ms));
        packets.push_back({send.event(101, packet->first, packet->payload.size()),
                           Bytes(packet->payload.begin(), packet->payload.end()), ms});
      }
      ms += 20;
    }
  }
  return packets;
}

RtpView view_of(const Sent& sent) {
  RtpView view;
  view.header = sent.header;
  view.payload = sent.payload;
  return view;
}

struct Heard {
  std::string pressed;
  std::string released;
  std::vector<Micros> durations;
  void take(const DtmfEvents& events) {
    for (std::size_t i = 0; i < events.count; ++i) {
      const DtmfEvent& event = events.items[i];
      if (event.kind == DtmfEvent::Kind::kPressed) {
        pressed += event.digit;
      } else {
        released += event.digit;
        durations.push_back(event.duration);
      }
    }
  }
};

Heard hear(const std::vector<Sent>& packets) {
  Heard heard;
  DtmfReceiver receiver;
  std::int64_t last = 0;
  for (const Sent& sent : packets) {
    heard.take(receiver.advance(at_ms(sent.ms)));
    heard.take(receiver.receive(view_of(sent), at_ms(sent.ms)));
    last = sent.ms;
  }
  heard.take(receiver.advance(at_ms(last + 1000)));
  EXPECT_FALSE(receiver.next_deadline());
  return heard;
}

TEST(Dtmf, EveryKeyArrivesOnceWithItsLength) {
  const Heard heard = hear(key_in("0123456789*#ABCD", 100));
  EXPECT_EQ(heard.pressed, "0123456789*#ABCD");
  EXPECT_EQ(heard.released, "0123456789*#ABCD");
  for (const Micros duration : heard.durations) EXPECT_EQ(duration, milliseconds(100));
}

TEST(Dtmf, TheSameKeyTwiceIsTwo) {
  EXPECT_EQ(hear(key_in("1111", 60)).pressed, "1111");
}

TEST(Dtmf, TheEndIsSentThreeTimes) {
  int ends = 0;
  for (const Sent& sent : key_in("5", 100)) ends += (sent.payload[1] & 0x80) != 0 ? 1 : 0;
  EXPECT_EQ(ends, 3);
}

TEST(Dtmf, AllEndsLostReleasesBySilenceOrByTheNextKey) {
  std::vector<Sent> packets = key_in("12", 100);
  std::erase_if(packets, [](const Sent& sent) { return (sent.payload[1] & 0x80) != 0; });
  const Heard heard = hear(packets);
  EXPECT_EQ(heard.pressed, "12");
  EXPECT_EQ(heard.released, "12");
}

TEST(Dtmf, OnlyAnEndArrivingIsAPressStill) {
  std::vector<Sent> packets = key_in("7", 100);
  const Heard heard = hear({packets.back()});
  EXPECT_EQ(heard.pressed, "7");
  EXPECT_EQ(heard.released, "7");
  EXPECT_EQ(heard.durations[0], milliseconds(100));
}

TEST(Dtmf, LossAndReorderingAndDuplicatesGiveEachKeyOnce) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<Sent> packets = key_in("1122334455#", 100);
    std::vector<Sent> network;
    for (const Sent& sent : packets) {
      if (random() % 5 == 0) continue;
      network.push_back(sent);
      if (random() % 5 == 0) network.push_back(sent);
    }
    for (std::size_t i = 0; i + 1 < network.size(); ++i)
      if (random() % 4 == 0) {
        std::swap(network[i], network[i + 1]);
        std::swap(network[i].ms, network[i + 1].ms);
      }
    EXPECT_EQ(hear(network).pressed, "1122334455#") << "seed " << seed;
  }
}

TEST(Dtmf, ALongPressInSegmentsIsOne) {
  // RFC 4733, 2.5.1.3: after 0xffff ticks the event goes on under a new timestamp without a marker.
  std::vector<Sent> packets;
  for (int segment = 0; segment < 3; ++segment)
    for (int n = 1; n <= 3; ++n) {
      const bool last = segment == 2 && n == 3;
      const int duration = n == 3 && !last ? 0xffff : n * 20000;
      packets.push_back(
          {{101, segment == 0 && n == 1, 0, static_cast<std::uint32_t>(segment) * 0xffff, 1},
           {3, static_cast<std::uint8_t>(last ? 0x8a : 0x0a),
            static_cast<std::uint8_t>(duration >> 8), static_cast<std::uint8_t>(duration)},
           100 * (segment * 3 + n)});
    }
  const Heard heard = hear(packets);
  EXPECT_EQ(heard.pressed, "3");
  ASSERT_EQ(heard.durations.size(), 1U);
  EXPECT_EQ(heard.durations[0].count() / 125, 2 * 0xffff + 60000);
}

TEST(Dtmf, OtherEventsAndShortPayloadsAreCountedAndIgnored) {
  DtmfReceiver receiver;
  Sent flash{{101, true, 1, 0, 1}, {16, 0x0a, 0, 160}, 0};
  Sent brief{{101, true, 1, 0, 1}, {1, 0x0a}, 0};
  EXPECT_EQ(receiver.receive(view_of(flash), at_ms(0)).count, 0U);
  EXPECT_EQ(receiver.receive(view_of(brief), at_ms(0)).count, 0U);
  EXPECT_EQ(receiver.ignored(), 2U);
}

TEST(Dtmf, KnowsItsAlphabet) {
  EXPECT_EQ(dtmf_event('#'), 11);
  EXPECT_EQ(dtmf_digit(15), 'D');
  EXPECT_FALSE(dtmf_event('x'));
  EXPECT_FALSE(dtmf_digit(16));
  DtmfSender sender;
  EXPECT_FALSE(sender.press('x', milliseconds(100)));
}

}  // namespace
}  // namespace madoguchi::rtp
