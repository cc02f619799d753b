// The items of a chunk in clear, as bytes (see format.h). Shared by the writer's and the reader's
// side.
#pragma once

#include <cstddef>
#include <cstdint>

namespace madoguchi::recording {

inline constexpr std::uint8_t kFrameItem = 1;
inline constexpr std::uint8_t kMarkItem = 2;
inline constexpr std::size_t kFrameHeadBytes = 20;
inline constexpr std::size_t kMarkHeadBytes = 7;
inline constexpr std::size_t kChunkBaseBytes = 8;

}  // namespace madoguchi::recording
