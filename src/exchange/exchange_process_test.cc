#include "exchange/exchange_process.h"

#include <gtest/gtest.h>

#include "exchange/media/test_rig.h"
#include "exchange/media/udp_socket.h"
#include "exchange/whole_testing.h"
#include "sip/sdp.h"

namespace madoguchi::exchange {
namespace {

TEST_F(Whole, CallerReachesTheDeskAndAnOperatorsPhone) {
  start_exchange();
  attach_centre();
  set_desk();
  Telephone caller("127.0.0.1:22080");
  Telephone phone("127.0.0.1:22081");
  register_phone(phone);
  caller.acknowledge(call_until_answered(caller, "call"));
  const std::string call = centre->wait_for("arrived sakura").call_arrived().call_id();
  centre->wait_for("waiting sakura");

  wire::Command ring;
  ring.mutable_ring_operator()->set_call_id(call);
  ring.mutable_ring_operator()->set_attempt_id("a1");
  ring.mutable_ring_operator()->set_operator_id("hana");
  ring.mutable_ring_operator()->set_by_phone(true);
  ring.mutable_ring_operator()->set_display("窓口 さくら");
  centre->send(ring);
  const auto invite = phone.expect("INVITE");
  ASSERT_TRUE(invite);
  phone.answer(*invite);
  ASSERT_TRUE(phone.expect("ACK"));
  centre->wait_for("connected hana");
  caller.bye();
  EXPECT_TRUE(phone.expect("BYE"));
  EXPECT_EQ(centre->wait_for("ended CALLER_HUNG_UP").call_ended().call_id(), call);
  centre->wait_for("recording closed");
}

std::uint16_t sound_port(const sip::Message& message) {
  const auto description = sip::parse_sdp(message.body());
  if (!description || description->media.empty()) return 0;
  EXPECT_EQ(description->media[0].address, "::1");
  return description->media[0].port;
}

// Whether what one says into the exchange is heard by the other.
bool is_heard(UdpSocket& speaks, std::uint16_t at, UdpSocket& hears) {
  Bytes packet(12 + 160, 0x35);
  packet[0] = 0x80;
  packet[1] = 0;
  for (std::uint8_t sequence = 1; sequence < 100; ++sequence) {
    packet[3] = sequence;
    packet[6] = static_cast<std::uint8_t>(sequence * 160 >> 8);
    packet[7] = static_cast<std::uint8_t>(sequence * 160);
    speaks.send(packet, *rtp::Address::parse("::1", at));
    pollfd waiting{hears.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 100);
    Bytes heard(2000);
    rtp::Address from;
    while (const auto size = hears.receive(heard, from))
      if (*size == packet.size() && std::equal(packet.begin() + 12, packet.end(), &heard[12]))
        return true;
  }
  return false;
}

TEST_F(Whole, SignallingAndSoundGoByTheSixthVersionToo) {
  auto caller_sound = UdpSocket::bind("::1", 22080);
  if (!caller_sound) GTEST_SKIP() << "this machine has no IPv6: " << caller_sound.error().message;
  auto phone_sound = UdpSocket::bind("::1", 22082);
  ASSERT_TRUE(phone_sound) << phone_sound.error().message;
  settings.public_address = settings.sound_bind = settings.browser_bind = "::1";
  settings.sip = {{sip::Transport::kUdp, *sip::Endpoint::parse("[::]:22060")},
                  {sip::Transport::kTcp, *sip::Endpoint::parse("[::]:22060")},
                  {sip::Transport::kUdp, *sip::Endpoint::parse("0.0.0.0:22060")},
                  {sip::Transport::kTcp, *sip::Endpoint::parse("0.0.0.0:22060")}};
  settings.trunks[0].addresses = {*AddressRange::parse("::1")};
  start_exchange();
  attach_centre();
  set_desk();
  Telephone caller("[::1]:22090");
  Telephone phone("[::1]:22091");
  register_phone(phone);
  const sip::Message ok = call_until_answered(caller, "call");
  caller.acknowledge(ok);
  ring(centre->wait_for("arrived sakura").call_arrived().call_id());
  const auto invite = phone.expect("INVITE");
  ASSERT_TRUE(invite);
  EXPECT_NE(invite->to_bytes().find("SIP/2.0/UDP [::1]:22060"), std::string::npos);
  phone.answer(*invite);
  ASSERT_TRUE(phone.expect("ACK"));
  centre->wait_for("connected hana");
  EXPECT_TRUE(is_heard(*caller_sound, sound_port(ok), *phone_sound));
  EXPECT_TRUE(is_heard(*phone_sound, sound_port(*invite), *caller_sound));
  caller.bye();
  EXPECT_TRUE(phone.expect("BYE"));
  centre->wait_for("ended CALLER_HUNG_UP");
}

TEST_F(Whole, CallCutOffByACrashIsNamedWithItsTokenAlsoWhenTheCentreWasAway) {
  start_exchange();
  attach_centre();
  set_desk();
  Telephone caller("127.0.0.1:22080");
  caller.acknowledge(call_until_answered(caller, "call"));
  const std::string call = centre->wait_for("arrived sakura").call_arrived().call_id();
  centre->wait_for("waiting sakura");
  centre.reset();
  // What a kill leaves: the folder as it is now, without the polite end.
  const auto left = folder / "left";
  std::filesystem::copy(settings.data, left, std::filesystem::copy_options::recursive);
  stop_exchange();
  std::filesystem::remove_all(settings.data);
  std::filesystem::rename(left, settings.data);

  start_exchange();
  attach_centre();
  EXPECT_EQ(centre->snapshot().calls_size(), 0);
  EXPECT_EQ(centre->wait_for("arrived sakura").call_arrived().call_id(), call);
  const auto ended = centre->wait_for("ended CUT_OFF");
  EXPECT_EQ(ended.call_ended().call_id(), call);
  EXPECT_EQ(ended.call_ended().stage(), wire::WAITING);
  EXPECT_EQ(ended.call_ended().line_token(), "line-2222");
}

TEST_F(Whole, CallsAreTakenWhileVaultAndCentreAreDown) {
  start_exchange();
  attach_centre();
  set_desk();
  Telephone caller("127.0.0.1:22080");
  caller.acknowledge(call_until_answered(caller, "first"));
  centre->wait_for("waiting sakura");
  stop_exchange();
  centre.reset();
  vault->stop();
  start_exchange();
  Telephone second("127.0.0.1:22083");
  second.acknowledge(call_until_answered(second, "second"));
  vault->start();
  attach_centre();
  EXPECT_EQ(centre->snapshot().calls_size(), 1);
  centre->wait_for("ended SHUT_DOWN");
  const auto arrived = centre->wait_for("arrived sakura");
  centre->wait_for("waiting sakura");
  second.bye();
  centre->wait_for("ended CALLER_HUNG_UP");
}

TEST_F(Whole, DemoCallRingsItsOwnDesk) {
  settings.demo_caller = "09099998888";
  start_exchange();
  attach_centre();
  set_desk();
  Telephone caller("127.0.0.1:22080");
  caller.acknowledge(call_until_answered(caller, "call"));
  centre->wait_for("waiting sakura");
  wire::Command demo;
  demo.mutable_demo_call()->set_number_called("+81312345678");
  centre->send(demo);
  centre->wait_for("arrived sakura");
  const auto waiting = centre->wait_for("waiting sakura");
  wire::Command end;
  end.mutable_end_call()->set_call_id(waiting.call_waiting().call_id());
  centre->send(end);
  centre->wait_for("ended ENDED_BY_CENTRE");
}

TEST_F(Whole, ASoundIsKeptUntilItIsToBeForgotten) {
  start_exchange();
  attach_centre();
  const Bytes wav = wav_of(std::vector<std::int16_t>(800, 5000));
  const auto file = settings.data / "prompts" / "p1.wav";
  EXPECT_EQ(centre->put_prompt("p1", std::string(as_text(wav))).duration_us(), 100'000);
  EXPECT_NE(centre->put_prompt("p1", std::nullopt).error(), "");
  EXPECT_TRUE(std::filesystem::exists(file));
  for (int twice = 0; twice < 2; ++twice) {
    EXPECT_EQ(centre->put_prompt("p1", "").error(), "");
    EXPECT_FALSE(std::filesystem::exists(file));
  }
  EXPECT_NE(centre->put_prompt("p1", "no sound").error(), "");
}

TEST_F(Whole, StrangersAreRefused) {
  settings.trunks.clear();
  start_exchange();
  attach_centre();
  set_desk();
  Telephone stranger("127.0.0.1:22080");
  stranger.invite("0312345678", "stranger");
  EXPECT_TRUE(stranger.expect("403"));
}

TEST_F(Whole, ATakenPortIsNamed) {
  start_exchange();
  Settings second = settings;
  second.data = folder / "second";
  const auto opened = ExchangeProcess::open(second, clock);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("127.0.0.1:22060"), std::string::npos)
      << opened.error().message;
  second = settings;
  const auto same_folder = ExchangeProcess::open(second, clock);
  ASSERT_FALSE(same_folder);
  EXPECT_NE(same_folder.error().message.find("another exchange"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::exchange
