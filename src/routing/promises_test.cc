#include "routing/test_floor.h"

namespace madoguchi::routing {
namespace {

using namespace std::chrono_literals;

class Promises : public TestFloor {
 protected:
  PromiseKey ask(CallKey call, PromiseLine kind = PromiseLine::kOwn, LineKey other = {}) {
    const auto made = engine.callback_asked(call, PromiseBasis::kKey, kind, other, now);
    EXPECT_TRUE(made.has_value());
    check();
    return made.value_or(PromiseKey{});
  }
  // Asked, and the caller hung up.
  PromiseKey left(DeskKey desk, const std::string& token) {
    const CallKey asking = call(desk, token);
    const PromiseKey made = ask(asking);
    end(asking);
    return made;
  }
};

TEST_F(Promises, OneOpenPromisePerLine) {
  const DeskKey d = desk("d");
  const PromiseKey first = left(d, "t1");
  EXPECT_EQ(left(d, "t1"), first);
  EXPECT_NE(left(d, "t2"), first);
  EXPECT_EQ(engine.find(first)->asks, 2);
  const PromiseCounts counts = balance(d).promises;
  EXPECT_EQ(counts.asked, 3U);
  EXPECT_EQ(counts.merged, 1U);
  EXPECT_EQ(counts.open, 2U);
  EXPECT_EQ(balance(d).in(Bucket::kCallback), 3U);
}

TEST_F(Promises, KeptWhenTheLineGetsThroughByItself) {
  const DeskKey d = desk("d");
  const PromiseKey made = left(d, "t1");
  const OperatorKey a = ready("a");
  call(d, "t1");
  answer(a);
  EXPECT_EQ(engine.find(made), nullptr);
  EXPECT_EQ(balance(d).promises.kept_by_caller, 1U);
  const auto kept = told<PromiseKept>();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].how, KeptHow::kCameThrough);
}

TEST_F(Promises, KeptIfTheCallerStaysAndIsAnsweredAfterAll) {
  const DeskKey d = desk("d");
  const CallKey patient = call(d, "t1");
  ask(patient, PromiseLine::kOther);  // a line that nobody knows yet
  answer(ready("a"));
  end(patient);
  EXPECT_EQ(balance(d).promises.kept_by_caller, 1U);
  EXPECT_EQ(balance(d).in(Bucket::kTalked), 1U);
}

TEST_F(Promises, TakenAndKeptByRinging) {
  const DeskKey d = desk("d");
  const PromiseKey made = left(d, "t1");
  const OperatorKey a = who("a");
  ok(engine.take(a, made, now));
  EXPECT_EQ(state(a), OperatorState::kDialling);
  refused(engine.take(ready("b"), made, now));
  const auto talk = engine.callback_answered(a, now);
  ASSERT_TRUE(talk.has_value());
  EXPECT_EQ(state(a), OperatorState::kTalking);
  EXPECT_EQ(balance(d).arrived, 1U);
  EXPECT_EQ(balance(d).promises.open, 1U);
  end(*talk, EndCause::kOperator);
  EXPECT_EQ(balance(d).promises.kept_by_ringing, 1U);
  EXPECT_EQ(balance(d).settled_in(Bucket::kCallback), 1U);
  EXPECT_EQ(state(a), OperatorState::kWrapUp);
  ok(engine.wrapped_up(a, now));
  EXPECT_EQ(state(a), OperatorState::kAway);  // as before taking it
}

TEST_F(Promises, WhatEachOutcomeDoes) {
  struct Row {
    AttemptOutcome outcome;
    bool open_after;
    int attempts;
  };
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  int n = 0;
  for (const Row& row : std::initializer_list<Row>{
           {AttemptOutcome::kNoAnswer, true, 1},
           {AttemptOutcome::kBusy, true, 1},
           {AttemptOutcome::kMachine, true, 1},
           {AttemptOutcome::kDeclined, false, 0},
           {AttemptOutcome::kWrongNumber, false, 0},
           {AttemptOutcome::kNotPermitted, false, 0},
           {AttemptOutcome::kTooSoon, true, 0},
           {AttemptOutcome::kFault, true, 0},
           {AttemptOutcome::kGivenUp, true, 0},
       }) {
    ok(engine.away(a, AwayReason::kDeskWork, now));
    const PromiseKey made = left(d, "t" + std::to_string(n++));
    ok(engine.take(a, made, now));
    ok(engine.callback_failed(a, row.outcome, now));
    const Promise* promise = engine.find(made);
    EXPECT_EQ(promise != nullptr, row.open_after);
    if (promise != nullptr) {
      EXPECT_EQ(promise->attempts, row.attempts);
    }
    EXPECT_EQ(state(a), OperatorState::kAway);
  }
}

