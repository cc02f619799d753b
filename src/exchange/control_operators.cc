// Operators: rung, connected, holding, transferring, gone.
#include <fmt/format.h>

#include <utility>

#include "exchange/call_control.h"
#include "exchange/events.h"

namespace madoguchi::exchange {
namespace {

wire::RingFailed failure(const std::string& call, const std::string& attempt,
                         const std::string& operator_id, wire::RingFailure why) {
  wire::RingFailed failed;
  failed.set_call_id(call);
  failed.set_attempt_id(attempt);
  failed.set_operator_id(operator_id);
  failed.set_why(why);
  return failed;
}

// How the vault is told that an operator's own phone was not answered.
std::string_view word_of(wire::RingFailure why) {
  if (why == wire::REFUSED) return "busy";
  return why == wire::UNREACHABLE ? "unreachable" : "no_answer";
}

bool waits(Step step) {
  return step == Step::kHeldBack || step == Step::kWaiting || step == Step::kOffer ||
         step == Step::kDigits;
}

}  // namespace

void CallControl::ring_operator(Call& call, const wire::RingOperator& ring, Ring why) {
  const bool consult = why == Ring::kToConsult;
  const auto fails = [&](wire::RingFailure why) {
    report_.event(event_of(failure(call.id.text(), ring.attempt_id(), ring.operator_id(), why)));
  };
  if (call.ringing || call.consulted || (!consult && !waits(call.step)))
    return fails(wire::CANCELLED);  // the caller is somewhere else by now
  OperatorLeg leg;
  leg.operator_id = OperatorId(ring.operator_id());
  leg.attempt_id = ring.attempt_id();
  leg.by_phone = ring.by_phone();
  leg.ticket_id = ring.ticket_id();
  if (!ring_leg(call, leg, ring.display())) return fails(wire::UNREACHABLE);
  by_attempt_[leg.attempt_id] = call.serial;
  call.ringing = std::move(leg);
  if (consult) set_hold(call, true);
  wire::OperatorRinging ringing;
  ringing.set_call_id(call.id.text());
  ringing.set_attempt_id(ring.attempt_id());
  ringing.set_operator_id(ring.operator_id());
  report_.event(event_of(std::move(ringing)));
  set_timer(call, TimerKind::kRing,
            std::chrono::microseconds(ring.timeout_us() > 0 ? ring.timeout_us() : 20'000'000));
}

bool CallControl::ring_leg(Call& call, OperatorLeg& leg, const std::string& display) {
  if (!leg.ticket_id.empty()) {
    leg.by_phone = true;
    return ask_own_phone(call, leg);
  }
  if (!leg.by_phone) {
    Seat* seat = seat_of(leg.operator_id);
    if (seat == nullptr || !seat->connected || seat->call != 0) return false;
    leg.sound = seat->sound;
    seat->call = call.serial;
    return true;
  }
  leg.sound = LegId(fmt::format("{}.{}", call.id.text(), ++call.legs_made));
  const auto offer = offer_for(call, leg.phone, leg.sound, Side::kOurs);
  const auto line = offer ? lines_.call_phone(leg.operator_id, display, *offer) : std::nullopt;
  if (!line) {
    sound_.remove_leg(leg.sound);
    return false;
  }
  leg.phone.line = *line;
  by_line_[*line] = call.serial;
  return true;
}

// ---- an operator's own phone: its number is the vault's to give, for one ring

bool CallControl::ask_own_phone(const Call& call, const OperatorLeg& leg) {
  wire::RedeemTicket redeem;
  redeem.set_ticket_id(leg.ticket_id);
  redeem.set_call_id(call.id.text());
  return vault_.redeem(redeem);
}

void CallControl::own_phone_granted(Call& call, const wire::DialGranted& grant) {
  OperatorLeg& leg = *call.ringing;
  if (leg.phone.line != LineId{}) return;  // the answer came twice
  const Personal<std::string> number(normal_number(grant.number(), tables_.country()));
  if (grant.organisation_id() != call.organisation_id ||
      !settings_.out.permits(number.reveal(), tables_.country()))
    return ring_failed(call, wire::UNREACHABLE, true);
  leg.sound = LegId(fmt::format("{}.{}", call.id.text(), ++call.legs_made));
  const auto offer = offer_for(call, leg.phone, leg.sound, Side::kOurs);
  const auto line =
      offer ? lines_.call_out(number, plan(call).shown_number(), *offer) : std::nullopt;
  if (!line) return ring_failed(call, wire::UNREACHABLE, true);
  leg.phone.line = *line;
  by_line_[*line] = call.serial;
}

// A mailbox may have picked up: only a key shows that it was the operator.
void CallControl::own_phone_picked_up(Call& call) {
  const std::string& words = plan(call).own_phone_prompt();
  if (words.empty()) return;
  (void)sound_.play(call.ringing->sound, {{PromptId(words)}, OnOff::kOn});
}

void CallControl::own_phone_key(Call& call, const LegId& leg, char digit) {
  if (!call.ringing || call.ringing->ticket_id.empty() || call.ringing->sound != leg) return;
  if (digit != '1' || !call.ringing->phone.up) return;
  sound_.stop(leg);
  operator_answered(call);
}

void CallControl::tell_own_phone(const OperatorLeg& leg, std::string_view outcome) {
  if (leg.ticket_id.empty()) return;
  wire::DialResult result;
  result.set_ticket_id(leg.ticket_id);
  result.set_outcome(std::string(outcome));
  vault_.dial_result(result);
}

void CallControl::ring_failed(Call& call, wire::RingFailure why, bool hang_up) {
  if (!call.ringing) return;
  if (call.outbound && !call.active)
    return dial_failed(call, wire::DIAL_OPERATOR_GONE, "the operator was not reached");
  cancel_timer(call, TimerKind::kRing);
  OperatorLeg leg = *std::move(call.ringing);
  call.ringing.reset();
  if (!hang_up) leg.phone.line = LineId{};
  tell_own_phone(leg, word_of(why));
  release_leg(call, leg);
  report_.event(event_of(failure(call.id.text(), leg.attempt_id, leg.operator_id.text(), why)));
  if (call.active) set_hold(call, false);  // it was to be consulted
}

bool CallControl::attach(Call& call, OperatorLeg& leg) {
  if (leg.by_phone) return true;
  Seat* seat = seat_of(leg.operator_id);
  if (seat == nullptr || !seat->connected) return false;
  seat->call = call.serial;
  sound_.attach_seat(call.id, leg.sound);
  return true;
}

void CallControl::operator_answered(Call& call) {
  cancel_timer(call, TimerKind::kRing);
  if (!attach(call, *call.ringing)) return ring_failed(call, wire::UNREACHABLE, true);
  OperatorLeg leg = *std::move(call.ringing);
  call.ringing.reset();
  leg.answered = true;
  tell_own_phone(leg, "talked");
  by_attempt_.erase(leg.attempt_id);
  if (call.outbound && !call.active) {
    call.active = std::move(leg);
    return dial_operator_ready(call);
  }
  wire::OperatorAnswered answered;
  answered.set_call_id(call.id.text());
  answered.set_attempt_id(leg.attempt_id);
  answered.set_operator_id(leg.operator_id.text());
  report_.event(event_of(std::move(answered)));
  if (call.active) {
    call.consulted = std::move(leg);
    return consult_answered(call);
  }
  call.active = std::move(leg);
  connect_caller(call);
}

void CallControl::connect_caller(Call& call) {
  cancel_timer(call, TimerKind::kOffer);
  cancel_timer(call, TimerKind::kScript);
  call.digits.clear();
  if (!call.caller.up) answer_caller(call);
  const wire::DeskPlan& desk = plan(call);
  if (desk.recorded() && !call.notice_heard && !call.refused_recording &&
      play(call, desk.notice_prompt(), OnOff::kOff)) {
    call.step = Step::kConnecting;
    sound_.mark_recording(call.id, RecordingMark::kNotice);
    return;
  }
  join(call);
}

void CallControl::join(Call& call) {
  call.playing.reset();
  sound_.stop(call.caller.sound);
  sound_.connect(call.id, call.caller.sound, call.active->sound);
  sound_.mark_recording(call.id, RecordingMark::kLegChange);
  call.step = Step::kTalking;
  if (call.outbound && !call.dial_told) tell_dial(call, wire::DIAL_TALKED);
  wire::Connected connected;
  connected.set_call_id(call.id.text());
  connected.set_operator_id(call.active->operator_id.text());
  report_.event(event_of(std::move(connected)));
  lease(call);
}

// ---- leaving

void CallControl::release_leg(Call& call, OperatorLeg& leg) {
  by_attempt_.erase(leg.attempt_id);
  if (leg.by_phone) {
    if (leg.phone.line != LineId{}) {
      by_line_.erase(leg.phone.line);
      lines_.hang_up(leg.phone.line, "");
    }
    if (!leg.sound.empty()) sound_.remove_leg(leg.sound);
    return;
  }
  Seat* seat = seat_of(leg.operator_id);
  if (seat == nullptr || seat->call != call.serial) return;
  seat->call = 0;
  if (leg.answered) sound_.detach_seat(leg.sound);
  sound_.mute(leg.sound, OnOff::kOff);
}

void CallControl::drop_operator(Call& call, std::optional<OperatorLeg>& leg, const char* why) {
  if (!leg) return;
  wire::OperatorLeft left;
  left.set_call_id(call.id.text());
  left.set_operator_id(leg->operator_id.text());
  left.set_why(why);
  release_leg(call, *leg);
  leg.reset();
  report_.event(event_of(std::move(left)));
  lease(call);
}

void CallControl::operator_gone(Call& call, const char* why) {
  if (call.consulted) return complete_transfer(call);
  if (call.outbound) return end_call(call, wire::CUT_OFF, why);
  requeue(call, call.desk_id, why);
}

void CallControl::requeue(Call& call, const std::string& desk_id, const char* why) {
  if (call.ringing) ring_failed(call, wire::CANCELLED, true);
  drop_operator(call, call.consulted, why);
  drop_operator(call, call.active, why);
  set_hold(call, false);
  if (tables_.desk(desk_id) != nullptr) call.desk_id = desk_id;
  sound_.mark_recording(call.id, RecordingMark::kLegChange);
  begin_waiting(call);
}

void CallControl::set_hold(Call& call, bool on) {
  call.held_by_phone = false;  // until the phone says so: who holds again has it
  if (call.held == on) return;
  call.held = on;
  sound_.hold(call.caller.sound, on ? OnOff::kOn : OnOff::kOff);
  if (!on || !play(call, plan(call).hold_prompt(), OnOff::kOn)) sound_.stop(call.caller.sound);
  sound_.mark_recording(call.id, on ? RecordingMark::kHold : RecordingMark::kResumeFromHold);
  wire::HoldChanged changed;
  changed.set_call_id(call.id.text());
  changed.set_on(on);
  report_.event(event_of(std::move(changed)));
}

void CallControl::set_mute(Call& call, bool on) {
  sound_.mute(call.active->sound, on ? OnOff::kOn : OnOff::kOff);
  wire::MuteChanged changed;
  changed.set_call_id(call.id.text());
  changed.set_on(on);
  report_.event(event_of(std::move(changed)));
}

// ---- attended transfer

void CallControl::consult_answered(Call& call) {
  sound_.connect(call.id, call.active->sound, call.consulted->sound);
  lease(call);
}

void CallControl::complete_transfer(Call& call) {
  sound_.disconnect(call.id, call.active->sound, call.consulted->sound);
  sound_.disconnect(call.id, call.caller.sound, call.active->sound);
  drop_operator(call, call.active, "transferred");
  call.active = std::exchange(call.consulted, std::nullopt);
  set_hold(call, false);
  join(call);
}

void CallControl::cancel_consult(Call& call) {
  if (call.ringing) return ring_failed(call, wire::CANCELLED, true);
  if (!call.consulted) return;
  sound_.disconnect(call.id, call.active->sound, call.consulted->sound);
  drop_operator(call, call.consulted, "consultation over");
  set_hold(call, false);
}

}  // namespace madoguchi::exchange
