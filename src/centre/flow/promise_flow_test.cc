#include "centre/flow/call_flow.h"
#include "centre/flow/flow_fixture.h"

namespace madoguchi::centre {
namespace {

using namespace std::chrono_literals;

TEST_F(Flow, APromiseIsMadeTakenDialledAndKept) {
  const CallId id = caller("c1", "line");
  exchange.ask_callback(id, false, LineToken("line"));
  centre.work();
  EXPECT_EQ(balance().in(Bucket::kCallback), 1U);
  const PromiseId promise = only_promise();
  EXPECT_EQ(centre.store().promises.at(promise).wish, WishId("wish.c1"));
  ok(flow().take_promise(kA, promise, now));
  ASSERT_EQ(exchange.dialled().size(), 1U);
  EXPECT_EQ(centre.tickets()[0].wish, WishId("wish.c1"));
  const CallId out = exchange.dialled()[0].call;
  exchange.dial_ends(out, DialOutcome::kTalked);
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kTalking);
  now += 30s;
  exchange.hang_up(out);
  centre.work();
  EXPECT_EQ(centre.store().promises.at(promise).state, routing::PromiseState::kKept);
  EXPECT_EQ(centre.store().attempts.at(out).outcome, routing::AttemptOutcome::kTalked);
  EXPECT_TRUE(record(id).settled.has_value());
  EXPECT_EQ(balance().promises.kept_by_ringing, 1U);
  EXPECT_EQ(balance().arrived, 1U);
}

TEST_F(Flow, WhoIsGoneBeforeAWordWasSaidIsRungAgain) {
  exchange.ask_callback(caller("c1", "line"), false, LineToken("line"));
  centre.work();
  const PromiseId promise = only_promise();
  ok(flow().take_promise(kA, promise, now));
  exchange.line_answers(exchange.dialled()[0].call);
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kDialling);
  wait(CallFlow::kDialLimit + 1s);  // a notice may be long
  EXPECT_EQ(state(kA), OperatorState::kDialling);
  exchange.hang_up(exchange.dialled()[0].call);
  centre.work();
  EXPECT_NE(state(kA), OperatorState::kDialling);
  EXPECT_EQ(centre.store().promises.at(promise).state, routing::PromiseState::kOpen);
  EXPECT_EQ(centre.store().promises.at(promise).attempts, 1);
  EXPECT_TRUE(centre.store().settled.empty());
  ok(flow().take_promise(kA, promise, now));
  exchange.dial_ends(exchange.dialled()[1].call, DialOutcome::kTalked);
  centre.work();
  EXPECT_TRUE(flow().call(exchange.dialled()[1].call)->recording);
}

TEST_F(Flow, AMachineOrNoAnswerKeepsThePromiseOpen) {
  exchange.ask_callback(caller("c1", "line"), false, LineToken("line"));
  centre.work();
  const PromiseId promise = only_promise();
  ok(flow().take_promise(kA, promise, now));
  exchange.dial_ends(exchange.dialled()[0].call, DialOutcome::kNoAnswer);
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kAway);
  EXPECT_EQ(centre.store().promises.at(promise).attempts, 1);
  ok(flow().take_promise(kA, promise, now));
  exchange.dial_ends(exchange.dialled()[1].call, DialOutcome::kTalked);
  centre.work();
  ok(flow().dial_outcome(kA, routing::AttemptOutcome::kMachine, now));
  EXPECT_TRUE(exchange.calls().empty());
  EXPECT_EQ(centre.store().promises.at(promise).state, routing::PromiseState::kOpen);
  EXPECT_EQ(centre.store().promises.at(promise).attempts, 2);
  ok(flow().wrapped_up(kA, "", now));
  ok(flow().take_promise(kA, promise, now));
  ok(flow().give_up_dialling(kA, now));
  EXPECT_TRUE(exchange.calls().empty());
  EXPECT_EQ(balance().promises.open, 1U);
}

