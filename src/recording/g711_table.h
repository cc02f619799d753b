// G.711 to linear samples, as two tables made at compile time (ITU-T G.711, tables 1a and 2a).
#pragma once

#include <array>
#include <cstdint>

namespace madoguchi::recording {

namespace detail {

constexpr std::int16_t from_pcmu(std::uint8_t code) {
  const int inverted = ~code & 0xFF;
  const int segment = (inverted >> 4) & 7;
  const int magnitude = ((((inverted & 15) << 3) + 0x84) << segment) - 0x84;
  return static_cast<std::int16_t>((inverted & 0x80) != 0 ? -magnitude : magnitude);
}

constexpr std::int16_t from_pcma(std::uint8_t code) {
  const int even = code ^ 0x55;
  const int segment = (even >> 4) & 7;
  int magnitude = ((even & 15) << 4) + 8;
  if (segment > 0) magnitude = (magnitude + 0x100) << (segment - 1);
  return static_cast<std::int16_t>((even & 0x80) != 0 ? magnitude : -magnitude);
}

template <std::int16_t (*kExpand)(std::uint8_t)>
constexpr std::array<std::int16_t, 256> table_of() {
  std::array<std::int16_t, 256> table{};
  for (int code = 0; code < 256; ++code)
    table[static_cast<std::size_t>(code)] = kExpand(static_cast<std::uint8_t>(code));
  return table;
}

}  // namespace detail

inline constexpr auto kFromPcmu = detail::table_of<detail::from_pcmu>();
inline constexpr auto kFromPcma = detail::table_of<detail::from_pcma>();
static_assert(kFromPcmu[0xFF] == 0 && kFromPcmu[0x00] == -32124 && kFromPcmu[0x80] == 32124);
static_assert(kFromPcma[0xD5] == 8 && kFromPcma[0x2A] == -32256 && kFromPcma[0xAA] == 32256);

}  // namespace madoguchi::recording
