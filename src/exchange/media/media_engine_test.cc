#include "exchange/media/media_engine.h"

#include <gtest/gtest.h>

#include "exchange/media/test_rig.h"
#include "rtp/g711.h"
#include "rtp/tone.h"

namespace madoguchi::exchange {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint8_t kDigits = 101;

class Relay : public testing::Test {
 protected:
  Relay() {
    rig_.add("caller", Side::kCaller, caller_);
    rig_.add("operator", Side::kOurs, operator_);
    rig_.connect("caller", "operator");
  }

  // Both speak for `frames` times 20 ms.
  void talk(int frames) {
    for (int n = 0; n < frames; ++n) {
      caller_.say(0x11);
      operator_.say(0x22);
      rig_.pump();
      rig_.pass(milliseconds(20));
    }
  }

  EngineRig rig_;
  LoopbackPhone caller_{0, 0x1111};
  LoopbackPhone operator_{0, 0x2222};
};

TEST_F(Relay, PassesSoundBothWaysUntouched) {
  talk(50);
  const auto by_operator = operator_.listen();
  const auto by_caller = caller_.listen();
  ASSERT_EQ(by_operator.size(), 50U);
  ASSERT_EQ(by_caller.size(), 50U);
  for (std::size_t n = 0; n < 50; ++n) {
    EXPECT_EQ(by_operator[n].payload, Bytes(160, 0x11));
    EXPECT_EQ(by_caller[n].payload, Bytes(160, 0x22));
    EXPECT_EQ(by_caller[n].header.payload_type, 0);
    EXPECT_EQ(by_caller[n].header.ssrc, by_caller[0].header.ssrc);
    EXPECT_NE(by_caller[n].header.ssrc, 0x2222U);
  }
}

TEST_F(Relay, KeepsLossAndSpacingVisible) {
  talk(3);
  operator_.skip();
  talk(1);
  const auto heard = caller_.listen();
  ASSERT_EQ(heard.size(), 4U);
  EXPECT_EQ(static_cast<std::uint16_t>(heard[3].header.sequence - heard[2].header.sequence), 2);
  EXPECT_EQ(heard[3].header.timestamp - heard[2].header.timestamp, 320U);
}

TEST(RelayOfTwoLaws, ConvertsOnlyForTheLegThatDiffers) {
  EngineRig rig;
  LoopbackPhone caller(0, 1);
  LoopbackPhone operator_phone(8, 2);
  rig.add("caller", Side::kCaller, caller, SoundCodec::kPcmu);
  rig.add("operator", Side::kOurs, operator_phone, SoundCodec::kPcma);
  rig.connect("caller", "operator");
  caller.say(0x11);
  operator_phone.say(0x22);
  rig.pump();
  const auto by_operator = operator_phone.listen();
  ASSERT_EQ(by_operator.size(), 1U);
  EXPECT_EQ(by_operator[0].header.payload_type, 8);
  EXPECT_EQ(by_operator[0].payload, Bytes(160, rtp::mu_to_a(0x11)));
  const auto by_caller = caller.listen();
  ASSERT_EQ(by_caller.size(), 1U);
  EXPECT_EQ(by_caller[0].header.payload_type, 0);
  EXPECT_EQ(by_caller[0].payload, Bytes(160, rtp::a_to_mu(0x22)));
}

TEST_F(Relay, DropsAndCountsForeignSendersAndGarbage) {
  talk(5);
  static_cast<void>(operator_.listen());
  LoopbackPhone stranger(0, 0x3333);
  const std::uint16_t port = rig_.add("other", Side::kCaller, stranger);
  static_cast<void>(port);
  // Latched: another address is not believed.
  LoopbackPhone intruder(0, 0x4444);
  EngineRig fresh;
  LoopbackPhone victim(0, 1);
  LoopbackPhone partner(0, 2);
  const std::uint16_t victim_port = fresh.add("caller", Side::kCaller, victim);
  fresh.add("operator", Side::kOurs, partner);
  fresh.connect("caller", "operator");
  victim.say(0x11);
  fresh.pump();
  intruder.call(victim_port);
  for (int n = 0; n < 20; ++n) {
    intruder.say(0x66);
    victim.say(0x11);
    fresh.pump();
  }
  for (const auto& heard : partner.listen()) EXPECT_EQ(heard.payload, Bytes(160, 0x11));
  EXPECT_EQ(fresh.counters().foreign_sender, 20U);
  victim.send_raw(Bytes{0x80, 0x00, 0x01});
  victim.send_raw(Bytes(40, 0x00));
  rtp::RtpHeader unknown = victim.header();
  unknown.payload_type = 96;
  std::array<std::uint8_t, 64> packet;
  victim.send_raw(ByteView(packet).first(rtp::write_rtp(packet, unknown, Bytes(20, 1))));
  fresh.pump();
  EXPECT_EQ(fresh.counters().malformed, 2U);
  EXPECT_EQ(fresh.counters().unknown_payload, 1U);
}

// After a second a latched telephone has a connected socket of its own.
TEST(RelayToALatchedTelephone, SeesStrangersAndFindsTheTelephoneWhenItMoves) {
  EngineRig rig;
  LoopbackPhone victim(0, 1);
  LoopbackPhone partner(0, 2);
  const std::uint16_t port = rig.add("caller", Side::kCaller, victim);
  rig.add("operator", Side::kOurs, partner);
  rig.connect("caller", "operator");
  const auto talk = [&](LoopbackPhone& caller, int frames) {
    for (int n = 0; n < frames; ++n) {
      caller.say(0x11);
      partner.say(0x22);
      rig.pump();
      rig.pass(milliseconds(20));
    }
  };
  talk(victim, 100);
  EXPECT_EQ(victim.listen().size(), 100U);
  EXPECT_EQ(partner.listen().size(), 100U);

  LoopbackPhone intruder(0, 0x4444);
  intruder.call(port);
  for (int n = 0; n < 20; ++n) intruder.say(0x66);
  talk(victim, 20);
  EXPECT_EQ(rig.counters().foreign_sender, 20U);
  for (const auto& heard : partner.listen()) EXPECT_EQ(heard.payload, Bytes(160, 0x11));

  LoopbackPhone moved(0, 1);
  moved.call(port);
  rig.pass(seconds(3));
  static_cast<void>(victim.listen());
  talk(moved, 100);
  EXPECT_GE(moved.listen().size(), 90U);
  EXPECT_LE(victim.listen().size(), 10U);
  const auto refused = rig.counters().foreign_sender;
  for (int n = 0; n < 5; ++n) intruder.say(0x66);
  talk(moved, 20);
  EXPECT_EQ(rig.counters().foreign_sender, refused + 5);
}

TEST(UdpSocketTwin, HearsItsPeerAloneAndNobodyElseMayJoin) {
  auto socket = std::move(*UdpSocket::bind("127.0.0.1", 0));
  LoopbackPhone peer(0, 1);
  LoopbackPhone other(0, 2);
  const rtp::Address peer_at = *rtp::Address::parse("127.0.0.1", peer.port());
  auto twin = socket.twin_connected_to(peer_at);
  ASSERT_TRUE(twin.has_value());
  EXPECT_EQ(twin->port(), socket.port());
  peer.call(socket.port());
  other.call(socket.port());
  peer.say(0x11);
  other.say(0x22);
  std::array<std::uint8_t, rtp::kMaxDatagram> packet;
  rtp::Address from;
  EXPECT_TRUE(twin->receive(packet, from).has_value());
  EXPECT_EQ(from, peer_at);
  EXPECT_FALSE(twin->receive(packet, from).has_value());
  EXPECT_TRUE(socket.receive(packet, from).has_value());
  EXPECT_NE(from, peer_at);
  EXPECT_TRUE(twin->send(Bytes(172, 0x80)));
  EXPECT_EQ(peer.listen().size(), 1U);
  EXPECT_EQ(UdpSocket::bind("127.0.0.1", socket.port()).error().code, ErrorCode::kConflict);
}

TEST_F(Relay, MuteSilencesOneDirectionAndHoldBoth) {
  rig_.apply(command::Mute{LegId("operator"), OnOff::kOn});
  talk(5);
  EXPECT_EQ(caller_.listen().size(), 0U);
  EXPECT_EQ(operator_.listen().size(), 5U);
  rig_.apply(command::Mute{LegId("operator"), OnOff::kOff});
  rig_.apply(command::Hold{LegId("caller"), OnOff::kOn});
  talk(5);
  EXPECT_EQ(caller_.listen().size(), 0U);
  EXPECT_EQ(operator_.listen().size(), 0U);
  rig_.apply(command::Hold{LegId("caller"), OnOff::kOff});
  talk(5);
  EXPECT_EQ(caller_.listen().size(), 5U);
  EXPECT_EQ(operator_.listen().size(), 5U);
}

TEST_F(Relay, SendsNothingToALegThatTheFarEndHolds) {
  RemoteSound remote;
  remote.address = "127.0.0.1";
  remote.port = caller_.port();
  remote.codecs = {{SoundCodec::kPcmu, 0}};
  remote.direction = Direction::kRecvOnly;
  rig_.set_remote("caller", remote);
  talk(5);
  EXPECT_EQ(caller_.listen().size(), 0U);
  EXPECT_EQ(operator_.listen().size(), 5U);
}

TEST_F(Relay, TellsEachDigitOnceAndKeepsCallersDigitsFromTheOperator) {
  talk(2);
  static_cast<void>(operator_.listen());
  for (int n = 1; n <= 3; ++n)
    caller_.press(kDigits, 5, static_cast<std::uint16_t>(160 * n), false);
  for (int n = 0; n < 3; ++n) caller_.press(kDigits, 5, 640, true);
  rig_.pump();
  const auto digits = rig_.events_of<DigitPressed>();
  ASSERT_EQ(digits.size(), 1U);
  EXPECT_EQ(digits[0].digit, '5');
  EXPECT_EQ(digits[0].leg, LegId("caller"));
  EXPECT_EQ(digits[0].call, EngineRig::kCall);
  EXPECT_EQ(operator_.listen().size(), 0U);
  operator_.press(kDigits, 11, 160, false);
  rig_.pump();
  const auto by_caller = caller_.listen();
  ASSERT_FALSE(by_caller.empty());
  EXPECT_EQ(by_caller.back().header.payload_type, kDigits);
}

TEST_F(Relay, TellsSilenceOnceAndThatItEnded) {
  talk(2);
  rig_.pass(seconds(17));
  auto silent = rig_.events_of<LegSilent>();
  ASSERT_EQ(silent.size(), 2U);
  EXPECT_GE(silent[0].silent_for, seconds(15));
  rig_.pass(seconds(20));
  EXPECT_EQ(rig_.events_of<LegSilent>().size(), 0U);
  caller_.say(0x11);
  rig_.pass(seconds(2));
  const auto heard = rig_.events_of<LegHeard>();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].leg, LegId("caller"));
}

