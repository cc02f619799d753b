// What stands beside each socket in the poller: which leg's it is. For MediaEngine and its thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace madoguchi::exchange {

inline constexpr std::uint64_t kBrowserKey = ~0ULL;
inline constexpr std::uint64_t kCommandKey = ~0ULL - 1;

inline constexpr std::uint64_t rtp_key(std::size_t leg) {
  return leg * 4;
}
inline constexpr std::uint64_t rtcp_key(std::size_t leg) {
  return leg * 4 + 1;
}
inline constexpr std::uint64_t direct_key(std::size_t leg) {
  return leg * 4 + 2;
}
inline constexpr std::size_t leg_of(std::uint64_t key) {
  return key / 4;
}
inline constexpr bool is_rtcp(std::uint64_t key) {
  return key % 4 == 1;
}
inline constexpr bool is_direct(std::uint64_t key) {
  return key % 4 == 2;
}

}  // namespace madoguchi::exchange
