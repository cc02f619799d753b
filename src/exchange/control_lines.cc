// What lines and sound report, turned to the call or demo call they belong to.
#include <fmt/format.h>

#include <variant>

#include "base/bytes.h"
#include "exchange/call_control.h"
#include "exchange/events.h"

namespace madoguchi::exchange {
namespace {

// A telephone that never sent any sound (muted, one-way, a test) shows nothing by sending none.
constexpr std::chrono::seconds kPatienceWithTheMute{600};
// Between the two ways that one key comes by; nobody presses and means a key twice in the time
// before the first event of a call.
constexpr std::chrono::seconds kTwinsWithin{1};

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// The telephone wants no sound from us.
bool holds(const TelephoneLeg& leg) {
  const auto& agreed = leg.sdp->agreement();
  return agreed && agreed->held_by_peer;
}

wire::RingFailure ring_failure(sip::EndCause cause, int status) {
  if (cause == sip::EndCause::kTimedOut) return wire::NO_ANSWER;
  if (cause != sip::EndCause::kRefused) return wire::UNREACHABLE;
  if (status == 486 || status == 600 || status == 603) return wire::REFUSED;
  if (status == 408 || status == 480 || status == 487) return wire::NO_ANSWER;
  return wire::UNREACHABLE;
}

}  // namespace

TelephoneLeg* CallControl::leg_of(Call& call, LineId line) {
  if (call.caller.line == line) return &call.caller;
  for (auto* leg : {&call.active, &call.ringing, &call.consulted})
    if (*leg && (*leg)->by_phone && (*leg)->phone.line == line) return &(*leg)->phone;
  return nullptr;
}

void CallControl::line_progress(LineId line, int status, const std::string& sdp) {
  Call* call = find_line(line);
  if (call == nullptr) return;
  if (call->outbound && call->caller.line == line) return dial_progress(*call, status, sdp);
  // A network may give its answer before the 200, which then has none (RFC 3262, section 5).
  if (sdp.empty() || !call->ringing || call->ringing->phone.line != line) return;
  TelephoneLeg& phone = call->ringing->phone;
  if (phone.sdp->offer_pending() && phone.sdp->take_answer(sdp)) (void)take_remote(phone);
}

void CallControl::line_answered(LineId line, const std::string& sdp) {
  if (const auto demo = demos_.find(line); demo != demos_.end())
    return demo_answered(demo->second, sdp);
  Call* call = find_line(line);
  if (call == nullptr) return lines_.hang_up(line, "");
  if (call->caller.line == line) return dial_line_answered(*call, sdp);
  if (!call->ringing || call->ringing->phone.line != line) return;
  TelephoneLeg& phone = call->ringing->phone;
  phone.up = true;
  if ((phone.sdp->offer_pending() && !phone.sdp->take_answer(sdp)) || !take_remote(phone))
    return ring_failed(*call, wire::UNREACHABLE, true);
  if (!call->ringing->ticket_id.empty()) return own_phone_picked_up(*call);
  operator_answered(*call);
}

void CallControl::line_offer(LineId line, const std::string& sdp) {
  Call* call = find_line(line);
  TelephoneLeg* leg = call == nullptr ? nullptr : leg_of(*call, line);
  if (leg == nullptr || !leg->sdp) return lines_.refuse_offer(line, 488);
  const bool held_before = holds(*leg);
  const auto answer = leg->sdp->answer(sdp);
  if (!answer) return lines_.refuse_offer(line, sip::refusal_status(answer.error()));
  take_remote(*leg);
  lines_.answer_offer(line, *answer);
  if (holds(*leg) != held_before) phone_hold_changed(*call, *leg);
}

// A phone that holds puts the caller on hold, as the console's key does. Said again, as a refresh
// of the session does (RFC 4028, 7.4), it changes nothing; and a phone that does not hold any more
// takes back its own hold, never that of the console, whose operator may speak of the caller.
void CallControl::phone_hold_changed(Call& call, const TelephoneLeg& leg) {
  const bool of_operator = call.active && &leg == &call.active->phone;
  if (!of_operator || call.step != Step::kTalking || call.consulted || call.ringing) return;
  if (!holds(leg)) {
    if (call.held_by_phone) set_hold(call, false);
  } else if (!call.held) {
    set_hold(call, true);
    call.held_by_phone = true;
  }
}

void CallControl::line_offer_wanted(LineId line) {
  Call* call = find_line(line);
  TelephoneLeg* leg = call == nullptr ? nullptr : leg_of(*call, line);
  if (leg == nullptr || !leg->sdp) return lines_.refuse_offer(line, 488);
  const auto offer = leg->sdp->offer();
  if (!offer) return lines_.refuse_offer(line, 491);
  lines_.answer_offer(line, *offer);
}

void CallControl::line_answer(LineId line, const std::string& sdp) {
  Call* call = find_line(line);
  TelephoneLeg* leg = call == nullptr ? nullptr : leg_of(*call, line);
  if (leg == nullptr || !leg->sdp) return;
  const bool held_before = holds(*leg);
  if (leg->sdp->take_answer(sdp)) {
    take_remote(*leg);
    if (holds(*leg) != held_before) phone_hold_changed(*call, *leg);
  } else if (leg == &call->caller && !leg->sdp->agreement()) {
    end_call(*call, wire::CUT_OFF, "the caller's telephone offers no sound that we know");
  }
}

void CallControl::line_digit(LineId line, char pressed) {
  Call* call = find_line(line);
  TelephoneLeg* leg = call == nullptr ? nullptr : leg_of(*call, line);
  if (leg == nullptr) return;
  const auto& agreed = leg->sdp->agreement();
  if (leg->events_heard && agreed && agreed->digits_receive) return;  // it comes that way as well
  leg->last_info = {pressed, now_.mono};
  digit(*call, leg->sound, pressed);
}

void CallControl::event_digit(const DigitPressed& pressed) {
  Call* call = find(pressed.call.text());
  if (call == nullptr) return;
  TelephoneLeg* leg = pressed.leg == call->caller.sound ? &call->caller : nullptr;
  for (auto* other : {&call->active, &call->ringing, &call->consulted})
    if (*other && (*other)->by_phone && (*other)->sound == pressed.leg) leg = &(*other)->phone;
  if (leg != nullptr) {
    const bool twin = !leg->events_heard && leg->last_info.digit == pressed.digit &&
                      now_.mono - leg->last_info.at < kTwinsWithin;
    leg->events_heard = true;
    if (twin) return;
  }
  digit(*call, pressed.leg, pressed.digit);
}

void CallControl::line_refer(LineId line, std::string_view target_user) {
  Call* call = find_line(line);
  const bool of_operator = call != nullptr && call->active && call->active->by_phone &&
                           call->active->phone.line == line && call->step == Step::kTalking &&
                           call->active->ticket_id.empty();  // a trunk moves no call of ours
  // Inside our own walls only: a desk's number, never one outside.
  const wire::DeskPlan* desk = tables_.desk_of(normal_number(target_user, tables_.country()));
  if (!of_operator || desk == nullptr || call->outbound ||
      desk->organisation_id() != call->organisation_id)
    return lines_.reject_refer(line, 603);
  lines_.accept_refer(line, 200);
  requeue(*call, desk->desk_id(), "transferred");
}

void CallControl::line_ended(LineId line, sip::EndCause cause, int status) {
  if (const auto demo = demos_.find(line); demo != demos_.end()) {
    sound_.remove_call(demo->second.call);
    demos_.erase(demo);
    return;
  }
  Call* call = find_line(line);
  by_line_.erase(line);
  if (call == nullptr) return;
  if (call->caller.line != line) return phone_line_ended(*call, line, cause, status);
  call->caller.line = LineId{};
  if (call->outbound && call->step == Step::kDialLine) return dial_line_ended(*call, cause, status);
  caller_line_ended(*call, cause);
}

void CallControl::caller_line_ended(Call& call, sip::EndCause cause) {
  switch (cause) {
    case sip::EndCause::kByPeer:
      return end_call(call,
                      call.step == Step::kThanks ? wire::CALLBACK_CHOSEN : wire::CALLER_HUNG_UP);
    case sip::EndCause::kCancelled:
      return end_call(call, wire::CALLER_CANCELLED);
    case sip::EndCause::kByUs:
    case sip::EndCause::kRefused:
    case sip::EndCause::kTimedOut:
    case sip::EndCause::kNoAck:
    case sip::EndCause::kSessionExpired:
    case sip::EndCause::kGone:
    case sip::EndCause::kTransport:
    case sip::EndCause::kProtocol:
      return end_call(call, wire::CUT_OFF, "the caller's line failed");
  }
}

void CallControl::phone_line_ended(Call& call, LineId line, sip::EndCause cause, int status) {
  const auto is = [&](std::optional<OperatorLeg>& leg) {
    return leg && leg->by_phone && leg->phone.line == line;
  };
  if (is(call.ringing)) {
    if (call.outbound && !call.active)
      return dial_failed(call, wire::DIAL_OPERATOR_GONE, "the operator's phone did not answer");
    return ring_failed(call, ring_failure(cause, status), false);
  }
  if (is(call.consulted)) {
    call.consulted->phone.line = LineId{};
    drop_operator(call, call.consulted, "hung up");
    return set_hold(call, false);
  }
  if (!is(call.active)) return;
  call.active->phone.line = LineId{};
  if (cause != sip::EndCause::kByPeer) return operator_gone(call, "the operator's phone failed");
  if (call.consulted) return complete_transfer(call);
  if (call.outbound && call.step == Step::kConnecting)
    return end_call(call, wire::OPERATOR_HUNG_UP);
  // Who was promised a talk and has not had it, or is being handed on, is not hung up on.
  if (call.step != Step::kTalking || call.ringing) return operator_gone(call, "hung up");
  end_call(call, wire::OPERATOR_HUNG_UP);
}

// ---- a caller who sends nothing may be muted, or gone: the telephone is asked

void CallControl::caller_silent(const LegSilent& silent) {
  Call* call = find(silent.call.text());
  if (call == nullptr || silent.leg != call->caller.sound) return;
  if (settings_.dead_after.count() == 0) return;
  call->silent = true;
  const auto patience = silent.ever_heard == OnOff::kOn
                            ? settings_.dead_after
                            : std::max(settings_.dead_after, kPatienceWithTheMute);
  set_timer(*call, TimerKind::kDead,
            std::max(patience - silent.silent_for, std::chrono::seconds(0)));
}

void CallControl::caller_heard(const LegHeard& heard) {
  Call* call = find(heard.call.text());
  if (call == nullptr || heard.leg != call->caller.sound) return;
  call->silent = false;
  cancel_timer(*call, TimerKind::kDead);
}

void CallControl::ask_whether_there(Call& call) {
  set_timer(call, TimerKind::kDead, settings_.dead_after);  // and again, while the silence lasts
  lines_.probe(call.caller.line, settings_.dead_after);
}

void CallControl::line_lost(LineId line) {
  Call* call = find_line(line);
  if (call == nullptr || call->caller.line != line || !call->silent) return;
  end_call(*call, wire::CUT_OFF, "the caller's telephone is not there any more");
}

void CallControl::recording_closed(const RecordingClosed& closed) {
  const std::string recording_id = closed.file.substr(0, closed.file.rfind(".mdgrec"));
  if (Call* call = find(closed.call.text()); call != nullptr && call->recording_id == recording_id)
    call->recording_id.clear();
  const auto owner = recording_owners_.find(recording_id);
  const bool erased = closed.erased == OnOff::kOn;
  wire::RecordingClosed event;
  event.set_call_id(closed.call.text());
  event.set_recording_id(recording_id);
  if (!erased) event.set_digest_hex(to_hex(closed.digest));
  event.set_bytes(erased ? 0 : closed.bytes);
  event.set_cut_off(closed.cut == OnOff::kOn);
  if (!erased && owner != recording_owners_.end()) {
    wire::RecordingDigest digest;
    digest.set_recording_id(recording_id);
    digest.set_call_id(closed.call.text());
    digest.set_organisation_id(owner->second);
    digest.set_digest_hex(event.digest_hex());
    digest.set_bytes(closed.bytes);
    digest.set_cut_off(event.cut_off());
    report_.recording(digest);
  }
  if (owner != recording_owners_.end()) recording_owners_.erase(owner);
  report_.event(event_of(std::move(event)));
  interrupted_.erase(closed.call.text());
  if (closed.cut == OnOff::kOff) recording_well();
}

void CallControl::recording_interrupted(const RecordingInterrupted& change) {
  const Call* call = find(change.call.text());
  const bool on = change.on == OnOff::kOn;
  if (on)
    interrupted_.insert(change.call.text());
  else
    interrupted_.erase(change.call.text());
  if (call != nullptr && !call->recording_id.empty()) {
    wire::RecordingInterrupted event;
    event.set_call_id(change.call.text());
    event.set_recording_id(call->recording_id);
    event.set_on(on);
    report_.event(event_of(std::move(event)));
  }
  if (on) return recording_trouble(change.reason);
  recording_well();
}

void CallControl::recording_trouble(std::string text) {
  wire::Trouble trouble;
  trouble.set_kind("recording");
  trouble.set_text(std::move(text));
  recording_trouble_ = true;
  report_.event(event_of(std::move(trouble)));
}

void CallControl::recording_well() {
  if (!recording_trouble_ || !interrupted_.empty()) return;
  recording_trouble_ = false;
  wire::Trouble trouble;
  trouble.set_kind("recording");
  trouble.set_over(true);
  report_.event(event_of(std::move(trouble)));
}

void CallControl::media(const MediaEvent& event) {
  std::visit(Overloaded{
                 [&](const DigitPressed& pressed) { event_digit(pressed); },
                 [&](const PromptFinished& finished) {
                   Call* call = find(finished.call.text());
                   if (call == nullptr || call->playing != finished.play) return;
                   call->playing.reset();
                   step_done(*call);
                 },
                 [&](const LegSilent& silent) { caller_silent(silent); },
                 [&](const LegHeard& heard) { caller_heard(heard); },
                 [&](const SeatChanged& change) { seat_changed(change); },
                 [&](const RecordingClosed& closed) { recording_closed(closed); },
                 [&](const RecordingInterrupted& change) { recording_interrupted(change); },
                 [&](const RecordingFailed& failed) { recording_trouble(failed.reason); },
                 [](const LegStatistics&) {},
             },
             event);
}

}  // namespace madoguchi::exchange
