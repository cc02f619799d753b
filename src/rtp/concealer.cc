#include "rtp/concealer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace madoguchi::rtp {
namespace {

// From `from` to `to` as `step` goes from 0 to `steps`.
std::int16_t blend(std::int16_t from, std::int16_t to, std::size_t step, std::size_t steps) {
  const auto share = static_cast<std::int32_t>(step);
  const auto whole = static_cast<std::int32_t>(steps);
  return static_cast<std::int16_t>((from * (whole - share) + to * share) / whole);
}

}  // namespace

void Concealer::remember(std::span<const std::int16_t> sound) {
  if (sound.size() >= kHistory) sound = sound.last(kHistory);
  std::copy(history_.begin() + static_cast<std::ptrdiff_t>(sound.size()), history_.end(),
            history_.begin());
  std::copy(sound.begin(), sound.end(), history_.end() - static_cast<std::ptrdiff_t>(sound.size()));
}

// The lag at which the last 20 ms look most like what was before, by normalised correlation.
std::size_t Concealer::find_pitch() const {
  const std::int16_t* recent = history_.data() + kHistory - kCompared;
  std::size_t best = kMaxPitch;
  double best_score = 0;
  for (std::size_t lag = kMinPitch; lag <= kMaxPitch; ++lag) {
    const std::int16_t* earlier = recent - lag;
    std::int64_t product = 0;
    std::int64_t energy = 1;
    for (std::size_t i = 0; i < kCompared; ++i) {
      product += std::int32_t{recent[i]} * earlier[i];
      energy += std::int32_t{earlier[i]} * earlier[i];
    }
    if (product <= 0) continue;
    const double score = static_cast<double>(product) / std::sqrt(static_cast<double>(energy));
    // A multiple of the pitch fits as well as the pitch; the shorter one buzzes less when it ends.
    if (score > best_score * 1.02) {
      best_score = score;
      best = lag;
    }
  }
  return best;
}

void Concealer::prepare() {
  pitch_ = find_pitch();
  at_ = 0;
  const std::int16_t* begin = history_.data() + kHistory - pitch_;
  std::copy(begin, begin + pitch_, cycle_.begin());
  // The end of the period becomes what led into its beginning, so that it repeats without a step.
  const std::size_t joint = std::min(kOverlap, pitch_ / 4);
  for (std::size_t i = 0; i < joint; ++i) {
    std::int16_t& sample = cycle_[pitch_ - joint + i];
    sample = blend(sample, *(begin - joint + i), i + 1, joint);
  }
}

std::int16_t Concealer::next() {
  const std::int32_t sample = cycle_[at_];
  at_ = at_ + 1 == pitch_ ? 0 : at_ + 1;
  const int faded = std::clamp(made_up_ - kFadeBegin, 0, kFadeEnd - kFadeBegin);
  ++made_up_;
  return static_cast<std::int16_t>(sample * (kFadeEnd - kFadeBegin - faded) /
                                   (kFadeEnd - kFadeBegin));
}

void Concealer::conceal(std::span<std::int16_t> sound) {
  if (silent()) {
    std::fill(sound.begin(), sound.end(), std::int16_t{0});
    return;
  }
  if (made_up_ == 0) prepare();
  for (std::int16_t& sample : sound) sample = next();
  remember(sound);
}

void Concealer::break_here() {
  if (!heard_ || made_up_ != 0) return;
  prepare();
  made_up_ = 1;
}

void Concealer::good(std::span<std::int16_t> sound) {
  if (heard_ && made_up_ > 0) {
    const std::size_t overlap = std::min(kOverlap, sound.size());
    for (std::size_t i = 0; i < overlap; ++i) sound[i] = blend(next(), sound[i], i + 1, overlap);
  }
  made_up_ = 0;
  heard_ = true;
  remember(sound);
}

}  // namespace madoguchi::rtp
