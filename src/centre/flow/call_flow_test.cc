#include "centre/flow/call_flow.h"

#include "centre/flow/flow_fixture.h"

namespace madoguchi::centre {
namespace {

using namespace std::chrono_literals;

TEST_F(Flow, ACallIsOfferedAnsweredEndedAndWrappedUp) {
  ready(kA);
  const CallId id = caller("c1");
  EXPECT_EQ(state(kA), OperatorState::kRinging);
  EXPECT_EQ(exchange.find(id)->live.who, kA);
  now += 3s;
  ok(flow().accept(kA, now));
  EXPECT_EQ(state(kA), OperatorState::kTalking);
  EXPECT_EQ(record(id).bucket, Bucket::kTalked);
  EXPECT_EQ(record(id).line, LineToken("t.c1"));
  now += 60s;
  ok(flow().end(kA, now));
  EXPECT_EQ(state(kA), OperatorState::kWrapUp);
  EXPECT_EQ(record(id).cause, routing::EndCause::kOperator);
  ok(flow().wrapped_up(kA, "apologised", now));
  EXPECT_EQ(record(id).disposition, "apologised");
  EXPECT_EQ(balance().in(Bucket::kTalked), 1U);
  const auto& legs = centre.store().legs;
  ASSERT_EQ(legs.size(), 1U);
  EXPECT_EQ(legs.begin()->second.how, LegEnd::kTalked);
}

TEST_F(Flow, TheConsoleIsToldWhoRingsForWhichDesk) {
  ok(flow().ready(kA, now));
  exchange.arrive(CallId("c"), kDesk, LineToken("t"), false);
  exchange.answer(CallId("c"));
  for (const ExchangeEvent& event : exchange.unacknowledged()) flow().take(event, now);
  const Effects effects = flow().drain();
  const auto ring = std::find_if(effects.views.begin(), effects.views.end(), [](const View& view) {
    return std::holds_alternative<RingView>(view);
  });
  ASSERT_NE(ring, effects.views.end());
  EXPECT_EQ(std::get<RingView>(*ring).greeting_text, "greeting of sakura");
  EXPECT_EQ(std::get<RingView>(*ring).who, kA);
}

TEST_F(Flow, AMissedRingGoesToTheNextOperator) {
  ready(kA);
  now += 1s;
  ready(kB);
  const CallId id = caller("c1");
  wait(20s);
  EXPECT_EQ(state(kA), OperatorState::kAway);
  EXPECT_EQ(flow().look(kA)->reason, routing::AwayReason::kRingMissed);
  EXPECT_EQ(exchange.find(id)->live.who, kB);
}

TEST_F(Flow, AClockThatIsSetNeitherFiresNorLosesWhatRunsForACallInHand) {
  for (const Micros by : {Micros(3h), Micros(-5h)}) {
    SCOPED_TRACE(by.count());
    ready(kA);
    now += 1s;
    ready(kB);
    const CallId id = caller("c" + std::to_string(by.count()));
    wait(15s);
    now += by;
    flow().clock_was_set(by, now);
    centre.work();
    EXPECT_EQ(exchange.find(id)->live.who, kA);
    wait(4s);
    EXPECT_EQ(state(kA), OperatorState::kRinging);
    wait(2s);
    EXPECT_EQ(state(kA), OperatorState::kAway);
    EXPECT_EQ(exchange.find(id)->live.who, kB);
    ok(flow().accept(kB, now));
    exchange.hang_up(id);
    centre.work();
    ok(flow().wrapped_up(kB, "", now));
    ok(flow().away(kB, routing::AwayReason::kBreak, now));
  }
}

TEST_F(Flow, WhileTheStoreIsAwayNobodyIsOfferedACallOrMissesOne) {
  ready(kA);
  const CallId first = caller("c1");
  wait(15s);
  flow().store_is_away(now);
  const CallId second = caller("c2");
  ready(kB);
  wait(60s);
  EXPECT_EQ(state(kA), OperatorState::kRinging);
  EXPECT_EQ(state(kB), OperatorState::kReady);
  flow().store_is_back(now);
  centre.work();
  EXPECT_EQ(exchange.find(first)->live.who, kA);
  EXPECT_EQ(exchange.find(second)->live.who, kB);
  wait(4s);
  EXPECT_EQ(state(kA), OperatorState::kRinging);
  wait(2s);
  EXPECT_EQ(state(kA), OperatorState::kAway);
}

TEST_F(Flow, AStoreThatIsBackOffersNothingWhileTheExchangeIsAway) {
  const CallId id = caller("c1");
  flow().store_is_away(now);
  flow().detached(now);
  ready(kA);
  flow().store_is_back(now);
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kReady);
  centre.reattach();
  centre.work();
  EXPECT_EQ(exchange.find(id)->live.who, kA);
}

TEST_F(Flow, WhoComesAfterTheClockWasSetBackStandsBehindWhoWaits) {
  const CallId first = caller("c1");
  now += 10s - 2h;
  flow().clock_was_set(-2h, now);
  caller("c2");
  ready(kA);
  EXPECT_EQ(exchange.find(first)->live.who, kA);
}

TEST_F(Flow, TellsThePlaceInTheQueueWhereTheDeskWantsIt) {
  Floor telling = floor();
  telling.desks[0].place_prompts = {"place-1", "place-2"};
  flow().set_floor(telling, now);
  for (const char* name : {"c1", "c2", "c3"}) {
    caller(name);
    now += 1s;
  }
  wait(30s);
  ASSERT_EQ(exchange.places().size(), 2U);  // the third is not told
  EXPECT_EQ(exchange.places()[0].call, CallId("c1"));
  EXPECT_EQ(exchange.places()[0].prompts, std::vector<std::string>{"place-1"});
  EXPECT_EQ(exchange.places()[1].prompts, std::vector<std::string>{"place-2"});
  exchange.hang_up(CallId("c1"));
  centre.work();
  wait(60s);
  ASSERT_EQ(exchange.places().size(), 4U);
  EXPECT_EQ(exchange.places()[2].call, CallId("c2"));
  EXPECT_EQ(exchange.places()[2].prompts, std::vector<std::string>{"place-1"});
  flow().set_floor(floor(), now);
  wait(5min);
  EXPECT_EQ(exchange.places().size(), 4U);
}

TEST_F(Flow, StateIntervalsFollowEachOtherWithoutGapOrOverlap) {
  ready(kA);
  caller("c1");
  now += 2s;
  ok(flow().accept(kA, now));
  now += 9s;
  exchange.hang_up(CallId("c1"));
  centre.work();
  now += 5s;
  ok(flow().wrapped_up(kA, "", now));
  std::vector<StateRecord> mine;
  for (const auto& [id, state] : centre.store().states)
    if (state.who == kA) mine.push_back(state);
  std::stable_sort(mine.begin(), mine.end(), [](const auto& a, const auto& b) {
    return a.until.value_or(Time::max()) < b.until.value_or(Time::max());
  });
  ASSERT_EQ(mine.size(), 6U);  // away, ready, ringing, talking, wrap-up, ready
  for (std::size_t i = 1; i < mine.size(); ++i) EXPECT_EQ(mine[i - 1].until, mine[i].since);
  EXPECT_EQ(mine[3].call, CallId("c1"));
}

TEST_F(Flow, TransfersToADeskAndToAnOperator) {
  ready(kA);
  const CallId id = caller("c1");
  ok(flow().accept(kA, now));
  refused(flow().transfer(kA, kB, now));  // away
  ready(kB);
  ok(flow().transfer(kA, kB, now));
  EXPECT_EQ(exchange.find(id)->live.who, kB);
  EXPECT_EQ(state(kA), OperatorState::kWrapUp);
  ok(flow().accept(kB, now));
  EXPECT_EQ(record(id).with, kB);
  ok(flow().transfer(kB, DeskId("other"), now));
  EXPECT_EQ(record(id).desk, DeskId("other"));
  EXPECT_EQ(record(id).number_desk, kDesk);
  ok(flow().wrapped_up(kB, "", now));
  EXPECT_EQ(state(kB), OperatorState::kRinging);
}

TEST_F(Flow, ACallerWhoIsHeldWhenTransferredIsNotHeldForTheNextOperatorNorIsThatOneMuted) {
  ready(kA);
  const CallId id = caller("c1");
  const auto talks_held = [&](const OperatorId& who) {
    ok(flow().accept(who, now));
    EXPECT_EQ(flow().call(id)->with, who);
    EXPECT_FALSE(flow().call(id)->held);
    EXPECT_FALSE(flow().call(id)->muted);
    ok(flow().hold(who, true, now));
    ok(flow().mute(who, true, now));
    EXPECT_TRUE(flow().call(id)->held);
    EXPECT_TRUE(flow().call(id)->muted);
  };
  talks_held(kA);
  ready(kB);
  ok(flow().transfer(kA, kB, now));
  talks_held(kB);
  ok(flow().wrapped_up(kA, "", now));
  ok(flow().transfer(kB, kDesk, now));
  talks_held(kA);
  ok(flow().wrapped_up(kB, "", now));
  exchange.seat(kA, false);
  centre.work();
  talks_held(kB);
}

TEST_F(Flow, ConsultsAndHandsOver) {
  ready(kA);
  const CallId id = caller("c1");
  ok(flow().accept(kA, now));
  ready(kB);
  ok(flow().consult(kA, kB, now));
  EXPECT_EQ(exchange.find(id)->live.stage, CallStage::kConsulting);
  refused(flow().hand_over(kA, now));
  ok(flow().accept(kB, now));
  EXPECT_TRUE(flow().call(id)->consulting);
  ok(flow().hand_over(kA, now));
  EXPECT_EQ(exchange.find(id)->live.who, kB);
  EXPECT_EQ(state(kA), OperatorState::kWrapUp);
  EXPECT_EQ(record(id).with, kB);
  exchange.hang_up(id);
  centre.work();
  EXPECT_EQ(state(kB), OperatorState::kWrapUp);
}

TEST_F(Flow, AConsultationCanBeCalledOff) {
  ready(kA);
  ready(kB);
  const CallId id = caller("c1");
  ok(flow().accept(kA, now));
  ok(flow().consult(kA, kDesk, now));
  ok(flow().consult_over(kA, now));
  EXPECT_EQ(exchange.find(id)->live.stage, CallStage::kTalking);
  EXPECT_EQ(state(kB), OperatorState::kReady);
  ok(flow().consult(kA, kB, now));
  ok(flow().accept(kB, now));
  ok(flow().end(kB, now));  // the consulted one leaves
  EXPECT_EQ(state(kB), OperatorState::kReady);
  EXPECT_EQ(exchange.find(id)->live.stage, CallStage::kTalking);
}

TEST_F(Flow, LosingTheSeatPutsTheCallerBeforeEverybody) {
  ready(kA);
  const CallId id = caller("c1");
  ok(flow().accept(kA, now));
  caller("c2");
  exchange.seat(kA, false);
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kAway);
  ready(kB);
  EXPECT_EQ(exchange.find(id)->live.who, kB);
}