TEST_F(Flow, ADeniedTicketClosesOnlyWhatCanNeverBeRung) {
  exchange.ask_callback(caller("c1", "l1"), false, LineToken("l1"));
  centre.work();
  const PromiseId promise = only_promise();
  ASSERT_TRUE(flow().take_promise(kA, promise, now).has_value());
  const CallId out = flow().drain().tickets.at(0).call;
  flow().ticket_denied(out, "redial_limit", now);
  centre.work();
  EXPECT_EQ(balance().promises.open, 1U);
  EXPECT_EQ(state(kA), OperatorState::kAway);
  ASSERT_TRUE(flow().take_promise(kA, promise, now).has_value());
  flow().ticket_denied(flow().drain().tickets.at(0).call, "premium", now);
  centre.work();
  EXPECT_EQ(balance().promises.closed(), 1U);
  EXPECT_EQ(centre.store().promises.at(promise).reason, routing::CloseReason::kNotPermitted);
}

TEST_F(Flow, ATicketThatNeverComesFreesTheOperator) {
  exchange.ask_callback(caller("c1", "l1"), false, LineToken("l1"));
  centre.work();
  ASSERT_TRUE(flow().take_promise(kA, only_promise(), now).has_value());
  static_cast<void>(flow().drain());  // the vault never hears of it
  wait(CallFlow::kTicketLimit);
  EXPECT_EQ(state(kA), OperatorState::kAway);
  EXPECT_EQ(balance().promises.open, 1U);
}

TEST_F(Flow, TheLineOfAPromiseMayBecomeKnownLater) {
  exchange.arrive(CallId("c1"), kDesk, LineToken("mine"), false);
  exchange.answer(CallId("c1"));
  exchange.ask_callback(CallId("c1"), true, {});
  exchange.ask_callback(caller("c2", "other"), false, LineToken("other"));
  centre.work();
  EXPECT_EQ(balance().promises.open, 2U);
  ExchangeEvent again;
  again.sequence = 100;
  again.at = now;
  again.what = CallbackAsked{CallId("c1"), true, LineToken("other"), WishId("wish.c1")};
  flow().take(again, now);
  centre.work();
  EXPECT_EQ(balance().promises.open, 1U);
  EXPECT_EQ(balance().promises.merged, 1U);
}

TEST_F(Flow, WhoChoosesToBeRungBackRingsWithNobodyAndBlamesNobody) {
  ready(kA);
  const CallId id = caller("c1", "line");
  EXPECT_EQ(state(kA), OperatorState::kRinging);
  exchange.begin_thanks(id, false, LineToken("line"));
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kReady);
  wait(5s);
  exchange.hang_up(id, CallEndCause::kCallbackChosen);
  centre.work();
  EXPECT_EQ(record(id).bucket, Bucket::kCallback);
  EXPECT_EQ(state(kA), OperatorState::kReady);
}

TEST_F(Flow, AnAnnouncingDeskMakesPromisesButCountsAbandonment) {
  Floor changed = floor();
  changed.desks[0].routing.callback = routing::CallbackPolicy::kAnnounced;
  flow().set_floor(changed, now);
  exchange.announcing = {kDesk};
  const CallId lost = caller("c1", "line");
  exchange.hang_up(lost);
  exchange.hang_up(caller("c2", "", true));
  centre.work();
  EXPECT_EQ(record(lost).bucket, Bucket::kAbandoned);
  EXPECT_EQ(balance().in(Bucket::kAbandoned), 2U);
  EXPECT_EQ(balance().promises.open, 1U);
  const PromiseRecord& promise = centre.store().promises.at(only_promise());
  EXPECT_EQ(promise.basis, routing::PromiseBasis::kAnnounced);
  EXPECT_EQ(promise.wish, WishId("wish.c1"));
  EXPECT_EQ(promise.line, LineToken("line"));
}

TEST_F(Flow, WhoseLineCannotBeRungIsPromisedNothingByAnAnnouncingDesk) {
  Floor changed = floor();
  changed.desks[0].routing.callback = routing::CallbackPolicy::kAnnounced;
  flow().set_floor(changed, now);
  exchange.announcing = {kDesk};
  exchange.unringable = {CallId("c1"), CallId("c2")};  // heard of the key only
  exchange.hang_up(caller("c1", "abroad"));
  caller("c2", "freephone");
  exchange.crash();
  centre.reattach();
  centre.work();
  EXPECT_EQ(balance().in(Bucket::kAbandoned), 1U);
  EXPECT_EQ(balance().in(Bucket::kCutOff), 1U);
  EXPECT_TRUE(centre.store().promises.empty());
  EXPECT_EQ(balance().promises.asked, 0U);
}