TEST_F(Promises, ClosedWithItsReasonAfterTheLastAttempt) {
  const DeskKey d = desk("d");
  const OperatorKey a = ready("a");
  const PromiseKey made = [&] {
    ok(engine.away(a, AwayReason::kBreak, now));
    return left(d, "t");
  }();
  for (int i = 0; i < 5; ++i) {
    ok(engine.take(a, made, now));
    ok(engine.callback_failed(a, AttemptOutcome::kNoAnswer, now));
  }
  EXPECT_EQ(engine.find(made), nullptr);
  const auto reason = static_cast<std::size_t>(CloseReason::kAttemptsExhausted);
  EXPECT_EQ(balance(d).promises.without_success[reason], 1U);
  refused(engine.take(a, made, now));
}

TEST_F(Promises, AMissedDeadlineMakesTheNextOne) {
  const DeskKey d = desk("d");
  const PromiseKey made = left(d, "t");
  EXPECT_EQ(engine.find(made)->deadline, now + 2h);
  forget_told();
  wait(2h + 31min);
  EXPECT_EQ(told<PromiseDue>().size(), 2U);
  EXPECT_EQ(engine.find(made)->missed, 2);
  EXPECT_GT(engine.find(made)->deadline, now);
}

TEST_F(Promises, DeadlinesCountOpeningTime) {
  Desk settings;
  settings.id = DeskId("d");
  settings.group = GroupId("g");
  calendar::OpeningHoursSettings hours;
  for (auto& day : hours.week) day = {calendar::parse_interval("09:00-18:00").value()};
  settings.hours = calendar::OpeningHours::make(hours).value();
  const DeskKey d = engine.put_desk(settings, now);
  now += 9h;  // 20:00
  EXPECT_FALSE(engine.is_open(d, now));
  Arrival late;
  late.desk = d;
  late.open = false;
  late.line = line("t");
  const CallKey call = arrive(late);
  const PromiseKey made = ask(call);
  end(call, EndCause::kDesk);
  EXPECT_EQ(engine.find(made)->deadline, now + 15h);  // 11:00 the next day
  EXPECT_EQ(balance(d).in(Bucket::kCallback), 1U);
}

TEST_F(Promises, TheDesksPolicyAndWithheldNumbersAreObeyed) {
  const DeskKey never = desk("never", "g", CallbackPolicy::kNever);
  const DeskKey asks = desk("ask");
  EXPECT_EQ(engine.callback_asked(call(never, "t"), PromiseBasis::kKey, PromiseLine::kOwn, {}, now)
                .error()
                .code,
            ErrorCode::kDenied);
  const CallKey hidden = withheld(asks);
  EXPECT_EQ(
      engine.callback_asked(hidden, PromiseBasis::kKey, PromiseLine::kOwn, {}, now).error().code,
      ErrorCode::kDenied);
  ask(hidden, PromiseLine::kOther, line("other"));
  end(call(asks, "t"));
  EXPECT_EQ(engine.open_promises().size(), 1U);  // who only hung up did not ask
}

TEST_F(Promises, AnAnnouncingDeskRingsBackWhoWasLostUnlessWithheld) {
  const DeskKey d = desk("d", "g", CallbackPolicy::kAnnounced);
  const auto lost = [&](CallKey caller, EndCause cause = EndCause::kCaller) {
    const bool promised =
        engine.callback_asked(caller, PromiseBasis::kAnnounced, PromiseLine::kOwn, {}, now)
            .has_value();
    end(caller, cause);
    return promised;
  };
  EXPECT_TRUE(lost(call(d, "t1")));
  EXPECT_TRUE(lost(call(d, "t2"), EndCause::kFault));
  EXPECT_FALSE(lost(withheld(d)));
  EXPECT_EQ(engine.open_promises().size(), 2U);
  EXPECT_EQ(balance(d).in(Bucket::kAbandoned), 2U);  // announced is not agreed
  EXPECT_EQ(balance(d).in(Bucket::kCutOff), 1U);
}

TEST_F(Promises, WhoIsLostWithoutAWishIsPromisedNothingThatNobodyMayRing) {
  const DeskKey d = desk("d", "g", CallbackPolicy::kAnnounced);
  end(call(d, "t1"));
  end(call(d, "t2"), EndCause::kFault);
  EXPECT_TRUE(engine.open_promises().empty());
  EXPECT_EQ(balance(d).promises.asked, 0U);
}

