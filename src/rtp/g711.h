// G.711 (ITU-T Rec. G.711): the two laws, to linear and back, and straight from one to the other.
// Linear samples are 16 bits, the law's own 14 (mu) or 13 (A) bits left-aligned. Tables made at
// compile time; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace madoguchi::rtp {

enum class Law : std::uint8_t { kMu, kA };

inline constexpr std::uint32_t kG711Rate = 8000;   // samples and bytes per second
inline constexpr std::size_t kFrameSamples = 160;  // 20 ms
inline constexpr std::uint8_t kMuPayloadType = 0;  // PCMU (RFC 3551, table 4)
inline constexpr std::uint8_t kAPayloadType = 8;   // PCMA
inline constexpr std::uint8_t kMuSilence = 0xff;
inline constexpr std::uint8_t kASilence = 0xd5;

// 20 ms of linear sound.
using Frame = std::array<std::int16_t, kFrameSamples>;

inline std::uint8_t silence_of(Law law) {
  return law == Law::kMu ? kMuSilence : kASilence;
}
inline std::uint8_t payload_type_of(Law law) {
  return law == Law::kMu ? kMuPayloadType : kAPayloadType;
}

std::int16_t mu_to_linear(std::uint8_t code);
std::int16_t a_to_linear(std::uint8_t code);
std::uint8_t linear_to_mu(
    std::int16_t sample);  // nearest level; louder than the law can say is clipped
std::uint8_t linear_to_a(std::int16_t sample);
std::uint8_t mu_to_a(std::uint8_t code);
std::uint8_t a_to_mu(std::uint8_t code);

// Whole frames; `out` is as long as `in`.
void decode(Law law, std::span<const std::uint8_t> in, std::span<std::int16_t> out);
void encode(Law law, std::span<const std::int16_t> in, std::span<std::uint8_t> out);

// In place, from one law to the other; nothing to do if they are the same.
void convert(Law from, Law to, std::span<std::uint8_t> frame);

}  // namespace madoguchi::rtp
