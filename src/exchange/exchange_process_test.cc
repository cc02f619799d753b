#include "exchange/exchange_process.h"

#include <gtest/gtest.h>

#include "exchange/whole_testing.h"

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