TEST_F(Relay, ReportsAreASignOfLifeAndWhoHoldsUsOwesNone) {
  talk(2);
  RemoteSound muxed;
  muxed.address = "127.0.0.1";
  muxed.port = caller_.port();
  muxed.codecs = {{SoundCodec::kPcmu, 0}};
  muxed.rtcp_mux = OnOff::kOn;
  rig_.set_remote("caller", muxed);
  const Bytes report = {0x80, 201, 0, 1, 0, 0, 0, 7};  // RR without blocks
  for (int i = 0; i < 8; ++i) {
    rig_.pass(seconds(5));
    caller_.send_raw(report);
  }
  for (const LegSilent& silent : rig_.events_of<LegSilent>())
    EXPECT_NE(silent.leg, LegId("caller"));
  muxed.direction = Direction::kRecvOnly;  // the caller's a=sendonly
  rig_.set_remote("caller", muxed);
  rig_.pass(seconds(40));
  EXPECT_EQ(rig_.events_of<LegSilent>().size(), 0U);
}

TEST_F(Relay, SaysOfASilentLegWhetherItWasEverHeard) {
  caller_.say(0x11);
  rig_.pass(seconds(17));
  const auto silent = rig_.events_of<LegSilent>();
  ASSERT_EQ(silent.size(), 2U);
  for (const LegSilent& leg : silent)
    EXPECT_EQ(leg.ever_heard, leg.leg == LegId("caller") ? OnOff::kOn : OnOff::kOff);
}

