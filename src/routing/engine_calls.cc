// What callers do: arriving, being identified, asking to be rung back, ending; and moving between
// desks.
#include <algorithm>
#include <utility>

#include "routing/engine.h"

namespace madoguchi::routing {

namespace {

constexpr const char* kNoCall = "this call is not up any more";

// Buckets whose calls a later talk of the same line settles.
bool can_settle(Bucket bucket) {
  return bucket == Bucket::kAbandoned || bucket == Bucket::kCallback ||
         bucket == Bucket::kOutOfHours || bucket == Bucket::kDeclined || bucket == Bucket::kCutOff;
}

}  // namespace

Result<CallKey> Engine::arrived(const Arrival& arrival, Time now) {
  if (arrival.desk.index >= desks_.size())
    return fail(ErrorCode::kNotFound, "there is no such desk");
  CallNode& call = calls_.make();
  ++live_;
  call.desk = call.number = arrival.desk;
  call.group = at(arrival.desk).group;
  call.withheld = arrival.withheld;
  call.arrived = arrival.arrived;
  call.row = row_of(arrival.desk, arrival.arrived);
  if (!arrival.withheld && !arrival.line.none()) set_line(call, arrival.line);
  balance_.arrived(call.row, call.withheld);
  if (!arrival.open) {
    call.phase = CallPhase::kOutOfHours;
  } else if (arrival.listening) {
    call.phase = CallPhase::kListening;
  } else {
    enqueue(call, now);
    match(groups_[call.group.index], now);
  }
  return call.key;
}

Result<void> Engine::heard(CallKey key, Time now) {
  CallNode* call = calls_.find(key);
  if (call == nullptr || call->ended) return fail(ErrorCode::kNotFound, kNoCall);
  if (call->phase != CallPhase::kListening && call->phase != CallPhase::kOutOfHours)
    return fail(ErrorCode::kConflict, "this call waits already");
  enqueue(*call, now);
  match(groups_[call->group.index], now);
  return {};
}

Result<void> Engine::set_aside(CallKey key, Time now) {
  CallNode* call = calls_.find(key);
  if (call == nullptr || call->ended) return fail(ErrorCode::kNotFound, kNoCall);
  if (call->phase != CallPhase::kWaiting && call->phase != CallPhase::kRinging)
    return fail(ErrorCode::kConflict, "this call does not wait");
  const bool ringing = call->phase == CallPhase::kRinging;
  const OperatorKey with = std::exchange(call->with, {});
  dequeue(*call);
  call->phase = CallPhase::kListening;
  if (ringing) end_offer(with, OfferEnd::kCallGone, now);
  return {};
}

void Engine::set_line(CallNode& call, LineKey line) {
  if (!call.line.none()) --lines_.at(call.line).live;
  call.line = line;
  ++lines_.at(line).live;
}

Result<void> Engine::identified(CallKey key, LineKey line, Time now) {
  CallNode* call = calls_.find(key);
  if (call == nullptr) return fail(ErrorCode::kNotFound, kNoCall);
  if (call->withheld || !call->line.none())
    return fail(ErrorCode::kConflict, "this call's line is known, or withheld");
  set_line(*call, line);
  if (PromiseNode* promise = promises_.find(call->promise))
    if (promise->kind == PromiseLine::kOwn && promise->line.none())
      static_cast<void>(promise_identified(promise->key, line, now));
  if (call->talked) line_talked(line, call->answered, call->key, now);
  if (call->ended) {
    not_through(*call, now);
    release(*call);
  }
  return {};
}

Result<PromiseKey> Engine::callback_asked(CallKey key, PromiseBasis basis, PromiseLine kind,
                                          LineKey other, Time now) {
  CallNode* call = calls_.find(key);
  if (call == nullptr || call->ended) return fail(ErrorCode::kNotFound, kNoCall);
  if (auto may = may_ring_back(call->number, call->withheld, kind); !may)
    return tl::unexpected(may.error());
  return promise_for(*call, basis, kind, kind == PromiseLine::kOwn ? call->line : other, now);
}

Result<PromiseKey> Engine::callback_asked_late(const LateWish& wish, Time now) {
  if (auto may = may_ring_back(wish.number, wish.withheld, wish.kind); !may)
    return tl::unexpected(may.error());
  PromiseNode* known = wish.line.none() ? nullptr : promises_.find(lines_.at(wish.line).promise);
  if (known == nullptr) return make_promise(wish.number, {}, wish.basis, wish.kind, wish.line, now);
  const PromiseKey key = known->key;
  ask_again(*known, {}, wish.kind, wish.line, now);
  return key;
}

Result<void> Engine::may_ring_back(DeskKey number, bool withheld, PromiseLine kind) const {
  if (desks_[number.index].settings.callback == CallbackPolicy::kNever)
    return fail(ErrorCode::kDenied, "this desk does not ring back");
  if (kind == PromiseLine::kOwn && withheld)
    return fail(ErrorCode::kDenied, "this caller withholds the number: another one must be given");
  return {};
}

// ---- Talking

// An operator promised it in this very call: speaking with another one now is not yet its keeping.
bool Engine::was_said_in(const PromiseNode& promise, CallKey call) {
  return promise.basis == PromiseBasis::kOperator && promise.call == call;
}

void Engine::first_talk(CallNode& call, Time now) {
  if (!call.talked && !call.callback) {
    call.answered = now;
    move(call, Bucket::kTalked);
  }
  call.talked = true;
  if (!call.callback) balance_.talking(call.row, +1);
  if (PromiseNode* promise = promises_.find(call.promise);
      promise != nullptr && !was_said_in(*promise, call.key))
    if (promise->state == PromiseState::kOpen || promise->state == PromiseState::kTaken)
      keep(*promise, KeptHow::kCameThrough, call.key, now);
  if (!call.line.none()) line_talked(call.line, now, call.key, now);
}

// Whoever this line's earlier calls were waiting for has now been reached.
void Engine::line_talked(LineKey key, Time talked, CallKey by, Time now) {
  Line& line = lines_.at(key);
  line.talked = std::max(line.talked, talked);
  std::erase_if(line.unsettled, [&](const Unsettled& earlier) {
    if (earlier.ended > talked) return false;
    if (talked < earlier.day_ends) {
      balance_.settled(earlier.row, earlier.bucket);
      tell(CallSettled{earlier.call, now});
    }
    return true;
  });
  PromiseNode* promise = promises_.find(line.promise);
  if (promise != nullptr && promise->asked <= talked && !was_said_in(*promise, by))
    keep(*promise, KeptHow::kCameThrough, by, now);
}

void Engine::move(CallNode& call, Bucket to) {
  balance_.moved(call.row, call.bucket, to);
  call.bucket = to;
}

// ---- Ending

Bucket Engine::bucket_at_end(const CallNode& call, EndCause cause) {
  if (cause == EndCause::kFault) return Bucket::kCutOff;
  if (call.talked) return Bucket::kTalked;
  if (call.agreed) return Bucket::kCallback;
  if (call.phase == CallPhase::kOutOfHours) return Bucket::kOutOfHours;
  if (cause == EndCause::kDeclined) return Bucket::kDeclined;
  // Nobody but the caller may end a call that waits in opening hours: if we did, the fault is ours.
  return cause == EndCause::kCaller ? Bucket::kAbandoned : Bucket::kCutOff;
}

Result<void> Engine::ended(CallKey key, EndCause cause, Time now) {
  CallNode* found = calls_.find(key);
  if (found == nullptr || found->ended) return fail(ErrorCode::kNotFound, kNoCall);
  CallNode& call = *found;
  const bool talking = call.phase == CallPhase::kTalking;
  const OperatorKey with = call.with;
  dequeue(call);
  --live_;
  call.ended = true;
  call.ended_at = now;
  if (!call.callback) {
    const Bucket to = bucket_at_end(call, cause);
    if (talking) balance_.talking(call.row, -1);
    if (to == Bucket::kCutOff && talking) balance_.cut_off_talking(call.row);
    if (to != call.bucket) move(call, to);
    tell(CallOver{call.key, to, talking, now});
  } else {
    tell(CallOver{call.key, cause == EndCause::kFault ? Bucket::kCutOff : Bucket::kTalked, talking,
                  now});
    if (talking && cause == EndCause::kFault) at(with).outcome = AttemptOutcome::kFault;
  }
  if (call.phase == CallPhase::kRinging) end_offer(with, OfferEnd::kCallGone, now);
  if (talking) {
    end_consult(call, now);
    wrap_up(with, call.desk, now);
  }
  if (!call.line.none()) not_through(call, now);
  // An unknown line may still be told; until then the call stays findable for identified().
  if (call.withheld || !call.line.none() || call.callback) release(call);
  return {};
}

// Keeps an ended call for its line to settle, or settles it if the line has talked since.
void Engine::not_through(CallNode& call, Time now) {
  if (call.callback || !can_settle(call.bucket)) return;
  Line& line = lines_.at(call.line);
  const DeskNode& desk = at(call.number);
  const calendar::Zone& zone = desk.settings.hours.zone();
  const Time day_ends = call.arrived >= desk.day_from && call.arrived < desk.day_until
                            ? desk.day_until
                            : zone.start_of(Day(std::chrono::local_days(zone.day_of(call.arrived)) +
                                                std::chrono::days(1)));
  if (line.talked >= call.ended_at && line.talked < day_ends) {
    balance_.settled(call.row, call.bucket);
    tell(CallSettled{call.key, now});
    return;
  }
  line.unsettled.push_back({call.key, call.row, call.bucket, call.ended_at, day_ends});
}

void Engine::release(CallNode& call) {
  if (!call.line.none()) --lines_.at(call.line).live;
  if (PromiseNode* promise = promises_.find(call.promise))
    if (promise->call == call.key) promise->call = {};
  calls_.erase(call.key);
}

// ---- Moving on

// The caller was about to be helped and was not: before everybody.
void Engine::put_back(CallNode& call, Time now) {
  if (call.phase == CallPhase::kTalking && !call.callback) balance_.talking(call.row, -1);
  call.returned = true;
  call.consulted = {};
  call.consulting = false;
  enqueue(call, now);
  match(groups_[call.group.index], now);
}

Result<void> Engine::transfer(CallKey key, DeskKey to, Time now) {
  CallNode* found = calls_.find(key);
  if (found == nullptr || found->ended) return fail(ErrorCode::kNotFound, kNoCall);
  if (to.index >= desks_.size()) return fail(ErrorCode::kNotFound, "there is no such desk");
  CallNode& call = *found;
  const CallPhase phase = call.phase;
  const OperatorKey with = call.with;
  const DeskKey from = call.desk;
  dequeue(call);
  if (phase == CallPhase::kTalking) {
    end_consult(call, now);
    if (!call.callback) balance_.talking(call.row, -1);
  }
  call.desk = to;
  call.group = at(to).group;
  call.returned = false;
  enqueue(call, now);
  if (phase == CallPhase::kRinging) end_offer(with, OfferEnd::kCallGone, now);
  if (phase == CallPhase::kTalking) wrap_up(with, from, now);
  match(groups_[found->group.index], now);
  return {};
}

Result<void> Engine::transfer(CallKey key, OperatorKey to, Time now) {
  CallNode* call = calls_.find(key);
  if (call == nullptr || call->ended) return fail(ErrorCode::kNotFound, kNoCall);
  if (to.index >= operators_.size()) return fail(ErrorCode::kNotFound, "there is no such operator");
  if (!at(to).listed)
    return fail(ErrorCode::kConflict, "that operator is not ready; choose another, or the desk");
  const CallPhase phase = call->phase;
  const OperatorKey with = call->with;
  if (phase == CallPhase::kRinging)
    return fail(ErrorCode::kConflict, "this call is ringing already");
  if (phase == CallPhase::kTalking) {
    end_consult(*call, now);
    if (!call->callback) balance_.talking(call->row, -1);
  }
  offer(*call, to, Offer::kDirect, now);
  if (phase == CallPhase::kTalking) wrap_up(with, call->desk, now);
  return {};
}

}  // namespace madoguchi::routing
