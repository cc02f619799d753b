#include "exchange/media/wav_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <optional>

#include "rtp/g711.h"

namespace madoguchi::exchange {
namespace {

enum class Format : std::uint16_t {
  kPcm = 1,
  kFloat = 3,
  kALaw = 6,
  kMuLaw = 7,
  kExtensible = 0xFFFE
};

std::uint16_t u16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}
std::uint32_t u32(ByteView bytes, std::size_t at) {
  return u16(bytes, at) | static_cast<std::uint32_t>(u16(bytes, at + 2)) << 16;
}

auto wrong(std::string what) {
  return fail(ErrorCode::kInvalid, "the WAV file can't be used: " + what);
}

struct Layout {
  Format format = Format::kPcm;
  std::uint16_t channels = 0;
  std::uint32_t rate = 0;
  std::uint16_t bits = 0;
};

Result<Layout> read_layout(ByteView chunk) {
  if (chunk.size() < 16) return wrong("its \"fmt \" part is too short");
  Layout layout;
  layout.format = static_cast<Format>(u16(chunk, 0));
  // WAVE_FORMAT_EXTENSIBLE: the true format begins the sub-format GUID.
  if (layout.format == Format::kExtensible && chunk.size() >= 26)
    layout.format = static_cast<Format>(u16(chunk, 24));
  layout.channels = u16(chunk, 2);
  layout.rate = u32(chunk, 4);
  layout.bits = u16(chunk, 14);
  if (layout.format == Format::kFloat)
    return wrong("its samples are floating point; save it as 16 bit PCM");
  if (layout.format != Format::kPcm && layout.format != Format::kALaw &&
      layout.format != Format::kMuLaw)
    return wrong(fmt::format("its coding is number {}; save it as 16 bit PCM or G.711",
                             static_cast<unsigned>(layout.format)));
  if (layout.format == Format::kPcm && layout.bits != 16)
    return wrong(fmt::format("its samples have {} bits; save it with 16", layout.bits));
  if (layout.format != Format::kPcm && layout.bits != 8)
    return wrong(fmt::format("G.711 has 8 bits a sample, it says {}", layout.bits));
  if (layout.channels != 1 && layout.channels != 2)
    return wrong(fmt::format("it has {} channels; save it as mono or stereo", layout.channels));
  if (layout.rate < 8000 || layout.rate > 48000)
    return wrong(fmt::format("it has {} samples a second; 8000 to 48000 are taken", layout.rate));
  return layout;
}

std::int16_t sample_at(ByteView sound, const Layout& layout, std::size_t number) {
  switch (layout.format) {
    case Format::kMuLaw:
      return rtp::mu_to_linear(sound[number]);
    case Format::kALaw:
      return rtp::a_to_linear(sound[number]);
    case Format::kPcm:
    case Format::kFloat:
    case Format::kExtensible:
      break;
  }
  return static_cast<std::int16_t>(u16(sound, number * 2));
}

Result<WavSound> read_sound(ByteView sound, const Layout& layout) {
  const std::size_t block = static_cast<std::size_t>(layout.channels) * layout.bits / 8;
  const std::size_t count = sound.size() / block;
  if (count == 0) return wrong("it holds no sound");
  if (count > static_cast<std::size_t>(layout.rate) * kLongestPromptSeconds)
    return wrong(fmt::format("it is longer than {} minutes", kLongestPromptSeconds / 60));
  WavSound made;
  made.rate = layout.rate;
  made.samples.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    int sum = 0;
    for (std::size_t c = 0; c < layout.channels; ++c)
      sum += sample_at(sound, layout, i * layout.channels + c);
    made.samples[i] = static_cast<std::int16_t>(sum / layout.channels);
  }
  return made;
}

}  // namespace

