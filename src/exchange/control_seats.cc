// Browser seats: one standing audio leg for each operator at a console.
#include <fmt/format.h>

#include <algorithm>

#include "exchange/call_control.h"
#include "exchange/events.h"

namespace madoguchi::exchange {
namespace {

SoundCodec codec_of(std::uint8_t payload) {
  return payload == 0 ? SoundCodec::kPcmu : SoundCodec::kPcma;
}

Result<BrowserOffer> browser_offer(const std::string& sdp) {
  const auto description = sip::parse_sdp(sdp);
  if (!description) return tl::unexpected(description.error());
  const sip::SdpMedia* audio = description->audio();
  if (audio == nullptr || !audio->dtls.offered() || !audio->ice.offered())
    return fail(ErrorCode::kInvalid, "the offer has no audio with ICE and DTLS");
  BrowserOffer offer;
  offer.ice_ufrag = audio->ice.ufrag;
  offer.ice_pwd = audio->ice.password;
  offer.fingerprint = fmt::format("{} {}", audio->dtls.hash, audio->dtls.fingerprint);
  for (const sip::SdpFormat& format : audio->formats) {
    if (format.rate == 8000 && (format.payload == 0 || format.payload == 8))
      offer.codecs.push_back({codec_of(format.payload), format.payload});
    if (format.encoding == "telephone-event" && format.rate == 8000) offer.digits = format.payload;
  }
  if (offer.codecs.empty()) return fail(ErrorCode::kInvalid, "the offer has neither PCMU nor PCMA");
  return offer;
}

sip::LocalAudio browser_audio(const BrowserAnswer& answer) {
  sip::LocalAudio local;
  local.rtcp_mux = true;
  local.ice.ufrag = answer.ice_ufrag;
  local.ice.password = answer.ice_pwd;
  local.ice.lite = true;
  local.ice.end_of_candidates = true;
  std::uint32_t preference = 65535;
  for (const BrowserCandidate& at : answer.candidates) {
    sip::IceCandidate candidate;
    candidate.foundation = std::to_string(local.ice.candidates.size() + 1);
    candidate.priority = (126U << 24) | (preference-- << 8) | 255U;  // RFC 8445, 5.1.2.1: host
    candidate.address = at.address;
    candidate.port = at.port;
    local.ice.candidates.push_back(std::move(candidate));
  }
  if (!answer.candidates.empty()) {
    local.address = answer.candidates.front().address;
    local.port = answer.candidates.front().port;
  }
  const std::size_t space = answer.fingerprint.find(' ');
  local.dtls.hash = answer.fingerprint.substr(0, space);
  local.dtls.fingerprint = space == std::string::npos ? "" : answer.fingerprint.substr(space + 1);
  local.dtls.setup = sip::DtlsSetup::kPassive;
  local.codecs = answer.codec == SoundCodec::kPcmu
                     ? std::vector{sip::AudioCodec::kPcmu, sip::AudioCodec::kPcma}
                     : std::vector{sip::AudioCodec::kPcma, sip::AudioCodec::kPcmu};
  local.order = sip::CodecOrder::kOurs;
  return local;
}

}  // namespace

CallControl::Seat* CallControl::seat_of(const OperatorId& operator_id) {
  const auto found = seats_.find(operator_id.text());
  return found == seats_.end() ? nullptr : &found->second;
}

std::vector<wire::SeatState> CallControl::seats() const {
  std::vector<wire::SeatState> states;
  for (const auto& [operator_id, seat] : seats_) {
    wire::SeatState& state = states.emplace_back();
    state.set_operator_id(operator_id);
    state.set_connected(seat.connected);
  }
  return states;
}

void CallControl::open_seat(const wire::OpenSeat& open) {
  wire::SeatOpened opened;
  opened.set_operator_id(open.operator_id());
  opened.set_leg_id(open.leg_id());
  const auto operator_id = OperatorId::parse(open.operator_id());
  if (!operator_id || operator_id->text().size() > 40) {
    opened.set_error("operator_id is no id");
    return report_.event(event_of(std::move(opened)));
  }
  const bool is_new = !seats_.contains(operator_id->text());
  Seat& seat = seats_[operator_id->text()];
  if (is_new) {
    seat.operator_id = *operator_id;
    seat.sound = LegId("seat." + operator_id->text());
  }
  seat.leg_id = open.leg_id();
  const auto answer = seat_answer(seat, open.sdp_offer());
  if (answer) {
    opened.set_sdp_answer(*answer);
  } else {
    opened.set_error(answer.error().message);
    if (is_new) seats_.erase(operator_id->text());
  }
  report_.event(event_of(std::move(opened)));
}

Result<std::string> CallControl::seat_answer(Seat& seat, const std::string& sdp_offer) {
  const auto offer = browser_offer(sdp_offer);
  if (!offer) return tl::unexpected(offer.error());
  auto answer = seat.sdp ? sound_.renew_browser_seat(seat.sound, *offer)
                         : sound_.add_browser_seat(seat.sound, *offer);
  if (!answer) return tl::unexpected(answer.error());
  if (offer->fingerprint != seat.offered) seat.proved.clear();  // until the new handshake
  seat.offered = offer->fingerprint;
  // A reloaded page is a new peer connection with a session of its own.
  seat.sdp.emplace(browser_audio(*answer), next_sdp_session_++);
  return seat.sdp->answer(sdp_offer);
}

void CallControl::close_seat(const std::string& operator_id) {
  const auto found = seats_.find(operator_id);
  if (found == seats_.end()) return;
  Seat& seat = found->second;
  Call* call = find_serial(seat.call);
  const LegId sound = seat.sound;
  if (call != nullptr) {
    const auto is = [&](const std::optional<OperatorLeg>& leg) {
      return leg && !leg->by_phone && leg->operator_id.text() == operator_id;
    };
    if (is(call->ringing))
      ring_failed(*call, wire::UNREACHABLE, true);
    else if (is(call->consulted))
      cancel_consult(*call);
    else if (is(call->active))
      operator_gone(*call, "the seat was closed");
  }
  sound_.remove_leg(sound);
  seats_.erase(operator_id);
}

void CallControl::seat_changed(const SeatChanged& change) {
  const std::string_view leg = change.leg.text();
  if (!leg.starts_with("seat.")) return;
  Seat* seat = seat_of(OperatorId(std::string(leg.substr(5))));
  if (seat == nullptr) return;
  const bool connected =
      change.change == SeatChange::kConnected || change.change == SeatChange::kPathChanged;
  wire::SeatChanged changed;
  changed.set_operator_id(seat->operator_id.text());
  changed.set_connected(connected);
  changed.set_detail(change.reason);
  seat->connected = connected;
  if (change.change == SeatChange::kConnected) seat->proved = change.fingerprint;
  report_.event(event_of(std::move(changed)));
  Call* call = find_serial(seat->call);
  if (call == nullptr) return;
  if (connected) return lease(*call);  // another certificate, perhaps: the page was loaded again
  const auto is = [&](const std::optional<OperatorLeg>& leg_of_call) {
    return leg_of_call && leg_of_call->sound == change.leg;
  };
  if (is(call->ringing)) return ring_failed(*call, wire::UNREACHABLE, true);
  if (is(call->consulted)) return cancel_consult(*call);
  // The media plane waited 30 s for the browser to come back: the caller is not left in silence.
  if (is(call->active)) operator_gone(*call, "the operator's browser is gone");
}

}  // namespace madoguchi::exchange
