#include "rtp/tone.h"

#include <cmath>
#include <numbers>

namespace madoguchi::rtp {

ToneGenerator::ToneGenerator(double hertz, double amplitude, double rate)
    : step_(2 * std::numbers::pi * hertz / rate), amplitude_(amplitude) {}

void ToneGenerator::fill(std::span<std::int16_t> out) {
  for (std::int16_t& sample : out) {
    sample = static_cast<std::int16_t>(std::lround(amplitude_ * std::sin(phase_)));
    phase_ = std::fmod(phase_ + step_, 2 * std::numbers::pi);
  }
}

double tone_share(std::span<const std::int16_t> sound, double hertz, double rate) {
  const double factor = 2 * std::cos(2 * std::numbers::pi * hertz / rate);
  double previous = 0;
  double before = 0;
  double energy = 0;
  for (const std::int16_t sample : sound) {
    const double next = sample + factor * previous - before;
    before = previous;
    previous = next;
    energy += static_cast<double>(sample) * sample;
  }
  if (energy == 0) return 0;
  const double power = previous * previous + before * before - factor * previous * before;
  return 2 * power / (static_cast<double>(sound.size()) * energy);
}

double level(std::span<const std::int16_t> sound) {
  if (sound.empty()) return 0;
  double energy = 0;
  for (const std::int16_t sample : sound) energy += static_cast<double>(sample) * sample;
  return std::sqrt(energy / static_cast<double>(sound.size())) / 32768;
}

std::vector<ToneRun> find_tone(std::span<const std::int16_t> sound, double hertz, double share,
                               std::size_t window, double rate) {
  std::vector<ToneRun> runs;
  for (std::size_t at = 0; at + window <= sound.size(); at += window) {
    if (tone_share(sound.subspan(at, window), hertz, rate) < share) continue;
    if (!runs.empty() && runs.back().end == at) {
      runs.back().end = at + window;
    } else {
      runs.push_back({at, at + window});
    }
  }
  return runs;
}

}  // namespace madoguchi::rtp
