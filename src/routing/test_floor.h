// A small floor for routing's tests: a clock that is told, short names, and the invariants checked
// after every step.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "routing/engine.h"

namespace madoguchi::routing {

class TestFloor : public ::testing::Test {
 protected:
  static constexpr auto kStart = std::chrono::seconds(1'795'312'800);  // 2026-11-22 11:00 in Tokyo

  DeskKey desk(const std::string& name, const std::string& group = "g",
               CallbackPolicy callback = CallbackPolicy::kAsk) {
    Desk desk;
    desk.id = DeskId(name);
    desk.organisation = OrganisationId("org");
    desk.group = GroupId(group);
    desk.callback = callback;
    return engine.put_desk(desk, now);
  }

  // Signed on and reachable, but not ready yet.
  OperatorKey who(const std::string& name, std::vector<std::string> groups = {"g"}) {
    Operator settings;
    settings.id = OperatorId(name);
    for (const auto& group : groups) settings.groups.emplace_back(group);
    const OperatorKey key = engine.put_operator(settings, now);
    ok(engine.sign_on(key, now));
    ok(engine.reachable(key, true, now));
    return key;
  }
  OperatorKey ready(const std::string& name, std::vector<std::string> groups = {"g"}) {
    const OperatorKey key = who(name, std::move(groups));
    ok(engine.ready(key, now));
    return key;
  }

  LineKey line(const std::string& token) {
    return engine.line(OrganisationId("org"), LineToken(token));
  }

  CallKey call(DeskKey desk, const std::string& token = "") {
    Arrival arrival;
    arrival.desk = desk;
    if (!token.empty()) arrival.line = line(token);
    return arrive(arrival);
  }
  CallKey arrive(Arrival arrival) {
    arrival.arrived = now;
    const auto key = engine.arrived(arrival, now);
    EXPECT_TRUE(key.has_value());
    check();
    return *key;
  }
  CallKey withheld(DeskKey desk) {
    Arrival arrival;
    arrival.desk = desk;
    arrival.withheld = true;
    return arrive(arrival);
  }

  void ok(const Result<void>& result) {
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
    check();
  }
  void refused(const Result<void>& result) {
    EXPECT_FALSE(result.has_value());
    check();
  }
  void end(CallKey key, EndCause cause = EndCause::kCaller) { ok(engine.ended(key, cause, now)); }

  // The next operator answers whatever rings.
  void answer(OperatorKey key) { ok(engine.answered(key, now)); }

  void wait(Micros by) {
    const Time until = now + by;
    while (engine.next_deadline() && *engine.next_deadline() <= until) {
      now = std::max(now, *engine.next_deadline());
      engine.advance(now);
      check();
    }
    now = until;
  }

  template <typename T>
  std::vector<T> told() {
    std::vector<T> found;
    while (auto event = engine.poll())
      if (const T* one = std::get_if<T>(&*event)) found.push_back(*one);
    return found;
  }
  void forget_told() {
    while (engine.poll()) {
    }
  }

  OperatorState state(OperatorKey key) { return engine.look(key).state; }
  AwayReason reason(OperatorKey key) { return engine.look(key).reason; }
  CallKey rings_with(OperatorKey key) {
    const OperatorView view = engine.look(key);
    return view.state == OperatorState::kRinging ? view.call : CallKey{};
  }
  DeskBalance balance(DeskKey key) { return engine.balance().of(key, engine.day_of(key, now)); }

  void check() { EXPECT_TRUE(engine.balance().is_exact()); }

  Engine engine;
  Time now{kStart};
};

}  // namespace madoguchi::routing
