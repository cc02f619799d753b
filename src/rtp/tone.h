// Tones for tests and journeys: makes sine waves and finds them again (Goertzel), in linear sound
// at 8 kHz. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rtp/g711.h"

namespace madoguchi::rtp {

// An endless sine; amplitude 0..32767 at the peak.
class ToneGenerator {
 public:
  ToneGenerator(double hertz, double amplitude, double rate = kG711Rate);
  void fill(std::span<std::int16_t> out);  // goes on where it stopped

 private:
  double step_;
  double phase_ = 0;
  double amplitude_;
};

// The share of the sound's energy that lies at `hertz`, 0..1; a pure tone gives nearly 1, silence
// 0.
double tone_share(std::span<const std::int16_t> sound, double hertz, double rate = kG711Rate);

// Root mean square over full scale (a full sine is about 0.707).
double level(std::span<const std::int16_t> sound);

// Where the tone sounds: runs of whole windows in which it holds at least `share` of the energy.
struct ToneRun {
  std::size_t begin = 0;  // samples
  std::size_t end = 0;
};
std::vector<ToneRun> find_tone(std::span<const std::int16_t> sound, double hertz,
                               double share = 0.6, std::size_t window = kFrameSamples,
                               double rate = kG711Rate);

}  // namespace madoguchi::rtp
