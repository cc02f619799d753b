#include "routing/engine.h"

#include "routing/test_floor.h"

namespace madoguchi::routing {
namespace {

using namespace std::chrono_literals;

class Queue : public TestFloor {};
class Offers : public TestFloor {};
class Moves : public TestFloor {};

// ---- Who is next

TEST_F(Queue, FirstComeFirstServedAcrossTheDesksOfAGroup) {
  const DeskKey sakura = desk("sakura"), common = desk("common");
  const CallKey first = call(sakura);
  now += 1s;
  const CallKey second = call(common);
  now += 1s;
  const CallKey third = call(sakura);
  EXPECT_EQ(engine.place(third), 3U);
  const OperatorKey a = ready("a"), b = ready("b");
  EXPECT_EQ(rings_with(a), first);
  EXPECT_EQ(rings_with(b), second);
  EXPECT_EQ(engine.place(third), 1U);
  EXPECT_EQ(engine.waiting(sakura), 1U);
  EXPECT_EQ(engine.waiting(common), 0U);
}

TEST_F(Queue, WithheldNumbersGoFirstWithinTheSameSecondOnly) {
  const DeskKey d = desk("d");
  const CallKey shown = call(d);
  now += 300ms;
  const CallKey hidden = withheld(d);
  now += 1s;
  const CallKey later = withheld(d);
  EXPECT_EQ(engine.place(hidden), 1U);
  EXPECT_EQ(engine.place(shown), 2U);
  EXPECT_EQ(engine.place(later), 3U);
}

TEST_F(Queue, OperatorOfTwoGroupsTakesWhoeverWaitsLongest) {
  const DeskKey x = desk("x", "gx"), y = desk("y", "gy");
  now += 5s;
  const CallKey older = call(y);
  now += 5s;
  call(x);
  EXPECT_EQ(rings_with(ready("a", {"gx", "gy"})), older);
}

TEST_F(Queue, WhoWaitsForADeskGoesWithItToAnotherGroup) {
  const DeskKey d = desk("d", "old"), other = desk("other", "new");
  const CallKey first = call(d);
  now += 5s;
  const CallKey theirs = call(other);
  now += 5s;
  const CallKey second = call(d);
  const OperatorKey a = who("a", {"new"});
  EXPECT_EQ(desk("d", "new"), d);
  EXPECT_EQ(engine.place(first), 1U);
  EXPECT_EQ(engine.place(theirs), 2U);
  EXPECT_EQ(engine.place(second), 3U);
  EXPECT_EQ(engine.waiting(engine.group_of(d)), 3U);
  ok(engine.ready(a, now));
  EXPECT_EQ(rings_with(a), first);
}

TEST_F(Queue, WhoWaitsIsOfferedAtOnceToTheReadyOfTheNewGroup) {
  const DeskKey d = desk("d", "old");
  const OperatorKey a = ready("a", {"new"});
  const CallKey waits = call(d);
  desk("d", "new");
  EXPECT_EQ(rings_with(a), waits);
}

TEST_F(Queue, ARingThatIsMissedAfterTheDeskMovedGoesOnInTheNewGroup) {
  const DeskKey d = desk("d", "old");
  const OperatorKey a = ready("a", {"old"});
  const CallKey caller = call(d);
  EXPECT_EQ(rings_with(a), caller);
  desk("d", "new");
  const OperatorKey b = ready("b", {"new"});
  ok(engine.missed(a, now));
  EXPECT_EQ(rings_with(b), caller);
}

TEST_F(Queue, LongestIdleOperatorIsOffered) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  now += 1s;
  const OperatorKey b = ready("b");
  now += 1s;
  const CallKey first = call(d);
  EXPECT_EQ(rings_with(a), first);
  answer(a);
  end(first);
  ok(engine.wrapped_up(a, now));
  EXPECT_EQ(rings_with(b), CallKey{});
  const CallKey second = call(d);
  EXPECT_EQ(rings_with(b), second);
}

TEST_F(Queue, AWithdrawnOfferKeepsThePlaceAmongTheIdle) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  now += 1s;
  ready("b");
  now += 1s;
  end(call(d));
  EXPECT_EQ(state(a), OperatorState::kReady);
  EXPECT_EQ(rings_with(a), CallKey{});
  const CallKey next = call(d);
  EXPECT_EQ(rings_with(a), next);
}

TEST_F(Queue, NotOfferedBeforeTheAnnouncementsWereHeardButKeepsItsPlace) {
  const DeskKey d = desk("d");
  Arrival listening;
  listening.desk = d;
  listening.listening = true;
  const CallKey early = arrive(listening);
  now += 2s;
  const CallKey late = call(d);
  EXPECT_EQ(engine.place(early), 0U);
  ok(engine.heard(early, now));
  EXPECT_EQ(engine.place(early), 1U);
  EXPECT_EQ(engine.place(late), 2U);
  refused(engine.heard(early, now));
}

