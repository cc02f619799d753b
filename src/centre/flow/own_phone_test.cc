#include "centre/flow/flow_fixture.h"

namespace madoguchi::centre {
namespace {

using namespace std::chrono_literals;

class OwnPhoneFlow : public Flow {
 protected:
  void chooses_own_phone(bool on = true) {
    Floor now_is = floor();
    now_is.operators[0].own_phone = on;
    centre.set_floor(now_is);
  }
};

TEST_F(OwnPhoneFlow, IsRungByATicketOfItsOwn) {
  chooses_own_phone();
  exchange.seat(kA, false);
  ready(kA);
  const CallId id = caller("c1");
  ASSERT_EQ(centre.tickets().size(), 1U);
  EXPECT_TRUE(centre.tickets()[0].own_phone);
  EXPECT_EQ(centre.tickets()[0].who, kA);
  EXPECT_EQ(centre.tickets()[0].organisation, OrganisationId("org"));
  ASSERT_EQ(exchange.rung().size(), 1U);
  EXPECT_EQ(exchange.rung()[0].ticket, TicketId("own.c1"));
  EXPECT_TRUE(exchange.rung()[0].by_phone);
  EXPECT_GT(exchange.rung()[0].timeout, Micros(30s));
  refused(flow().accept(kA, now));  // it rings elsewhere
  exchange.pick_up_phone(kA);
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kTalking);
  EXPECT_EQ(exchange.find(id)->live.who, kA);
}

TEST_F(OwnPhoneFlow, ADeniedTicketPutsTheCallerToTheNextOperator) {
  centre.own_phone_denied = "not_signed_in";
  chooses_own_phone();
  ready(kA);
  now += 1s;
  ready(kB);
  const CallId id = caller("c1");
  EXPECT_EQ(state(kA), OperatorState::kAway);
  EXPECT_EQ(exchange.find(id)->live.who, kB);
  EXPECT_TRUE(exchange.rung()[0].ticket.empty());
}

TEST_F(OwnPhoneFlow, IsReachableWithoutASeatUntilItIsChosenNoMore) {
  exchange.seat(kA, false);
  centre.work();
  ready(kA);
  chooses_own_phone();
  EXPECT_TRUE(flow().look(kA)->own_phone);
  chooses_own_phone(false);
  const CallId id = caller("c1");
  EXPECT_EQ(state(kA), OperatorState::kReady);
  EXPECT_EQ(exchange.find(id)->live.stage, CallStage::kWaiting);
  chooses_own_phone();
  EXPECT_EQ(state(kA), OperatorState::kRinging);
}

TEST_F(OwnPhoneFlow, APromiseIsRungFromIt) {
  exchange.ask_callback(caller("c1", "line"), false, LineToken("line"));
  centre.work();
  chooses_own_phone();
  ok(flow().take_promise(kA, only_promise(), now));
  ASSERT_EQ(exchange.dialled().size(), 1U);
  const Dial& dial = exchange.dialled()[0];
  EXPECT_EQ(dial.ticket, TicketId("ticket." + dial.call.text()));
  EXPECT_EQ(dial.operator_ticket, TicketId("own." + dial.call.text()));
  exchange.dial_ends(dial.call, DialOutcome::kTalked);
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kTalking);
}

TEST_F(OwnPhoneFlow, APromiseStaysOpenWhenThePhoneMayNotBeRung) {
  exchange.ask_callback(caller("c1", "line"), false, LineToken("line"));
  centre.work();
  chooses_own_phone();
  centre.own_phone_denied = "no_phone";
  ok(flow().take_promise(kA, only_promise(), now));
  EXPECT_TRUE(exchange.dialled().empty());
  EXPECT_EQ(centre.store().promises.at(only_promise()).state, routing::PromiseState::kOpen);
  EXPECT_EQ(state(kA), OperatorState::kAway);
}

TEST_F(OwnPhoneFlow, IsRungAnewAfterTheExchangeCameBack) {
  chooses_own_phone();
  ready(kA);
  caller("c1");
  exchange.find(CallId("c1"))->live.stage = CallStage::kWaiting;  // the command was lost
  centre.reattach();
  centre.work();
  EXPECT_EQ(exchange.rung().size(), 2U);
  EXPECT_EQ(exchange.rung()[1].ticket, TicketId("own.c1"));
}

}  // namespace
}  // namespace madoguchi::centre
