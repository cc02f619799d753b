#include "exchange/media/media_call.h"

#include <bit>

namespace madoguchi::exchange {
namespace {

constexpr MediaCall::Slots bit(std::size_t slot) {
  return static_cast<MediaCall::Slots>(1U << slot);
}
constexpr bool has(MediaCall::Slots slots, std::size_t slot) {
  return (slots & bit(slot)) != 0;
}

}  // namespace

bool MediaCall::put(MediaLeg& leg) {
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    if (legs[slot] != nullptr) continue;
    legs[slot] = &leg;
    leg.call = this;
    leg.slot = static_cast<std::uint8_t>(slot);
    return true;
  }
  return false;
}

void MediaCall::take_out(MediaLeg& leg) {
  const Slots others = static_cast<Slots>(~bit(leg.slot));
  for (Slots& speakers : hears_) speakers &= others;
  hears_[leg.slot] = 0;
  legs[leg.slot] = nullptr;
  leg.call = nullptr;
  leg.jitter.reset();
  plan();
}

void MediaCall::connect(const MediaLeg& listener, const MediaLeg& speaker, Hearing hearing) {
  hears_[listener.slot] |= bit(speaker.slot);
  if (hearing == Hearing::kBoth) hears_[speaker.slot] |= bit(listener.slot);
}

void MediaCall::disconnect(const MediaLeg& one, const MediaLeg& other) {
  hears_[one.slot] &= static_cast<Slots>(~bit(other.slot));
  hears_[other.slot] &= static_cast<Slots>(~bit(one.slot));
}

MediaCall::Slots MediaCall::heard_by(std::size_t listener) const {
  const MediaLeg* leg = legs[listener];
  if (leg == nullptr || leg->held) return 0;
  Slots heard = 0;
  for (std::size_t speaker = 0; speaker < kSlots; ++speaker) {
    const MediaLeg* from = legs[speaker];
    if (from != nullptr && has(hears_[listener], speaker) && !from->muted && !from->held)
      heard |= bit(speaker);
  }
  return heard;
}

void MediaCall::plan() {
  relays_to = {};
  mixed = needed = in_recording = 0;
  std::array<Slots, kSlots> heard{};
  for (std::size_t listener = 0; listener < kSlots; ++listener) {
    const MediaLeg* leg = legs[listener];
    if (leg == nullptr) continue;
    heard[listener] = heard_by(listener);
    if (leg->side == Side::kCaller) {
      in_recording |= bit(listener);
      in_recording |= heard[listener];
    }
    if (leg->player.playing()) {
      heard[listener] = 0;
    } else if (std::has_single_bit(heard[listener])) {
      relays_to[static_cast<std::size_t>(std::countr_zero(heard[listener]))] |= bit(listener);
    } else if (heard[listener] != 0) {
      mixed |= bit(listener);
      needed |= heard[listener];
    }
  }
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    if (legs[slot] == nullptr) continue;
    if (!has(needed, slot)) {
      legs[slot]->jitter.reset();
    } else if (legs[slot]->jitter == nullptr) {
      legs[slot]->jitter = std::make_unique<rtp::JitterBuffer>();
    }
  }
  make_mixer(heard);
}

void MediaCall::make_mixer(const std::array<Slots, kSlots>& heard) {
  mixer.reset();
  if (mixed == 0) return;
  mixer = std::make_unique<rtp::Mixer>();
  for (std::size_t slot = 0; slot < kSlots; ++slot) static_cast<void>(mixer->join());
  for (std::size_t listener = 0; listener < kSlots; ++listener) {
    if (!has(mixed, listener)) continue;
    for (std::size_t speaker = 0; speaker < kSlots; ++speaker)
      if (has(heard[listener], speaker))
        mixer->hear(static_cast<rtp::Mixer::Slot>(listener), static_cast<rtp::Mixer::Slot>(speaker),
                    rtp::Mixer::kUnity);
  }
}

}  // namespace madoguchi::exchange
