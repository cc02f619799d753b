// The way of a packet through MediaEngine: who sent it, what it is, who hears it, what is kept of
// it.
#include <algorithm>
#include <bit>
#include <cstring>

#include "exchange/media/media_engine.h"
#include "exchange/media/media_keys.h"

namespace madoguchi::exchange {

void MediaEngine::foresee(std::uint64_t key) const {
  const std::size_t index = leg_of(key);
  if (index < legs_.size() && legs_[index] != nullptr) legs_[index]->bring_near_to_receive();
}

void MediaEngine::foresee_nearer(std::uint64_t key) const {
  const std::size_t index = leg_of(key);
  if (index >= legs_.size() || legs_[index] == nullptr || legs_[index]->call == nullptr) return;
  const MediaCall* call = legs_[index]->call;
  bring_near(call, call + 1);
}

void MediaEngine::bring_others_near(const MediaLeg& leg) {
  if (leg.call == nullptr) return;
  const CallRecording* recording = leg.call->recording.get();
  if (recording != nullptr) bring_near(recording, recording + 1);
  for (unsigned listeners = leg.call->relays_to[leg.slot]; listeners != 0;
       listeners &= listeners - 1)
    leg.call->legs[static_cast<std::size_t>(std::countr_zero(listeners))]->bring_near_to_send();
}

void MediaEngine::serve(std::uint64_t key, MonoTime now) {
  now_ = now;
  if (key == kBrowserKey) return serve_browsers();
  const std::size_t index = leg_of(key);
  if (index >= legs_.size() || legs_[index] == nullptr) return;
  MediaLeg& leg = *legs_[index];
  bring_others_near(leg);
  rtp::Address from;
  UdpSocket& socket = is_rtcp(key)     ? leg.rtcp_socket
                      : is_direct(key) ? leg.direct_socket
                                       : leg.rtp_socket;
  const auto size = socket.receive(inbox_, from);
  if (!size) return;
  ++counters_.packets_received;
  const rtp::MutableBytes datagram = rtp::MutableBytes(inbox_).first(*size);
  if (!is_rtcp(key)) return on_datagram(leg, datagram, from);
  if (!leg.latch || !from.same_ip(leg.latch->target())) {
    ++counters_.foreign_sender;
    ++leg.refused;
    return;
  }
  // As with sound, reports go to where they come from.
  leg.rtcp_address = from;
  on_rtcp(leg, datagram);
}

void MediaEngine::on_datagram(MediaLeg& leg, rtp::MutableBytes datagram, const rtp::Address& from) {
  switch (rtp::classify(datagram)) {
    case rtp::PacketKind::kRtp:
      return on_rtp(leg, datagram, &from);
    case rtp::PacketKind::kRtcp:
      if (leg.rtcp_mux == OnOff::kOn && leg.latch && from.same_ip(leg.latch->target()))
        return on_rtcp(leg, datagram);
      break;
    case rtp::PacketKind::kStun:
    case rtp::PacketKind::kDtls:
    case rtp::PacketKind::kUnknown:
      break;
  }
  ++counters_.malformed;
  ++leg.refused;
}

void MediaEngine::on_rtp(MediaLeg& leg, ByteView packet, const rtp::Address* from) {
  const auto view = rtp::RtpView::parse(packet);
  if (!view) {
    ++counters_.malformed;
    ++leg.refused;
    return;
  }
  const std::uint8_t payload_type = view->header.payload_type;
  const auto codec = leg.codec_of(payload_type);
  const bool digits = leg.digits_receive == payload_type;
  if (!codec && !digits) {
    ++counters_.unknown_payload;
    // Comfort noise (RFC 3389) is a sign of life and nothing else.
    if (payload_type == 13 && leg.agreed)
      leg.last_heard = now_;
    else
      ++leg.refused;
    return;
  }
  if (from != nullptr && (!leg.latch || !leg.latch->accept(*from, view->header.ssrc, now_))) {
    ++counters_.foreign_sender;
    ++leg.refused;
    return;
  }
  const rtp::Arrival arrival = leg.received.receive(*view, now_);
  if (arrival == rtp::Arrival::kDuplicate || arrival == rtp::Arrival::kSuspect) return;
  leg.last_heard = now_;
  if (digits) return on_digit_packet(leg, *view);
  on_sound(leg, *view, *codec);
}

void MediaEngine::on_sound(MediaLeg& leg, const rtp::RtpView& packet, SoundCodec codec) {
  leg.measure_level(codec, packet.payload);
  MediaCall* call = leg.call;
  if (call == nullptr) return;
  const auto own = static_cast<MediaCall::Slots>(1U << leg.slot);
  const bool kept = call->recording != nullptr && (call->in_recording & own) != 0;
  if (kept) call->recording->foresee();
  for (unsigned listeners = call->relays_to[leg.slot]; listeners != 0; listeners &= listeners - 1)
    relay(*call->legs[static_cast<std::size_t>(std::countr_zero(listeners))], packet, codec);
  if (kept)
    record(leg, leg.side == Side::kCaller ? recording::Channel::kCaller : recording::Channel::kOurs,
           leg.slot, packet.header, codec, packet.payload);
  if ((call->needed & own) != 0)
    leg.jitter->insert(packet.header, packet.payload, law_of(codec), now_);
}

void MediaEngine::record(MediaLeg& leg, recording::Channel channel, std::uint8_t source,
                         const rtp::RtpHeader& header, SoundCodec codec, ByteView payload) {
  recording::Frame frame;
  frame.codec = codec == SoundCodec::kPcma ? recording::Codec::kPcma : recording::Codec::kPcmu;
  frame.channel = channel;
  frame.source = source;
  frame.ssrc = header.ssrc;
  frame.timestamp = header.timestamp;
  frame.sequence = header.sequence;
  frame.payload = payload;
  leg.call->recording->sound(frame, now_);
}

void MediaEngine::relay(MediaLeg& listener, const rtp::RtpView& packet, SoundCodec codec) {
  if (!listener.may_send()) return;
  const auto header =
      listener.sent.relay(packet.header, listener.send_payload, packet.payload.size(), now_);
  if (header)
    send_sound(listener, *header, packet.payload, law_of(codec), law_of(listener.send_codec));
}

void MediaEngine::send_sound(MediaLeg& leg, const rtp::RtpHeader& header, ByteView payload,
                             rtp::Law from, rtp::Law to) {
  std::array<std::uint8_t, BrowserSocket::kRoom> own_room;
  const rtp::MutableBytes room = leg.is_seat ? parts_.browsers.room() : rtp::MutableBytes(own_room);
  const std::size_t size = rtp::kRtpHeaderSize + payload.size();
  if (size > rtp::kMaxDatagram) return;
  rtp::write_rtp_header(room, header);
  std::memcpy(room.data() + rtp::kRtpHeaderSize, payload.data(), payload.size());
  if (from != to) rtp::convert(from, to, room.subspan(rtp::kRtpHeaderSize, payload.size()));
  leg.last_sent = now_;
  if (leg.is_seat) {
    const auto sealed = parts_.browsers.port().protect_rtp(leg.peer, room, size);
    if (!sealed) return;
    parts_.browsers.send(sealed->size, sealed->to);
  } else if (!leg.latch || leg.latch->target().is_unspecified() || leg.latch->target().port == 0) {
    return;
  } else if (!leg.send_to_telephone(room.first(size), leg.latch->target())) {
    ++counters_.send_failed;
    return;
  }
  ++counters_.packets_sent;
}

void MediaEngine::on_digit_packet(MediaLeg& leg, const rtp::RtpView& packet) {
  tell_digits(leg, leg.dtmf.receive(packet, now_));
  MediaCall* call = leg.call;
  // Our side's digits steer the menus of whom we called. A caller's are for the exchange alone:
  // they may be a telephone or card number.
  if (call == nullptr || leg.side == Side::kCaller) return;
  for (unsigned listeners = call->relays_to[leg.slot]; listeners != 0; listeners &= listeners - 1) {
    MediaLeg& listener = *call->legs[static_cast<std::size_t>(std::countr_zero(listeners))];
    if (listener.side != Side::kCaller || !listener.digits_send || !listener.may_send()) continue;
    const auto header =
        listener.sent.relay(packet.header, *listener.digits_send, packet.payload.size(), now_);
    if (header) send_sound(listener, *header, packet.payload, rtp::Law::kMu, rtp::Law::kMu);
  }
}

void MediaEngine::tell_digits(MediaLeg& leg, const rtp::DtmfEvents& events) {
  for (std::size_t n = 0; n < events.count; ++n)
    if (events.items[n].kind == rtp::DtmfEvent::Kind::kPressed)
      parts_.events.push(DigitPressed{leg.call == nullptr ? CallId() : leg.call->id, leg.id,
                                      events.items[n].digit});
}

void MediaEngine::on_rtcp(MediaLeg& leg, ByteView packet) {
  if (!leg.reporter.receive(packet, leg.sent, leg.received, now_)) {
    ++counters_.malformed;
    ++leg.refused;
    return;
  }
  leg.last_heard = now_;  // who mutes or pauses still reports
}

void MediaEngine::send_rtcp(MediaLeg& leg, ByteView packet) {
  if (packet.empty()) return;
  if (leg.is_seat) {
    const rtp::MutableBytes room = parts_.browsers.room();
    std::copy(packet.begin(), packet.end(), room.begin());
    const auto sealed = parts_.browsers.port().protect_rtcp(leg.peer, room, packet.size());
    if (sealed) parts_.browsers.send(sealed->size, sealed->to);
    return;
  }
  if (!leg.latch || leg.latch->target().is_unspecified() || leg.latch->target().port == 0) return;
  if (leg.rtcp_mux == OnOff::kOn) {
    static_cast<void>(leg.send_to_telephone(packet, leg.latch->target()));
  } else {
    static_cast<void>(leg.rtcp_socket.send(packet, leg.rtcp_address));
  }
}

void MediaEngine::serve_browsers() {
  BrowserSocket& browsers = parts_.browsers;
  bool handshakes = false;
  const std::size_t count = browsers.read();
  counters_.packets_received += count;
  for (std::size_t n = 0; n < count; ++n) {
    const auto got = browsers.port().receive(browsers.datagram(n), browsers.from(n), now_);
    if (!got.answer.empty()) browsers.send(got.answer, browsers.from(n));
    handshakes |= got.kind == rtp::PacketKind::kStun || got.kind == rtp::PacketKind::kDtls;
    const bool media = got.kind == rtp::PacketKind::kRtp || got.kind == rtp::PacketKind::kRtcp;
    if (!media || got.packet.empty()) continue;
    const auto found = by_peer_.find(got.peer.value);
    if (found == by_peer_.end()) continue;
    if (got.kind == rtp::PacketKind::kRtp) on_rtp(*found->second, got.packet, nullptr);
    if (got.kind == rtp::PacketKind::kRtcp) on_rtcp(*found->second, got.packet);
  }
  if (handshakes) take_seat_events();
}

void MediaEngine::take_seat_events() {
  rtp::BrowserPort& port = parts_.browsers.port();
  while (auto out = port.poll_transmit()) parts_.browsers.send(out->datagram, out->to);
  while (auto event = port.poll_event()) {
    const auto found = by_peer_.find(event->peer.value);
    if (found == by_peer_.end()) continue;
    MediaLeg& leg = *found->second;
    SeatChanged changed{leg.id, SeatChange::kConnected, {}, {}};
    switch (event->event.kind) {
      case rtp::PeerEvent::Kind::kConnected:
        leg.connected = true;
        leg.last_heard = now_;
        if (event->event.proved) changed.fingerprint = "sha-256 " + event->event.proved->text();
        break;
      case rtp::PeerEvent::Kind::kPathChanged:
        if (!leg.connected) continue;  // a first path is not news before the keys are there
        changed.change = SeatChange::kPathChanged;
        break;
      case rtp::PeerEvent::Kind::kClosed:
        changed.change = leg.connected ? SeatChange::kLost : SeatChange::kFailed;
        changed.reason = event->event.reason;
        leg.connected = false;
        leg.peer = {};
        by_peer_.erase(found);
        break;
    }
    parts_.events.push(std::move(changed));
  }
}

}  // namespace madoguchi::exchange