TEST_F(Relay, KeepsPinholesOpenWhileNobodySpeaks) {
  talk(1);
  static_cast<void>(caller_.listen());
  rig_.pass(seconds(10));
  const auto heard = caller_.listen();
  EXPECT_GE(heard.size(), 5U);
  EXPECT_LE(heard.size(), 11U);
  for (const auto& frame : heard) EXPECT_EQ(frame.payload, Bytes(160, rtp::kMuSilence));
}

TEST_F(Relay, RemovedLegGivesItsFinalStatistics) {
  talk(50);
  rig_.apply(command::RemoveLeg{LegId("caller")});
  const auto statistics = rig_.events_of<LegStatistics>();
  ASSERT_EQ(statistics.size(), 1U);
  EXPECT_EQ(statistics[0].packets_received, 50U);
  EXPECT_EQ(statistics[0].packets_sent, 50U);
  EXPECT_EQ(statistics[0].lost, 0U);
  EXPECT_EQ(statistics[0].final, OnOff::kOn);
  EXPECT_GT(statistics[0].level_dbov, -40);
  talk(5);  // whoever is left speaks to nobody, and nothing breaks
}

TEST_F(Relay, ALegMovedToAnotherCallHearsItsNewPartner) {
  const CallId second("second");
  rig_.apply(command::CreateCall{second});
  LoopbackPhone colleague(0, 0x5555);
  rig_.add("colleague", Side::kOurs, colleague, SoundCodec::kPcmu, second);
  rig_.apply(command::PutLeg{LegId("caller"), second});
  rig_.apply(command::Connect{second, LegId("caller"), LegId("colleague"), Hearing::kBoth});
  colleague.say(0x33);
  operator_.say(0x22);
  caller_.say(0x11);
  rig_.pump();
  ASSERT_EQ(caller_.listen().size(), 1U);
  ASSERT_EQ(colleague.listen().size(), 1U);
  EXPECT_EQ(operator_.listen().size(), 0U);
  rig_.apply(command::RemoveCall{EngineRig::kCall});
  caller_.say(0x11);
  rig_.pump();
  EXPECT_EQ(colleague.listen().size(), 1U);
}

