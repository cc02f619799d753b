#include "rtp/dtmf.h"

#include <algorithm>
#include <string_view>

namespace madoguchi::rtp {
namespace {

constexpr std::string_view kDigits = "0123456789*#ABCD";
constexpr std::uint8_t kEndBit = 0x80;
constexpr std::uint8_t kVolume = 10;  // -10 dBm0
constexpr std::uint32_t kLongestSegment = 0xffff;
constexpr std::int32_t kStragglerSeconds = 10;

}  // namespace

std::optional<char> dtmf_digit(std::uint8_t event) {
  if (event >= kDigits.size()) return std::nullopt;
  return kDigits[event];
}

std::optional<std::uint8_t> dtmf_event(char digit) {
  const std::size_t at = kDigits.find(digit);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(at);
}

Micros DtmfReceiver::to_time(std::uint32_t ticks) const {
  return Micros(std::int64_t{ticks} * 1'000'000 / clock_rate_);
}

void DtmfReceiver::release(DtmfEvents& events) {
  down_ = false;
  events.add({DtmfEvent::Kind::kReleased, kDigits[event_], to_time(earlier_ticks_ + duration_)});
}

DtmfEvents DtmfReceiver::receive(const RtpView& packet, MonoTime now) {
  DtmfEvents events;
  if (packet.payload.size() < kDtmfPayloadSize || packet.payload[0] >= kDigits.size()) {
    ++ignored_;
    return events;
  }
  const std::uint8_t event = packet.payload[0];
  const bool end = (packet.payload[1] & kEndBit) != 0;
  const std::uint16_t duration = read_u16(&packet.payload[2]);
  const std::uint32_t timestamp = packet.header.timestamp;

  if (heard_any_ && packet.header.ssrc == ssrc_) {
    const std::int32_t ahead = distance(timestamp_, timestamp);
    // The timestamp names the press: an earlier one is a straggler of an event that is over.
    if (ahead < 0 && ahead > -kStragglerSeconds * static_cast<std::int32_t>(clock_rate_))
      return events;
    const bool same_segment = ahead == 0;
    const bool next_segment = down_ && event == event_ && !packet.header.marker &&
                              ahead == static_cast<std::int32_t>(kLongestSegment);
    if (same_segment || next_segment) {
      if (!down_ || event != event_) return events;
      if (next_segment) earlier_ticks_ += kLongestSegment;
      timestamp_ = timestamp;
      duration_ = next_segment ? duration : std::max(duration_, duration);
      last_heard_ = now;
      if (end) release(events);
      return events;
    }
  }
  if (down_) release(events);  // its end was lost
  heard_any_ = true;
  down_ = true;
  ssrc_ = packet.header.ssrc;
  timestamp_ = timestamp;
  earlier_ticks_ = 0;
  duration_ = duration;
  event_ = event;
  last_heard_ = now;
  events.add({DtmfEvent::Kind::kPressed, kDigits[event], Micros(0)});
  if (end) release(events);  // its beginning was lost
  return events;
}

DtmfEvents DtmfReceiver::advance(MonoTime now) {
  DtmfEvents events;
  if (down_ && now - last_heard_ >= kSilence) release(events);
  return events;
}

std::optional<MonoTime> DtmfReceiver::next_deadline() const {
  if (!down_) return std::nullopt;
  return last_heard_ + kSilence;
}

bool DtmfSender::press(char digit, Micros duration) {
  const std::optional<std::uint8_t> event = dtmf_event(digit);
  if (!event || busy()) return false;
  using std::chrono::milliseconds;
  const Micros bent = std::clamp<Micros>(duration, milliseconds(40), milliseconds(6000));
  event_ = *event;
  sent_ = 0;
  wanted_ = static_cast<std::uint32_t>(bent.count() / 125);  // samples at 8 kHz
  state_ = State::kTone;
  return true;
}

std::optional<DtmfSender::Packet> DtmfSender::tick() {
  if (state_ == State::kIdle) return std::nullopt;
  if (state_ == State::kPause) {
    if (--left_ == 0) state_ = State::kIdle;
    return std::nullopt;
  }
  Packet packet;
  if (state_ == State::kTone) {
    packet.first = sent_ == 0;
    sent_ = std::min(sent_ + kTickSamples, wanted_);
    if (sent_ == wanted_) {
      state_ = State::kEnd;
      left_ = kEndPackets;
    }
  }
  packet.payload[0] = event_;
  packet.payload[1] = kVolume | (state_ == State::kEnd ? kEndBit : 0);
  write_u16(&packet.payload[2], static_cast<std::uint16_t>(sent_));
  if (state_ == State::kEnd && --left_ == 0) {
    state_ = State::kPause;
    left_ = kPauseTicks;
  }
  return packet;
}

}  // namespace madoguchi::rtp
