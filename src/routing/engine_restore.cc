// Coming back after a restart: what the store kept is put back as it was, without telling it again.
#include <algorithm>
#include <utility>

#include "routing/engine.h"

namespace madoguchi::routing {

CallKey Engine::restore(const EndedCall& ended) {
  CallNode& call = calls_.make();
  const CallKey key = call.key;
  call.desk = call.number = ended.number;
  call.group = at(ended.number).group;
  call.withheld = ended.withheld;
  call.arrived = ended.arrived;
  call.talked = ended.talked;
  call.answered = ended.answered;
  call.ended = true;
  call.ended_at = ended.ended;
  call.row = row_of(ended.number, ended.arrived);
  balance_.arrived(call.row, ended.withheld);
  move(call, ended.bucket);
  if (ended.talking_at_end && ended.bucket == Bucket::kCutOff) balance_.cut_off_talking(call.row);
  if (!ended.withheld && !ended.line.none()) {
    set_line(call, ended.line);
    Line& line = lines_.at(ended.line);
    if (ended.talked) line.talked = std::max(line.talked, ended.answered);
  }
  if (ended.settled) {
    balance_.settled(call.row, call.bucket);
  } else if (!call.line.none()) {
    // The talk that settles it may be restored before or after it; settled ones say so themselves.
    Line& line = lines_.at(call.line);
    const Time talked = std::exchange(line.talked, Time{});
    not_through(call, ended.ended);
    line.talked = talked;
  }
  if (call.withheld || !call.line.none() || ended.settled) release(call);
  return key;
}

CallKey Engine::restore(const LiveCall& live, Time now) {
  CallNode& call = calls_.make();
  ++live_;
  call.desk = live.desk;
  call.number = live.number;
  call.group = at(live.desk).group;
  call.withheld = live.withheld;
  call.agreed = live.agreed;
  call.returned = live.returned;
  call.talked = live.talked;
  call.answered = live.answered;
  call.callback = live.callback;
  call.arrived = live.arrived;
  call.row = row_of(live.number, live.arrived);
  if (!live.withheld && !live.line.none()) set_line(call, live.line);
  if (live.callback) {
    call.bucket = Bucket::kTalked;
  } else {
    balance_.arrived(call.row, live.withheld);
    if (live.talked) move(call, Bucket::kTalked);
  }
  if (PromiseNode* promise = promises_.find(live.promise)) {
    call.promise = live.promise;
    promise->call = call.key;
  }
  switch (live.phase) {
    case CallPhase::kListening:
    case CallPhase::kOutOfHours:
      call.phase = live.phase;
      break;
    case CallPhase::kRinging:
      call.returned = true;
      enqueue(call, now);
      break;
    case CallPhase::kWaiting:
      enqueue(call, now);
      break;
    case CallPhase::kTalking: {
      OperatorNode& with = at(live.with);
      unlist(live.with);
      with.state = OperatorState::kTalking;
      with.reason = AwayReason::kNone;
      with.call = call.key;
      with.desk = call.desk;
      call.with = live.with;
      call.phase = CallPhase::kTalking;
      if (!call.callback) {
        balance_.talking(call.row, +1);
      } else if (PromiseNode* promise = promises_.find(std::exchange(call.promise, {}))) {
        promise->call = {};
        promise->state = PromiseState::kTaken;
        promise->owner = live.with;
        with.promise = promise->key;
        with.outcome = AttemptOutcome::kTalked;
      }
      break;
    }
  }
  return call.key;
}

void Engine::restore_dialling(OperatorKey who, PromiseKey key) {
  PromiseNode* promise = promises_.find(key);
  if (promise == nullptr) return;
  OperatorNode& node = at(who);
  unlist(who);
  node.state = OperatorState::kDialling;
  node.reason = AwayReason::kNone;
  node.promise = key;
  node.desk = promise->desk;
  promise->state = PromiseState::kTaken;
  promise->owner = who;
}

void Engine::restore_consult(CallKey key, OperatorKey other, bool answered, Time until) {
  CallNode* call = calls_.find(key);
  if (call == nullptr || call->phase != CallPhase::kTalking || call->with == other ||
      !call->consulted.none())
    return;
  OperatorNode& node = at(other);
  unlist(other);
  node.state = answered ? OperatorState::kTalking : OperatorState::kRinging;
  node.reason = AwayReason::kNone;
  node.call = key;
  node.desk = call->desk;
  node.accepted = false;
  call->consulted = other;
  call->consulting = answered;
  if (answered) return;
  node.deadline = until;
  deadlines_.set(Deadlines::Of::kOperator, other.index, until);
}

PromiseKey Engine::restore(const KnownPromise& known) {
  PromiseNode& promise = promises_.make();
  const PromiseKey key = promise.key;
  static_cast<Promise&>(promise) = known.promise;
  promise.key = key;
  promise.owner = {};
  promise.row = row_of(promise.desk, promise.asked);
  PromiseCounts& counts = balance_.promises(promise.row);
  const auto merged = static_cast<std::uint32_t>(promise.merged);
  counts.asked += 1 + merged;
  counts.merged += merged;
  if (known.absorbed || promise.state == PromiseState::kKept ||
      promise.state == PromiseState::kClosed) {
    if (known.absorbed)
      ++counts.merged;
    else if (promise.state == PromiseState::kClosed)
      ++counts.without_success[static_cast<std::size_t>(known.reason)];
    else
      ++(known.how == KeptHow::kCalledBack ? counts.kept_by_ringing : counts.kept_by_caller);
    promises_.erase(key);
    return {};
  }
  promise.state = PromiseState::kOpen;
  ++counts.open;
  if (!promise.line.none()) lines_.at(promise.line).promise = key;
  deadlines_.set(Deadlines::Of::kPromise, promises_.index(key), promise.deadline);
  return key;
}

void Engine::restore(OperatorKey who, OperatorState state, AwayReason reason, DeskKey wrap_up_of,
                     Time since) {
  OperatorNode& node = at(who);
  unlist(who);
  const bool was_in_call = state == OperatorState::kRinging || state == OperatorState::kTalking ||
                           state == OperatorState::kDialling;
  node.state = was_in_call ? OperatorState::kReady : state;
  node.reason = reason;
  node.since = since;
  node.idle_since = since;
  if (state == OperatorState::kWrapUp && wrap_up_of.index < desks_.size()) {
    node.desk = wrap_up_of;
    const Micros limit = at(wrap_up_of).settings.wrap_up_limit;
    if (limit > Micros(0)) {
      node.deadline = since + limit;
      deadlines_.set(Deadlines::Of::kOperator, who.index, node.deadline);
    }
  }
  if (node.state == OperatorState::kReady && node.reachable) list(who);
}

}  // namespace madoguchi::routing
