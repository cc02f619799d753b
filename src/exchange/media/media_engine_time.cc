// What MediaEngine does because time passes: prompts and mixes every 20 ms, reports, keep-alives,
// watching.
#include <algorithm>
#include <bit>
#include <utility>

#include "exchange/media/media_engine.h"
#include "exchange/media/media_keys.h"

namespace madoguchi::exchange {
namespace {

// After a stall this many ticks are made up for; older ones are left out (a caller hears a hole,
// not a burst).
constexpr int kTicksMadeUp = 5;
constexpr std::size_t kShares = 20;  // legs are watched in turn: all of them once a second

}  // namespace

MonoTime MediaEngine::next_deadline() const {
  const bool ticking =
      std::any_of(playing_.begin(), playing_.end(),
                  [](const auto& legs) { return !legs.empty(); }) ||
      std::any_of(mixing_.begin(), mixing_.end(), [](const auto& calls) { return !calls.empty(); });
  return ticking ? std::min(next_tick_, next_watch_) : next_watch_;
}

void MediaEngine::advance(MonoTime now, Time wall) {
  now_ = now;
  wall_ = wall;
  if (now - next_tick_ > kTick * kTicksMadeUp) {
    const auto missed = (now - next_tick_) / kPhase - kTicksMadeUp * kPhases;
    next_tick_ += kPhase * missed;
    phase_ = static_cast<int>((phase_ + missed) % kPhases);
  }
  for (; next_tick_ <= now; next_tick_ += kPhase) {
    tick(phase_);
    phase_ = (phase_ + 1) % kPhases;
  }
  if (next_watch_ <= now) {
    watch();
    next_watch_ = std::max(next_watch_ + kWatch, now);
  }
  counters_.send_failed += parts_.browsers.flush();
}

void MediaEngine::tick(int phase) {
  // A leg that finishes leaves the list, so the next one takes its place.
  auto& legs = playing_[static_cast<std::size_t>(phase)];
  for (std::size_t n = 0; n < legs.size();) {
    MediaLeg& leg = *legs[n];
    play_frame(leg);
    if (n < legs.size() && legs[n] == &leg) ++n;
  }
  for (MediaCall* call : mixing_[static_cast<std::size_t>(phase)]) mix(*call);
}

void MediaEngine::play_frame(MediaLeg& leg) {
  // Before the far end's address is known, or while it holds us, the prompt waits.
  if (!leg.may_send() || (leg.is_seat && !leg.connected)) return;
  std::array<std::uint8_t, rtp::kFrameSamples> frame;
  if (leg.player.next(leg.send_codec, frame)) return produce(leg, frame);
  const PromptFinished finished{leg.call == nullptr ? CallId() : leg.call->id, leg.id,
                                leg.player.play()};
  stop_playing(leg);
  if (leg.call != nullptr) replan(*leg.call);
  parts_.events.push(finished);
}

void MediaEngine::produce(MediaLeg& leg, ByteView frame) {
  const rtp::RtpHeader header = leg.sent.produce(
      leg.send_payload, static_cast<std::uint32_t>(frame.size()), frame.size(), now_);
  const rtp::Law law = law_of(leg.send_codec);
  send_sound(leg, header, frame, law, law);
  const bool kept = leg.call != nullptr && leg.call->recording != nullptr &&
                    leg.side == Side::kCaller && leg.player.playing();
  if (kept) record(leg, recording::Channel::kOurs, 255, header, leg.send_codec, frame);
}

void MediaEngine::mix(MediaCall& call) {
  rtp::Mixer& mixer = *call.mixer;
  mixer.begin();
  rtp::Frame frame;
  for (unsigned speakers = call.needed; speakers != 0; speakers &= speakers - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(speakers));
    if (call.legs[slot]->jitter->pull(frame) != rtp::JitterBuffer::Pulled::kSilence)
      mixer.put(static_cast<rtp::Mixer::Slot>(slot), frame);
  }
  std::array<std::uint8_t, rtp::kFrameSamples> encoded;
  for (unsigned listeners = call.mixed; listeners != 0; listeners &= listeners - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(listeners));
    MediaLeg& leg = *call.legs[slot];
    if (!leg.may_send()) continue;
    static_cast<void>(
        mixer.take(static_cast<rtp::Mixer::Slot>(slot), law_of(leg.send_codec), encoded));
    produce(leg, encoded);
  }
}