TEST_F(Flow, AWishThatIsToldAfterItsCallEndedHereIsPromisedAllTheSame) {
  Floor changed = floor();
  changed.desks[0].routing.callback = routing::CallbackPolicy::kAnnounced;
  flow().set_floor(changed, now);
  exchange.announcing = {kDesk};
  for (const char* name : {"c1", "c2"}) {
    const CallId id = caller(name, "line");
    flow().detached(now);
    Snapshot without = exchange.snapshot();
    without.calls.clear();
    flow().attach(without, now);
    wait(CallFlow::kMissingLimit);
    EXPECT_EQ(record(id).bucket, Bucket::kCutOff);
    exchange.hang_up(id);
    centre.work();
    const PromiseRecord& promise = centre.store().promises.at(only_promise());
    EXPECT_EQ(promise.call, id);
    EXPECT_EQ(promise.wish, WishId("wish." + id.text()));
    EXPECT_EQ(record(id).promise, promise.id);
    exchange.tell_line(id, false, LineToken("line"));  // told again, now with its line
    centre.work();
  }
  EXPECT_EQ(centre.store().promises.at(only_promise()).line, LineToken("line"));
  EXPECT_EQ(balance().in(Bucket::kCutOff), 2U);
  EXPECT_EQ(balance().promises.asked, 2U);
  EXPECT_EQ(balance().promises.open, 1U);
}

TEST_F(Flow, WhoPressesTheKeyAtAnAnnouncingDeskHasAgreedEvenIfCutOffByOurEnd) {
  Floor changed = floor();
  changed.desks[0].routing.callback = routing::CallbackPolicy::kAnnounced;
  flow().set_floor(changed, now);
  exchange.announcing = {kDesk};
  const CallId pressed = caller("c1", "l1");
  exchange.ask_callback(pressed, false, LineToken("l1"));
  const CallId keyed = caller("c2", "l2");
  exchange.begin_thanks(keyed, true, LineToken("other"));
  exchange.hang_up(keyed);  // did not hear our thanks to the end
  centre.work();
  EXPECT_EQ(record(pressed).bucket, Bucket::kCallback);
  EXPECT_EQ(record(keyed).bucket, Bucket::kCallback);
  EXPECT_EQ(balance().in(Bucket::kCallback), 2U);
  EXPECT_EQ(balance().in(Bucket::kCutOff), 0U);
  EXPECT_EQ(balance().promises.open, 2U);
}

TEST_F(Flow, ACrashOfTheExchangeLeavesAnAnnouncingDeskPromisesThatCanBeRung) {
  Floor changed = floor();
  changed.desks[0].routing.callback = routing::CallbackPolicy::kAnnounced;
  flow().set_floor(changed, now);
  exchange.announcing = {kDesk};
  caller("c1", "l1");
  now += 2s;
  caller("c2", "", true);
  ready(kA);
  ok(flow().accept(kA, now));  // talks with c1
  const CallId waits = caller("c3", "l3");
  exchange.crash();
  centre.reattach();
  centre.work();
  EXPECT_EQ(balance().in(Bucket::kCutOff) + balance().in(Bucket::kTalked), 3U);
  const PromiseRecord& promise = centre.store().promises.at(only_promise());
  EXPECT_EQ(promise.call, waits);
  EXPECT_FALSE(promise.wish.empty());
  exchange.seat(kA, false);
  exchange.seat(kA, true);
  if (state(kA) == OperatorState::kWrapUp) ok(flow().wrapped_up(kA, "", now));
  ok(flow().take_promise(kA, promise.id, now));
  EXPECT_EQ(centre.tickets().back().wish, promise.wish);
}

TEST_F(Flow, ADeskThatNeverRingsBackMakesNoPromiseWhateverTheExchangeSays) {
  Floor changed = floor();
  changed.desks[0].routing.callback = routing::CallbackPolicy::kNever;
  flow().set_floor(changed, now);
  exchange.announcing = {kDesk};  // the exchange has not heard of it yet
  exchange.hang_up(caller("c1"));
  ready(kA);
  const CallId id = caller("c2");
  ok(flow().accept(kA, now));
  EXPECT_FALSE(flow().promise_callback(kA, "caller_asked", {}, now));
  exchange.hang_up(id);
  centre.work();
  EXPECT_TRUE(centre.store().promises.empty());
}

