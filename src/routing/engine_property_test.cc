// Any sequence of commands, sensible or not, against a model that knows nothing of the engine's
// insides: the sums hold after each, nobody is in two places, nobody waits while somebody is free,
// and what the events tell adds up to what is.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "routing/engine.h"
#include "routing/names.h"

namespace madoguchi::routing {
namespace {

using namespace std::chrono_literals;

constexpr int kDesks = 3;
constexpr int kOperators = 4;
constexpr int kLines = 5;

// What a bystander counts: calls that came in, and what was told about promises.
struct Bystander {
  std::uint32_t arrived = 0;
  std::set<std::uint64_t> promises;
  std::map<std::uint32_t, OperatorState> states;
  std::set<std::uint64_t> settled;
};

class Walk {
 public:
  Walk() {
    for (int i = 0; i < kDesks; ++i) {
      Desk desk;
      desk.id = DeskId("d" + std::to_string(i));
      desk.organisation = OrganisationId("o" + std::to_string(i % 2));
      desk.group = GroupId(i == 2 ? "g2" : "g1");
      desk.callback = i == 2 ? CallbackPolicy::kAnnounced : CallbackPolicy::kAsk;
      desk.promise_attempts = 2;
      desk.wrap_up_end = i == 1 ? WrapUpEnd::kReady : WrapUpEnd::kStay;
      desks_.push_back(engine_.put_desk(desk, now_));
    }
    for (int i = 0; i < kOperators; ++i) {
      Operator who;
      who.id = OperatorId("op" + std::to_string(i));
      who.groups.emplace_back("g1");
      if (i % 2 == 0) who.groups.emplace_back("g2");
      const OperatorKey key = engine_.put_operator(who, now_);
      operators_.push_back(key);
      ignore(engine_.sign_on(key, now_));
      ignore(engine_.reachable(key, true, now_));
      if (i > 0) ignore(engine_.ready(key, now_));
    }
  }

  void step() {
    now_ += Micros(
        *rc::gen::element<std::int64_t>(0, 1000, 400'000, 3'000'000, 25'000'000, 3'600'000'000));
    engine_.advance(now_);
    command();
    while (auto event = engine_.poll()) see(*event);
    check();
  }

 private:
  OperatorKey some_operator() { return *rc::gen::elementOf(operators_); }
  DeskKey some_desk() { return *rc::gen::elementOf(desks_); }
  CallKey some_call() { return calls_.empty() ? CallKey{} : *rc::gen::elementOf(calls_); }
  PromiseKey some_promise() {
    return promises_.empty() ? PromiseKey{} : *rc::gen::elementOf(promises_);
  }
  LineKey some_line() {
    const int n = *rc::gen::inRange(0, kLines + 1);
    if (n == kLines) return {};
    return engine_.line(OrganisationId("o"), LineToken("t" + std::to_string(n)));
  }

  void arrive() {
    Arrival arrival;
    arrival.desk = some_desk();
    arrival.arrived = now_;
    arrival.withheld = *rc::gen::element(false, false, true);
    if (!arrival.withheld) arrival.line = some_line();
    arrival.listening = *rc::gen::arbitrary<bool>();
    arrival.open = *rc::gen::element(true, true, false);
    if (const auto key = engine_.arrived(arrival, now_)) {
      calls_.push_back(*key);
      ++seen_.arrived;
    }
    std::uint32_t counted = 0;
    for (std::int64_t day = -1; day < 60; ++day)  // Tokyo is ahead of UTC
      counted += engine_.balance()
                     .total(Day(std::chrono::floor<std::chrono::days>(now_ - day * 24h)))
                     .arrived;
    if (!forgot_) RC_ASSERT(counted == seen_.arrived);
  }