void MediaEngine::watch() {
  for (const auto& [id, call] : calls_)
    if (call->recording != nullptr) call->recording->flush_if_due(now_);
  for (std::size_t n = watched_; n < legs_.size(); n += kShares)
    if (legs_[n] != nullptr) watch_leg(*legs_[n]);
  watched_ = (watched_ + 1) % kShares;
  parts_.browsers.port().advance(now_);
  take_seat_events();
  parts_.events.retry();
  const std::lock_guard lock(published_mutex_);
  published_ = counters_;
  const rtp::BrowserPort::Totals& browsers = parts_.browsers.port().totals();
  published_.malformed += browsers.malformed;
  published_.foreign_sender += browsers.strangers;
  published_.not_authentic += browsers.refused;
}

void MediaEngine::close_direct(MediaLeg& leg) {
  if (!leg.direct_socket.open()) return;
  parts_.poller.remove(leg.direct_socket.fd());
  leg.direct_socket = UdpSocket();
  --direct_;
}

// Once it is known where a telephone is, a connected socket carries what goes there and comes from
// there; its own socket still hears all others, so that strangers are counted and a telephone that
// moves is found.
void MediaEngine::watch_path(MediaLeg& leg) {
  const bool latched = leg.latch && leg.latch->latched();
  if (latched && leg.direct_socket.open() && leg.direct_peer == leg.latch->target()) return;
  close_direct(leg);
  if (!latched || direct_ >= parts_.most_direct) return;
  auto twin = leg.rtp_socket.twin_connected_to(leg.latch->target());
  if (!twin) return;
  leg.direct_socket = std::move(*twin);
  leg.direct_peer = leg.latch->target();
  parts_.poller.add(leg.direct_socket.fd(), direct_key(leg.index));
  ++direct_;
}

void MediaEngine::watch_leg(MediaLeg& leg) {
  tell_digits(leg, leg.dtmf.advance(now_));
  if (!leg.agreed || (leg.is_seat && !leg.connected)) return;
  if (!leg.is_seat) watch_path(leg);
  const auto call = [&] { return leg.call == nullptr ? CallId() : leg.call->id; };
  const Micros quiet = now_ - leg.last_heard;
  if (!leg.told_silent && leg.expects_sound() && quiet >= parts_.silent_after) {
    leg.told_silent = true;
    parts_.events.push(LegSilent{call(), leg.id,
                                 std::chrono::duration_cast<std::chrono::seconds>(quiet),
                                 leg.received.started() ? OnOff::kOn : OnOff::kOff});
  } else if (leg.told_silent && (!leg.expects_sound() || quiet < parts_.silent_after)) {
    leg.told_silent = false;
    parts_.events.push(LegHeard{call(), leg.id});
  }
  if (leg.may_send() && now_ - leg.last_sent >= kKeepAlive) {
    // Keeps the pinholes of address translators open, and phones from giving us up (RFC 6263).
    std::array<std::uint8_t, rtp::kFrameSamples> silence;
    silence.fill(rtp::silence_of(law_of(leg.send_codec)));
    leg.sent.switch_source();
    produce(leg, silence);
    leg.sent.switch_source();
  }
  if (leg.reporter.next_report() <= now_) {
    leg.reported = true;
    std::array<std::uint8_t, 256> packet;
    send_rtcp(leg, ByteView(packet).first(
                       leg.reporter.write(packet, leg.sent, leg.received, now_, wall_)));
  }
}

}  // namespace madoguchi::exchange