TEST_F(Flow, ACrashOfTheExchangeShowsEachCallAsCutOffWithItsToken) {
  ready(kA);
  const CallId talking = caller("c1");
  ok(flow().accept(kA, now));
  const CallId waiting = caller("c2");
  centre.die();
  exchange.arrive(CallId("c3"), kDesk, LineToken("t.c3"), false);  // nobody has identified it yet
  exchange.crash();
  centre.start();
  for (const CallId& id : {talking, waiting, CallId("c3")}) {
    EXPECT_EQ(record(id).bucket, Bucket::kCutOff) << id;
    EXPECT_EQ(record(id).line, LineToken("t." + id.text()));
    EXPECT_TRUE(record(id).ended.has_value());
  }
  EXPECT_EQ(balance().in(Bucket::kCutOff), 3U);
  EXPECT_EQ(balance().cut_off_talking, 1U);
  EXPECT_EQ(state(kA), OperatorState::kWrapUp);
}

TEST_F(Flow, ARestartOfTheCentreLosesAndDoublesNothing) {
  ready(kA);
  ready(kB);
  const CallId talking = caller("c1");
  ok(flow().accept(kA, now));
  const CallId ringing = caller("c2");
  const CallId waiting = caller("c3");
  centre.die();
  now += 5s;
  exchange.hang_up(waiting);
  exchange.arrive(CallId("c4"), kDesk, LineToken("t.c4"), false);
  exchange.answer(CallId("c4"));
  now += 5s;
  centre.start();
  EXPECT_EQ(flow().call(talking)->phase, CallPhase::kTalking);
  EXPECT_EQ(state(kA), OperatorState::kTalking);
  EXPECT_EQ(record(waiting).bucket, Bucket::kAbandoned);
  EXPECT_EQ(balance().arrived, 4U);
  EXPECT_EQ(exchange.find(ringing)->live.who, kB);
  EXPECT_EQ(state(kB), OperatorState::kRinging);
  EXPECT_EQ(flow().call(CallId("c4"))->phase, CallPhase::kWaiting);
  ok(flow().accept(kB, now));
  EXPECT_EQ(record(ringing).bucket, Bucket::kTalked);
}

