#include "centre/exchange_wire.h"

#include <utility>

namespace madoguchi::centre {
namespace {

// The enumerations below have the same members in the same order as the protocol's.
template <typename To, typename From>
To same(From value) {
  return static_cast<To>(static_cast<int>(value));
}

using What = decltype(ExchangeEvent::what);

What ring_failed(const wire::RingFailed& from) {
  return RingFailed{CallId(from.call_id()), AttemptId(from.attempt_id()),
                    OperatorId(from.operator_id()), same<RingFailure>(from.why())};
}

What call_ended(const wire::CallEnded& from) {
  return CallEnded{CallId(from.call_id()), same<CallEndCause>(from.cause()), from.detail(),
                   same<CallStage>(from.stage()), LineToken(from.line_token())};
}

What call_arrived(const wire::CallArrived& from) {
  return CallArrived{CallId(from.call_id()),
                     from.number_called(),
                     DeskId(from.desk_id()),
                     OrganisationId(from.organisation_id()),
                     from.withheld(),
                     from.trunk(),
                     from.open()};
}

What callback_asked(const wire::CallbackAsked& from) {
  auto basis = routing::PromiseBasis::kKey;
  if (from.basis() == wire::BASIS_ANNOUNCED) basis = routing::PromiseBasis::kAnnounced;
  if (from.basis() == wire::BASIS_OPERATOR) basis = routing::PromiseBasis::kOperator;
  return CallbackAsked{CallId(from.call_id()), from.other_line(), LineToken(from.line_token()),
                       WishId(from.wish_id()), basis};
}

What operator_left(const wire::OperatorLeft& from) {
  return OperatorLeft{CallId(from.call_id()), OperatorId(from.operator_id()), from.why()};
}

What recording_closed(const wire::RecordingClosed& from) {
  return RecordingClosed{CallId(from.call_id()), RecordingId(from.recording_id()),
                         from.digest_hex(), from.bytes(), from.cut_off()};
}

What what_of(const wire::Event& event) {
  using E = wire::Event;
  switch (event.what_case()) {
    case E::kCallArrived:
      return call_arrived(event.call_arrived());
    case E::kCallIdentified:
      return CallIdentified{CallId(event.call_identified().call_id()),
                            LineToken(event.call_identified().line_token())};
    case E::kCallAnswered:
      return CallAnswered{CallId(event.call_answered().call_id())};
    case E::kCallWaiting:
      return CallWaiting{CallId(event.call_waiting().call_id()),
                         DeskId(event.call_waiting().desk_id())};
    case E::kOperatorRinging:
      return OperatorRinging{CallId(event.operator_ringing().call_id()),
                             AttemptId(event.operator_ringing().attempt_id()),
                             OperatorId(event.operator_ringing().operator_id())};
    case E::kOperatorAnswered:
      return OperatorAnswered{CallId(event.operator_answered().call_id()),
                              AttemptId(event.operator_answered().attempt_id()),
                              OperatorId(event.operator_answered().operator_id())};
    case E::kRingFailed:
      return ring_failed(event.ring_failed());
    case E::kConnected:
      return Connected{CallId(event.connected().call_id()),
                       OperatorId(event.connected().operator_id())};
    case E::kOperatorLeft:
      return operator_left(event.operator_left());
    case E::kHoldChanged:
      return HoldChanged{CallId(event.hold_changed().call_id()), event.hold_changed().on()};
    case E::kMuteChanged:
      return MuteChanged{CallId(event.mute_changed().call_id()), event.mute_changed().on()};
    case E::kCallbackAsked:
      return callback_asked(event.callback_asked());
    case E::kRecordingRefused:
      return RecordingRefused{CallId(event.recording_refused().call_id())};
    case E::kCallEnded:
      return call_ended(event.call_ended());
    case E::kRecordingStarted:
      return RecordingStarted{CallId(event.recording_started().call_id()),
                              RecordingId(event.recording_started().recording_id())};
    case E::kRecordingPaused:
      return RecordingPaused{CallId(event.recording_paused().call_id()),
                             event.recording_paused().on()};
    case E::kRecordingInterrupted:
      return RecordingInterrupted{CallId(event.recording_interrupted().call_id()),
                                  event.recording_interrupted().on()};
    case E::kRecordingClosed:
      return recording_closed(event.recording_closed());
    case E::kSeatChanged:
      return SeatChanged{OperatorId(event.seat_changed().operator_id()),
                         event.seat_changed().connected()};
    case E::kPhoneChanged:
      return PhoneChanged{OperatorId(event.phone_changed().operator_id()),
                          event.phone_changed().registered()};
    case E::kDialProgress:
      return DialProgress{
          CallId(event.dial_progress().call_id()), TicketId(event.dial_progress().ticket_id()),
          same<DialOutcome>(event.dial_progress().outcome()), event.dial_progress().detail()};
    case E::kCommandRefused:
      return CommandRefused{CommandId(event.command_refused().command_id()),
                            CallId(event.command_refused().call_id()),
                            event.command_refused().why()};
    case E::kSeatOpened:
    case E::kTrouble:
    case E::WHAT_NOT_SET:
      return ToldToOthers{};
  }
  return ToldToOthers{};
}

void write_plan(const DeskPlan& from, wire::DeskPlan& to) {
  to.set_desk_id(from.desk.text());
  to.set_organisation_id(from.organisation.text());
  for (const std::string& number : from.numbers_called) to.add_numbers_called(number);
  to.set_answer_mode(same<wire::AnswerMode>(from.answer_mode));
  to.set_open(from.open);
  to.set_callback_policy(same<wire::CallbackPolicy>(from.callback_policy));
  to.set_greeting_prompt(from.greeting_prompt);
  to.set_notice_prompt(from.notice_prompt);
  to.set_waiting_prompt(from.waiting_prompt);
  to.set_hold_prompt(from.hold_prompt);
  to.set_closed_prompt(from.closed_prompt);
  to.set_callback_offer_prompt(from.callback_offer_prompt);
  to.set_callback_thanks_prompt(from.callback_thanks_prompt);
  to.set_callback_digits_prompt(from.callback_digits_prompt);
  to.set_callback_offer_every_us(from.callback_offer_every.count());
  to.set_unrecorded_prompt(from.unrecorded_prompt);
  to.set_callback_announcement_prompt(from.callback_announcement_prompt);
  to.set_own_phone_prompt(from.own_phone_prompt);
  to.set_recorded(from.recorded);
  to.set_shown_number(from.shown_number);
}

// One overload for each command of the call flow.
struct Writer {
  wire::Command& to;

