// Whole days of callers against the call flow, in simulated time and from one seed: they wait, give
// up, ask to be rung back, redial and withhold numbers, while the centre and the exchange die at
// random moments. At the end the store must say of every caller what the world knows of them.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <queue>

#include "centre/flow/sim_centre.h"

namespace madoguchi::centre {
namespace {

using namespace std::chrono_literals;
using routing::Bucket;
using routing::OperatorState;

struct Setting {
  std::uint64_t seed = 1;
  int callers = 60;
  int operators = 2;
  bool centre_dies = false;
  bool exchange_dies = false;
  bool announced = false;  // who is lost is rung back
};

// What really happened with one call.
struct Truth {
  CallId id;
  LineToken token;
  bool withheld = false;
  bool talked = false;
  bool asked = false;
  bool cut_off = false;
  bool ended = false;
  LineToken asked_line;

  [[nodiscard]] Bucket bucket() const {
    if (cut_off) return Bucket::kCutOff;
    if (talked) return Bucket::kTalked;
    return asked ? Bucket::kCallback : Bucket::kAbandoned;
  }
};

class Day {
 public:
  explicit Day(const Setting& setting)
      : setting_(setting),
        random_(setting.seed),
        exchange_(now_),
        centre_(exchange_, now_, floor(setting), setting.seed) {}

  void run() {
    if (setting_.announced) exchange_.announcing = {DeskId("d")};
    for (const OperatorId& who : operators_) exchange_.seat(who, true);
    centre_.start();
    for (const OperatorId& who : operators_) {
      static_cast<void>(centre_.flow().sign_on(who, now_));
      at(now_, [this, who] { behave(who); });
    }
    for (int i = 0; i < setting_.callers; ++i)
      at(now_ + between(0s, 20min), [this, i] { call_in(i, 0); });
    if (setting_.centre_dies)
      for (int i = 0; i < 12; ++i) at(now_ + between(1s, 30min), [this] { kill_centre(); });
    if (setting_.exchange_dies)
      for (int i = 0; i < 2; ++i) at(now_ + between(1min, 20min), [this] { kill_exchange(); });
    until(now_ + 4h);
    if (!centre_.up()) restart();
  }

  void check() {
    const SimStore& store = centre_.store();
    std::map<Bucket, std::uint32_t> counted;
    for (const auto& [id, truth] : truths_) {
      ASSERT_TRUE(store.calls.contains(id)) << "lost: " << id;
      const CallRecord& record = store.calls.at(id);
      EXPECT_TRUE(record.ended.has_value()) << id;
      EXPECT_EQ(record.bucket, truth.bucket()) << id;
      ++counted[truth.bucket()];
    }
    const auto day = calendar::Zone::find("Asia/Tokyo")->day_of(now_);
    const routing::DeskBalance balance = centre_.flow().balance(DeskId("d"), day).balance;
    EXPECT_TRUE(balance.is_exact());
    EXPECT_EQ(balance.arrived, truths_.size());
    for (std::size_t i = 0; i < routing::kBuckets; ++i)
      EXPECT_EQ(balance.calls[i], counted[static_cast<Bucket>(i)]) << i;
    EXPECT_EQ(balance.talking_now, 0U);
    check_promises(balance);
    check_settled();
    check_rebuild(balance, day);
  }

 private:
  static Floor floor(const Setting& setting) {
    Floor floor;
    floor.desks = {sim_desk("d")};
    floor.desks[0].routing.promise_attempts = 50;
    if (setting.announced) floor.desks[0].routing.callback = routing::CallbackPolicy::kAnnounced;
    for (int i = 0; i < setting.operators; ++i)
      floor.operators.push_back({OperatorId("op" + std::to_string(i)), {GroupId("g")}});
    return floor;
  }

