#include "rtp/g711.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "base/check.h"

namespace madoguchi::rtp {
namespace {

constexpr std::uint8_t kPositive = 0x80;    // sign bit of both laws as transmitted
constexpr std::uint8_t kAInversion = 0x55;  // A-law inverts the even bits
constexpr int kMuBias = 0x84;               // 33 * 4: makes each segment begin at a power of two
constexpr int kMuLoudest = 32635;

constexpr std::int16_t expand_mu(std::uint8_t code) {
  const int bits = static_cast<std::uint8_t>(~code);
  const int segment = (bits >> 4) & 7;
  const int magnitude = ((((bits & 15) << 3) + kMuBias) << segment) - kMuBias;
  return static_cast<std::int16_t>((bits & kPositive) != 0 ? -magnitude : magnitude);
}

constexpr std::int16_t expand_a(std::uint8_t code) {
  const int bits = code ^ kAInversion;
  const int segment = (bits >> 4) & 7;
  const int step = (bits & 15) << 4;
  const int magnitude = segment == 0 ? step + 8 : (step + 0x108) << (segment - 1);
  return static_cast<std::int16_t>((bits & kPositive) != 0 ? magnitude : -magnitude);
}

// Conversion between the laws by rank, 0 the quietest level and 127 the loudest, as tables 3 and 4
// of G.711 pair them. Not simply the nearest level: mu to A and back is to change only the ranks 0,
// 2, 4 … 14.
constexpr int rank_mu_to_a(int mu) {
  if (mu < 16) return mu / 2;
  if (mu < 32) return mu - 8;
  if (mu < 36) return 24 + 2 * (mu - 32);
  if (mu < 48) return mu - 4;
  if (mu < 50) return 45 + 2 * (mu - 48);
  if (mu < 64) return mu - 2;
  return mu < 81 ? mu - 1 : mu;
}

constexpr int rank_a_to_mu(int a) {
  if (a < 8) return 2 * a + 1;
  if (a < 24) return a + 8;
  if (a < 32) return 32 + (a - 24) / 2;
  if (a < 44) return a + 4;
  if (a < 48) return 48 + (a - 44) / 2;
  if (a < 62) return a + 2;
  if (a < 64) return 64;
  return a < 80 ? a + 1 : a;
}

template <typename T, typename Rule>
constexpr std::array<T, 256> table_of(Rule rule) {
  std::array<T, 256> table{};
  for (int code = 0; code < 256; ++code)
    table[static_cast<std::size_t>(code)] = rule(static_cast<std::uint8_t>(code));
  return table;
}

constexpr auto kMuToLinear = table_of<std::int16_t>(expand_mu);
constexpr auto kAToLinear = table_of<std::int16_t>(expand_a);

constexpr auto kMuToA = table_of<std::uint8_t>([](std::uint8_t code) {
  const int rank = rank_mu_to_a(127 - (code & 0x7f));
  return static_cast<std::uint8_t>(((code & kPositive) | rank) ^ kAInversion);
});
constexpr auto kAToMu = table_of<std::uint8_t>([](std::uint8_t code) {
  const int bits = code ^ kAInversion;
  return static_cast<std::uint8_t>((bits & kPositive) | (127 - rank_a_to_mu(bits & 0x7f)));
});

}  // namespace

std::int16_t mu_to_linear(std::uint8_t code) {
  return kMuToLinear[code];
}
std::int16_t a_to_linear(std::uint8_t code) {
  return kAToLinear[code];
}
std::uint8_t mu_to_a(std::uint8_t code) {
  return kMuToA[code];
}
std::uint8_t a_to_mu(std::uint8_t code) {
  return kAToMu[code];
}

std::uint8_t linear_to_mu(std::int16_t sample) {
  const int biased = std::min(std::abs(static_cast<int>(sample)), kMuLoudest) + kMuBias;
  const int segment = std::bit_width(static_cast<unsigned>(biased)) - 8;
  const int step = (biased >> (segment + 3)) & 15;
  const int sign = sample < 0 ? kPositive : 0;
  return static_cast<std::uint8_t>(~(sign | segment << 4 | step));
}

std::uint8_t linear_to_a(std::int16_t sample) {
  // One's complement keeps negative levels the mirror of positive ones: -1 falls into the step
  // below zero.
  const int magnitude = sample < 0 ? ~sample : sample;
  const int segment =
      std::max(0, static_cast<int>(std::bit_width(static_cast<unsigned>(magnitude))) - 8);
  const int step = (magnitude >> (segment == 0 ? 4 : segment + 3)) & 15;
  const int sign = sample < 0 ? 0 : kPositive;
  return static_cast<std::uint8_t>((sign | segment << 4 | step) ^ kAInversion);
}

void decode(Law law, std::span<const std::uint8_t> in, std::span<std::int16_t> out) {
  CHECK(out.size() >= in.size());
  const auto& table = law == Law::kMu ? kMuToLinear : kAToLinear;
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = table[in[i]];
}

void encode(Law law, std::span<const std::int16_t> in, std::span<std::uint8_t> out) {
  CHECK(out.size() >= in.size());
  if (law == Law::kMu) {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = linear_to_mu(in[i]);
  } else {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = linear_to_a(in[i]);
  }
}

void convert(Law from, Law to, std::span<std::uint8_t> frame) {
  if (from == to) return;
  const auto& table = from == Law::kMu ? kMuToA : kAToMu;
  for (std::uint8_t& code : frame) code = table[code];
}

}  // namespace madoguchi::rtp