TEST_F(Flow, WhatIsSaidToTheOperatorBecomesAPromiseThatTheVaultKnows) {
  ready(kA);
  const CallId id = caller("c1", "line");
  ok(flow().accept(kA, now));
  EXPECT_FALSE(flow().promise_callback(kA, "caller_asked", now - 1s, now));
  EXPECT_FALSE(flow().promise_callback(kB, "caller_asked", {}, now));
  ASSERT_TRUE(flow().promise_callback(kA, "caller_asked", now + 4h, now));
  centre.work();
  ASSERT_TRUE(flow().promise_callback(kA, "check_first", now + 5h, now));  // said again: later
  centre.work();
  EXPECT_EQ(exchange.wishes(), 1U);
  const PromiseId promise = only_promise();
  const auto kept = [&]() -> const PromiseRecord& { return centre.store().promises.at(promise); };
  EXPECT_EQ(kept().wish, WishId("wish.c1"));
  EXPECT_EQ(kept().basis, routing::PromiseBasis::kOperator);
  EXPECT_EQ(kept().deadline, now + 5h);
  EXPECT_EQ(kept().stated_reason, "check_first");
  ready(kB);
  ok(flow().transfer(kA, kB, now));  // a talk with another now does not keep it
  ok(flow().accept(kB, now));
  EXPECT_EQ(kept().state, routing::PromiseState::kOpen);
  exchange.hang_up(id);
  centre.work();
  EXPECT_EQ(record(id).bucket, Bucket::kTalked);
  EXPECT_EQ(balance().promises.open, 1U);
  now += 5h;
  ok(flow().wrapped_up(kA, "", now));
  ok(flow().take_promise(kA, promise, now));
  exchange.dial_ends(exchange.dialled()[0].call, DialOutcome::kTalked);
  centre.work();
  ASSERT_TRUE(flow().promise_callback(kA, "caller_asked", now + 1h, now));  // "once more, please"
  ok(flow().end(kA, now));
  EXPECT_EQ(kept().state, routing::PromiseState::kOpen);
  EXPECT_EQ(kept().deadline, now + 1h);
  EXPECT_EQ(kept().wish, WishId("wish." + exchange.dialled()[0].call.text()));
}

TEST_F(Flow, EveryWishOfAPromiseIsToBeSettledAtTheVaultWithIt) {
  exchange.ask_callback(caller("c1", "line"), false, LineToken("line"));
  exchange.ask_callback(caller("c2", "line"), false, LineToken("line"));
  centre.work();
  EXPECT_TRUE(centre.store().settled.empty());
  ok(flow().close_promise(only_promise(), routing::CloseReason::kStaff, "suzu", "staff", now));
  const auto& settled = centre.store().settled;
  EXPECT_EQ(settled.size(), 2U);
  EXPECT_EQ(settled.at(WishId("wish.c1")).outcome, "staff");
  EXPECT_EQ(settled.at(WishId("wish.c2")).outcome, "staff");
}

TEST_F(Flow, ASpokenPromiseOutlivesACentreThatDiesBeforeItsCommandIsSent) {
  ready(kA);
  caller("c1", "line");
  ok(flow().accept(kA, now));
  centre.die_at_next_commit(SimCentre::Death::kAfterCommit);
  ASSERT_TRUE(flow().promise_callback(kA, "caller_asked", {}, now));
  centre.work();
  ASSERT_FALSE(centre.up());
  EXPECT_EQ(exchange.wishes(), 0U);
  centre.start();
  EXPECT_EQ(exchange.wishes(), 1U);
  EXPECT_EQ(centre.store().promises.at(only_promise()).wish, WishId("wish.c1"));
}

TEST_F(Flow, OutOfHoursCallersMayAskToBeRungBack) {
  exchange.arrive(CallId("c1"), kDesk, LineToken("t1"), false, false);
  exchange.identify(CallId("c1"));
  exchange.arrive(CallId("c2"), kDesk, LineToken("t2"), false, false);
  exchange.ask_callback(CallId("c1"), false, LineToken("t1"));
  exchange.hang_up(CallId("c2"), CallEndCause::kClosedHours);
  centre.work();
  EXPECT_EQ(balance().in(Bucket::kCallback), 1U);
  EXPECT_EQ(balance().in(Bucket::kOutOfHours), 1U);
  EXPECT_EQ(balance().promises.open, 1U);
}

}  // namespace
}  // namespace madoguchi::centre