  // ---- Time and chance
  Micros between(Micros least, Micros most) {
    return least + Micros(static_cast<std::int64_t>(
                       random_() % static_cast<std::uint64_t>((most - least).count())));
  }
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  void at(Time when, std::function<void()> what) { plan_.push({when, ++order_, std::move(what)}); }
  void until(Time end) {
    while (!plan_.empty() || (centre_.up() && centre_.flow().next_deadline())) {
      const auto due = centre_.up() ? centre_.flow().next_deadline() : std::nullopt;
      const bool mine = !plan_.empty() && (!due || plan_.top().when <= *due);
      const Time next = mine ? plan_.top().when : due.value_or(Time::max());
      if (next > end) break;
      now_ = std::max(now_, next);
      if (mine) {
        const auto what = plan_.top().what;
        plan_.pop();
        what();
      }
      step();
    }
    now_ = end;
    step();
  }
  void step() {
    centre_.work();
    for (auto& [id, truth] : truths_) {
      if (truth.ended) continue;
      const auto* call = exchange_.find(id);
      if (call == nullptr)
        truth.ended = true;
      else if (call->live.stage == CallStage::kTalking)
        truth.talked = true;
    }
  }

  // ---- Callers
  void call_in(int who, int attempt) {
    const CallId id("call" + std::to_string(who) + "." + std::to_string(attempt));
    Truth truth;
    truth.id = id;
    truth.token = LineToken("line" + std::to_string(who % 50));
    truth.withheld = who % 9 == 0;
    truths_[id] = truth;
    exchange_.arrive(id, DeskId("d"), truth.token, truth.withheld);
    at(now_ + between(0s, 6s), [this, id] { exchange_.answer(id); });
    if (!truth.withheld) at(now_ + between(0s, 90s), [this, id] { exchange_.identify(id); });
    const unsigned fate = static_cast<unsigned>(random_() % 100);
    const Time then = now_ + between(5s, 120s);
    if (fate < 33)
      at(then, [this, id, who, attempt] { give_up(id, who, attempt); });
    else if (fate < 55)
      at(then, [this, id, fate] { ask(id, fate < 42); });
    else
      at(now_ + between(10min, 40min), [this, id] { hang_up_waiting(id); });
  }
  void hang_up_waiting(const CallId& id) {
    const auto* call = exchange_.find(id);
    if (call == nullptr || call->live.stage == CallStage::kTalking) return;
    exchange_.hang_up(id);
    lost_as_announced(id);
  }
  // The vault tells the line of the wish when it gets to it.
  void lost_as_announced(const CallId& id) {
    const Truth& truth = truths_.at(id);
    if (!setting_.announced || truth.withheld || truth.asked) return;
    asked_lines_.insert(truth.token);
    at(now_ + between(1s, 60s),
       [this, id, line = truth.token] { exchange_.tell_line(id, false, line); });
  }
  void give_up(const CallId& id, int who, int attempt) {
    hang_up_waiting(id);
    if (attempt < 3 && chance(40))
      at(now_ + between(10s, 5min), [this, who, attempt] { call_in(who, attempt + 1); });
  }
  void ask(const CallId& id, bool other) {
    Truth& truth = truths_.at(id);
    const auto* call = exchange_.find(id);
    if (call == nullptr || call->live.stage == CallStage::kTalking) return;
    other = other || truth.withheld;
    truth.asked = true;
    truth.asked_line = other ? LineToken("other" + id.text()) : truth.token;
    asked_lines_.insert(truth.asked_line);
    // The vault may be slow: then the line comes later, by a second event.
    exchange_.begin_thanks(id, other, chance(50) ? truth.asked_line : LineToken{});
    at(now_ + between(0s, 8s),
       [this, id] { exchange_.hang_up(id, CallEndCause::kCallbackChosen); });
    at(now_ + between(1s, 60s),
       [this, id, other, line = truth.asked_line] { exchange_.tell_line(id, other, line); });
  }

