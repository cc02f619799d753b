// Integers as the recording file holds them: little-endian, at any alignment. Bounds are the
// caller's.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace madoguchi::recording {

template <std::unsigned_integral T>
inline void put_little(std::uint8_t* at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    at[i] = static_cast<std::uint8_t>(value);
    if constexpr (sizeof(T) > 1) value = static_cast<T>(value >> 8);
  }
}

template <std::unsigned_integral T>
inline T get_little(const std::uint8_t* at) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) {
    if constexpr (sizeof(T) > 1) value = static_cast<T>(value << 8);
    value = static_cast<T>(value | at[i]);
  }
  return value;
}

}  // namespace madoguchi::recording