// One call of A's in which B is asked.
class ConsultingFlow : public Flow {
 protected:
  ConsultingFlow() {
    ready(kA);
    ready(kB);
    id = caller("c1");
    ok(flow().accept(kA, now));
    centre.die_at_next_commit(SimCentre::Death::kNone);
  }
  void asks() { ok(flow().consult(kA, kB, now)); }
  void restarts() {
    if (centre.up()) centre.die();
    now += 2s;
    centre.start();
    check();
  }
  void hands_over() {
    ok(flow().hand_over(kA, now));
    EXPECT_EQ(exchange.find(id)->live.who, kB);
    EXPECT_EQ(exchange.find(id)->live.stage, CallStage::kTalking);
    EXPECT_EQ(record(id).with, kB);
    EXPECT_EQ(state(kA), OperatorState::kWrapUp);
    EXPECT_EQ(state(kB), OperatorState::kTalking);
  }
  CallId id;
};

TEST_F(ConsultingFlow, SurvivesARestartOfTheCentreWhileItRings) {
  asks();
  restarts();
  EXPECT_EQ(state(kB), OperatorState::kRinging);
  EXPECT_EQ(flow().call(id)->consulted, kB);
  const auto views = flow().views(now);
  EXPECT_TRUE(std::any_of(views.begin(), views.end(), [](const View& view) {
    const auto* ring = std::get_if<RingView>(&view);
    return ring != nullptr && ring->who == kB && ring->offer == routing::Offer::kConsult;
  }));
  ok(flow().accept(kB, now));
  EXPECT_TRUE(flow().call(id)->consulting);
  hands_over();
}

