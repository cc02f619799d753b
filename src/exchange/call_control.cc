#include "exchange/call_control.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "exchange/events.h"

namespace madoguchi::exchange {
namespace {

const wire::DeskPlan& no_plan() {
  static const wire::DeskPlan plan;  // of a desk that was taken away while it had a call: all off
  return plan;
}

}  // namespace

CallControl::CallControl(const Settings& settings, const Tables& tables, ControlPorts ports,
                         Entropy& entropy)
    : settings_(settings),
      tables_(tables),
      lines_(ports.lines),
      sound_(ports.sound),
      report_(ports.report),
      vault_(ports.vault),
      entropy_(entropy) {}

CallControl::~CallControl() = default;

Call& CallControl::make_call(CallId id) {
  auto call = std::make_unique<Call>();
  call->serial = next_serial_++;
  call->id = std::move(id);
  by_id_[call->id.text()] = call->serial;
  return *(calls_[call->serial] = std::move(call));
}

Call* CallControl::find_serial(std::uint64_t serial) {
  const auto found = calls_.find(serial);
  return found == calls_.end() ? nullptr : found->second.get();
}

Call* CallControl::find(const std::string& call_id) {
  const auto found = by_id_.find(call_id);
  return found == by_id_.end() ? nullptr : find_serial(found->second);
}

Call* CallControl::find_line(LineId line) {
  const auto found = by_line_.find(line);
  return found == by_line_.end() ? nullptr : find_serial(found->second);
}

Call* CallControl::find_attempt(const std::string& attempt_id) {
  const auto found = by_attempt_.find(attempt_id);
  return found == by_attempt_.end() ? nullptr : find_serial(found->second);
}

const wire::DeskPlan& CallControl::plan(const Call& call) const {
  const wire::DeskPlan* desk = tables_.desk(call.desk_id);
  return desk == nullptr ? no_plan() : *desk;
}

// ---- time

void CallControl::set_timer(Call& call, TimerKind kind, std::chrono::microseconds after) {
  const std::uint32_t stamp = ++call.timer_stamps[static_cast<std::size_t>(kind)];
  timers_.push({now_.mono + after, call.serial, kind, stamp});
}

void CallControl::cancel_timer(Call& call, TimerKind kind) {
  ++call.timer_stamps[static_cast<std::size_t>(kind)];
}

void CallControl::advance() {
  while (!timers_.empty() && timers_.top().at <= now_.mono) {
    const Timer timer = timers_.top();
    timers_.pop();
    Call* call = find_serial(timer.call);
    if (call != nullptr && call->timer_stamps[static_cast<std::size_t>(timer.kind)] == timer.stamp)
      timer_due(*call, timer.kind);
  }
}

std::optional<MonoTime> CallControl::next_deadline() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.top().at;
}

void CallControl::timer_due(Call& call, TimerKind kind) {
  switch (kind) {
    case TimerKind::kScript:
      if (call.step == Step::kDigits)
        return call.digits.empty() ? leave_digits(call) : digits_complete(call);
      if (call.step == Step::kClosedOffer) return end_call(call, wire::CLOSED_HOURS);
      return;
    case TimerKind::kOffer:
      return offer_callback(call);
    case TimerKind::kRing:
      return ring_failed(call, wire::NO_ANSWER, true);
    case TimerKind::kDial:
      if (call.step == Step::kDialOperator)
        return dial_failed(call, wire::DIAL_OPERATOR_GONE, "the operator did not answer");
      if (call.step == Step::kDialTicket)
        return dial_failed(call, wire::DIAL_NOT_PERMITTED, "the vault does not answer");
      return dial_failed(call, wire::DIAL_NO_ANSWER, "");
    case TimerKind::kDead:
      return ask_whether_there(call);
  }
}

// ---- ending

void CallControl::end_call(Call& call, wire::EndCause cause, std::string detail) {
  if (cause == wire::CALLER_HUNG_UP && call.step == Step::kDigits && has_keyed_number(call))
    ask_callback(call, tables_.seal(Personal<std::string>(call.digits), now_.mono), true,
                 wire::BASIS_KEY);
  else if (is_lost_as_announced(call, cause))
    ask_callback(call, call.sealed_number, false, wire::BASIS_ANNOUNCED);
  // Who was promised a call back picked up, and was gone before the two heard each other.
  if (call.outbound && call.caller.up)
    tell_result(call, cause == wire::CUT_OFF || cause == wire::SHUT_DOWN ? "cut_off" : "no_talk");
  const bool never_answered = !call.caller.up;
  if (call.caller.line != LineId{}) {
    by_line_.erase(call.caller.line);
    if (never_answered && !call.outbound)
      lines_.refuse(call.caller.line,
                    cause == wire::SHUT_DOWN || cause == wire::CUT_OFF ? 503 : 480,
                    std::chrono::seconds(30));
    else
      lines_.hang_up(call.caller.line, cause == wire::SHUT_DOWN ? "shutting down" : "");
  }
  if (call.ringing && !call.outbound) {
    wire::RingFailed failed;
    failed.set_call_id(call.id.text());
    failed.set_attempt_id(call.ringing->attempt_id);
    failed.set_operator_id(call.ringing->operator_id.text());
    failed.set_why(wire::CANCELLED);
    report_.event(event_of(std::move(failed)));
  }
  if (call.ringing) tell_own_phone(*call.ringing, "no_answer");
  for (auto* leg : {&call.ringing, &call.active, &call.consulted})
    if (*leg) release_leg(call, **leg);
  sound_.remove_call(call.id);
  wire::CallEnded ended;
  ended.set_call_id(call.id.text());
  ended.set_cause(cause);
  ended.set_detail(std::move(detail));
  report_.event(event_of(std::move(ended)));
  vault_.lease_over(call.id);
  by_id_.erase(call.id.text());
  calls_.erase(call.serial);
}

