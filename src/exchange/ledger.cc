#include "exchange/ledger.h"

#include <utility>

namespace madoguchi::exchange {
namespace {

template <typename M>
std::optional<M> parsed(const std::string& payload) {
  M message;
  if (!message.ParseFromString(payload)) return std::nullopt;
  return message;
}

}  // namespace

void Ledger::read(const Record& record) {
  const auto apply = [&](auto message, auto&& to) {
    if (message)
      to(*message);
    else
      ++unreadable_;
  };
  switch (record.kind) {
    case RecordKind::kEvent:
      return apply(parsed<wire::Event>(record.payload), [&](auto& m) { event(m); });
    case RecordKind::kTokenise:
      return apply(parsed<wire::Tokenise>(record.payload), [&](auto& m) { tokenise(m); });
    case RecordKind::kWish:
      return apply(parsed<wire::Wish>(record.payload), [&](auto& m) { wish(m); });
    case RecordKind::kRecording:
      return apply(parsed<wire::RecordingDigest>(record.payload), [&](auto& m) { recording(m); });
    case RecordKind::kRecordingJournalled:
      return recording_journalled(record.payload);
    case RecordKind::kLiveCall:
      return apply(parsed<wire::LiveCall>(record.payload), [&](auto& m) { live_call(m); });
    case RecordKind::kOpenRecording:
      return apply(parsed<wire::RecordingStarted>(record.payload),
                   [&](auto& m) { recording_started(m); });
    case RecordKind::kUndigestedRecording:
      return apply(parsed<wire::RecordingDigest>(record.payload),
                   [&](auto& m) { open_recordings_[m.recording_id()] = m; });
    case RecordKind::kSealedLine:
      return apply(parsed<wire::Tokenise>(record.payload),
                   [&](auto& m) { sealed_lines_[m.call_id()] = m; });
    case RecordKind::kCheckpoint:
      return;  // what follows repeats what is live; a torn one must not forget it
  }
  ++unreadable_;
}

void Ledger::live_call(const wire::LiveCall& call) {
  calls_[call.call_id()] = call;
}

void Ledger::tokenise(const wire::Tokenise& ask) {
  tokens_asked_[ask.call_id()] = ask;
  if (calls_.contains(ask.call_id())) sealed_lines_[ask.call_id()] = ask;
}

void Ledger::wish(const wire::Wish& ask) {
  wishes_asked_[ask.wish_id()] = ask;
}

void Ledger::recording(const wire::RecordingDigest& digest) {
  recordings_asked_[digest.recording_id()] = digest;
}

void Ledger::recording_journalled(std::string_view recording_id) {
  recordings_asked_.erase(std::string(recording_id));
}

const wire::LiveCall* Ledger::call(const std::string& call_id) const {
  const auto found = calls_.find(call_id);
  return found == calls_.end() ? nullptr : &found->second;
}

std::string Ledger::sealed_line(const std::string& call_id) const {
  const auto found = sealed_lines_.find(call_id);
  return found == sealed_lines_.end() ? std::string() : found->second.sealed_number();
}

wire::LiveCall* Ledger::find(const std::string& call_id) {
  const auto found = calls_.find(call_id);
  return found == calls_.end() ? nullptr : &found->second;
}

void Ledger::event(const wire::Event& event) {
  switch (event.what_case()) {
    case wire::Event::kCallArrived: {
      const auto& arrived = event.call_arrived();
      wire::LiveCall& call = calls_[arrived.call_id()];
      call.set_call_id(arrived.call_id());
      call.set_desk_id(arrived.desk_id());
      call.set_organisation_id(arrived.organisation_id());
      call.set_number_called(arrived.number_called());
      call.set_withheld(arrived.withheld());
      call.set_arrived_us(event.time_us());
      call.set_out_of_hours(!arrived.open());
      call.set_unringable(arrived.unringable());
      return;
    }
    case wire::Event::kCallIdentified:
      tokens_asked_.erase(event.call_identified().call_id());
      if (auto* call = find(event.call_identified().call_id()))
        call->set_line_token(event.call_identified().line_token());
      return;
    case wire::Event::kCallbackAsked:
      if (auto* call = find(event.callback_asked().call_id())) call->set_callback_asked(true);
      if (!event.callback_asked().line_token().empty())
        wishes_asked_.erase(event.callback_asked().wish_id());
      return;
    case wire::Event::kRecordingStarted:
      return recording_started(event.recording_started());
    case wire::Event::kRecordingClosed:
      open_recordings_.erase(event.recording_closed().recording_id());
      return;
    case wire::Event::kCallEnded:
      calls_.erase(event.call_ended().call_id());
      sealed_lines_.erase(event.call_ended().call_id());
      return;
    default:  // a generated enumeration; the rest moves a call between stages, or is no call's
      return stage_event(event);
  }
}

void Ledger::recording_started(const wire::RecordingStarted& started) {
  wire::RecordingDigest& open = open_recordings_[started.recording_id()];
  open.set_recording_id(started.recording_id());
  open.set_call_id(started.call_id());
  if (const auto* call = find(started.call_id())) open.set_organisation_id(call->organisation_id());
}

void Ledger::stage_event(const wire::Event& event) {
  const auto stage = [&](const std::string& call_id, wire::CallStage to) {
    wire::LiveCall* call = find(call_id);
    if (call != nullptr) call->set_stage(to);
    return call;
  };
  if (event.has_call_waiting()) {
    if (auto* call = stage(event.call_waiting().call_id(), wire::WAITING)) {
      call->set_desk_id(event.call_waiting().desk_id());
      call->clear_operator_id();
      call->clear_attempt_id();
      call->clear_consulting_operator_id();
      call->set_held(false);
      call->set_muted(false);
    }
  } else if (event.has_operator_ringing()) {
    const auto& ringing = event.operator_ringing();
    auto* call = find(ringing.call_id());
    if (call == nullptr) return;
    call->set_attempt_id(ringing.attempt_id());
    if (call->stage() == wire::TALKING) {
      call->set_consulting_operator_id(ringing.operator_id());
      call->set_stage(wire::CONSULTING);
    } else {
      call->set_operator_id(ringing.operator_id());
      if (!call->outbound()) call->set_stage(wire::RINGING);
    }
  } else if (event.has_ring_failed()) {
    auto* call = find(event.ring_failed().call_id());
    if (call == nullptr) return;
    call->clear_attempt_id();
    if (call->stage() == wire::CONSULTING) {
      call->clear_consulting_operator_id();
      call->set_stage(wire::TALKING);
    } else if (call->stage() == wire::RINGING) {
      call->clear_operator_id();
      call->set_stage(wire::WAITING);
    }
  } else if (event.has_connected()) {
    if (auto* call = stage(event.connected().call_id(), wire::TALKING)) {
      call->set_operator_id(event.connected().operator_id());
      call->clear_consulting_operator_id();
      call->clear_attempt_id();
      call->set_held(false);
      call->set_muted(false);
    }
  } else if (event.has_operator_left()) {
    auto* call = find(event.operator_left().call_id());
    if (call == nullptr) return;
    if (call->consulting_operator_id() == event.operator_left().operator_id()) {
      call->clear_consulting_operator_id();
      if (call->stage() == wire::CONSULTING) call->set_stage(wire::TALKING);
    } else if (call->operator_id() == event.operator_left().operator_id()) {
      call->clear_operator_id();
    }
  } else if (event.has_hold_changed()) {
    if (auto* call = find(event.hold_changed().call_id()))
      call->set_held(event.hold_changed().on());
  } else if (event.has_mute_changed()) {
    if (auto* call = find(event.mute_changed().call_id()))
      call->set_muted(event.mute_changed().on());
  } else if (event.has_recording_interrupted()) {
    if (auto* call = find(event.recording_interrupted().call_id()))
      call->set_recording_interrupted(event.recording_interrupted().on());
  }
}

void Ledger::checkpoint(const std::function<void(RecordKind, const std::string&)>& append) const {
  for (const auto& [id, call] : calls_) append(RecordKind::kLiveCall, call.SerializeAsString());
  for (const auto& [id, open] : open_recordings_)
    append(RecordKind::kUndigestedRecording, open.SerializeAsString());
  for (const auto& [id, line] : sealed_lines_)
    if (!tokens_asked_.contains(id)) append(RecordKind::kSealedLine, line.SerializeAsString());
  for (const auto& [id, ask] : tokens_asked_)
    append(RecordKind::kTokenise, ask.SerializeAsString());
  for (const auto& [id, ask] : wishes_asked_) append(RecordKind::kWish, ask.SerializeAsString());
  for (const auto& [id, ask] : recordings_asked_)
    append(RecordKind::kRecording, ask.SerializeAsString());
}

}  // namespace madoguchi::exchange