  void command() {
    switch (*rc::gen::inRange(0, 35)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return arrive();
      case 4:
      case 5:
        return ignore(engine_.heard(some_call(), now_));
      case 6: {
        const LineKey line = some_line();
        if (!line.none()) ignore(engine_.identified(some_call(), line, now_));
        return;
      }
      case 7:
      case 8:
        return ask();
      case 9:
      case 10:
      case 11: {
        const auto cause = static_cast<EndCause>(*rc::gen::inRange(0, 5));
        return ignore(engine_.ended(some_call(), cause, now_));
      }
      case 12:
        return ignore(engine_.transfer(some_call(), some_desk(), now_));
      case 13:
        return ignore(engine_.transfer(some_call(), some_operator(), now_));
      case 14:
        return ignore(engine_.sign_on(some_operator(), now_));
      case 15:
        return ignore(engine_.sign_off(some_operator(), now_));
      case 16:
      case 17:
        return ignore(engine_.ready(some_operator(), now_));
      case 18:
        return ignore(engine_.away(some_operator(), AwayReason::kMeal, now_));
      case 19:
      case 20:
        return ignore(engine_.reachable(some_operator(), true, now_));
      case 21:
        return ignore(engine_.reachable(some_operator(), false, now_));
      case 22:
      case 23:
      case 24:
      case 25:
        return ring();
      case 26:
        return ignore(engine_.leg_lost(some_operator(), now_));
      case 27:
        return consult();
      case 28:
        return ignore(engine_.hand_over(some_operator(), now_));
      case 29:
        return ignore(engine_.wrapped_up(some_operator(), now_));
      case 30:
        return ignore(engine_.take(some_operator(), some_promise(), now_));
      case 31:
        return dial();
      case 32:
        return ignore(engine_.found_talking(some_call(), some_operator(), now_));
      case 33:
        return ignore(engine_.set_aside(some_call(), now_));
      default:
        return close();
    }
  }

  void ask() {
    Engine::LateWish wish;
    wish.basis = *rc::gen::element(PromiseBasis::kKey, PromiseBasis::kAnnounced);
    wish.kind = *rc::gen::element(PromiseLine::kOwn, PromiseLine::kOther);
    wish.line = some_line();
    if (*rc::gen::inRange(0, 4) > 0)
      return promised(engine_.callback_asked(some_call(), wish.basis, wish.kind, wish.line, now_));
    wish.number = some_desk();
    promised(engine_.callback_asked_late(wish, now_));
  }
  void ring() {
    const int what = *rc::gen::inRange(0, 4);
    if (what == 0)
      ignore(engine_.accepted(some_operator(), now_ + 8s, now_));
    else if (what == 1)
      ignore(engine_.refused(some_operator(), now_));
    else
      ignore(engine_.answered(some_operator(), now_));
  }
  void consult() {
    if (*rc::gen::arbitrary<bool>())
      ignore(engine_.consult(some_operator(), some_operator(), now_));
    else if (*rc::gen::arbitrary<bool>())
      ignore(engine_.consult(some_operator(), some_desk(), now_));
    else
      ignore(engine_.consult_over(some_operator(), now_));
  }
  void dial() {
    if (*rc::gen::arbitrary<bool>()) {
      if (const auto talk = engine_.callback_answered(some_operator(), now_))
        calls_.push_back(*talk);
    } else {
      ignore(engine_.callback_failed(some_operator(),
                                     static_cast<AttemptOutcome>(*rc::gen::inRange(1, 10)), now_));
    }
  }
  void close() {
    if (*rc::gen::arbitrary<bool>())
      ignore(engine_.close_promise(some_promise(), CloseReason::kStaff, now_));
    else if (*rc::gen::inRange(0, 10) == 0)
      forget();
  }
  void forget() {
    forgot_ = true;
    engine_.forget_before(Day(std::chrono::floor<std::chrono::days>(now_ - 48h)));
  }
  template <typename T>
  void ignore(const Result<T>&) {}
  void promised(const Result<PromiseKey>& made) {
    if (made) promises_.push_back(*made);
  }