TEST_F(ConsultingFlow, SurvivesARestartOfTheCentreWhileTheTwoTalk) {
  asks();
  ok(flow().accept(kB, now));
  restarts();
  EXPECT_EQ(state(kA), OperatorState::kTalking);
  EXPECT_EQ(state(kB), OperatorState::kTalking);
  EXPECT_TRUE(flow().call(id)->consulting);
  EXPECT_EQ(exchange.find(id)->live.stage, CallStage::kConsulting);
  hands_over();
  restarts();
  EXPECT_EQ(state(kB), OperatorState::kTalking);
  exchange.hang_up(id);
  centre.work();
  EXPECT_EQ(state(kB), OperatorState::kWrapUp);
}

TEST_F(ConsultingFlow, WhatHappensToItWhileTheCentreIsDownIsLearntAfterwards) {
  asks();
  centre.die();
  exchange.pick_up_phone(kB);
  restarts();
  EXPECT_TRUE(flow().call(id)->consulting);
  centre.die();
  exchange.carry_out({CommandId("x"), CancelConsult{id}});
  restarts();
  EXPECT_EQ(state(kB), OperatorState::kReady);
  EXPECT_EQ(state(kA), OperatorState::kTalking);
  EXPECT_TRUE(flow().call(id)->consulted.empty());
}

TEST_F(ConsultingFlow, CommandsThatWereLostWithTheCentreAreGivenAgain) {
  centre.die_at_next_commit(SimCentre::Death::kAfterCommit);
  EXPECT_TRUE(flow().consult(kA, kB, now));
  centre.work();
  EXPECT_EQ(exchange.find(id)->live.stage, CallStage::kTalking);
  restarts();
  EXPECT_EQ(exchange.find(id)->live.stage, CallStage::kConsulting);
  ok(flow().accept(kB, now));
  centre.die_at_next_commit(SimCentre::Death::kAfterCommit);
  EXPECT_TRUE(flow().hand_over(kA, now));
  centre.work();
  restarts();
  EXPECT_EQ(exchange.find(id)->live.who, kB);
  EXPECT_EQ(exchange.find(id)->live.stage, CallStage::kTalking);
  EXPECT_EQ(state(kB), OperatorState::kTalking);
}

