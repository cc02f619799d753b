#include "recording/wav.h"

#include <algorithm>
#include <cstring>

#include "recording/little_endian.h"
#include "recording/timeline.h"

namespace madoguchi::recording {
namespace {

constexpr std::size_t kHeadBytes = 44;
constexpr std::uint32_t kRate = 8000;
constexpr std::uint16_t kChannels = 2;
constexpr std::uint64_t kMostSamples = (0xFFFFFFFFULL - kHeadBytes) / 4;

std::uint64_t samples_in(Micros length) {
  return static_cast<std::uint64_t>(length.count()) * 8 / 1000;
}

std::array<std::uint8_t, kHeadBytes> wav_head(std::uint64_t samples) {
  std::array<std::uint8_t, kHeadBytes> head{};
  const auto data_bytes = static_cast<std::uint32_t>(samples * 4);
  std::memcpy(head.data(), "RIFF", 4);
  put_little(head.data() + 4, static_cast<std::uint32_t>(data_bytes + kHeadBytes - 8));
  std::memcpy(head.data() + 8, "WAVEfmt ", 8);
  put_little(head.data() + 16, std::uint32_t{16});
  put_little(head.data() + 20, std::uint16_t{1});  // PCM
  put_little(head.data() + 22, kChannels);
  put_little(head.data() + 24, kRate);
  put_little(head.data() + 28, kRate * 4);
  put_little(head.data() + 32, std::uint16_t{4});
  put_little(head.data() + 34, std::uint16_t{16});
  std::memcpy(head.data() + 36, "data", 4);
  put_little(head.data() + 40, data_bytes);
  return head;
}

// Gives everything before `until` to the sink.
bool pass_on(Timeline& timeline, Micros until, const WavSink& sink) {
  std::vector<std::int16_t> samples;
  Bytes bytes;
  for (bool all = false; !all;) {
    samples.clear();
    all = timeline.release(until, samples);
    bytes.resize(samples.size() * 2);
    for (std::size_t i = 0; i < samples.size(); ++i)
      put_little(bytes.data() + i * 2, static_cast<std::uint16_t>(samples[i]));
    if (!bytes.empty() && !sink(bytes)) return false;
  }
  return true;
}

}  // namespace

Result<Outline> to_wav(ByteView file, const SealKeyPair& keys, const WavSink& sink) {
  auto rendered = outline_of(file, keys);
  if (!rendered) return rendered;
  const auto refused = [] {
    return fail(ErrorCode::kUnavailable, "the WAV file can't be written further");
  };
  if (samples_in(rendered->length) > kMostSamples)
    return fail(ErrorCode::kInvalid, "the recording is too long for one WAV file");
  if (!sink(wav_head(samples_in(rendered->length)))) return refused();

  auto reader = Reader::open(file, keys);
  if (!reader) return tl::unexpected(reader.error());
  Timeline timeline;
  while (true) {
    auto chunk = reader->next();
    if (!chunk) return tl::unexpected(chunk.error());
    if (*chunk == nullptr) break;
    if (!pass_on(timeline, (*chunk)->base - Timeline::kSettle, sink)) return refused();
    for (const Frame& frame : (*chunk)->frames) timeline.add(frame);
  }
  if (!pass_on(timeline, rendered->length, sink)) return refused();
  return rendered;
}

}  // namespace madoguchi::recording
