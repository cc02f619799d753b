#include "centre/sound.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace madoguchi::centre {
namespace {

constexpr std::uint32_t kRate = 8'000;
// From here on, a size of 2 GiB and less a little, programs say that they don't know it: they wrote
// to a pipe and could not go back to fill it in. So does 0.
constexpr std::size_t kUnknownSize = 0x7fff'0000;

std::uint32_t little(ByteView bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value |= static_cast<std::uint32_t>(bytes[at + i]) << (8 * i);
  return value;
}

void put_little(Bytes& to, std::uint32_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put_text(Bytes& to, std::string_view text) {
  to.insert(to.end(), text.begin(), text.end());
}

tl::unexpected<Error> wrong(std::string cause) {
  return fail(ErrorCode::kInvalid,
              "the sound " + std::move(cause) +
                  "; wanted: WAV, PCM of 16 bits, mono or stereo, 8 to 48 kHz");
}

// To 8 kHz by a windowed sinc that keeps what a telephone carries (below 3.6 kHz).
std::vector<std::int16_t> resample(const std::vector<double>& from, std::uint32_t rate) {
  const double step = static_cast<double>(rate) / kRate;
  const double cut = 3'600.0 / rate;  // in cycles per sample of the source
  const int reach = static_cast<int>(std::ceil(16 * step));
  const auto count = static_cast<std::size_t>(static_cast<double>(from.size()) / step);
  std::vector<std::int16_t> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double centre = static_cast<double>(i) * step;
    const auto middle = static_cast<std::int64_t>(centre);
    double sum = 0;
    double weight = 0;
    for (std::int64_t at = middle - reach; at <= middle + reach; ++at) {
      if (at < 0 || at >= static_cast<std::int64_t>(from.size())) continue;
      const double x = static_cast<double>(at) - centre;
      const double window = 0.5 + 0.5 * std::cos(std::numbers::pi * x / (reach + 1));
      const double angle = 2 * std::numbers::pi * cut * x;
      const double tap = window * (std::abs(x) < 1e-9 ? 1.0 : std::sin(angle) / angle);
      sum += tap * from[static_cast<std::size_t>(at)];
      weight += tap;
    }
    const double value = weight > 0 ? sum / weight : 0;
    out[i] = static_cast<std::int16_t>(std::clamp(value, -32'768.0, 32'767.0));
  }
  return out;
}

// One note with a slow beginning and a long fade, very soft.
void add_note(std::vector<double>& to, double from_s, double hertz, double length_s, double level) {
  const auto begin = static_cast<std::size_t>(from_s * kRate);
  const auto count = static_cast<std::size_t>(length_s * kRate);
  for (std::size_t i = 0; i < count && begin + i < to.size(); ++i) {
    const double t = static_cast<double>(i) / kRate;
    const double rise = std::min(1.0, t / 0.08);
    const double fade = std::exp(-3.0 * t / length_s) * std::min(1.0, (length_s - t) / 0.1);
    to[begin + i] += level * rise * fade * std::sin(2 * std::numbers::pi * hertz * t);
  }
}

SoundClip clip_of(const std::vector<double>& wave) {
  SoundClip clip;
  clip.samples.reserve(wave.size());
  for (const double value : wave)
    clip.samples.push_back(static_cast<std::int16_t>(std::clamp(value, -1.0, 1.0) * 32'767));
  return clip;
}

}  // namespace

Result<SoundClip> read_wav(ByteView wav) {
  if (wav.size() < 44 || as_text(wav.subspan(0, 4)) != "RIFF" ||
      as_text(wav.subspan(8, 4)) != "WAVE")
    return wrong("is no WAV file");
  std::uint32_t rate = 0;
  std::size_t channels = 0;
  for (std::size_t at = 12; at + 8 <= wav.size();) {
    const auto name = as_text(wav.subspan(at, 4));
    std::size_t size = little(wav, at + 4, 4);
    at += 8;
    if (name == "fmt ") {
      if (size < 16 || at + 16 > wav.size()) return wrong("has a broken header");
      const auto format = little(wav, at, 2);
      channels = little(wav, at + 2, 2);
      rate = little(wav, at + 4, 4);
      const bool pcm = format == 1 || format == 0xFFFE;
      if (!pcm || little(wav, at + 14, 2) != 16) return wrong("is not PCM of 16 bits");
      if (channels < 1 || channels > 2) return wrong("has more than two channels");
      if (rate < kRate || rate > 48'000) return wrong(fmt::format("has {} samples a second", rate));
    } else if (name == "data") {
      if (rate == 0) return wrong("has no header before its samples");
      const std::size_t there = wav.size() - at;
      if (size == 0 || size >= kUnknownSize) size = there;
      if (size > there)
        return wrong(fmt::format("is cut short ({} of its {} bytes are there)", there, size));
      const std::size_t frames = size / (2 * channels);
      if (frames < rate / 20) return wrong("is shorter than a twentieth of a second");
      std::vector<double> mono(frames);
      for (std::size_t i = 0; i < frames; ++i) {
        double sum = 0;
        for (std::size_t c = 0; c < channels; ++c)
          sum += static_cast<std::int16_t>(little(wav, at + 2 * (i * channels + c), 2));
        mono[i] = sum / static_cast<double>(channels);
      }
      return SoundClip{resample(mono, rate)};
    }
    if (size > wav.size() - at) break;
    at += size + (size & 1);
  }
  return wrong("holds no samples");
}

Bytes write_wav(const SoundClip& clip) {
  const auto size = static_cast<std::uint32_t>(clip.samples.size() * 2);
  Bytes out;
  out.reserve(44 + size);
  put_text(out, "RIFF");
  put_little(out, 36 + size, 4);
  put_text(out, "WAVEfmt ");
  put_little(out, 16, 4);
  put_little(out, 1, 2);
  put_little(out, 1, 2);
  put_little(out, kRate, 4);
  put_little(out, kRate * 2, 4);
  put_little(out, 2, 2);
  put_little(out, 16, 2);
  put_text(out, "data");
  put_little(out, size, 4);
  for (const std::int16_t sample : clip.samples)
    put_little(out, static_cast<std::uint16_t>(sample), 2);
  return out;
}

SoundClip waiting_tone() {
  std::vector<double> wave(6 * kRate, 0.0);
  add_note(wave, 0.0, 349.23, 1.6, 0.06);
  add_note(wave, 0.5, 440.00, 1.8, 0.05);
  return clip_of(wave);
}

SoundClip hold_tone() {
  std::vector<double> wave(5 * kRate, 0.0);
  add_note(wave, 0.0, 392.00, 1.4, 0.05);
  return clip_of(wave);
}

}  // namespace madoguchi::centre