TEST_F(Flow, WhatIsHeldMutedOrPausedStaysSoOverARestartOfTheCentre) {
  ready(kA);
  const CallId id = caller("c1");
  exchange.record(id);
  ok(flow().accept(kA, now));
  ok(flow().hold(kA, true, now));
  ok(flow().mute(kA, true, now));
  ok(flow().pause_recording(kA, true, now));
  centre.die();
  centre.start();
  EXPECT_TRUE(flow().call(id)->held);
  EXPECT_TRUE(flow().call(id)->muted);
  EXPECT_TRUE(flow().call(id)->recording);
  EXPECT_TRUE(flow().call(id)->recording_paused);
  ok(flow().hold(kA, false, now));
  ok(flow().mute(kA, false, now));
  ok(flow().pause_recording(kA, false, now));
  centre.die();
  centre.start();
  EXPECT_FALSE(flow().call(id)->held);
  EXPECT_FALSE(flow().call(id)->muted);
  EXPECT_FALSE(flow().call(id)->recording_paused);
}

TEST_F(Flow, RecordingThatWaitsForRoomIsNotShownAsRunningAfterARestartOfTheCentre) {
  ready(kA);
  const CallId id = caller("c1");
  exchange.record(id);
  ok(flow().accept(kA, now));
  exchange.interrupt_recording(id, true);
  centre.work();
  EXPECT_FALSE(flow().call(id)->recording);
  centre.die();
  centre.start();
  EXPECT_FALSE(flow().call(id)->recording);
  exchange.interrupt_recording(id, false);
  centre.work();
  EXPECT_TRUE(flow().call(id)->recording);
  centre.die();
  centre.start();
  EXPECT_TRUE(flow().call(id)->recording);
}

TEST_F(Flow, AReplayThatTakesLongEndsNoCallBeforeItsOwnEventsAreIn) {
  ready(kA);
  const CallId gone = caller("c0");  // rings kA
  const CallId waits = caller("c1");
  centre.die();
  for (int i = 0; i < 250; ++i) {
    const CallId id("busy" + std::to_string(i));
    exchange.arrive(id, kDesk, LineToken("t"), false);
    exchange.answer(id);
    exchange.hang_up(id);
  }
  exchange.hang_up(gone);
  exchange.hang_up(waits);
  centre.most_events = 10;
  centre.start();
  for (int i = 0; i < 120; ++i) {
    now += 100ms;
    centre.work();
  }
  EXPECT_EQ(record(gone).bucket, Bucket::kAbandoned);
  EXPECT_EQ(record(waits).bucket, Bucket::kAbandoned);
  EXPECT_EQ(balance().in(Bucket::kAbandoned), 252U);
  EXPECT_EQ(state(kA), OperatorState::kReady);
}

TEST_F(Flow, AReplayThatIsNotReadWhileTheStoreIsSlowWaitsWithoutLimit) {
  const CallId gone = caller("c1");
  centre.die();
  exchange.hang_up(gone);
  centre.most_events = 0;
  centre.start();
  for (int i = 0; i < 10; ++i) {
    now += 1s;
    flow().reading_waits(now);
    centre.work();
  }
  EXPECT_FALSE(record(gone).ended.has_value());
  centre.most_events = 1;
  centre.work();
  EXPECT_EQ(record(gone).bucket, Bucket::kAbandoned);
}

TEST_F(Flow, ACallThatTheExchangeNoLongerKnowsIsCutOffInTime) {
  const CallId id = caller("c1");
  centre.die();
  exchange.acknowledge(1000);
  exchange.find(id)->live.call = CallId("forgotten");
  const_cast<std::map<CallId, SimExchange::SimCall>&>(exchange.calls()).erase(id);
  centre.start();
  EXPECT_FALSE(record(id).ended.has_value());
  wait(CallFlow::kMissingLimit);
  EXPECT_EQ(record(id).bucket, Bucket::kCutOff);
}