TEST_F(Promises, AWishToldAfterItsCallIsPromisedOncePerLine) {
  const DeskKey d = desk("d", "g", CallbackPolicy::kAnnounced);
  const CallKey lost = call(d, "t");
  end(lost, EndCause::kFault);
  Engine::LateWish wish;
  wish.number = d;
  wish.basis = PromiseBasis::kAnnounced;
  wish.line = line("t");
  const PromiseKey made = engine.callback_asked_late(wish, now).value();
  EXPECT_EQ(engine.callback_asked_late(wish, now).value(), made);
  EXPECT_EQ(engine.find(made)->asks, 2);
  EXPECT_EQ(balance(d).in(Bucket::kCutOff), 1U);
  EXPECT_EQ(balance(d).promises.asked, 2U);
  EXPECT_EQ(balance(d).promises.open, 1U);
  wish.withheld = true;
  EXPECT_EQ(engine.callback_asked_late(wish, now).error().code, ErrorCode::kDenied);
  wish = {};
  wish.number = desk("never", "g", CallbackPolicy::kNever);
  EXPECT_EQ(engine.callback_asked_late(wish, now).error().code, ErrorCode::kDenied);
  const OperatorKey a = who("a");
  ok(engine.take(a, made, now));
  end(engine.callback_answered(a, now).value());
  EXPECT_EQ(balance(d).settled_in(Bucket::kCutOff), 1U);
}

TEST_F(Promises, ALineKnownOnlyLaterMergesThen) {
  const DeskKey d = desk("d");
  const PromiseKey known = left(d, "t");
  const CallKey unknown = call(d);
  const PromiseKey made = ask(unknown);
  end(unknown);
  EXPECT_NE(made, known);
  ok(engine.identified(unknown, line("t"), now));
  EXPECT_EQ(engine.find(made), nullptr);
  EXPECT_EQ(engine.find(known)->asks, 2);
  EXPECT_EQ(balance(d).promises.open, 1U);
  EXPECT_EQ(balance(d).promises.merged, 1U);
}

TEST_F(Promises, MergingSparesTheOneThatIsBeingRung) {
  const DeskKey d = desk("d");
  const PromiseKey idle = left(d, "t");
  const CallKey unknown = call(d);
  const PromiseKey rung = ask(unknown);
  end(unknown);
  const OperatorKey a = who("a");
  ok(engine.take(a, rung, now));
  ok(engine.identified(unknown, line("t"), now));
  EXPECT_EQ(engine.find(idle), nullptr);
  ASSERT_NE(engine.find(rung), nullptr);
  end(engine.callback_answered(a, now).value());
  EXPECT_EQ(balance(d).promises.open, 0U);
}

TEST_F(Promises, AnAnsweringMachineOrABrokenTalkKeepsNothing) {
  const DeskKey d = desk("d");
  const PromiseKey made = left(d, "t");
  const OperatorKey a = who("a");
  ok(engine.take(a, made, now));
  CallKey talk = engine.callback_answered(a, now).value();
  ok(engine.callback_outcome(a, AttemptOutcome::kMachine));
  end(talk, EndCause::kOperator);
  ASSERT_NE(engine.find(made), nullptr);
  EXPECT_EQ(engine.find(made)->attempts, 1);
  ok(engine.take(a, made, now));
  talk = engine.callback_answered(a, now).value();
  end(talk, EndCause::kFault);
  ASSERT_NE(engine.find(made), nullptr);
  EXPECT_EQ(engine.find(made)->attempts, 1);
  EXPECT_EQ(engine.find(made)->state, PromiseState::kOpen);
}

TEST_F(Promises, KeptWhileBeingRungIfTheLineComesThroughJustThen) {
  const DeskKey d = desk("d");
  const PromiseKey made = left(d, "t");
  const OperatorKey a = who("a"), b = ready("b");
  ok(engine.take(a, made, now));
  call(d, "t");
  answer(b);
  EXPECT_EQ(engine.find(made), nullptr);
  ok(engine.callback_failed(a, AttemptOutcome::kGivenUp, now));
  EXPECT_EQ(state(a), OperatorState::kAway);
}

TEST_F(Promises, StaffCloseWithAReasonButNotWhileItRings) {
  const DeskKey d = desk("d");
  const PromiseKey made = left(d, "t");
  const OperatorKey a = who("a");
  ok(engine.take(a, made, now));
  refused(engine.close_promise(made, CloseReason::kStaff, now));
  ok(engine.callback_failed(a, AttemptOutcome::kBusy, now));
  ok(engine.close_promise(made, CloseReason::kWithdrawn, now));
  refused(engine.close_promise(made, CloseReason::kWithdrawn, now));
}

}  // namespace
}  // namespace madoguchi::routing