TEST(Prompts, PlayOneAfterAnotherAndTellWhenFinished) {
  EngineRig rig;
  LoopbackPhone caller(8, 1);
  rig.add("caller", Side::kCaller, caller, SoundCodec::kPcma);
  rig.play("caller", 7,
           {wav_of(std::vector<std::int16_t>(800, 8000)),
            wav_of(std::vector<std::int16_t>(880, -8000))});
  rig.pass(milliseconds(400));
  const auto heard = caller.listen();
  ASSERT_EQ(heard.size(), 11U);  // 100 ms and 110 ms, the rest of the last frame silent
  EXPECT_EQ(heard[0].payload, Bytes(160, rtp::linear_to_a(8000)));
  EXPECT_EQ(heard[5].payload, Bytes(160, rtp::linear_to_a(-8000)));
  EXPECT_EQ(heard[10].payload[79], rtp::linear_to_a(-8000));
  EXPECT_EQ(heard[10].payload[80], rtp::kASilence);
  for (std::size_t n = 1; n < heard.size(); ++n) {
    EXPECT_EQ(heard[n].header.timestamp - heard[n - 1].header.timestamp, 160U);
    EXPECT_EQ(static_cast<std::uint16_t>(heard[n].header.sequence - heard[n - 1].header.sequence),
              1);
  }
  const auto finished = rig.events_of<PromptFinished>();
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].play, 7U);
}

TEST(Prompts, LoopUntilStoppedThenTheOperatorIsHeardWithoutABreakInNumbers) {
  EngineRig rig;
  LoopbackPhone caller(0, 1);
  LoopbackPhone agent(0, 2);
  rig.add("caller", Side::kCaller, caller);
  rig.add("operator", Side::kOurs, agent);
  rig.connect("caller", "operator");
  rig.play("caller", 1, {wav_of(std::vector<std::int16_t>(400, 4000))}, OnOff::kOn);
  rig.pass(milliseconds(500));
  agent.say(0x22);  // not heard while the music plays
  rig.pump();
  rig.apply(command::Stop{LegId("caller")});
  for (int n = 0; n < 10; ++n) {
    agent.say(0x22);
    rig.pass(milliseconds(20));
  }
  const auto heard = caller.listen();
  ASSERT_EQ(heard.size(), 35U);
  for (std::size_t n = 1; n < heard.size(); ++n)
    EXPECT_EQ(static_cast<std::uint16_t>(heard[n].header.sequence - heard[n - 1].header.sequence),
              1)
        << n;
  EXPECT_EQ(heard[24].payload, Bytes(160, rtp::linear_to_mu(4000)));
  EXPECT_EQ(heard[25].payload, Bytes(160, 0x22));
  EXPECT_TRUE(heard[25].header.marker);
  EXPECT_EQ(rig.events_of<PromptFinished>().size(), 0U);
}

