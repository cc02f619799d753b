// The fixture of the call flow's tests: one exchange, one centre, two operators and two desks, in
// simulated time. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "centre/flow/sim_centre.h"

namespace madoguchi::centre {

using routing::Bucket;
using routing::CallPhase;
using routing::OperatorState;

inline const OperatorId kA("a"), kB("b");
inline const DeskId kDesk("sakura");

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

}  // namespace madoguchi::centre
