// What operators do.
#include <algorithm>
#include <utility>

#include "centre/flow/domain.h"

namespace madoguchi::centre {

using routing::OperatorState;

Result<void> CallFlow::Domain::need_line() const {
  if (attached_) return {};
  return fail(ErrorCode::kUnavailable,
              "the exchange is not connected; calls in progress go on, try again in a moment");
}

Result<void> CallFlow::Domain::settle(Result<void> result) {
  follow();
  return result;
}

// The call in which this operator has the caller; the consulted one does not.
Result<CallFlow::Domain::Talk> CallFlow::Domain::talk_of(const OperatorId& id) {
  const auto who = key_of(id);
  if (!who) return tl::unexpected(who.error());
  if (auto line = need_line(); !line) return tl::unexpected(line.error());
  Call* call = find(at(*who).call);
  const routing::Call* now_is = call == nullptr ? nullptr : engine_.find(call->key);
  if (now_is == nullptr || engine_.look(*who).state != OperatorState::kTalking ||
      now_is->with != *who)
    return fail(ErrorCode::kConflict, "you do not talk with a caller now");
  return Talk{*who, call};
}

void CallFlow::Domain::handed_over(Call& call, routing::OperatorKey from, Time now) {
  const routing::OperatorKey other = engine_.find(call.key)->consulted;
  if (!engine_.hand_over(from, now)) return;
  follow();
  call.consulted = {};
  call.consulting = false;
  note_talk(call, other, now);
}

// ---- Offers

Result<void> CallFlow::accept(const OperatorId& who, Time now) {
  auto& own = *domain_;
  const auto key = own.key_of(who);
  if (!key) return tl::unexpected(key.error());
  if (auto line = own.need_line(); !line) return line;
  const auto leg = own.legs_.find(own.at(*key).attempt);
  if (own.at(*key).own_phone && leg != own.legs_.end() && leg->second.by_phone)
    return fail(ErrorCode::kConflict, "it rings at your own phone: pick up and press 1 there");
  const AttemptId attempt = own.at(*key).attempt;
  if (auto taken = own.engine_.accepted(*key, now + kConnectLimit, now); !taken) return taken;
  own.command(AnswerSeat{attempt});
  own.touch(*key);
  return own.settle({});
}

Result<void> CallFlow::refuse(const OperatorId& who, Time now) {
  auto& own = *domain_;
  const auto key = own.key_of(who);
  if (!key) return tl::unexpected(key.error());
  return own.settle(own.engine_.refused(*key, now));
}

// ---- During a talk

Result<void> CallFlow::hold(const OperatorId& who, bool on, Time) {
  auto talk = domain_->talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  domain_->command(HoldCaller{talk->call->record.id, on});
  return {};
}

Result<void> CallFlow::mute(const OperatorId& who, bool on, Time) {
  auto talk = domain_->talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  domain_->command(MuteOperator{talk->call->record.id, on});
  return {};
}

Result<void> CallFlow::pause_recording(const OperatorId& who, bool on, Time) {
  auto talk = domain_->talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  domain_->command(PauseRecording{talk->call->record.id, on});
  return {};
}

// The exchange must let go of the operator before it is told whom to ring next.
Result<void> CallFlow::transfer(const OperatorId& who, const DeskId& to, Time now) {
  auto& own = *domain_;
  auto talk = own.talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  const auto desk = own.engine_.desk(to);
  if (!desk) return fail(ErrorCode::kNotFound, "there is no such desk");
  if (talk->call->record.outbound)
    return fail(ErrorCode::kConflict, "a call back can only be handed over after consulting");
  own.command(Requeue{talk->call->record.id, to});
  return own.settle(own.engine_.transfer(talk->call->key, *desk, now));
}

Result<void> CallFlow::transfer(const OperatorId& who, const OperatorId& to, Time now) {
  auto& own = *domain_;
  auto talk = own.talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  const auto other = own.key_of(to);
  if (!other) return tl::unexpected(other.error());
  if (talk->call->record.outbound)
    return fail(ErrorCode::kConflict, "a call back can only be handed over after consulting");
  const routing::OperatorView view = own.engine_.look(*other);
  if (view.state != OperatorState::kReady || !view.reachable)
    return fail(ErrorCode::kConflict, "that operator is not ready; choose another, or the desk");
  own.command(Requeue{talk->call->record.id, talk->call->record.desk});
  talk->call->from = who;
  return own.settle(own.engine_.transfer(talk->call->key, *other, now));
}

Result<void> CallFlow::consult(const OperatorId& who, const DeskId& desk, Time now) {
  auto& own = *domain_;
  auto talk = own.talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  const auto key = own.engine_.desk(desk);
  if (!key) return fail(ErrorCode::kNotFound, "there is no such desk");
  const auto other = own.engine_.consult(talk->who, *key, now);
  own.follow();
  if (!other) return tl::unexpected(other.error());
  return {};
}

Result<void> CallFlow::consult(const OperatorId& who, const OperatorId& other, Time now) {
  auto& own = *domain_;
  auto talk = own.talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  const auto key = own.key_of(other);
  if (!key) return tl::unexpected(key.error());
  return own.settle(own.engine_.consult(talk->who, *key, now));
}

Result<void> CallFlow::consult_over(const OperatorId& who, Time now) {
  auto& own = *domain_;
  const auto key = own.key_of(who);
  if (!key) return tl::unexpected(key.error());
  if (auto line = own.need_line(); !line) return line;
  Domain::Call* call = own.find(own.at(*key).call);
  const bool answered = call != nullptr && call->consulting;
  if (auto over = own.engine_.consult_over(*key, now); !over) return over;
  if (answered)
    own.command(CancelConsult{call->record.id});  // one that only rang is cancelled there
  own.follow();
  call->consulted = {};
  call->consulting = false;
  own.touch(*call);
  return {};
}

Result<void> CallFlow::hand_over(const OperatorId& who, Time now) {
  auto& own = *domain_;
  auto talk = own.talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  if (!talk->call->consulting)
    return fail(ErrorCode::kConflict, "the other operator has not answered yet");
  own.command(CompleteTransfer{talk->call->record.id});
  own.handed_over(*talk->call, talk->who, now);
  return {};
}

Result<void> CallFlow::end(const OperatorId& who, Time now) {
  auto& own = *domain_;
  const auto key = own.key_of(who);
  if (!key) return tl::unexpected(key.error());
  if (own.engine_.look(*key).state == OperatorState::kDialling) return give_up_dialling(who, now);
  Domain::Call* call = own.find(own.at(*key).call);
  if (call != nullptr && call->consulted == who) return consult_over(who, now);
  auto talk = own.talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  talk->call->ending = true;
  own.command(EndCall{talk->call->record.id, "operator"});
  return {};
}

// ---- Wrap-up

Result<void> CallFlow::wrapped_up(const OperatorId& who, const std::string& disposition, Time now) {
  auto& own = *domain_;
  const auto key = own.key_of(who);
  if (!key) return tl::unexpected(key.error());
  if (!disposition.empty() && !is_valid_id(disposition))
    return fail(ErrorCode::kInvalid, "a disposition is a code, 1 to 64 characters of A-Za-z0-9_.-");
  const CallId call = own.at(*key).call;
  if (auto done = own.engine_.wrapped_up(*key, now); !done) return done;
  if (CallRecord* record = own.record_of(call); record != nullptr && !disposition.empty()) {
    record->disposition = disposition;
    own.save(*record);
  }
  return own.settle({});
}

Result<void> CallFlow::wrapped_up(const OperatorId& who, const std::string& disposition,
                                  routing::AwayReason then_away, Time now) {
  auto& own = *domain_;
  const auto key = own.key_of(who);
  if (!key) return tl::unexpected(key.error());
  if (own.engine_.look(*key).state != OperatorState::kWrapUp)
    return fail(ErrorCode::kConflict, "there is nothing to wrap up");
  if (auto away = own.engine_.away(*key, then_away, now); !away) return away;
  if (own.engine_.look(*key).state == OperatorState::kWrapUp)
    return wrapped_up(who, disposition, now);
  if (CallRecord* record = own.record_of(own.at(*key).call);
      record != nullptr && !disposition.empty() && is_valid_id(disposition)) {
    record->disposition = disposition;
    own.save(*record);
  }
  return own.settle({});
}

Result<void> CallFlow::extend_wrap_up(const OperatorId& who, Micros by, Time now) {
  auto& own = *domain_;
  const auto key = own.key_of(who);
  if (!key) return tl::unexpected(key.error());
  const routing::OperatorView view = own.engine_.look(*key);
  const bool limited = view.deadline != Time{} || own.at(*key).overdue;
  if (view.state == OperatorState::kWrapUp && !limited)
    return fail(ErrorCode::kConflict, "this desk sets no limit to the wrap-up");
  if (auto done = own.engine_.extend_wrap_up(*key, std::max(view.deadline, now) + by, now); !done)
    return done;
  own.at(*key).overdue = false;
  own.touch(*key);
  return {};
}

// ---- Promises

Result<PromiseId> CallFlow::promise_callback(const OperatorId& who, const std::string& reason,
                                             std::optional<Time> due, Time now) {
  auto& own = *domain_;
  if (!is_valid_id(reason)) return fail(ErrorCode::kInvalid, "reason: must be a code");
  if (due && (*due <= now || *due > now + kLatestPromise))
    return fail(ErrorCode::kInvalid, "at: must lie within the next 31 days");
  auto talk = own.talk_of(who);
  if (!talk) return tl::unexpected(talk.error());
  const auto promise = own.say_promise(*talk, now);
  if (!promise) return tl::unexpected(promise.error());
  PromiseRecord& record = (*promise)->record;
  if (due && own.engine_.set_deadline((*promise)->key, *due, now)) record.deadline = *due;
  record.stated_reason = reason;
  own.save(record);
  own.show(record);
  return record.id;
}

Result<void> CallFlow::take_promise(const OperatorId& who, const PromiseId& promise, Time now) {
  const auto key = domain_->key_of(who);
  if (!key) return tl::unexpected(key.error());
  return domain_->settle(domain_->take_promise(*key, promise, now));
}

Result<void> CallFlow::give_up_dialling(const OperatorId& who, Time now) {
  const auto key = domain_->key_of(who);
  if (!key) return tl::unexpected(key.error());
  if (domain_->engine_.look(*key).state != OperatorState::kDialling)
    return fail(ErrorCode::kConflict, "you ring nobody now");
  return domain_->stop_dialling(*key, routing::AttemptOutcome::kGivenUp, now);
}

Result<void> CallFlow::dial_outcome(const OperatorId& who, routing::AttemptOutcome outcome,
                                    Time now) {
  const auto key = domain_->key_of(who);
  if (!key) return tl::unexpected(key.error());
  if (outcome == routing::AttemptOutcome::kTalked || outcome == routing::AttemptOutcome::kFault ||
      outcome == routing::AttemptOutcome::kNotPermitted ||
      outcome == routing::AttemptOutcome::kTooSoon)
    return fail(ErrorCode::kInvalid,
                "operators state no_answer, busy, machine, declined, "
                "wrong_number or given_up");
  return domain_->stop_dialling(*key, outcome, now);
}

Result<void> CallFlow::close_promise(const PromiseId& id, routing::CloseReason reason,
                                     const std::string& by, const std::string& stated_reason,
                                     Time now) {
  auto& own = *domain_;
  Domain::Promise* promise = own.find(id);
  if (promise == nullptr) return fail(ErrorCode::kNotFound, "this promise is not open any more");
  promise->record.closed_by = by;
  if (promise->record.stated_reason.empty()) promise->record.stated_reason = stated_reason;
  return own.settle(own.engine_.close_promise(promise->key, reason, now));
}

}  // namespace madoguchi::centre
