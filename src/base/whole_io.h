// Reads and writes on a file descriptor that do not stop half-way. For any thread; the caller owns
// the descriptor.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace madoguchi {

// Writes all of `bytes` where the descriptor stands. False when the system would take no more
// (errno says why); part of them may be written then.
[[nodiscard]] bool write_all(int fd, ByteView bytes);

// Fills `into` from `at` bytes into the file. False when the file is shorter or cannot be read.
[[nodiscard]] bool read_all(int fd, std::uint64_t at, std::span<std::uint8_t> into);

}  // namespace madoguchi
