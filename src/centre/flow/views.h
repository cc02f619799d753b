// What screens are shown, as whole values: after a change the console replaces the one it had. The
// event stream sends those that changed; a resync sends all of CallFlow::views(). Never a number or
// a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "calendar/holidays.h"
#include "centre/flow/records.h"
#include "routing/balance.h"
#include "routing/types.h"

namespace madoguchi::centre {

struct OperatorView {
  OperatorId id;
  routing::OperatorState state = routing::OperatorState::kOffline;
  routing::AwayReason reason = routing::AwayReason::kNone;
  Time since{};
  bool seat_connected = false;
  bool phone_registered = false;
  bool own_phone = false;        // is rung there, by what the operator chose
  CallId call;                   // in ringing, talking, dialling, wrap-up
  PromiseId promise;             // being rung
  std::optional<Time> deadline;  // of ringing or wrap-up
  bool overdue = false;          // wrap-up has passed its limit
  routing::OperatorState next = routing::OperatorState::kReady;  // after this call
  routing::AwayReason next_reason = routing::AwayReason::kNone;
};

// For the console of the operator who is to answer.
struct RingView {
  OperatorId who;
  CallId call;
  AttemptId attempt;
  routing::Offer offer = routing::Offer::kQueue;
  OperatorId from;  // who transfers or consults
  DeskId desk;
  std::string desk_name;
  std::string greeting_text;
  bool by_phone = false;
  Time until{};
};
struct RingOver {
  OperatorId who;
  AttemptId attempt;
};

struct CallView {
  CallId id;
  DeskId desk;
  std::string desk_name;
  std::string greeting_text;
  DeskId number_desk;
  LineToken line;
  bool withheld = false;
  bool outbound = false;
  routing::CallPhase phase = routing::CallPhase::kListening;
  bool agreed = false;
  OperatorId with;
  OperatorId consulted;
  bool consulting = false;  // the consulted operator has answered
  bool held = false;
  bool muted = false;
  bool recording = false;
  bool recording_paused = false;
  bool recording_refused = false;
  PromiseId promise;
  Time arrived{};
  std::optional<Time> talked;
};
struct CallGone {
  CallId id;
  routing::Bucket bucket = routing::Bucket::kTalked;
  Time at{};
};

struct QueueView {
  DeskId desk;
  std::uint32_t waiting = 0;
  std::optional<Time> longest_since;  // arrival of the one who waits longest, over the desk's group
};

struct BalanceView {
  DeskId desk;
  calendar::Day day{};
  routing::DeskBalance balance;
};

// PromiseRecord is its own view.
using View = std::variant<OperatorView, RingView, RingOver, CallView, CallGone, QueueView,
                          PromiseRecord, BalanceView>;

}  // namespace madoguchi::centre