TEST_F(Flow, ACallThatOnlyTheExchangeKnowsIsAdopted) {
  const CallId id = caller("c1", "line");
  centre.die();
  centre.store() = SimStore{};
  exchange.acknowledge(1000);
  centre.start();
  wait(2s);  // for events that belong before the snapshot
  EXPECT_EQ(balance().arrived, 1U);
  ASSERT_TRUE(flow().call(id).has_value());
  EXPECT_EQ(flow().call(id)->phase, CallPhase::kWaiting);
  EXPECT_EQ(flow().call(id)->line, LineToken("line"));
  ok(flow().sign_on(kA, now));
  ready(kA);
  EXPECT_EQ(exchange.find(id)->live.who, kA);
}

TEST_F(Flow, NothingIsOfferedWhileTheExchangeIsAway) {
  const CallId id = caller("c1");
  flow().detached(now);
  ready(kA);
  EXPECT_EQ(state(kA), OperatorState::kReady);
  EXPECT_EQ(flow().take_promise(kA, PromiseId("p"), now).error().code, ErrorCode::kUnavailable);
  flow().attach(exchange.snapshot(), now);
  centre.work();
  EXPECT_EQ(exchange.find(id)->live.who, kA);
}

TEST_F(Flow, AnEventThatIsToldToOthersEndsTheReplayLikeAnyOther) {
  const CallId id = caller("c1");
  flow().detached(now);
  ready(kA);
  Snapshot restarted = exchange.snapshot();
  restarted.epoch = "of the restarted exchange";
  restarted.sequence += 1000;
  flow().attach(restarted, now);
  flow().take({restarted.sequence, now, ToldToOthers{}}, now);
  centre.work();
  EXPECT_EQ(exchange.find(id)->live.who, kA);
}

TEST_F(Flow, ClosedDesksAreToldToTheExchangeAtTheMinute) {
  Floor changed = floor();
  calendar::OpeningHoursSettings hours;
  for (auto& day : hours.week) day = {calendar::parse_interval("09:00-18:00").value()};
  changed.desks[0].routing.hours = calendar::OpeningHours::make(hours).value();
  flow().set_floor(changed, now);
  static_cast<void>(flow().drain());
  now = *flow().next_deadline();
  EXPECT_EQ(now, parse_utc("2026-11-22T09:00:00Z").value());
  flow().advance(now);
  const Effects effects = flow().drain();
  ASSERT_EQ(effects.commands.size(), 1U);
  EXPECT_FALSE(std::get<SetDesks>(effects.commands[0].what).desks[0].open);
}

TEST_F(Flow, ACallSetAsideIsOfferedAgainEvenIfTheExchangeSaysNothing) {
  ready(kA);
  const CallId id = caller("c1");
  exchange.carry_out({CommandId("x"), CancelRing{exchange.find(id)->live.attempt}});
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kReady);
  wait(15s);
  EXPECT_EQ(exchange.find(id)->live.who, kA);
}

TEST_F(Flow, WrapUpCanBeExtended) {
  ready(kA);
  const CallId id = caller("c1");
  ok(flow().accept(kA, now));
  refused(flow().extend_wrap_up(kA, 1min, now));
  exchange.hang_up(id);
  centre.work();
  const Time limit = *flow().look(kA)->deadline;
  ok(flow().extend_wrap_up(kA, 2min, now));
  EXPECT_EQ(flow().look(kA)->deadline, limit + 2min);
  wait(limit - now + 1min);
  EXPECT_FALSE(flow().look(kA)->overdue);
  wait(1min);
  EXPECT_TRUE(flow().look(kA)->overdue);
  ok(flow().extend_wrap_up(kA, 1min, now));
  EXPECT_FALSE(flow().look(kA)->overdue);
}

TEST_F(Flow, ATelephonesOwnTransferMovesTheCall) {
  ready(kA);
  const CallId id = caller("c1");
  ok(flow().accept(kA, now));
  exchange.refer(id, DeskId("other"));
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kWrapUp);
  EXPECT_EQ(record(id).desk, DeskId("other"));
  ready(kB);
  EXPECT_EQ(exchange.find(id)->live.who, kB);
}

}  // namespace
}  // namespace madoguchi::centre
