// What operators do, and what happens to them: states, offers, talks, consultations, wrap-up.
#include <algorithm>
#include <utility>

#include "routing/engine.h"

namespace madoguchi::routing {

namespace {

Result<void> conflict(const char* why) {
  return fail(ErrorCode::kConflict, why);
}

bool is_busy(OperatorState state) {
  return state == OperatorState::kTalking || state == OperatorState::kDialling;
}

}  // namespace

// ---- States

Result<void> Engine::set_state(OperatorKey who, OperatorState state, AwayReason reason, Time now) {
  OperatorNode& node = at(who);
  if (node.state == OperatorState::kOffline) return conflict("this operator has not signed on");
  if (node.state == OperatorState::kRinging)
    return conflict("a call is ringing: answer or refuse it first");
  if (is_busy(node.state)) {
    node.next = state;
    node.next_reason = reason;
    return {};
  }
  if (node.state == state && node.reason == reason) return {};
  change(who, state, reason, now);
  if (state != OperatorState::kReady) return {};
  node.idle_since = now;
  if (!node.reachable) return {};
  list(who);
  match(who, now);
  return {};
}

Result<void> Engine::sign_on(OperatorKey who, Time now) {
  if (at(who).state == OperatorState::kOffline)
    change(who, OperatorState::kAway, AwayReason::kSignedOn, now);
  return {};
}

Result<void> Engine::sign_off(OperatorKey who, Time now) {
  if (at(who).state == OperatorState::kOffline) return {};
  return set_state(who, OperatorState::kOffline, AwayReason::kNone, now);
}

Result<void> Engine::ready(OperatorKey who, Time now) {
  return set_state(who, OperatorState::kReady, AwayReason::kNone, now);
}

Result<void> Engine::away(OperatorKey who, AwayReason reason, Time now) {
  if (reason == AwayReason::kNone) reason = AwayReason::kOther;
  return set_state(who, OperatorState::kAway, reason, now);
}

Result<void> Engine::reachable(OperatorKey who, bool is, Time now) {
  OperatorNode& node = at(who);
  if (node.reachable == is) return {};
  node.reachable = is;
  if (node.state == OperatorState::kReady) {
    if (is) {
      list(who);
      match(who, now);
    } else {
      unlist(who);
    }
  } else if (node.state == OperatorState::kRinging && !is) {
    return ring_failed(who, now);
  }
  return {};
}

// After an offer that came to nothing through no fault of the operator's: the old place among the
// ready.
void Engine::become_idle_again(OperatorKey who, Time now) {
  OperatorNode& node = at(who);
  change(who, OperatorState::kReady, AwayReason::kNone, now);
  if (!node.reachable) return;
  list(who);
  match(who, now);
}

void Engine::become_next(OperatorKey who, Time now) {
  OperatorNode& node = at(who);
  const OperatorState next = node.next;
  change(who, next, node.next_reason, now);
  if (next != OperatorState::kReady) return;
  node.idle_since = now;
  if (!node.reachable) return;
  list(who);
  match(who, now);
}

// ---- Offers

void Engine::end_offer(OperatorKey who, OfferEnd why, Time now) {
  OperatorNode& node = at(who);
  tell(OfferEnded{node.call, who, why, now});
  switch (why) {
    case OfferEnd::kMissed:
      change(who, OperatorState::kAway, AwayReason::kRingMissed, now);
      return;
    case OfferEnd::kRefused:
      change(who, OperatorState::kAway, AwayReason::kRefused, now);
      return;
    case OfferEnd::kAudioLost:
      // One whose seat is known to be gone waits for it; one who should have been there must look.
      if (node.reachable)
        change(who, OperatorState::kAway, AwayReason::kAudioLost, now);
      else
        become_idle_again(who, now);
      return;
    case OfferEnd::kCallGone:
      become_idle_again(who, now);
      return;
  }
}

// Missed, refused or lost: the operator stops ringing and the caller goes on.
void Engine::offer_failed(OperatorKey who, OfferEnd why, Time now) {
  CallNode* call = calls_.find(at(who).call);
  end_offer(who, why, now);
  if (call == nullptr || call->ended) return;
  if (call->consulted == who) {
    call->consulted = {};  // back to the operator who asked
  } else if (call->with == who && call->phase == CallPhase::kRinging) {
    put_back(*call, now);
  }
}

Result<void> Engine::accepted(OperatorKey who, Time until, Time now) {
  OperatorNode& node = at(who);
  if (node.state != OperatorState::kRinging) return conflict("nothing rings any more");
  if (node.accepted) return {};
  node.accepted = true;
  node.deadline = std::max(until, now);
  deadlines_.set(Deadlines::Of::kOperator, who.index, node.deadline);
  return {};
}

Result<void> Engine::answered(OperatorKey who, Time now) {
  OperatorNode& node = at(who);
  CallNode* call = calls_.find(node.call);
  if (node.state != OperatorState::kRinging || call == nullptr || call->ended)
    return conflict("nothing rings any more");
  node.idle_since = now;
  change(who, OperatorState::kTalking, AwayReason::kNone, now);
  if (call->consulted == who) {
    call->consulting = true;
    return {};
  }
  call->phase = CallPhase::kTalking;
  call->returned = false;
  first_talk(*call, now);
  return {};
}

Result<void> Engine::refused(OperatorKey who, Time now) {
  if (at(who).state != OperatorState::kRinging) return conflict("nothing rings any more");
  offer_failed(who, OfferEnd::kRefused, now);
  return {};
}

Result<void> Engine::missed(OperatorKey who, Time now) {
  if (at(who).state != OperatorState::kRinging) return conflict("nothing rings any more");
  offer_failed(who, OfferEnd::kMissed, now);
  return {};
}

Result<void> Engine::ring_failed(OperatorKey who, Time now) {
  if (at(who).state != OperatorState::kRinging) return conflict("nothing rings any more");
  offer_failed(who, OfferEnd::kAudioLost, now);
  return {};
}

// ---- Talks

Result<Engine::CallNode*> Engine::talk_of(OperatorKey who) {
  OperatorNode& node = at(who);
  CallNode* call = calls_.find(node.call);
  if (node.state != OperatorState::kTalking || call == nullptr || call->ended)
    return fail(ErrorCode::kConflict, "this operator does not talk with anybody");
  return call;
}

Result<void> Engine::found_talking(CallKey key, OperatorKey who, Time now) {
  CallNode* call = calls_.find(key);
  if (call == nullptr || call->ended) return fail(ErrorCode::kNotFound, "this call is not up");
  if (call->phase == CallPhase::kTalking && call->with == who) return {};
  if (call->phase == CallPhase::kRinging && call->with == who) return answered(who, now);
  if (call->consulted == who) end_consult(*call, now);
  // Whatever we believed of the two, they hear each other.
  leave(who, now);
  const CallPhase phase = call->phase;
  const OperatorKey with = call->with;
  dequeue(*call);
  OperatorNode& node = at(who);
  node.call = call->key;
  node.desk = call->desk;
  node.idle_since = now;
  change(who, OperatorState::kTalking, AwayReason::kNone, now);
  call->with = who;
  call->phase = CallPhase::kTalking;
  call->returned = false;
  if (phase == CallPhase::kTalking) {
    end_consult(*call, now);
    wrap_up(with, call->desk, now);
    return {};
  }
  if (phase == CallPhase::kRinging && with != who) end_offer(with, OfferEnd::kCallGone, now);
  first_talk(*call, now);
  return {};
}

// Takes the operator out of whatever call we believed them in.
void Engine::leave(OperatorKey who, Time now) {
  OperatorNode& node = at(who);
  CallNode* call = calls_.find(node.call);
  if (node.state == OperatorState::kRinging) {
    tell(OfferEnded{node.call, who, OfferEnd::kCallGone, now});
    change(who, OperatorState::kAway, AwayReason::kOther, now);
  } else if (node.state == OperatorState::kTalking) {
    change(who, OperatorState::kAway, AwayReason::kOther, now);
  } else {
    unlist(who);
    return;
  }
  if (call == nullptr || call->ended) return;
  if (call->consulted == who) {
    call->consulted = {};
    call->consulting = false;
  } else if (call->with == who) {
    end_consult(*call, now);
    put_back(*call, now);
  }
}

Result<void> Engine::leg_lost(OperatorKey who, Time now) {
  auto talk = talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  CallNode& call = **talk;
  if (call.consulted == who) {
    call.consulted = {};
    call.consulting = false;
    change(who, OperatorState::kAway, AwayReason::kAudioLost, now);
    return {};
  }
  if (call.consulting) {  // the caller is not alone: the other one goes on
    call.with = call.consulted;
    call.consulted = {};
    call.consulting = false;
    change(who, OperatorState::kAway, AwayReason::kAudioLost, now);
    return {};
  }
  end_consult(call, now);
  change(who, OperatorState::kAway, AwayReason::kAudioLost, now);
  put_back(call, now);
  return {};
}

// ---- Consulting

Result<void> Engine::consult(OperatorKey who, OperatorKey other, Time now) {
  auto talk = talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  if ((*talk)->with != who || !(*talk)->consulted.none())
    return conflict("one consultation at a time, by the one who has the caller");
  if (other.index >= operators_.size())
    return fail(ErrorCode::kNotFound, "there is no such operator");
  if (!at(other).listed) return conflict("that operator is not ready");
  offer(**talk, other, Offer::kConsult, now);
  return {};
}

Result<OperatorKey> Engine::consult(OperatorKey who, DeskKey desk, Time now) {
  if (desk.index >= desks_.size()) return fail(ErrorCode::kNotFound, "there is no such desk");
  const Membership* first = groups_[at(desk).group.index].idle_first;
  if (first == nullptr) return fail(ErrorCode::kConflict, "nobody at that desk is ready now");
  const OperatorKey other = first->who;
  if (auto done = consult(who, other, now); !done) return tl::unexpected(done.error());
  return other;
}

void Engine::end_consult(CallNode& call, Time now) {
  const OperatorKey other = call.consulted;
  if (other.none()) return;
  call.consulted = {};
  const bool was_consulting = std::exchange(call.consulting, false);
  if (was_consulting)
    become_next(other, now);
  else
    end_offer(other, OfferEnd::kCallGone, now);
}

Result<void> Engine::consult_over(OperatorKey who, Time now) {
  OperatorNode& node = at(who);
  CallNode* call = calls_.find(node.call);
  if (call == nullptr || call->ended || call->consulted.none() ||
      (call->with != who && call->consulted != who))
    return conflict("there is no consultation");
  end_consult(*call, now);
  return {};
}

Result<void> Engine::hand_over(OperatorKey who, Time now) {
  auto talk = talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  CallNode& call = **talk;
  if (call.with != who || !call.consulting)
    return conflict("the other operator has not answered yet");
  call.with = std::exchange(call.consulted, {});
  call.consulting = false;
  wrap_up(who, call.desk, now);
  return {};
}

// ---- Wrap-up

void Engine::wrap_up(OperatorKey who, DeskKey desk, Time now) {
  OperatorNode& node = at(who);
  node.desk = desk;
  change(who, OperatorState::kWrapUp, AwayReason::kNone, now);
  const Micros limit = at(desk).settings.wrap_up_limit;
  if (limit <= Micros(0)) return;
  node.deadline = now + limit;
  deadlines_.set(Deadlines::Of::kOperator, who.index, node.deadline);
}

Result<void> Engine::wrapped_up(OperatorKey who, Time now) {
  if (at(who).state != OperatorState::kWrapUp) return conflict("there is nothing to wrap up");
  become_next(who, now);
  return {};
}

Result<void> Engine::extend_wrap_up(OperatorKey who, Time until, Time now) {
  OperatorNode& node = at(who);
  if (node.state != OperatorState::kWrapUp) return conflict("there is nothing to wrap up");
  if (until <= now) return fail(ErrorCode::kInvalid, "an extension ends in the future");
  node.deadline = until;
  deadlines_.set(Deadlines::Of::kOperator, who.index, until);
  return {};
}

void Engine::operator_due(OperatorKey who, Time now) {
  OperatorNode& node = at(who);
  if (node.state == OperatorState::kRinging) {
    offer_failed(who, node.accepted ? OfferEnd::kAudioLost : OfferEnd::kMissed, now);
  } else if (node.state == OperatorState::kWrapUp) {
    node.deadline = {};
    tell(WrapUpOverdue{who, now});
    if (at(node.desk).settings.wrap_up_end == WrapUpEnd::kReady) become_next(who, now);
  }
}

}  // namespace madoguchi::routing