TEST_F(Queue, ACallerSetAsideIsNotOfferedAndKeepsThePlace) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  const CallKey keying = call(d);
  now += 1s;
  const CallKey later = call(d);
  ok(engine.set_aside(keying, now));
  EXPECT_EQ(rings_with(a), later);
  refused(engine.set_aside(keying, now));
  now += 1s;
  call(d);
  ok(engine.heard(keying, now));
  EXPECT_EQ(engine.place(keying), 1U);
}

TEST_F(Queue, OnlyReachableOperatorsAreOffered) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  ok(engine.reachable(a, false, now));
  const CallKey waiting = call(d);
  EXPECT_EQ(state(a), OperatorState::kReady);
  EXPECT_EQ(rings_with(a), CallKey{});
  ok(engine.reachable(a, true, now));
  EXPECT_EQ(rings_with(a), waiting);
}

// ---- Offers that fail

TEST_F(Offers, AMissedRingPutsTheCallerBeforeEverybodyAndTheOperatorAway) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  const CallKey first = call(d);
  now += 1s;
  call(d);
  wait(20s);
  EXPECT_EQ(state(a), OperatorState::kAway);
  EXPECT_EQ(reason(a), AwayReason::kRingMissed);
  EXPECT_EQ(engine.place(first), 1U);
  const OperatorKey b = ready("b");
  EXPECT_EQ(rings_with(b), first);
}

TEST_F(Offers, ARefusedCallGoesToTheNextOperatorAtOnce) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a"), b = ready("b");
  const CallKey only = call(d);
  ok(engine.refused(a, now));
  EXPECT_EQ(reason(a), AwayReason::kRefused);
  EXPECT_EQ(rings_with(b), only);
}

TEST_F(Offers, ReturnedCallersStandBeforeOthersByTheirArrival) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a"), b = ready("b");
  const CallKey first = call(d);
  now += 1s;
  const CallKey second = call(d);
  now += 1s;
  call(d);
  ok(engine.refused(b, now));
  ok(engine.refused(a, now));
  EXPECT_EQ(engine.place(first), 1U);
  EXPECT_EQ(engine.place(second), 2U);
}

TEST_F(Offers, LostAudioWhileRingingCostsTheCallerNothing) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  const CallKey only = call(d);
  ok(engine.reachable(a, false, now));
  EXPECT_EQ(state(a), OperatorState::kReady);
  EXPECT_EQ(engine.place(only), 1U);
  ok(engine.reachable(a, true, now));
  EXPECT_EQ(rings_with(a), only);
}

TEST_F(Offers, AnAcceptedCallWithoutSoundComesBack) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  const CallKey only = call(d);
  wait(19s);
  ok(engine.accepted(a, now + 8s, now));
  wait(7s);
  EXPECT_EQ(rings_with(a), only);
  wait(2s);
  EXPECT_EQ(reason(a), AwayReason::kAudioLost);
  EXPECT_EQ(engine.place(only), 1U);
}

TEST_F(Offers, LateAnswersAreConflictsAndChangeNothing) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  const CallKey gone = call(d);
  end(gone);
  refused(engine.answered(a, now));
  refused(engine.accepted(a, now, now));
  refused(engine.refused(a, now));
  refused(engine.ended(gone, EndCause::kCaller, now));
  EXPECT_EQ(state(a), OperatorState::kReady);
}

// ---- States

TEST_F(Offers, WhatIsAskedDuringACallComesAfterTheWrapUp) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  const CallKey talk = call(d);
  refused(engine.away(a, AwayReason::kMeal, now));  // it rings
  answer(a);
  ok(engine.away(a, AwayReason::kMeal, now));
  EXPECT_EQ(state(a), OperatorState::kTalking);
  end(talk);
  EXPECT_EQ(state(a), OperatorState::kWrapUp);
  ok(engine.wrapped_up(a, now));
  EXPECT_EQ(state(a), OperatorState::kAway);
  EXPECT_EQ(reason(a), AwayReason::kMeal);
}

TEST_F(Offers, WrapUpPastItsLimitIsToldOnceAndNotForced) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  const CallKey talk = call(d);
  answer(a);
  end(talk);
  wait(4min);
  ok(engine.extend_wrap_up(a, now + 5min, now));
  forget_told();
  wait(4min);
  EXPECT_EQ(told<WrapUpOverdue>().size(), 0U);
  wait(2h);
  EXPECT_EQ(told<WrapUpOverdue>().size(), 1U);
  EXPECT_EQ(state(a), OperatorState::kWrapUp);
}

