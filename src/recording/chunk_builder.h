// Gathers the frames and marks of one chunk in clear, in a buffer that the caller lends, so that
// the media thread only copies bytes and another thread seals them. Pure; allocates only when it is
// given a buffer that is too small. One owner, one thread.
//
// Use: while add_frame() says kAdded go on; on kChunkFull take() the chunk, lend() the next buffer,
// add again.
#pragma once

#include "base/bytes.h"
#include "recording/format.h"
#include "recording/items.h"

namespace madoguchi::recording {

// When the first item of a chunk in clear may be, at the earliest.
Micros base_of(ByteView chunk);
// A chunk in clear that holds one mark alone.
Bytes mark_chunk(MarkKind kind, Micros at);

class ChunkBuilder {
 public:
  // Enough for a second of two channels with 20 ms packets, and their heads.
  static constexpr std::size_t kBufferBytes = 24 * 1024;

  enum class Added { kAdded, kChunkFull };

  // Gives the builder an empty buffer to fill, whose first item will be at or after `at`.
  void lend(Bytes buffer, Micros at);

  // Has the memory of the next item brought near: a chunk's buffer is cold, its frames being 20 ms
  // apart.
  void foresee() const {
    __builtin_prefetch(bytes_.data() + used_, 1);
    __builtin_prefetch(bytes_.data() + used_ + 64, 1);
    __builtin_prefetch(bytes_.data() + used_ + 128, 1);
    __builtin_prefetch(bytes_.data() + used_ + 192, 1);
  }

  // kChunkFull: not added, the chunk spans its time or has no room. Frames over kMostFrameBytes are
  // cut.
  Added add_frame(const Frame& frame);
  Added add_mark(MarkKind kind, Micros at, std::string_view note);

  // True when the chunk has spanned its time by `now` and holds anything: take it even if nothing
  // comes.
  [[nodiscard]] bool due(Micros now) const;
  [[nodiscard]] bool empty() const { return used_ <= kChunkBaseBytes; }

  // The chunk in clear, for Sealer. The builder needs lend() before it is used again.
  Bytes take();

 private:
  // Room for an item, nullptr when the chunk is full.
  std::uint8_t* claim(Micros at, std::size_t bytes);
  [[nodiscard]] std::uint32_t since_base(Micros at) const;

  Bytes bytes_;  // kBufferBytes while lent
  std::size_t used_ = 0;
  Micros base_{0};
};

}  // namespace madoguchi::recording
