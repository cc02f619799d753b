#include "centre/flow/call_flow.h"

#include <algorithm>

#include "centre/flow/sim_centre.h"

namespace madoguchi::centre {
namespace {

using namespace std::chrono_literals;
using routing::Bucket;
using routing::CallPhase;
using routing::OperatorState;

const OperatorId kA("a"), kB("b");
const DeskId kDesk("sakura");

class Flow : public ::testing::Test {
 protected:
  Flow() : exchange(now), centre(exchange, now, floor(), 7) {
    exchange.seat(kA, true);
    exchange.seat(kB, true);
    centre.start();
    for (const OperatorId& who : {kA, kB}) ok(flow().sign_on(who, now));
  }
  static Floor floor() {
    Floor floor;
    floor.desks = {sim_desk("sakura"), sim_desk("other", "g2")};
    floor.operators = {{kA, {GroupId("g")}}, {kB, {GroupId("g"), GroupId("g2")}}};
    return floor;
  }
  CallFlow& flow() { return centre.flow(); }
  void ok(const Result<void>& result) {
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
    centre.work();
    check();
  }
  void refused(const Result<void>& result) {
    EXPECT_FALSE(result.has_value());
    centre.work();
  }
  void ready(const OperatorId& who) { ok(flow().ready(who, now)); }
  // A caller who arrives, is identified and waits.
  CallId caller(const std::string& name, const std::string& token = "", bool withheld = false) {
    const CallId id(name);
    exchange.arrive(id, kDesk, LineToken(token.empty() ? "t." + name : token), withheld);
    exchange.answer(id);
    exchange.identify(id);
    centre.work();
    check();
    return id;
  }
  void wait(Micros by) {
    const Time until = now + by;
    while (centre.up() && flow().next_deadline() && *flow().next_deadline() <= until) {
      now = std::max(now, *flow().next_deadline());
      centre.work();
    }
    now = until;
    check();
  }
  void check() {
    if (!centre.up()) return;
    EXPECT_TRUE(balance().is_exact());
  }
  routing::DeskBalance balance(const DeskId& desk = kDesk) {
    const auto tokyo = calendar::Zone::find("Asia/Tokyo").value();
    return flow().balance(desk, tokyo.day_of(now)).balance;
  }
  OperatorState state(const OperatorId& who) { return flow().look(who)->state; }
  const CallRecord& record(const CallId& id) { return centre.store().calls.at(id); }
  PromiseId only_promise() {
    EXPECT_EQ(centre.store().promises.size(), 1U);
    return centre.store().promises.begin()->first;
  }

  Time now{std::chrono::seconds(1'795'312'800)};  // 2026-11-22 11:00 in Tokyo
  SimExchange exchange;
  SimCentre centre;
};

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

TEST_F(Flow, ACallSetAsideIsOfferedAgainEvenIfTheExchangeSaysNothing) {
  ready(kA);
  const CallId id = caller("c1");
  exchange.carry_out({CommandId("x"), CancelRing{exchange.find(id)->live.attempt}});
  centre.work();
  EXPECT_EQ(state(kA), OperatorState::kReady);
  wait(15s);
  EXPECT_EQ(exchange.find(id)->live.who, kA);
}

TEST_F(Flow, AnAnnouncingDeskMakesPromisesButCountsAbandonment) {
  Floor changed = floor();
  changed.desks[0].routing.callback = routing::CallbackPolicy::kAnnounced;
  flow().set_floor(changed, now);
  exchange.ask_callback(caller("c0", "l0"), false, LineToken("l0"));
  const CallId id = caller("c1", "line");
  exchange.begin_thanks(id, false, LineToken("line"));  // as it does when such a caller hangs up
  exchange.hang_up(id);
  centre.work();
  EXPECT_EQ(record(id).bucket, Bucket::kAbandoned);
  EXPECT_EQ(balance().promises.open, 2U);
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
