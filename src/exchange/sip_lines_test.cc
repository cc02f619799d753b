// Which way calls come in and go out, over real sockets.
#include "exchange/sip_lines.h"

#include <gtest/gtest.h>

#include "exchange/whole_testing.h"

namespace madoguchi::exchange {
namespace {

TEST_F(Whole, EveryTelephoneOfAnOperatorRingsUntilOneAnswersOrAllRefuse) {
  start_exchange();
  attach_centre();
  set_desk();
  Telephone caller("127.0.0.1:22080");
  Telephone desk("127.0.0.1:22081");
  Telephone bag("127.0.0.1:22082");
  register_phone(desk);
  register_phone(bag);
  const std::string call = waiting_call(caller);
  ring(call);
  auto on_desk = desk.expect("INVITE");
  auto in_bag = bag.expect("INVITE");
  ASSERT_TRUE(on_desk && in_bag);
  desk.respond(*on_desk, 486);
  bag.respond(*in_bag, 500);
  centre->wait_for("ring failed hana REFUSED");
  ASSERT_TRUE(desk.expect("ACK") && bag.expect("ACK"));
  ring(call);
  on_desk = desk.expect("INVITE");
  in_bag = bag.expect("INVITE");
  ASSERT_TRUE(on_desk && in_bag);
  bag.respond(*in_bag, 180);
  desk.answer(*on_desk);
  EXPECT_TRUE(bag.expect("CANCEL"));
  centre->wait_for("connected hana");
  caller.bye();
  EXPECT_TRUE(desk.expect("BYE"));
  centre->wait_for("ended CALLER_HUNG_UP");
}

TEST_F(Whole, ATelephoneIsRungByTheNextExchangeWithoutRegisteringAgain) {
  start_exchange();
  attach_centre();
  set_desk();
  Telephone phone("127.0.0.1:22081");
  register_phone(phone);
  centre.reset();
  stop_exchange();

  start_exchange();
  attach_centre();
  ASSERT_EQ(centre->snapshot().phones_size(), 1);
  EXPECT_TRUE(centre->snapshot().phones(0).registered());
  Telephone caller("127.0.0.1:22080");
  ring(waiting_call(caller));
  const auto invite = phone.expect("INVITE");
  ASSERT_TRUE(invite);
  phone.answer(*invite);
  centre->wait_for("connected hana");
}

TEST_F(Whole, ACallOutGoesOnToTheNextTrunkWhenTheFirstCannot) {
  for (const int port : {22085, 22086}) {
    TrunkSettings out;
    out.name = "out" + std::to_string(port);
    out.addresses.push_back(*AddressRange::parse("127.0.0.9"));
    out.target = sip::Uri::sip("", "127.0.0.1", static_cast<std::uint16_t>(port));
    settings.trunks.push_back(out);
  }
  start_exchange();
  attach_centre();
  set_desk();
  Telephone caller("127.0.0.1:22080");
  Telephone busy_carrier("127.0.0.1:22085");
  Telephone carrier("127.0.0.1:22086");
  ring(waiting_call(caller), "ticket");
  const auto first = busy_carrier.expect("INVITE");
  ASSERT_TRUE(first);
  busy_carrier.respond(*first, 503);
  const auto second = carrier.expect("INVITE");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->target().user(), "+819011112222");
  carrier.respond(*second, 486);
  centre->wait_for("ring failed hana REFUSED");
}

TEST_F(Whole, ACarrierMayCallTheContactThatWeRegisteredThere) {
  settings.trunks[0].user = "acct01";
  start_exchange();
  attach_centre();
  set_desk();
  Telephone caller("127.0.0.1:22080");
  caller.acknowledge(call_until_answered(caller, "number"));
  centre->wait_for("waiting sakura");
  caller.bye();
  Telephone second("127.0.0.1:22083");
  second.invite("acct01", "contact", "P-Called-Party-ID: <sip:+81312345678@carrier.example>\r\n");
  const auto answer = second.final_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status(), 200);
  Telephone third("127.0.0.1:22084");
  third.invite("acct02", "other", "P-Called-Party-ID: <sip:+81312345678@carrier.example>\r\n");
  const auto refused = third.final_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status(), 404);
}

}  // namespace
}  // namespace madoguchi::exchange