void CallControl::shut_down() {
  stopping_ = true;
  std::vector<std::uint64_t> serials;
  for (const auto& [serial, call] : calls_) serials.push_back(serial);
  for (const std::uint64_t serial : serials)
    if (Call* call = find_serial(serial)) end_call(*call, wire::SHUT_DOWN);
  for (const auto& [line, demo] : demos_) lines_.hang_up(line, "shutting down");
}

// ---- commands

void CallControl::refuse_command(const wire::Command& command, std::string why) {
  wire::CommandRefused refused;
  refused.set_command_id(command.command_id());
  refused.set_why(std::move(why));
  report_.event(event_of(std::move(refused)));
}

void CallControl::with_call(const wire::Command& command, const std::string& call_id,
                            const std::function<void(Call&)>& act) {
  if (Call* call = find(call_id)) return act(*call);
  refuse_command(command, fmt::format("call {} is over", call_id));
}

void CallControl::with_talk(const wire::Command& command, const std::string& call_id,
                            const std::function<void(Call&)>& act) {
  with_call(command, call_id, [&](Call& call) {
    if (call.step == Step::kTalking && call.active) return act(call);
    refuse_command(command, fmt::format("call {} talks with no operator", call_id));
  });
}

void CallControl::command(const wire::Command& command) {
  switch (command.what_case()) {
    case wire::Command::kRingOperator:
      return with_call(command, command.ring_operator().call_id(), [&](Call& call) {
        ring_operator(call, command.ring_operator(), Ring::kToTalk);
      });
    case wire::Command::kCancelRing:
      if (Call* call = find_attempt(command.cancel_ring().attempt_id()))
        ring_failed(*call, wire::CANCELLED, true);
      return;
    case wire::Command::kAnswerSeat:
      if (Call* call = find_attempt(command.answer_seat().attempt_id());
          call != nullptr && call->ringing && !call->ringing->by_phone)
        return operator_answered(*call);
      return refuse_command(command, "this attempt is over");
    case wire::Command::kEndCall:
      return with_call(command, command.end_call().call_id(), [&](Call& call) {
        end_call(call, wire::ENDED_BY_CENTRE, command.end_call().reason());
      });
    case wire::Command::kPauseRecording:
      return with_call(command, command.pause_recording().call_id(),
                       [&](Call& call) { pause_recording(call, command); });
    case wire::Command::kDial:
      return dial(command);
    case wire::Command::kOpenSeat:
      return open_seat(command.open_seat());
    case wire::Command::kCloseSeat:
      return close_seat(command.close_seat().operator_id());
    case wire::Command::kDemoCall:
      return demo_call(command);
    default:  // generated; the rest is about a talk, or is not ours
      return talk_command(command);
  }
}

void CallControl::talk_command(const wire::Command& command) {
  switch (command.what_case()) {
    case wire::Command::kHoldCaller:
      return with_talk(command, command.hold_caller().call_id(),
                       [&](Call& call) { set_hold(call, command.hold_caller().on()); });
    case wire::Command::kMuteOperator:
      return with_talk(command, command.mute_operator().call_id(),
                       [&](Call& call) { set_mute(call, command.mute_operator().on()); });
    case wire::Command::kRequeue:
      return with_talk(command, command.requeue().call_id(), [&](Call& call) {
        requeue(call, command.requeue().desk_id(), "transferred");
      });
    case wire::Command::kConsult: {
      const auto& consult = command.consult();
      wire::RingOperator ring;
      ring.set_call_id(consult.call_id());
      ring.set_attempt_id(consult.attempt_id());
      ring.set_operator_id(consult.operator_id());
      ring.set_by_phone(consult.by_phone());
      ring.set_timeout_us(consult.timeout_us());
      ring.set_display(consult.display());
      ring.set_ticket_id(consult.ticket_id());
      return with_talk(command, consult.call_id(),
                       [&](Call& call) { ring_operator(call, ring, Ring::kToConsult); });
    }
    case wire::Command::kCompleteTransfer:
      return with_talk(command, command.complete_transfer().call_id(), [&](Call& call) {
        if (call.consulted) return complete_transfer(call);
        refuse_command(command, "nobody is consulted");
      });
    case wire::Command::kCancelConsult:
      return with_talk(command, command.cancel_consult().call_id(),
                       [&](Call& call) { cancel_consult(call); });
    case wire::Command::kPromiseCallback:
      return with_talk(command, command.promise_callback().call_id(),
                       [&](Call& call) { promise_callback(call, command); });
    case wire::Command::kAnnouncePlace:  // worth nothing once the call is elsewhere
      if (Call* call = find(command.announce_place().call_id()))
        announce_place(*call, command.announce_place());
      return;
    default:  // generated; SetDesks and SetPhones go to the tables
      return refuse_command(command, "not a command of a call");
  }
}

}  // namespace madoguchi::exchange
