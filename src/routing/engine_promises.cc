// Agreed callbacks: made, merged per line, taken, attempted, kept or closed with a reason; never
// forgotten.
#include <utility>

#include "routing/engine.h"

namespace madoguchi::routing {

namespace {

bool counts_as_attempt(AttemptOutcome outcome) {
  return outcome == AttemptOutcome::kNoAnswer || outcome == AttemptOutcome::kBusy ||
         outcome == AttemptOutcome::kMachine;
}

std::optional<CloseReason> closes(AttemptOutcome outcome) {
  switch (outcome) {
    case AttemptOutcome::kDeclined:
      return CloseReason::kDeclined;
    case AttemptOutcome::kWrongNumber:
      return CloseReason::kWrongNumber;
    case AttemptOutcome::kNotPermitted:
      return CloseReason::kNotPermitted;
    case AttemptOutcome::kTalked:
    case AttemptOutcome::kNoAnswer:
    case AttemptOutcome::kBusy:
    case AttemptOutcome::kMachine:
    case AttemptOutcome::kTooSoon:
    case AttemptOutcome::kFault:
    case AttemptOutcome::kGivenUp:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

// ---- Made and merged

PromiseKey Engine::promise_for(CallNode& call, PromiseBasis basis, PromiseLine kind, LineKey line,
                               Time now) {
  call.agreed = call.agreed || basis != PromiseBasis::kAnnounced;
  PromiseNode* known = promises_.find(call.promise);
  if (known == nullptr && !line.none()) known = promises_.find(lines_.at(line).promise);
  if (known == nullptr)
    return call.promise = make_promise(call.number, call.key, basis, kind, line, now);
  const PromiseKey key = known->key;
  call.promise = key;
  ask_again(*known, call.key, kind, line, now);
  return key;
}

void Engine::ask_again(PromiseNode& known, CallKey call, PromiseLine kind, LineKey line, Time now) {
  ++known.asks;
  known.kind = kind;
  ++known.merged;
  PromiseCounts& counts = balance_.promises(known.row);
  ++counts.asked;
  ++counts.merged;
  if (!call.none()) known.call = call;
  tell(PromiseMerged{known.key, {}, call, now});
  // The same caller now wants another line to be rung.
  if (!line.none() && known.line != line)
    static_cast<void>(promise_identified(known.key, line, now));
}

PromiseKey Engine::make_promise(DeskKey number, CallKey call, PromiseBasis basis, PromiseLine kind,
                                LineKey line, Time now) {
  PromiseNode& promise = promises_.make();
  const Desk& desk = at(number).settings;
  promise.desk = number;
  promise.line = line;
  promise.basis = basis;
  promise.kind = kind;
  promise.asked = now;
  promise.deadline = desk.hours.after_open(now, desk.promise_within);
  promise.call = call;
  promise.row = row_of(number, now);
  if (!line.none()) lines_.at(line).promise = promise.key;
  PromiseCounts& counts = balance_.promises(promise.row);
  ++counts.asked;
  ++counts.open;
  deadlines_.set(Deadlines::Of::kPromise, promises_.index(promise.key), promise.deadline);
  tell(PromiseMade{promise.key, call, now});
  return promise.key;
}

Result<void> Engine::promise_identified(PromiseKey key, LineKey line, Time now) {
  PromiseNode* promise = promises_.find(key);
  if (promise == nullptr) return fail(ErrorCode::kNotFound, "this promise is not open any more");
  if (promise->line == line) return {};
  if (!promise->line.none() && lines_.at(promise->line).promise == key)
    lines_.at(promise->line).promise = {};
  promise->line = line;
  PromiseNode* other = promises_.find(lines_.at(line).promise);
  if (other == nullptr) {
    lines_.at(line).promise = key;
    return {};
  }
  // Whichever is being rung goes on; if both are, the one that is kept or ends settles it.
  if (promise->state == PromiseState::kTaken && other->state != PromiseState::kTaken)
    absorb(*promise, *other, now);
  else if (promise->state != PromiseState::kTaken)
    absorb(*other, *promise, now);
  return {};
}

void Engine::absorb(PromiseNode& into, PromiseNode& absorbed, Time now) {
  into.asks += absorbed.asks;
  if (absorbed.deadline < into.deadline) {
    into.deadline = absorbed.deadline;
    deadlines_.set(Deadlines::Of::kPromise, promises_.index(into.key), into.deadline);
  }
  PromiseCounts& counts = balance_.promises(absorbed.row);
  --counts.open;
  ++counts.merged;
  tell(PromiseMerged{into.key, absorbed.key, absorbed.call, now});
  if (CallNode* call = calls_.find(absorbed.call)) call->promise = into.key;
  const LineKey line = into.line;
  drop(absorbed);
  lines_.at(line).promise = into.key;
}

// ---- Ended

void Engine::keep(PromiseNode& promise, KeptHow how, CallKey call, Time now) {
  PromiseCounts& counts = balance_.promises(promise.row);
  --counts.open;
  ++(how == KeptHow::kCalledBack ? counts.kept_by_ringing : counts.kept_by_caller);
  tell(PromiseKept{promise.key, how, call, now});
  drop(promise);
}

void Engine::close(PromiseNode& promise, CloseReason reason, Time now) {
  PromiseCounts& counts = balance_.promises(promise.row);
  --counts.open;
  ++counts.without_success[static_cast<std::size_t>(reason)];
  tell(PromiseClosed{promise.key, reason, now});
  drop(promise);
}

void Engine::drop(PromiseNode& promise) {
  deadlines_.clear(Deadlines::Of::kPromise, promises_.index(promise.key));
  if (!promise.line.none() && lines_.at(promise.line).promise == promise.key)
    lines_.at(promise.line).promise = {};
  if (CallNode* call = calls_.find(promise.call)) call->promise = {};
  promises_.erase(promise.key);
}

Result<void> Engine::close_promise(PromiseKey key, CloseReason reason, Time now) {
  PromiseNode* promise = promises_.find(key);
  if (promise == nullptr) return fail(ErrorCode::kNotFound, "this promise is not open any more");
  if (promise->state == PromiseState::kTaken)
    return fail(ErrorCode::kConflict, "an operator is ringing this line now");
  close(*promise, reason, now);
  return {};
}

Result<void> Engine::set_deadline(PromiseKey key, Time deadline, Time now) {
  PromiseNode* promise = promises_.find(key);
  if (promise == nullptr) return fail(ErrorCode::kNotFound, "this promise is not open any more");
  if (deadline <= now) return fail(ErrorCode::kInvalid, "a deadline lies in the future");
  promise->deadline = deadline;
  deadlines_.set(Deadlines::Of::kPromise, promises_.index(key), deadline);
  return {};
}

// An open promise always has a future deadline: missing one only makes the next.
void Engine::promise_due(std::uint32_t slot, Time now) {
  PromiseNode& promise = *promises_.at(slot);
  const Desk& desk = at(promise.desk).settings;
  ++promise.missed;
  promise.deadline =
      std::max(desk.hours.after_open(now, desk.promise_repeat), now + std::chrono::minutes(1));
  deadlines_.set(Deadlines::Of::kPromise, slot, promise.deadline);
  tell(PromiseDue{promise.key, promise.deadline, now});
}

// ---- Taken and rung

Result<void> Engine::take(OperatorKey who, PromiseKey key, Time now) {
  OperatorNode& node = at(who);
  PromiseNode* promise = promises_.find(key);
  if (promise == nullptr) return fail(ErrorCode::kNotFound, "this promise is not open any more");
  if (promise->state != PromiseState::kOpen)
    return fail(ErrorCode::kConflict, "somebody rings this line already");
  if (node.state != OperatorState::kReady && node.state != OperatorState::kAway &&
      node.state != OperatorState::kWrapUp)
    return fail(ErrorCode::kConflict, "first finish what you are doing");
  if (!node.reachable) return fail(ErrorCode::kConflict, "your audio is not connected");
  // Afterwards back to what it was, wrap-up counting as ready.
  const bool was_away = node.state == OperatorState::kAway;
  const AwayReason reason = node.reason;
  promise->state = PromiseState::kTaken;
  promise->owner = who;
  change(who, OperatorState::kDialling, AwayReason::kNone, now);
  node.promise = key;
  node.desk = promise->desk;
  node.next = was_away ? OperatorState::kAway : OperatorState::kReady;
  node.next_reason = was_away ? reason : AwayReason::kNone;
  tell(PromiseTaken{key, who, now});
  return {};
}

Result<CallKey> Engine::callback_answered(OperatorKey who, Time now) {
  OperatorNode& node = at(who);
  if (node.state != OperatorState::kDialling)
    return fail(ErrorCode::kConflict, "this operator rings nobody");
  CallNode& call = calls_.make();
  ++live_;
  call.callback = true;
  call.talked = true;
  call.desk = call.number = node.desk;
  call.group = at(node.desk).group;
  call.phase = CallPhase::kTalking;
  call.bucket = Bucket::kTalked;
  call.with = who;
  call.arrived = call.answered = now;
  if (const PromiseNode* promise = promises_.find(node.promise))
    if (!promise->line.none()) set_line(call, promise->line);
  node.outcome = AttemptOutcome::kTalked;
  node.call = call.key;
  change(who, OperatorState::kTalking, AwayReason::kNone, now);
  return call.key;
}

Result<void> Engine::callback_outcome(OperatorKey who, AttemptOutcome outcome) {
  OperatorNode& node = at(who);
  if (node.state != OperatorState::kTalking || node.promise.none())
    return fail(ErrorCode::kConflict, "this is no talk to keep a promise");
  node.outcome = outcome;
  return {};
}

Result<void> Engine::callback_failed(OperatorKey who, AttemptOutcome outcome, Time now) {
  if (at(who).state != OperatorState::kDialling)
    return fail(ErrorCode::kConflict, "this operator rings nobody");
  if (outcome == AttemptOutcome::kTalked)
    return fail(ErrorCode::kInvalid, "a talk is told by callback_answered");
  resolve_attempt(who, outcome, now);
  // Nobody was talked with, so there is nothing to wrap up.
  become_next(who, now);
  return {};
}

// What came of ringing the operator's promise; it may have been kept by the caller meanwhile.
void Engine::resolve_attempt(OperatorKey who, AttemptOutcome outcome, Time now) {
  const PromiseKey key = std::exchange(at(who).promise, {});
  PromiseNode* promise = promises_.find(key);
  if (promise == nullptr) return;
  promise->state = PromiseState::kOpen;
  promise->owner = {};
  if (counts_as_attempt(outcome)) ++promise->attempts;
  tell(PromiseAttempted{key, who, outcome, now});
  const LineKey line = promise->line;
  PromiseNode* other = line.none() ? nullptr : promises_.find(lines_.at(line).promise);
  if (outcome == AttemptOutcome::kTalked) {
    keep(*promise, KeptHow::kCalledBack, {}, now);
    if (!line.none()) line_talked(line, now, {}, now);
  } else if (const auto reason = closes(outcome)) {
    close(*promise, *reason, now);
  } else if (promise->attempts >= at(promise->desk).settings.promise_attempts) {
    close(*promise, CloseReason::kAttemptsExhausted, now);
  } else if (other != nullptr && other != promise) {
    absorb(*other, *promise, now);
  }
}

}  // namespace madoguchi::routing