  void operator()(const SetDesks& from) const {
    to.mutable_set_desks()->set_version(from.version);
    for (const DeskPlan& plan : from.desks) write_plan(plan, *to.mutable_set_desks()->add_desks());
  }
  void operator()(const RingOperator& from) const { ring(from, *to.mutable_ring_operator()); }
  void operator()(const Consult& from) const { ring(from, *to.mutable_consult()); }
  void operator()(const CancelRing& from) const {
    to.mutable_cancel_ring()->set_attempt_id(from.attempt.text());
  }
  void operator()(const AnswerSeat& from) const {
    to.mutable_answer_seat()->set_attempt_id(from.attempt.text());
  }
  void operator()(const HoldCaller& from) const { toggle(from, *to.mutable_hold_caller()); }
  void operator()(const MuteOperator& from) const { toggle(from, *to.mutable_mute_operator()); }
  void operator()(const PauseRecording& from) const { toggle(from, *to.mutable_pause_recording()); }
  void operator()(const Requeue& from) const {
    to.mutable_requeue()->set_call_id(from.call.text());
    to.mutable_requeue()->set_desk_id(from.desk.text());
  }
  void operator()(const CompleteTransfer& from) const {
    to.mutable_complete_transfer()->set_call_id(from.call.text());
  }
  void operator()(const CancelConsult& from) const {
    to.mutable_cancel_consult()->set_call_id(from.call.text());
  }
  void operator()(const PromiseCallback& from) const {
    to.mutable_promise_callback()->set_call_id(from.call.text());
  }
  void operator()(const AnnouncePlace& from) const {
    to.mutable_announce_place()->set_call_id(from.call.text());
    for (const std::string& prompt : from.prompts) to.mutable_announce_place()->add_prompts(prompt);
  }
  void operator()(const EndCall& from) const {
    to.mutable_end_call()->set_call_id(from.call.text());
    to.mutable_end_call()->set_reason(from.reason);
  }
  void operator()(const Dial& from) const {
    wire::Dial& dial = *to.mutable_dial();
    dial.set_call_id(from.call.text());
    dial.set_ticket_id(from.ticket.text());
    dial.set_operator_id(from.who.text());
    dial.set_by_phone(from.by_phone);
    dial.set_desk_id(from.desk.text());
    dial.set_timeout_us(from.timeout.count());
    dial.set_operator_ticket_id(from.operator_ticket.text());
  }
  void operator()(const DemoCall& from) const {
    to.mutable_demo_call()->set_number_called(from.number_called);
    to.mutable_demo_call()->set_prompt(from.prompt);
  }

 private:
  template <typename From, typename To>
  static void ring(const From& from, To& into) {
    into.set_call_id(from.call.text());
    into.set_attempt_id(from.attempt.text());
    into.set_operator_id(from.who.text());
    into.set_by_phone(from.by_phone);
    into.set_timeout_us(from.timeout.count());
    into.set_display(from.display);
    into.set_ticket_id(from.ticket.text());
  }
  template <typename From, typename To>
  static void toggle(const From& from, To& into) {
    into.set_call_id(from.call.text());
    into.set_on(from.on);
  }
};

}  // namespace

ExchangeEvent from_wire(const wire::Event& event) {
  return {event.sequence(), time_from_micros(event.time_us()), what_of(event)};
}

Snapshot from_wire(const wire::Snapshot& from, const std::string& epoch) {
  Snapshot to;
  to.epoch = epoch;
  to.sequence = from.sequence();
  for (const wire::LiveCall& call : from.calls()) {
    LiveCall live;
    live.call = CallId(call.call_id());
    live.desk = DeskId(call.desk_id());
    live.organisation = OrganisationId(call.organisation_id());
    live.number_called = call.number_called();
    live.line = LineToken(call.line_token());
    live.withheld = call.withheld();
    live.stage = same<CallStage>(call.stage());
    live.who = OperatorId(call.operator_id());
    live.attempt = AttemptId(call.attempt_id());
    live.arrived = time_from_micros(call.arrived_us());
    live.outbound = call.outbound();
    live.held = call.held();
    live.consulting = OperatorId(call.consulting_operator_id());
    live.ticket = TicketId(call.ticket_id());
    live.callback_asked = call.callback_asked();
    live.muted = call.muted();
    live.recording_interrupted = call.recording_interrupted();
    to.calls.push_back(std::move(live));
  }
  for (const wire::SeatState& seat : from.seats())
    if (seat.connected()) to.seats.emplace_back(seat.operator_id());
  for (const wire::PhoneState& phone : from.phones())
    if (phone.registered()) to.phones.emplace_back(phone.operator_id());
  return to;
}

wire::Command to_wire(const ExchangeCommand& command) {
  wire::Command to;
  to.set_command_id(command.id.text());
  std::visit(Writer{to}, command.what);
  return to;
}

}  // namespace madoguchi::centre