  // ---- Operators
  void behave(const OperatorId& who) {
    at(now_ + between(500ms, 2s), [this, who] { behave(who); });
    if (!centre_.up()) return;
    CallFlow& flow = centre_.flow();
    const OperatorView me = *flow.look(who);
    switch (me.state) {
      case OperatorState::kOffline:
        return ignore(flow.sign_on(who, now_));
      case OperatorState::kAway:
      case OperatorState::kReady:
        if (me.state == OperatorState::kReady && chance(30)) return take_one(who);
        return ignore(flow.ready(who, now_));
      case OperatorState::kRinging:
        if (chance(60)) return ignore(flow.accept(who, now_));
        if (chance(5)) ignore(flow.refuse(who, now_));
        return;
      case OperatorState::kTalking:
        if (chance(4)) ignore(flow.end(who, now_));
        if (chance(4)) exchange_.hang_up(me.call);
        if (chance(1)) lose_audio(who);
        return;
      case OperatorState::kDialling:
        return dial(me);
      case OperatorState::kWrapUp:
        if (chance(20)) ignore(flow.wrapped_up(who, "done", now_));
        return;
    }
  }
  void lose_audio(const OperatorId& who) {
    exchange_.seat(who, false);
    at(now_ + between(1s, 20s), [this, who] { exchange_.seat(who, true); });
  }
  void take_one(const OperatorId& who) {
    for (const auto& [id, promise] : centre_.store().promises)
      if (promise.state == routing::PromiseState::kOpen && promise.absorbed_by.empty())
        return ignore(centre_.flow().take_promise(who, id, now_));
  }
  void dial(const OperatorView& me) {
    if (!chance(30)) return;
    exchange_.dial_ends(me.call, chance(60)   ? DialOutcome::kTalked
                                 : chance(50) ? DialOutcome::kBusy
                                              : DialOutcome::kNoAnswer);
  }
  static void ignore(const Result<void>&) {}

  // ---- Deaths
  void kill_centre() {
    if (!centre_.up()) return;
    if (chance(33))
      centre_.die();
    else
      centre_.die_at_next_commit(chance(50) ? SimCentre::Death::kBeforeCommit
                                            : SimCentre::Death::kAfterCommit);
    at(now_ + between(1s, 30s), [this] { restart(); });
  }
  void restart() {
    centre_.die_at_next_commit(SimCentre::Death::kNone);
    if (!centre_.up()) centre_.start();
  }
  void kill_exchange() {
    step();
    for (auto& [id, truth] : truths_)
      if (exchange_.find(id) != nullptr) truth.cut_off = true;
    const auto up = exchange_.calls();
    exchange_.crash();
    for (const auto& [id, call] : up)
      if (truths_.contains(id) && call.live.stage <= CallStage::kRinging) lost_as_announced(id);
    if (centre_.up()) centre_.reattach();
  }

