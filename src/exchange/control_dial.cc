// Calls out, by ticket only, and demo calls to ourselves.
#include <fmt/format.h>

#include "exchange/call_control.h"
#include "exchange/events.h"

namespace madoguchi::exchange {
namespace {

constexpr std::chrono::seconds kTicketTimeout{10};
constexpr std::size_t kMostDemoCalls = 64;

const char* word_of(wire::DialOutcome outcome) {
  switch (outcome) {
    case wire::DIAL_TALKED:
      return "talked";
    case wire::DIAL_BUSY:
      return "busy";
    case wire::DIAL_NO_ANSWER:
      return "no_answer";
    case wire::DIAL_REFUSED:
      return "refused";
    case wire::DIAL_UNREACHABLE:
      return "unreachable";
    case wire::DIAL_NOT_PERMITTED:
      return "not_permitted";
    case wire::DIAL_OPERATOR_GONE:
      return "operator_gone";
    default:  // generated: DIAL_RINGING is no outcome, the sentinels are none of ours
      return "";
  }
}

wire::DialOutcome outcome_of(sip::EndCause cause, int status) {
  if (cause == sip::EndCause::kTimedOut) return wire::DIAL_NO_ANSWER;
  if (cause != sip::EndCause::kRefused) return wire::DIAL_UNREACHABLE;
  switch (status) {
    case 486:
    case 600:
      return wire::DIAL_BUSY;
    case 408:
    case 480:
    case 487:
      return wire::DIAL_NO_ANSWER;
    case 403:
    case 603:
    case 607:
      return wire::DIAL_REFUSED;
    default:
      return wire::DIAL_UNREACHABLE;
  }
}

}  // namespace

void CallControl::dial(const wire::Command& command) {
  const wire::Dial& dial = command.dial();
  const wire::DeskPlan* desk = tables_.desk(dial.desk_id());
  if (!CallId::parse(dial.call_id())) return refuse_command(command, "call_id is no id");
  if (find(dial.call_id()) != nullptr) return refuse_command(command, "this call is up already");
  if (desk == nullptr) return refuse_command(command, "no such desk");
  Call& call = make_call(CallId(dial.call_id()));
  call.outbound = true;
  call.desk_id = dial.desk_id();
  call.organisation_id = desk->organisation_id();
  call.number_called = desk->shown_number();
  call.ticket_id = dial.ticket_id();
  call.dial_timeout =
      std::chrono::microseconds(dial.timeout_us() > 0 ? dial.timeout_us() : 45'000'000);
  call.step = Step::kDialOperator;
  wire::LiveCall live;
  live.set_call_id(call.id.text());
  live.set_desk_id(call.desk_id);
  live.set_organisation_id(call.organisation_id);
  live.set_number_called(call.number_called);
  live.set_stage(wire::DIALLING);
  live.set_operator_id(dial.operator_id());
  live.set_arrived_us(to_micros(now_.wall));
  live.set_outbound(true);
  live.set_ticket_id(call.ticket_id);
  report_.live_call(live);
  if (!sound_.create_call(call.id))
    return dial_failed(call, wire::DIAL_UNREACHABLE, "too many calls");
  OperatorLeg leg;
  leg.operator_id = OperatorId(dial.operator_id());
  leg.by_phone = dial.by_phone();
  leg.ticket_id = dial.operator_ticket_id();
  if (!leg.by_phone && leg.ticket_id.empty()) {
    const Seat* seat = seat_of(leg.operator_id);
    if (seat == nullptr || !seat->connected || seat->call != 0)
      return dial_failed(call, wire::DIAL_OPERATOR_GONE, "the operator's seat is not connected");
    leg.sound = seat->sound;
    call.ringing = std::move(leg);
    return operator_answered(call);
  }
  if (!ring_leg(call, leg, desk->shown_number()))
    return dial_failed(call, wire::DIAL_OPERATOR_GONE,
                       leg.ticket_id.empty() ? "the operator's phone is not registered"
                                             : "the vault is away: no phone can be rung");
  call.ringing = std::move(leg);
  set_timer(call, TimerKind::kDial, std::chrono::seconds(30));
}

void CallControl::dial_operator_ready(Call& call) {
  wire::RedeemTicket redeem;
  redeem.set_ticket_id(call.ticket_id);
  redeem.set_call_id(call.id.text());
  call.step = Step::kDialTicket;
  set_timer(call, TimerKind::kDial, kTicketTimeout);
  if (!vault_.redeem(redeem))
    dial_failed(call, wire::DIAL_NOT_PERMITTED, "the vault is away: no ticket can be redeemed");
}

void CallControl::granted(const wire::DialGranted& grant) {
  Call* call = find(grant.call_id());
  if (call != nullptr && call->ringing && !grant.ticket_id().empty() &&
      call->ringing->ticket_id == grant.ticket_id())
    return own_phone_granted(*call, grant);
  if (call == nullptr || call->step != Step::kDialTicket || call->ticket_id != grant.ticket_id())
    return;
  const Personal<std::string> number(normal_number(grant.number(), tables_.country()));
  if (grant.organisation_id() != call->organisation_id)
    return dial_failed(*call, wire::DIAL_NOT_PERMITTED, "the ticket is another organisation's");
  if (!settings_.out.permits(number.reveal(), tables_.country()))
    return dial_failed(*call, wire::DIAL_NOT_PERMITTED,
                       "not among this exchange's permitted destinations");
  const auto offer =
      offer_for(*call, call->caller,
                LegId(fmt::format("{}.{}", call->id.text(), ++call->legs_made)), Side::kCaller);
  const auto line =
      offer ? lines_.call_out(number, plan(*call).shown_number(), *offer) : std::nullopt;
  if (!line) return dial_failed(*call, wire::DIAL_UNREACHABLE, "no trunk to call out by");
  call->caller.line = *line;
  by_line_[*line] = call->serial;
  call->sealed_number = tables_.seal(number, now_.mono);  // for "ring me once more"
  call->line_rings = true;
  call->step = Step::kDialLine;
  set_timer(*call, TimerKind::kDial, call->dial_timeout);
}

void CallControl::denied(const wire::DialDenied& denial) {
  Call* call = find(denial.call_id());
  if (call != nullptr && call->ringing && !denial.ticket_id().empty() &&
      call->ringing->ticket_id == denial.ticket_id())
    return ring_failed(*call, wire::UNREACHABLE, true);
  if (call != nullptr && call->step == Step::kDialTicket && call->ticket_id == denial.ticket_id())
    dial_failed(*call, wire::DIAL_NOT_PERMITTED, denial.why());
}

void CallControl::dial_progress(Call& call, int status, const std::string& sdp) {
  if (call.step != Step::kDialLine) return;
  if (!call.dial_ringing && status >= 180) {
    call.dial_ringing = true;
    tell_dial(call, wire::DIAL_RINGING);
  }
  if (sdp.empty() || call.caller.sdp->agreement()) return;
  if (!call.caller.sdp->take_answer(sdp) || !take_remote(call.caller)) return;
  sound_.connect(call.id, call.caller.sound, call.active->sound);  // the line's own tones
}

void CallControl::dial_line_answered(Call& call, const std::string& sdp) {
  if (call.step != Step::kDialLine) return;
  cancel_timer(call, TimerKind::kDial);
  call.caller.up = true;
  if (call.caller.sdp->offer_pending() && !call.caller.sdp->take_answer(sdp))
    return dial_failed(call, wire::DIAL_UNREACHABLE, "no common sound");
  if (!take_remote(call.caller))
    return dial_failed(call, wire::DIAL_UNREACHABLE, "no common sound");
  wire::CallAnswered answered;
  answered.set_call_id(call.id.text());
  report_.event(event_of(std::move(answered)));
  start_recording(call);
  sound_.disconnect(call.id, call.caller.sound, call.active->sound);
  connect_caller(call);
}

void CallControl::tell_dial(Call& call, wire::DialOutcome outcome, std::string detail) {
  wire::DialProgress progress;
  progress.set_call_id(call.id.text());
  progress.set_ticket_id(call.ticket_id);
  progress.set_outcome(outcome);
  progress.set_detail(std::move(detail));
  report_.event(event_of(std::move(progress)));
  if (outcome != wire::DIAL_RINGING) tell_result(call, word_of(outcome));
}

void CallControl::tell_result(Call& call, const std::string& word) {
  if (std::exchange(call.dial_told, true)) return;
  wire::DialResult result;
  result.set_ticket_id(call.ticket_id);
  result.set_outcome(word);
  vault_.dial_result(result);
}

void CallControl::dial_failed(Call& call, wire::DialOutcome outcome, std::string detail) {
  tell_dial(call, outcome, std::move(detail));
  end_call(call, wire::NOT_CONNECTED);
}

void CallControl::dial_line_ended(Call& call, sip::EndCause cause, int status) {
  dial_failed(call, outcome_of(cause, status), status == 0 ? "" : fmt::format("SIP {}", status));
}

// ---- demo calls

void CallControl::demo_call(const wire::Command& command) {
  const wire::DemoCall& demo = command.demo_call();
  if (!settings_.allow_demo_calls)
    return refuse_command(command, "demo calls are off: allow_demo_calls in the settings");
  if (demos_.size() >= kMostDemoCalls) return refuse_command(command, "too many demo calls");
  DemoCall made;
  made.call = CallId("demo." + fresh_id_text(now_.wall, entropy_));
  made.prompt = demo.prompt();
  const LegId leg(made.call.text() + ".1");
  if (!sound_.create_call(made.call)) return refuse_command(command, "too many calls");
  const auto ports = sound_.add_sip_leg(made.call, leg, Side::kOurs);
  std::optional<LineId> line;
  if (ports) {
    made.leg.sound = leg;
    made.leg.sdp.emplace(local_audio(*ports), next_sdp_session_++);
    if (const auto offer = made.leg.sdp->offer())
      line = lines_.call_self(demo.number_called(), settings_.demo_caller, *offer);
  }
  if (!line) {
    sound_.remove_call(made.call);
    return refuse_command(command, "the demo call could not be made");
  }
  made.leg.line = *line;
  demos_.emplace(*line, std::move(made));
}

void CallControl::demo_answered(DemoCall& demo, const std::string& sdp) {
  if (!demo.leg.sdp->take_answer(sdp) || !take_remote(demo.leg))
    return lines_.hang_up(demo.leg.line, "");
  if (!demo.prompt.empty())
    (void)sound_.play(demo.leg.sound, {{PromptId(demo.prompt)}, OnOff::kOn});
}

}  // namespace madoguchi::exchange