Result<WavSound> read_wav(ByteView file) {
  if (file.size() < 12 || as_text(file.first(4)) != "RIFF" || as_text(file.subspan(8, 4)) != "WAVE")
    return wrong("it does not begin with RIFF and WAVE; is it another kind of file?");
  std::optional<Layout> layout;
  std::size_t at = 12;
  while (file.size() - at >= 8) {
    const std::string_view name = as_text(file.subspan(at, 4));
    const std::size_t room = file.size() - at - 8;
    // Recorders that stream write a length of 0 or -1 for "to the end".
    std::size_t length = u32(file, at + 4);
    if (name == "data" && (length == 0 || length == 0xFFFFFFFF)) length = room;
    const ByteView content = file.subspan(at + 8, std::min(length, room));
    if (name == "fmt ") {
      auto read = read_layout(content);
      if (!read) return tl::unexpected(read.error());
      layout = *read;
    } else if (name == "data") {
      if (!layout) return wrong("its \"data\" part comes before its \"fmt \" part");
      if (length > room)
        return wrong(fmt::format("it is cut off: {} bytes are missing", length - room));
      return read_sound(content, *layout);
    }
    if (length >= room) break;
    at += 8 + length + length % 2;
    if (at > file.size()) break;
  }
  return wrong(layout ? "it has no \"data\" part" : "it has no \"fmt \" part");
}

std::vector<std::int16_t> to_8khz(const WavSound& sound) {
  constexpr std::uint32_t kRate = 8000;
  if (sound.rate == kRate) return sound.samples;
  // Output sample n stands at input position n * rate / 8000; its fraction takes one of `phases`
  // values.
  const std::uint32_t common = std::gcd(sound.rate, kRate);
  const std::uint32_t step = sound.rate / common;
  const std::uint32_t phases = kRate / common;
  const double cutoff = 3600.0 / sound.rate;  // cycles an input sample
  const auto half = static_cast<int>(24.0 * sound.rate / kRate);
  const int taps = 2 * half;
  std::vector<float> bank(static_cast<std::size_t>(taps) * phases);
  for (std::uint32_t phase = 0; phase < phases; ++phase) {
    double gain = 0;
    float* filter = bank.data() + static_cast<std::size_t>(phase) * static_cast<std::size_t>(taps);
    for (int tap = 0; tap < taps; ++tap) {
      const double distance = tap - half + 1 - static_cast<double>(phase) / phases;
      const double x = 2 * std::numbers::pi * cutoff * distance;
      const double sinc = std::abs(x) < 1e-9 ? 1 : std::sin(x) / x;
      const double window = 0.42 + 0.5 * std::cos(std::numbers::pi * distance / half) +
                            0.08 * std::cos(2 * std::numbers::pi * distance / half);  // Blackman
      filter[tap] = static_cast<float>(std::abs(distance) >= half ? 0 : sinc * window);
      gain += filter[tap];
    }
    for (int tap = 0; tap < taps; ++tap) filter[tap] = static_cast<float>(filter[tap] / gain);
  }
  // Silence before and behind, so that the inner loop needs no bounds.
  std::vector<float> padded(sound.samples.size() + static_cast<std::size_t>(taps) * 2, 0.0F);
  std::copy(sound.samples.begin(), sound.samples.end(), padded.begin() + taps);
  const std::size_t count = sound.samples.size() * kRate / sound.rate;
  std::vector<std::int16_t> out(count);
  for (std::size_t n = 0; n < count; ++n) {
    const std::uint64_t position = static_cast<std::uint64_t>(n) * step;
    const float* in = padded.data() + taps + position / phases - (half - 1);
    const float* filter = bank.data() + position % phases * static_cast<std::size_t>(taps);
    float sums[4] = {0, 0, 0, 0};
    int tap = 0;
    for (; tap + 4 <= taps; tap += 4)
      for (int lane = 0; lane < 4; ++lane) sums[lane] += in[tap + lane] * filter[tap + lane];
    for (; tap < taps; ++tap) sums[0] += in[tap] * filter[tap];
    const float sum = sums[0] + sums[1] + sums[2] + sums[3];
    out[n] = static_cast<std::int16_t>(std::clamp(std::lround(sum), -32768L, 32767L));
  }
  return out;
}

}  // namespace madoguchi::exchange
