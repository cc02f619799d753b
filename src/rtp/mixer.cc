#include "rtp/mixer.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace madoguchi::rtp {

std::optional<Mixer::Slot> Mixer::join() {
  const auto free = std::find(joined_.begin(), joined_.end(), false);
  if (free == joined_.end()) return std::nullopt;
  *free = true;
  return static_cast<Slot>(free - joined_.begin());
}

void Mixer::leave(Slot slot) {
  CHECK(slot < kSlots);
  joined_[slot] = false;
  inputs_[slot].present = false;
  gains_[slot].fill(kMute);
  for (auto& row : gains_) row[slot] = kMute;
}

std::size_t Mixer::participants() const {
  return static_cast<std::size_t>(std::count(joined_.begin(), joined_.end(), true));
}

void Mixer::hear(Slot listener, Slot source, Gain gain) {
  CHECK(listener < kSlots && source < kSlots);
  if (listener == source) return;
  gains_[listener][source] = std::min(gain, kLoudest);
}

void Mixer::hear_each_other(Slot a, Slot b) {
  hear(a, b, kUnity);
  hear(b, a, kUnity);
}

std::optional<std::pair<Mixer::Slot, Mixer::Slot>> Mixer::relay_pair() const {
  if (participants() != 2) return std::nullopt;
  const auto first = std::find(joined_.begin(), joined_.end(), true);
  const auto second = std::find(first + 1, joined_.end(), true);
  const auto a = static_cast<Slot>(first - joined_.begin());
  const auto b = static_cast<Slot>(second - joined_.begin());
  if (gains_[a][b] != kUnity || gains_[b][a] != kUnity) return std::nullopt;
  return std::pair{a, b};
}

void Mixer::begin() {
  for (Input& input : inputs_) input.present = false;
}

void Mixer::put(Slot slot, const Frame& frame) {
  CHECK(slot < kSlots);
  if (!joined_[slot]) return;
  Input& input = inputs_[slot];
  input.present = true;
  input.has_encoded = false;
  input.samples = frame;
}

void Mixer::put(Slot slot, Law law, std::span<const std::uint8_t, kFrameSamples> encoded) {
  CHECK(slot < kSlots);
  if (!joined_[slot]) return;
  Input& input = inputs_[slot];
  input.present = true;
  input.has_encoded = true;
  input.law = law;
  std::memcpy(input.encoded.data(), encoded.data(), encoded.size());
  decode(law, encoded, input.samples);
}

bool Mixer::take(Slot listener, Frame& frame) const {
  CHECK(listener < kSlots);
  std::array<std::int32_t, kFrameSamples> sum{};
  bool heard = false;
  for (std::size_t source = 0; source < kSlots; ++source) {
    const std::int32_t gain = gains_[listener][source];
    const Input& input = inputs_[source];
    if (gain == kMute || !input.present) continue;
    heard = true;
    for (std::size_t i = 0; i < kFrameSamples; ++i) sum[i] += input.samples[i] * gain;
  }
  for (std::size_t i = 0; i < kFrameSamples; ++i)
    frame[i] = static_cast<std::int16_t>(std::clamp(sum[i] >> 8, -32768, 32767));
  return heard;
}

bool Mixer::take(Slot listener, Law law, std::span<std::uint8_t, kFrameSamples> encoded) const {
  CHECK(listener < kSlots);
  const Input* alone = nullptr;
  std::size_t heard = 0;
  for (std::size_t source = 0; source < kSlots; ++source) {
    if (gains_[listener][source] == kMute || !inputs_[source].present) continue;
    ++heard;
    if (gains_[listener][source] == kUnity && inputs_[source].has_encoded) alone = &inputs_[source];
  }
  if (heard == 0) {
    std::memset(encoded.data(), silence_of(law), encoded.size());
    return false;
  }
  if (heard == 1 && alone != nullptr) {
    std::memcpy(encoded.data(), alone->encoded.data(), encoded.size());
    convert(alone->law, law, encoded);
    return true;
  }
  Frame frame;
  take(listener, frame);
  encode(law, frame, encoded);
  return true;
}

}  // namespace madoguchi::rtp
