// Reads WAV files (RIFF, as people and recorders make them) into linear samples of one channel.
// Input from anyone: bounded, and every refusal says what is wrong with the file. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace madoguchi::exchange {

struct WavSound {
  std::uint32_t rate = 0;
  std::vector<std::int16_t> samples;  // both channels of a stereo file averaged
};

inline constexpr std::uint32_t kLongestPromptSeconds = 600;

// Taken: PCM 16 bit or G.711 (μ-law, A-law), 8 to 48 kHz, mono or stereo, at most 10 minutes.
Result<WavSound> read_wav(ByteView file);

// Windowed-sinc low pass at 3.6 kHz, then 8 kHz. Unchanged when it is 8 kHz already.
std::vector<std::int16_t> to_8khz(const WavSound& sound);

}  // namespace madoguchi::exchange
