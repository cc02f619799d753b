#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/call_control.h"
#include "exchange/line_testing.h"

namespace madoguchi::exchange {
namespace {

using testing::ElementsAre;

class LeasedLine : public Line {
 protected:
  void talk_in_browser(const std::string& who) {
    open_seat(who);
    reach_waiting();
    send([&](auto& c) {
      c.mutable_ring_operator()->set_call_id(report.last_call);
      c.mutable_ring_operator()->set_operator_id(who);
      c.mutable_ring_operator()->set_attempt_id("a1");
    });
    send([](auto& c) { c.mutable_answer_seat()->set_attempt_id("a1"); });
  }
};

TEST_F(LeasedLine, NothingIsLeasedWhereNoMandateIs) {
  talk_in_browser("mika");
  control.line_ended(caller, sip::EndCause::kByPeer, 0);
  EXPECT_THAT(vault.said, ElementsAre("lease over"));
}

TEST_F(LeasedLine, ABrowserIsNamedByTheCertificateItProved) {
  set_directory(true);
  talk_in_browser("mika");
  EXPECT_THAT(vault.said, ElementsAre("lease sakura sha-256 mika"));
  control.line_ended(caller, sip::EndCause::kByPeer, 0);
  EXPECT_THAT(vault.said, ElementsAre("lease sakura sha-256 mika", "lease over"));
}

TEST_F(LeasedLine, AnOfferAloneProvesNothing) {
  set_directory(true);
  open_seat("mika");
  std::string other(kBrowserOffer);
  other.replace(other.find("AA:BB"), 5, "CC:DD");
  send([&](auto& c) {
    c.mutable_open_seat()->set_operator_id("mika");
    c.mutable_open_seat()->set_leg_id("leg2");
    c.mutable_open_seat()->set_sdp_offer(other);
  });
  reach_waiting();
  send([&](auto& c) {
    c.mutable_ring_operator()->set_call_id(report.last_call);
    c.mutable_ring_operator()->set_operator_id("mika");
    c.mutable_ring_operator()->set_attempt_id("a1");
  });
  send([](auto& c) { c.mutable_answer_seat()->set_attempt_id("a1"); });
  EXPECT_THAT(vault.said, ElementsAre("lease sakura"));
  control.media(SeatChanged{LegId("seat.mika"), SeatChange::kConnected, "", "sha-256 CC:DD"});
  EXPECT_EQ(vault.said.back(), "lease sakura sha-256 CC:DD");
}

TEST_F(LeasedLine, AHandedOverCallIsLeasedWithWhoTalks) {
  set_directory(true);
  set_phone("hana", "hana-phone");
  talk("hana");
  EXPECT_THAT(vault.said, ElementsAre("lease sakura hana-phone"));
  vault.said.clear();
  set_phone("kei", "kei-phone");
  consult_phone("kei");
  control.line_answered(lines.last, std::string(kOffer));
  send([&](auto& c) { c.mutable_complete_transfer()->set_call_id(report.last_call); });
  EXPECT_EQ(vault.said.back(), "lease sakura kei-phone");
}

TEST_F(LeasedLine, WhoGoesBackIntoTheQueueIsInNobodysHands) {
  set_directory(true);
  set_phone("hana", "hana-phone");
  talk("hana");
  send([&](auto& c) {
    c.mutable_requeue()->set_call_id(report.last_call);
    c.mutable_requeue()->set_desk_id("ume");
  });
  EXPECT_EQ(vault.said.back(), "lease sakura");
}

TEST_F(LeasedLine, ACallInProgressIsLeasedWhenTheDirectorySaysSo) {
  set_phone("hana", "hana-phone");
  talk("hana");
  EXPECT_TRUE(vault.said.empty());
  set_directory(true);
  control.lease_all();
  EXPECT_THAT(vault.said, ElementsAre("lease sakura hana-phone"));
}

}  // namespace
}  // namespace madoguchi::exchange