TEST(Prompts, WaitForTheFarEndsAddress) {
  EngineRig rig;
  LoopbackPhone caller(0, 1);
  auto rtp = std::move(*UdpSocket::bind("127.0.0.1", 0));
  auto rtcp = std::move(*UdpSocket::bind("127.0.0.1", 0));
  rig.apply(command::AddSipLeg{EngineRig::kCall, LegId("caller"), Side::kCaller, std::move(rtp),
                               std::move(rtcp)});
  rig.play("caller", 1, {wav_of(std::vector<std::int16_t>(160, 4000))});
  rig.pass(seconds(1));
  EXPECT_EQ(rig.events_of<PromptFinished>().size(), 0U);
  RemoteSound remote;
  remote.address = "127.0.0.1";
  remote.port = caller.port();
  remote.codecs = {{SoundCodec::kPcmu, 0}};
  rig.set_remote("caller", remote);
  rig.pass(milliseconds(100));
  EXPECT_EQ(caller.listen().size(), 1U);
  EXPECT_EQ(rig.events_of<PromptFinished>().size(), 1U);
}

// Each speaks a tone of its own; what a listener hears is measured by tone.
class Supervised : public testing::Test {
 protected:
  Supervised() {
    rig_.add("caller", Side::kCaller, caller_);
    rig_.add("operator", Side::kOurs, operator_);
    rig_.add("supervisor", Side::kOurs, supervisor_);
    rig_.connect("caller", "operator");
  }

  void talk(int frames) {
    for (int n = 0; n < frames; ++n) {
      speak(caller_, caller_tone_);
      speak(operator_, operator_tone_);
      speak(supervisor_, supervisor_tone_);
      rig_.pass(milliseconds(20));
    }
  }
  static void speak(LoopbackPhone& phone, rtp::ToneGenerator& tone) {
    std::array<std::int16_t, 160> sound;
    std::array<std::uint8_t, 160> coded;
    tone.fill(sound);
    rtp::encode(rtp::Law::kMu, sound, coded);
    phone.send(coded);
  }
  // The last half second that a phone heard.
  static std::vector<std::int16_t> heard_by(LoopbackPhone& phone) {
    std::vector<std::int16_t> sound;
    const auto frames = phone.listen();
    for (std::size_t n = frames.size() > 25 ? frames.size() - 25 : 0; n < frames.size(); ++n)
      for (const std::uint8_t code : frames[n].payload) sound.push_back(rtp::mu_to_linear(code));
    return sound;
  }

  EngineRig rig_;
  LoopbackPhone caller_{0, 1};
  LoopbackPhone operator_{0, 2};
  LoopbackPhone supervisor_{0, 3};
  rtp::ToneGenerator caller_tone_{440, 6000};
  rtp::ToneGenerator operator_tone_{700, 6000};
  rtp::ToneGenerator supervisor_tone_{1100, 6000};
};

TEST_F(Supervised, AListenerHearsBothAndNobodyHearsTheListener) {
  rig_.connect("supervisor", "caller", Hearing::kOneWay);
  rig_.connect("supervisor", "operator", Hearing::kOneWay);
  talk(75);
  const auto by_supervisor = heard_by(supervisor_);
  ASSERT_EQ(by_supervisor.size(), 25U * 160);
  EXPECT_GT(rtp::tone_share(by_supervisor, 440), 0.4);
  EXPECT_GT(rtp::tone_share(by_supervisor, 700), 0.4);
  EXPECT_GT(rtp::tone_share(heard_by(caller_), 700), 0.95);
  EXPECT_GT(rtp::tone_share(heard_by(operator_), 440), 0.95);
}

TEST_F(Supervised, AWhisperReachesTheOperatorAndNotTheCaller) {
  rig_.connect("operator", "supervisor", Hearing::kOneWay);
  talk(75);
  const auto by_operator = heard_by(operator_);
  EXPECT_GT(rtp::tone_share(by_operator, 440), 0.4);
  EXPECT_GT(rtp::tone_share(by_operator, 1100), 0.4);
  const auto by_caller = heard_by(caller_);
  EXPECT_GT(rtp::tone_share(by_caller, 700), 0.95);
  EXPECT_LT(rtp::tone_share(by_caller, 1100), 0.01);
}

TEST_F(Supervised, GoesBackToRelayingWhenTheSupervisorLeaves) {
  rig_.connect("operator", "supervisor", Hearing::kOneWay);
  talk(50);
  rig_.apply(command::RemoveLeg{LegId("supervisor")});
  talk(50);
  const auto frames = operator_.listen();
  ASSERT_GT(frames.size(), 90U);
  for (std::size_t n = 1; n < frames.size(); ++n)
    EXPECT_EQ(static_cast<std::uint16_t>(frames[n].header.sequence - frames[n - 1].header.sequence),
              1);
}

}  // namespace
}  // namespace madoguchi::exchange