TEST_F(Offers, EveryChangeOfAnOperatorIsToldFromWhatItWas) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  answer((call(d), a));
  end(engine.look(a).call);
  ok(engine.wrapped_up(a, now));
  OperatorState last = OperatorState::kOffline;
  for (const OperatorChanged& change : told<OperatorChanged>()) {
    EXPECT_EQ(change.from, last);
    last = change.to;
  }
  EXPECT_EQ(last, OperatorState::kReady);
}

// ---- Transfers and consultations

TEST_F(Moves, ATransferredCallerKeepsTheTimeOfArrival) {
  const DeskKey d = desk("d"), other = desk("other", "g2");
  const OperatorKey a = ready("a");
  const CallKey old = call(d);
  answer(a);
  now += 60s;
  call(other);
  ok(engine.transfer(old, other, now));
  EXPECT_EQ(state(a), OperatorState::kWrapUp);
  EXPECT_EQ(engine.place(old), 1U);
  EXPECT_EQ(balance(d).talking_now, 0U);
  end(old);  // it talked: it is not abandoned, and counts where it came in
  EXPECT_EQ(balance(d).in(Bucket::kTalked), 1U);
  EXPECT_EQ(balance(other).arrived, 1U);
}

TEST_F(Moves, ADirectTransferThatIsMissedGoesToTheFrontOfTheDesk) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a"), b = ready("b", {"elsewhere"});
  const CallKey only = call(d);
  answer(a);
  ok(engine.transfer(only, b, now));
  EXPECT_EQ(rings_with(b), only);
  wait(20s);
  EXPECT_EQ(engine.place(only), 1U);
  refused(engine.transfer(only, b, now));  // away now
  ok(engine.wrapped_up(a, now));
  EXPECT_EQ(rings_with(a), only);
}

TEST_F(Moves, AConsultedOperatorGoesOnWithTheCaller) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a"), b = ready("b");
  const CallKey only = call(d);
  answer(a);
  refused(engine.hand_over(a, now));
  ASSERT_EQ(engine.consult(a, d, now).value(), b);
  EXPECT_EQ(rings_with(b), only);
  refused(engine.hand_over(a, now));
  answer(b);
  ok(engine.hand_over(a, now));
  EXPECT_EQ(state(a), OperatorState::kWrapUp);
  EXPECT_EQ(engine.find(only)->with, b);
  end(only);
  EXPECT_EQ(state(b), OperatorState::kWrapUp);
  EXPECT_EQ(balance(d).in(Bucket::kTalked), 1U);
}

TEST_F(Moves, AConsultationEndsWithoutHarmAtEveryStage) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a"), b = ready("b");
  const CallKey only = call(d);
  answer(a);
  ok(engine.consult(a, b, now));
  ok(engine.consult_over(a, now));
  EXPECT_EQ(state(b), OperatorState::kReady);
  ok(engine.consult(a, b, now));
  ok(engine.refused(b, now));
  EXPECT_EQ(engine.find(only)->with, a);
  EXPECT_EQ(state(a), OperatorState::kTalking);
  ok(engine.ready(b, now));
  ok(engine.consult(a, b, now));
  answer(b);
  ok(engine.consult_over(b, now));
  EXPECT_EQ(state(b), OperatorState::kReady);
  ok(engine.consult(a, b, now));
  answer(b);
  end(only);  // the caller gives up on hold
  EXPECT_EQ(state(a), OperatorState::kWrapUp);
  EXPECT_EQ(state(b), OperatorState::kReady);
}

TEST_F(Moves, WhoLosesTheOperatorsAudioIsNextAgain) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  const CallKey only = call(d);
  now += 1s;
  call(d);
  answer(a);
  ok(engine.leg_lost(a, now));
  EXPECT_EQ(reason(a), AwayReason::kAudioLost);
  EXPECT_EQ(engine.place(only), 1U);
  EXPECT_EQ(balance(d).talking_now, 0U);
  EXPECT_EQ(balance(d).in(Bucket::kTalked), 1U);
}

TEST_F(Moves, IfTheAskingOperatorIsLostTheConsultedOneGoesOn) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a"), b = ready("b");
  const CallKey only = call(d);
  answer(a);
  ok(engine.consult(a, b, now));
  answer(b);
  ok(engine.leg_lost(a, now));
  EXPECT_EQ(engine.find(only)->with, b);
}

TEST_F(Moves, WhatTheExchangeHearsIsBelieved) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a"), b = ready("b");
  const CallKey first = call(d), second = call(d);
  ASSERT_EQ(rings_with(a), first);
  ok(engine.found_talking(second, a, now));
  EXPECT_EQ(engine.find(second)->with, a);
  EXPECT_EQ(state(a), OperatorState::kTalking);
  EXPECT_EQ(rings_with(b), first);
  ok(engine.found_talking(second, a, now));
  ok(engine.found_talking(first, b, now));
  EXPECT_EQ(balance(d).talking_now, 2U);
}

}  // namespace
}  // namespace madoguchi::routing
