#include "recording/chunk_builder.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "recording/little_endian.h"

namespace madoguchi::recording {

Micros base_of(ByteView chunk) {
  if (chunk.size() < kChunkBaseBytes) return Micros(0);
  return Micros(static_cast<std::int64_t>(get_little<std::uint64_t>(chunk.data())));
}

Bytes mark_chunk(MarkKind kind, Micros at) {
  ChunkBuilder alone;
  alone.lend(Bytes(), at);
  CHECK(alone.add_mark(kind, at, {}) == ChunkBuilder::Added::kAdded || at >= kLongest);
  return alone.take();
}

void ChunkBuilder::lend(Bytes buffer, Micros at) {
  bytes_ = std::move(buffer);
  bytes_.resize(kBufferBytes);
  base_ = std::clamp(at, Micros(0), kLongest);
  put_little(bytes_.data(), static_cast<std::uint64_t>(base_.count()));
  used_ = kChunkBaseBytes;
}

std::uint8_t* ChunkBuilder::claim(Micros at, std::size_t bytes) {
  CHECK(!bytes_.empty());
  if (at - base_ >= kChunkSpan || used_ + bytes > kBufferBytes) return nullptr;
  std::uint8_t* room = bytes_.data() + used_;
  used_ += bytes;
  return room;
}

std::uint32_t ChunkBuilder::since_base(Micros at) const {
  return static_cast<std::uint32_t>(std::max(at - base_, Micros(0)).count());
}

ChunkBuilder::Added ChunkBuilder::add_frame(const Frame& frame) {
  const std::size_t length = std::min(frame.payload.size(), kMostFrameBytes);
  std::uint8_t* out = claim(frame.at, kFrameHeadBytes + length);
  if (out == nullptr) return Added::kChunkFull;
  out[0] = kFrameItem;
  out[1] = static_cast<std::uint8_t>(frame.codec);
  out[2] = static_cast<std::uint8_t>(frame.channel);
  out[3] = frame.source;
  put_little(out + 4, since_base(frame.at));
  put_little(out + 8, frame.ssrc);
  put_little(out + 12, frame.timestamp);
  put_little(out + 16, frame.sequence);
  put_little(out + 18, static_cast<std::uint16_t>(length));
  std::copy_n(frame.payload.begin(), length, out + kFrameHeadBytes);
  return Added::kAdded;
}

ChunkBuilder::Added ChunkBuilder::add_mark(MarkKind kind, Micros at, std::string_view note) {
  const std::size_t length = std::min(note.size(), kMostNoteBytes);
  std::uint8_t* out = claim(at, kMarkHeadBytes + length);
  if (out == nullptr) return Added::kChunkFull;
  out[0] = kMarkItem;
  out[1] = static_cast<std::uint8_t>(kind);
  put_little(out + 2, since_base(at));
  out[6] = static_cast<std::uint8_t>(length);
  std::copy_n(note.begin(), length, out + kMarkHeadBytes);
  return Added::kAdded;
}

bool ChunkBuilder::due(Micros now) const {
  return !empty() && now - base_ >= kChunkSpan;
}

Bytes ChunkBuilder::take() {
  bytes_.resize(used_);
  used_ = 0;
  return std::exchange(bytes_, Bytes());
}

}  // namespace madoguchi::recording