  void see(const Event& event) {
    if (const auto* made = std::get_if<PromiseMade>(&event)) {
      RC_ASSERT(seen_.promises.insert(made->promise.value).second);
      promises_.push_back(made->promise);
    } else if (const auto* merged = std::get_if<PromiseMerged>(&event)) {
      if (!merged->absorbed.none()) RC_ASSERT(seen_.promises.erase(merged->absorbed.value) == 1U);
    } else if (const auto* kept = std::get_if<PromiseKept>(&event)) {
      RC_ASSERT(seen_.promises.erase(kept->promise.value) == 1U);
    } else if (const auto* closed = std::get_if<PromiseClosed>(&event)) {
      RC_ASSERT(seen_.promises.erase(closed->promise.value) == 1U);
    } else if (const auto* change = std::get_if<OperatorChanged>(&event)) {
      const auto before = seen_.states.find(change->who.index);
      if (before != seen_.states.end()) RC_ASSERT(before->second == change->from);
      seen_.states[change->who.index] = change->to;
    } else if (const auto* settled = std::get_if<CallSettled>(&event)) {
      RC_ASSERT(seen_.settled.insert(settled->earlier.value).second);
    }
  }

  void check() {
    RC_ASSERT(engine_.balance().is_exact());
    const auto open = engine_.open_promises();
    RC_ASSERT(open.size() == seen_.promises.size());
    std::set<std::uint32_t> lines;
    for (const PromiseKey key : open) {
      const Promise& promise = *engine_.find(key);
      RC_ASSERT(seen_.promises.contains(key.value));
      RC_ASSERT(promise.deadline > now_);
      if (!promise.line.none() && promise.state == PromiseState::kOpen)
        RC_ASSERT(lines.insert(promise.line.index).second);
    }
    check_calls();
    check_operators();
    const auto next = engine_.next_deadline();
    if (next) RC_ASSERT(*next > now_);
  }

  void check_calls() {
    std::uint32_t live = 0;
    for (const CallKey key : calls_) {
      const Call* call = engine_.find(key);
      if (call == nullptr) continue;
      ++live;
      if (call->phase == CallPhase::kTalking) {
        RC_ASSERT(engine_.look(call->with).call == key);
        RC_ASSERT(engine_.look(call->with).state == OperatorState::kTalking);
      }
      if (call->phase == CallPhase::kRinging) {
        RC_ASSERT(engine_.look(call->with).call == key);
        RC_ASSERT(engine_.look(call->with).state == OperatorState::kRinging);
      }
      if (call->phase == CallPhase::kWaiting) {
        RC_ASSERT(engine_.place(key) > 0U);
        for (std::size_t i = 0; i < operators_.size(); ++i) {
          const OperatorView view = engine_.look(operators_[i]);
          const bool serves = call->desk != desks_[2] || i % 2 == 0;
          RC_ASSERT(!(serves && view.state == OperatorState::kReady && view.reachable));
        }
      }
    }
    RC_ASSERT(live == engine_.live_calls());
  }

  void check_operators() {
    for (const OperatorKey who : operators_) {
      const OperatorView view = engine_.look(who);
      if (seen_.states.contains(who.index)) RC_ASSERT(seen_.states[who.index] == view.state);
      if (view.state != OperatorState::kRinging && view.state != OperatorState::kTalking) continue;
      const Call* call = engine_.find(view.call);
      RC_ASSERT(call != nullptr);
      RC_ASSERT(call->with == who || call->consulted == who);
    }
  }

  Engine engine_;
  Time now_{std::chrono::seconds(1'795'312'800)};
  std::vector<DeskKey> desks_;
  std::vector<OperatorKey> operators_;
  std::vector<CallKey> calls_;
  std::vector<PromiseKey> promises_;
  Bystander seen_;
  bool forgot_ = false;
};

RC_GTEST_PROP(Engine, KeepsItsSumsAndPromisesUnderAnySequence, ()) {
  Walk walk;
  const int steps = *rc::gen::inRange(1, 600);
  for (int i = 0; i < steps; ++i) walk.step();
}

}  // namespace
}  // namespace madoguchi::routing