  // ---- What must be true at the end
  void check_promises(const routing::DeskBalance& balance) {
    for (const Dial& dial : exchange_.dialled()) {
      const AttemptRecord& attempt = centre_.store().attempts.at(dial.call);
      const PromiseRecord& promise = centre_.store().promises.at(attempt.promise);
      EXPECT_FALSE(promise.wish.empty());
      EXPECT_TRUE(promise.line.empty() || asked_lines_.contains(promise.line))
          << "rung without having asked: " << promise.line;
    }
    for (const auto& [id, promise] : centre_.store().promises) {
      EXPECT_TRUE(promise.ended.has_value()) << id;
      if (promise.absorbed_by.empty()) {
        EXPECT_EQ(promise.state, routing::PromiseState::kKept) << id;
      }
    }
    EXPECT_EQ(balance.promises.open, 0U);
    std::uint32_t asked = 0;
    for (const auto& [id, truth] : truths_) {
      const bool lost = setting_.announced && !truth.withheld && !truth.talked;
      asked += truth.asked || lost ? 1 : 0;
    }
    // Some hang up when they wait once more after a talk.
    if (setting_.announced)
      EXPECT_GE(balance.promises.asked, asked);
    else
      EXPECT_EQ(balance.promises.asked, asked);
    EXPECT_EQ(balance.promises.asked, exchange_.wishes());
  }
  void check_settled() {
    std::map<LineToken, Time> talked;
    for (const auto& [id, call] : centre_.store().calls)
      if (call.talked && !call.line.empty())
        talked[call.line] = std::max(talked[call.line], *call.talked);
    for (const auto& [id, call] : centre_.store().calls) {
      if (call.outbound || call.bucket == Bucket::kTalked || call.line.empty()) continue;
      if (talked.contains(call.line) && talked[call.line] > *call.ended && !setting_.centre_dies &&
          !setting_.exchange_dies) {
        EXPECT_TRUE(call.settled.has_value()) << id;
      }
      if (!talked.contains(call.line)) {
        EXPECT_FALSE(call.settled.has_value()) << id;
      }
    }
  }
  // The store alone gives the same balance.
  void check_rebuild(const routing::DeskBalance& balance, calendar::Day day) {
    SeededEntropy entropy(99);
    CallFlow again(entropy);
    again.set_floor(floor(setting_), now_);
    again.restore(centre_.store().load(), now_);
    EXPECT_EQ(again.balance(DeskId("d"), day).balance, balance);
    for (const OperatorId& who : operators_)
      EXPECT_EQ(again.look(who)->state, centre_.flow().look(who)->state);
  }

  struct Planned {
    Time when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Planned& other) const {
      return std::pair(when, order) > std::pair(other.when, other.order);
    }
  };

  Setting setting_;
  std::mt19937_64 random_;
  Time now_{std::chrono::seconds(1'795'305'600)};  // 2026-11-22 09:00 in Tokyo
  SimExchange exchange_;
  SimCentre centre_;
  std::vector<OperatorId> operators_ = [this] {
    std::vector<OperatorId> all;
    for (int i = 0; i < setting_.operators; ++i) all.emplace_back("op" + std::to_string(i));
    return all;
  }();
  std::priority_queue<Planned> plan_;
  std::uint64_t order_ = 0;
  std::map<CallId, Truth> truths_;
  std::set<LineToken> asked_lines_;
};

void run(Setting setting) {
  SCOPED_TRACE("seed " + std::to_string(setting.seed));
  Day day(setting);
  day.run();
  day.check();
}

// MADOGUCHI_SIM_DAYS=n runs n times as many days.
std::uint64_t days(std::uint64_t usual) {
  const char* times = std::getenv("MADOGUCHI_SIM_DAYS");
  return usual * (times == nullptr ? 1 : std::max(1, std::atoi(times)));
}

TEST(FlowDay, SixtyCallersAndTwoOperatorsAddUp) {
  for (std::uint64_t seed = 1'000; seed < 1'000 + days(4); ++seed) run({seed});
}

TEST(FlowDay, TheCentreDiesAndNoCallIsLostOrCountedTwice) {
  for (std::uint64_t seed = 2'000; seed < 2'000 + days(8); ++seed) run({seed, 60, 2, true});
}

TEST(FlowDay, TheExchangeDiesAndEveryCallOfItShowsAsCutOff) {
  for (std::uint64_t seed = 3'000; seed < 3'000 + days(4); ++seed) run({seed, 60, 2, false, true});
}

TEST(FlowDay, WhereItIsAnnouncedEveryLostCallerIsPromisedAndNobodyWhoWithheld) {
  for (std::uint64_t seed = 5'000; seed < 5'000 + days(4); ++seed)
    run({seed, 60, 3, false, false, true});
  for (std::uint64_t seed = 6'000; seed < 6'000 + days(6); ++seed)
    run({seed, 60, 4, true, true, true});
}

TEST(FlowDay, BothDie) {
  for (std::uint64_t seed = 4'000; seed < 4'000 + days(8); ++seed) run({seed, 60, 4, true, true});
}

}  // namespace
}  // namespace madoguchi::centre
