// From the INVITE to the answer: who is called, the spool, the first description.
#include <fmt/format.h>

#include "exchange/call_control.h"
#include "exchange/events.h"

namespace madoguchi::exchange {
namespace {

constexpr std::chrono::seconds kRetryAfter{30};

SoundCodec sound_codec(sip::AudioCodec codec) {
  return codec == sip::AudioCodec::kPcmu ? SoundCodec::kPcmu : SoundCodec::kPcma;
}

Direction sound_direction(sip::Direction direction) {
  switch (direction) {
    case sip::Direction::kSendRecv:
      return Direction::kSendRecv;
    case sip::Direction::kSendOnly:
      return Direction::kSendOnly;
    case sip::Direction::kRecvOnly:
      return Direction::kRecvOnly;
    case sip::Direction::kInactive:
      return Direction::kInactive;
  }
  return Direction::kSendRecv;
}

}  // namespace

void CallControl::incoming(const IncomingLine& incoming) {
  const std::string number = normal_number(incoming.called, tables_.country());
  if (stopping_ || report_.in_trouble() || !tables_.has_directory() || !tables_.has_desks())
    return lines_.refuse(incoming.line, 503, kRetryAfter);
  const std::string* organisation = tables_.organisation_of(number);
  const wire::DeskPlan* desk = tables_.desk_of(number);
  if (organisation == nullptr) {
    // A desk of the centre's that the vault has not been told of yet will be there in a moment.
    if (desk != nullptr) return lines_.refuse(incoming.line, 503, kRetryAfter);
    return lines_.refuse(incoming.line, 404, {});
  }
  if (desk == nullptr || desk->organisation_id() != *organisation)
    return lines_.refuse(incoming.line, 480, kRetryAfter);
  arrive(incoming, *desk, number, *organisation);
}

void CallControl::arrive(const IncomingLine& incoming, const wire::DeskPlan& desk,
                         const std::string& number, const std::string& organisation) {
  Call& call = make_call(CallId::fresh(now_.wall, entropy_));
  call.desk_id = desk.desk_id();
  call.organisation_id = organisation;
  call.number_called = number;
  call.desk_open = desk.open();
  call.withheld = incoming.caller.kind != sip::CallerIdentity::Kind::kNumber;
  call.line_rings = !call.withheld && can_ring(incoming.caller.number.reveal());
  call.caller.line = incoming.line;
  by_line_[incoming.line] = call.serial;
  if (!prepare_caller(call, incoming.sdp)) {  // refused there: it never arrived
    by_line_.erase(incoming.line);
    by_id_.erase(call.id.text());
    calls_.erase(call.serial);
    return;
  }
  wire::CallArrived arrived;
  arrived.set_call_id(call.id.text());
  arrived.set_number_called(number);
  arrived.set_desk_id(call.desk_id);
  arrived.set_organisation_id(organisation);
  arrived.set_withheld(call.withheld);
  arrived.set_trunk(incoming.trunk);
  arrived.set_open(call.desk_open);
  arrived.set_unringable(!call.withheld && !call.line_rings);
  report_.event(event_of(std::move(arrived)));
  if (!call.withheld) {
    call.sealed_number = tables_.seal(incoming.caller.number, now_.mono);
    wire::Tokenise ask;
    ask.set_call_id(call.id.text());
    ask.set_organisation_id(organisation);
    ask.set_sealed_number(call.sealed_number);
    report_.tokenise(ask);
  }
  report_.store(call.id);
}

sip::LocalAudio CallControl::local_audio(const LocalSound& ports) const {
  sip::LocalAudio local;
  local.address = settings_.public_address;
  local.port = ports.rtp_port;
  local.rtcp_port = ports.rtcp_port;
  return local;
}

bool CallControl::prepare_caller(Call& call, const std::string& sdp) {
  call.caller.sound = LegId(fmt::format("{}.{}", call.id.text(), ++call.legs_made));
  if (!sound_.create_call(call.id)) {
    lines_.refuse(call.caller.line, 503, kRetryAfter);
    return false;
  }
  const auto ports = sound_.add_sip_leg(call.id, call.caller.sound, Side::kCaller);
  if (!ports) {
    sound_.remove_call(call.id);
    lines_.refuse(call.caller.line, 503, kRetryAfter);
    return false;
  }
  call.caller.sdp.emplace(local_audio(*ports), next_sdp_session_++);
  if (sdp.empty()) {
    (void)call.caller.sdp->offer();  // sent in the 200; the answer comes with the ACK
    return true;
  }
  const auto answer = call.caller.sdp->answer(sdp);
  if (answer && take_remote(call.caller)) return true;
  sound_.remove_call(call.id);
  lines_.refuse(call.caller.line, answer ? 488 : sip::refusal_status(answer.error()), {});
  return false;
}

bool CallControl::take_remote(TelephoneLeg& leg) {
  const auto& agreed = leg.sdp->agreement();
  if (!agreed) return false;
  RemoteSound remote;
  remote.address = agreed->address;
  remote.port = agreed->port;
  if (agreed->rtcp_port != 0) remote.rtcp_port = agreed->rtcp_port;
  for (const sip::AudioFormat& format : agreed->received)
    remote.codecs.push_back({sound_codec(format.codec), format.payload});
  remote.digits_send = agreed->digits_send;
  remote.digits_receive = agreed->digits_receive;
  remote.direction = sound_direction(agreed->direction);
  remote.rtcp_mux = agreed->rtcp_mux ? OnOff::kOn : OnOff::kOff;
  return sound_.set_remote(leg.sound, remote).has_value();
}

std::optional<std::string> CallControl::offer_for(Call& call, TelephoneLeg& leg, LegId sound,
                                                  Side side) {
  const auto ports = sound_.add_sip_leg(call.id, sound, side);
  if (!ports) return std::nullopt;
  leg.sound = std::move(sound);
  leg.sdp.emplace(local_audio(*ports), next_sdp_session_++);
  auto offer = leg.sdp->offer();
  if (!offer) return std::nullopt;
  return *std::move(offer);
}

void CallControl::stored(const CallId& call_id, bool durable) {
  Call* call = find(call_id.text());
  if (call == nullptr || call->step != Step::kStoring) return;
  if (durable) return open_call(*call);
  end_call(*call, wire::CUT_OFF, "the call could not be stored");  // 503 with Retry-After
}

void CallControl::open_call(Call& call) {
  const wire::DeskPlan& desk = plan(call);
  if (!call.desk_open) {
    if (desk.closed_prompt().empty() && closed_offer(call).empty())
      return end_call(call, wire::CLOSED_HOURS);
    if (answer_caller(call)) begin_closed(call);
    return;
  }
  if (desk.answer_mode() == wire::WHEN_FREE) {
    lines_.ring_back(call.caller.line);
    call.step = Step::kHeldBack;
    wire::CallWaiting waiting;
    waiting.set_call_id(call.id.text());
    waiting.set_desk_id(call.desk_id);
    return report_.event(event_of(std::move(waiting)));
  }
  if (answer_caller(call)) begin_script(call);
}

bool CallControl::answer_caller(Call& call) {
  lines_.answer(call.caller.line, call.caller.sdp->last_sent());
  call.caller.up = true;
  wire::CallAnswered answered;
  answered.set_call_id(call.id.text());
  report_.event(event_of(std::move(answered)));
  start_recording(call);
  return true;
}

void CallControl::start_recording(Call& call) {
  if (!plan(call).recorded() || call.refused_recording || !call.recording_id.empty()) return;
  const OrganisationKeys* keys = tables_.keys_of(call.organisation_id);
  const auto trouble = [&](std::string text) {
    wire::Trouble trouble;
    trouble.set_kind("recording");
    trouble.set_text(std::move(text));
    report_.event(event_of(std::move(trouble)));
  };
  if (keys == nullptr || !keys->recording_key)
    return trouble(fmt::format("organisation {} has no recording key yet: calls go on unrecorded",
                               call.organisation_id));
  const RecordingSpec spec{OrganisationId(call.organisation_id), keys->recording_key_id,
                           *keys->recording_key};
  if (const auto started = sound_.start_recording(call.id, spec); !started)
    return trouble(started.error().message);
  call.recording_id = fmt::format("{}.{}", call.id.text(), ++call.recordings_made);
  recording_owners_[call.recording_id] = call.organisation_id;
  wire::RecordingStarted started;
  started.set_call_id(call.id.text());
  started.set_recording_id(call.recording_id);
  report_.event(event_of(std::move(started)));
}

void CallControl::pause_recording(Call& call, const wire::Command& command) {
  if (call.recording_id.empty()) return refuse_command(command, "this call is not being recorded");
  const bool on = command.pause_recording().on();
  sound_.pause_recording(call.id, on ? OnOff::kOn : OnOff::kOff);
  wire::RecordingPaused paused;
  paused.set_call_id(call.id.text());
  paused.set_on(on);
  report_.event(event_of(std::move(paused)));
}

}  // namespace madoguchi::exchange
