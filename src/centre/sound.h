// Sounds as the exchange takes them: mono, 8 kHz, 16 bits, in a WAV file. Reads what people upload,
// makes the waiting tones, and has texts spoken by a program of its own process. Pure functions but
// speak(), which blocks: worker threads only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "centre/settings.h"

namespace madoguchi::centre {

struct SoundClip {
  std::vector<std::int16_t> samples;  // 8 kHz
  [[nodiscard]] Micros duration() const {
    return Micros(static_cast<std::int64_t>(samples.size()) * 125);
  }
};

inline constexpr std::size_t kMostUpload = 4 * 1024 * 1024;

// RIFF/WAVE, PCM of 16 bits, 1 or 2 channels, 8 to 48 kHz. kInvalid says what is wrong with it.
Result<SoundClip> read_wav(ByteView wav);
Bytes write_wav(const SoundClip& clip);

// A soft tone now and then, for whoever waits or is on hold: says "still connected" and no more (no
// music on an apology line). To be looped.
SoundClip waiting_tone();
SoundClip hold_tone();

// Speaks Japanese text: its reading comes from `reader`, the voice from `program`. kUnavailable
// when a program is missing or fails, naming it. `folder` is for the temporary file.
Result<SoundClip> speak(const std::string& text, const SpeechSettings& settings,
                        const std::filesystem::path& folder);

}  // namespace madoguchi::centre
