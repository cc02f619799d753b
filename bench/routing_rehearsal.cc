// How many calls a second the routing engine can rehearse: days of callers with patience, redials
// and agreed callbacks against a floor of operators, in simulated time. Prints one JSON line. The
// time includes drawing the callers; the balance is checked at the end, so a fast wrong run fails.
//
// usage: routing_rehearsal [calls per day (2000)] [days (1000)] [operators (60)]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <random>
#include <vector>

#include "routing/engine.h"

namespace {

using namespace madoguchi;
using namespace madoguchi::routing;
using namespace std::chrono_literals;

struct Setting {
  int calls_per_day = 2000;
  int days = 1000;
  int operators = 60;
};

enum class What : std::uint8_t { kGiveUp, kTalkOver, kWrappedUp, kPickUp };

struct Due {
  Time at;
  What what;
  OperatorKey who;
  CallKey call;
  bool operator>(const Due& other) const { return at > other.at; }
};

class Rehearsal {
 public:
  explicit Rehearsal(const Setting& setting) : setting_(setting) {
    for (int i = 0; i < 4; ++i) {
      Desk desk;
      desk.id = DeskId("desk" + std::to_string(i));
      desk.organisation = OrganisationId("org");
      desk.group = GroupId("group" + std::to_string(i / 2));
      desks_.push_back(engine_.put_desk(desk, now_));
    }
    for (int i = 0; i < 4096; ++i)
      lines_.push_back(engine_.line(OrganisationId("org"), LineToken("t" + std::to_string(i))));
    for (int i = 0; i < setting.operators; ++i) {
      Operator who;
      who.id = OperatorId("op" + std::to_string(i));
      who.groups = {GroupId("group" + std::to_string(i % 2))};
      if (i % 5 == 0) who.groups = {GroupId("group0"), GroupId("group1")};
      const OperatorKey key = engine_.put_operator(who, now_);
      static_cast<void>(engine_.sign_on(key, now_));
      static_cast<void>(engine_.reachable(key, true, now_));
      static_cast<void>(engine_.ready(key, now_));
    }
    follow();
  }

  // Callers come evenly through ten hours of each day.
  void run() {
    for (int day = 0; day < setting_.days; ++day) {
      const Time begins = kStart + std::chrono::days(day);
      for (int n = 0; n < setting_.calls_per_day; ++n) {
        const Time at = begins + Micros(std::chrono::hours(10)) * n / setting_.calls_per_day;
        until(at);
        arrive();
      }
      until(begins + 12h);
      if (day % 7 == 0) engine_.forget_before(engine_.day_of(desks_[0], now_));
    }
  }

  [[nodiscard]] bool is_exact() const {
    return engine_.balance().is_exact() && engine_.live_calls() == 0;
  }
  [[nodiscard]] long talked() const { return talked_; }
  [[nodiscard]] long calls() const { return calls_; }

 private:
  static constexpr Time kStart{std::chrono::seconds(1'795'305'600)};  // 09:00 in Tokyo

  std::uint32_t draw() { return static_cast<std::uint32_t>(random_()); }
  Micros seconds(std::uint32_t least, std::uint32_t most) {
    return std::chrono::milliseconds(1000 * least + draw() % (1000 * (most - least)));
  }

  void arrive() {
    Arrival arrival;
    const std::uint32_t chance = draw();
    arrival.desk = desks_[chance % desks_.size()];
    arrival.withheld = chance % 16 == 0;
    if (!arrival.withheld) arrival.line = lines_[(chance >> 8) % lines_.size()];
    arrival.arrived = now_;
    const auto call = engine_.arrived(arrival, now_);
    if (!call) std::abort();
    ++calls_;
    due_.push({now_ + seconds(30, 300), What::kGiveUp, {}, *call});
    if (chance % 32 == 1)
      static_cast<void>(
          engine_.callback_asked(*call, PromiseBasis::kKey, PromiseLine::kOwn, {}, now_));
    follow();
  }

  void until(Time at) {
    for (;;) {
      const auto deadline = engine_.next_deadline();
      const bool mine = !due_.empty() && due_.top().at <= at;
      if (deadline && *deadline <= at && (!mine || *deadline <= due_.top().at)) {
        now_ = std::max(now_, *deadline);
        engine_.advance(now_);
      } else if (mine) {
        const Due next = due_.top();
        due_.pop();
        now_ = next.at;
        happen(next);
      } else {
        break;
      }
      follow();
    }
    now_ = at;
  }

  void happen(const Due& due) {
    switch (due.what) {
      case What::kPickUp:
        if (!(engine_.look(due.who).call == due.call) || !engine_.answered(due.who, now_)) return;
        ++talked_;
        due_.push({now_ + seconds(30, 400), What::kTalkOver, due.who, due.call});
        return;
      case What::kGiveUp:
        if (const Call* call = engine_.find(due.call); call != nullptr && !call->talked)
          static_cast<void>(engine_.ended(due.call, EndCause::kCaller, now_));
        return;
      case What::kTalkOver:
        static_cast<void>(engine_.ended(due.call, EndCause::kCaller, now_));
        due_.push({now_ + seconds(5, 60), What::kWrappedUp, due.who, {}});
        return;
      case What::kWrappedUp:
        static_cast<void>(engine_.wrapped_up(due.who, now_));
        return;
    }
  }

  void follow() {
    while (const auto event = engine_.poll())
      if (const auto* offered = std::get_if<CallOffered>(&*event))
        due_.push({now_ + seconds(1, 8), What::kPickUp, offered->who, offered->call});
  }

  Setting setting_;
  Engine engine_;
  Time now_ = kStart;
  std::minstd_rand random_{2026};
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<DeskKey> desks_;
  std::vector<LineKey> lines_;
  long calls_ = 0;
  long talked_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Setting setting;
  if (argc > 1) setting.calls_per_day = std::max(1, std::atoi(argv[1]));
  if (argc > 2) setting.days = std::max(1, std::atoi(argv[2]));
  if (argc > 3) setting.operators = std::max(1, std::atoi(argv[3]));
  Rehearsal rehearsal(setting);
  const std::clock_t begin = std::clock();
  rehearsal.run();
  const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("{\"calls\":%ld,\"calls_per_second\":%.0f,\"talked\":%ld,\"day_ms\":%.3f}\n",
              rehearsal.calls(), static_cast<double>(rehearsal.calls()) / took, rehearsal.talked(),
              1000 * took / setting.days);
  if (!rehearsal.is_exact()) {
    std::fprintf(stderr, "the balance is not exact\n");
    return 1;
  }
  return 0;
}
