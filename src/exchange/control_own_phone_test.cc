#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/call_control.h"
#include "exchange/line_testing.h"

namespace madoguchi::exchange {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class OwnPhone : public Line {
 protected:
  void ring(const std::string& attempt = "a1") {
    send([&](auto& c) {
      auto& ring = *c.mutable_ring_operator();
      ring.set_call_id(report.last_call);
      ring.set_attempt_id(attempt);
      ring.set_operator_id("hana");
      ring.set_ticket_id("own");
      ring.set_timeout_us(20'000'000);
    });
  }
  void grant(const std::string& number = "09011112222", const std::string& ticket = "own",
             const std::string& organisation = "org") {
    wire::DialGranted grant;
    grant.set_call_id(report.last_call);
    grant.set_ticket_id(ticket);
    grant.set_organisation_id(organisation);
    grant.set_number(number);
    control.granted(grant);
  }
  void press(char key, const std::string& leg = ".2") {
    control.media(DigitPressed{CallId(report.last_call), LegId(report.last_call + leg), key});
  }
};

TEST_F(OwnPhone, IsRungByItsTicketAndConnectedOnceItsKeyIsPressed) {
  reach_waiting();
  ring();
  EXPECT_THAT(lines.said, IsEmpty());
  grant();
  EXPECT_THAT(lines.said, ElementsAre("INVITE +819011112222 showing +81120000001"));
  control.line_answered(lines.last, std::string(kOffer));
  EXPECT_EQ(sound.said.back(), "play own-phone looped");
  EXPECT_THAT(report.said, ElementsAre("ringing hana"));
  press('2');
  EXPECT_THAT(report.said, ElementsAre("ringing hana"));
  press('1');
  EXPECT_THAT(report.said, ElementsAre("ringing hana", "operator answered hana", "connected hana"));
  EXPECT_THAT(vault.said, ElementsAre("redeem own", "result talked"));
  control.line_ended(lines.last, sip::EndCause::kByPeer, 0);
  EXPECT_EQ(report.said.back(), "ended OPERATOR_HUNG_UP");
}

TEST_F(OwnPhone, AMailboxThatPicksUpGetsNoCaller) {
  reach_waiting();
  ring();
  grant();
  control.line_answered(lines.last, std::string(kOffer));
  pass(seconds(21));
  EXPECT_EQ(report.said.back(), "ring failed hana NO_ANSWER");
  EXPECT_EQ(lines.said.back(), "hang up");
  EXPECT_THAT(vault.said, ElementsAre("redeem own", "result no_answer"));
  EXPECT_THAT(sound.said, Not(Contains("connect")));
}

TEST_F(OwnPhone, AKeyAsInfoCountsToo) {
  reach_waiting();
  ring();
  grant();
  control.line_answered(lines.last, std::string(kOffer));
  control.line_digit(lines.last, '1');
  EXPECT_EQ(report.said.back(), "connected hana");
}

TEST_F(OwnPhone, ItsNetworkMayAnswerBeforeThe200) {
  reach_waiting();
  ring();
  grant();
  control.line_progress(lines.last, 183, std::string(kOffer));
  control.line_answered(lines.last, "");
  press('1');
  EXPECT_EQ(report.said.back(), "connected hana");
}

TEST_F(OwnPhone, WithoutATicketThatHoldsNothingRings) {
  reach_waiting();
  vault.away = true;
  ring();
  EXPECT_EQ(report.said.back(), "ring failed hana UNREACHABLE");
  vault.away = false;
  ring();
  wire::DialDenied denied;
  denied.set_call_id(report.last_call);
  denied.set_ticket_id("own");
  control.denied(denied);
  EXPECT_EQ(report.said.back(), "ring failed hana UNREACHABLE");
  ring();
  grant("09011112222", "another");
  grant("09011112222", "own", "another organisation");
  EXPECT_EQ(report.said.back(), "ring failed hana UNREACHABLE");
  ring();
  grant("110");
  EXPECT_EQ(report.said.back(), "ring failed hana UNREACHABLE");
  ring();
  lines.trunk = false;
  grant();
  EXPECT_EQ(report.said.back(), "ring failed hana UNREACHABLE");
  EXPECT_THAT(lines.said, IsEmpty());
}

TEST_F(OwnPhone, ALateGrantRingsNobody) {
  reach_waiting();
  ring();
  send([](auto& c) { c.mutable_cancel_ring()->set_attempt_id("a1"); });
  EXPECT_EQ(report.said.back(), "ring failed hana CANCELLED");
  grant();
  EXPECT_THAT(lines.said, IsEmpty());
}

TEST_F(OwnPhone, ATrunkTransfersNoCall) {
  reach_waiting();
  ring();
  grant();
  control.line_answered(lines.last, std::string(kOffer));
  press('1');
  control.line_refer(lines.last, "+81311110000");
  EXPECT_EQ(lines.said.back(), "603 to refer");
}

TEST_F(OwnPhone, ACallOutRingsItFirst) {
  send([](auto& c) {
    auto& dial = *c.mutable_dial();
    dial.set_call_id("out1");
    dial.set_ticket_id("t1");
    dial.set_operator_id("hana");
    dial.set_operator_ticket_id("own");
    dial.set_desk_id("sakura");
    dial.set_timeout_us(30'000'000);
  });
  report.last_call = "out1";
  grant("09011112222");
  control.line_answered(lines.last, std::string(kOffer));
  press('1', ".1");
  EXPECT_THAT(vault.said, ElementsAre("redeem own", "result talked", "redeem t1"));
  grant("09033334444", "t1");
  EXPECT_THAT(lines.said, ElementsAre("INVITE +819011112222 showing +81120000001",
                                      "INVITE +819033334444 showing +81120000001"));
  control.line_answered(lines.last, std::string(kOffer));
  control.media(PromptFinished{CallId("out1"), {}, sound.plays});  // the notice
  EXPECT_THAT(report.said, Contains("DIAL_TALKED"));
}

TEST_F(OwnPhone, ACallOutEndsWhenItIsNotAnswered) {
  send([](auto& c) {
    auto& dial = *c.mutable_dial();
    dial.set_call_id("out1");
    dial.set_ticket_id("t1");
    dial.set_operator_id("hana");
    dial.set_operator_ticket_id("own");
    dial.set_desk_id("sakura");
  });
  report.last_call = "out1";
  grant("09011112222");
  control.line_ended(lines.last, sip::EndCause::kRefused, 486);
  EXPECT_THAT(report.said, ElementsAre("DIAL_OPERATOR_GONE", "ended NOT_CONNECTED"));
}

}  // namespace
}  // namespace madoguchi::exchange
