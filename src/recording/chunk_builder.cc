#include "recording/chunk_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "recording/items.h"
#include "recording/little_endian.h"

namespace madoguchi::recording {

void ChunkBuilder::lend(Bytes buffer, Micros at) {
  bytes_ = std::move(buffer);
  bytes_.clear();
  bytes_.reserve(kBufferBytes);
  base_ = std::clamp(at, Micros(0), kLongest);
  bytes_.resize(kBaseBytes);
  put_little(bytes_.data(), static_cast<std::uint64_t>(base_.count()));
}

bool ChunkBuilder::has_room(Micros at, std::size_t bytes) const {
  return at - base_ < kChunkSpan && bytes_.size() + bytes <= kBufferBytes;
}

ChunkBuilder::Added ChunkBuilder::add_frame(const Frame& frame) {
  CHECK(bytes_.size() >= kBaseBytes);
  const std::size_t length = std::min(frame.payload.size(), kMostFrameBytes);
  if (!has_room(frame.at, kFrameHeadBytes + length)) return Added::kChunkFull;
  const std::size_t start = bytes_.size();
  bytes_.resize(start + kFrameHeadBytes + length);
  std::uint8_t* out = bytes_.data() + start;
  out[0] = kFrameItem;
  out[1] = static_cast<std::uint8_t>(frame.codec);
  out[2] = static_cast<std::uint8_t>(frame.channel);
  out[3] = frame.source;
  const Micros since = std::max(frame.at - base_, Micros(0));
  put_little(out + 4, static_cast<std::uint32_t>(since.count()));
  put_little(out + 8, frame.ssrc);
  put_little(out + 12, frame.timestamp);
  put_little(out + 16, frame.sequence);
  put_little(out + 18, static_cast<std::uint16_t>(length));
  std::memcpy(out + kFrameHeadBytes, frame.payload.data(), length);
  return Added::kAdded;
}

ChunkBuilder::Added ChunkBuilder::add_mark(MarkKind kind, Micros at, std::string_view note) {
  CHECK(bytes_.size() >= kBaseBytes);
  const std::size_t length = std::min(note.size(), kMostNoteBytes);
  if (!has_room(at, kMarkHeadBytes + length)) return Added::kChunkFull;
  const std::size_t start = bytes_.size();
  bytes_.resize(start + kMarkHeadBytes + length);
  std::uint8_t* out = bytes_.data() + start;
  out[0] = kMarkItem;
  out[1] = static_cast<std::uint8_t>(kind);
  const Micros since = std::max(at - base_, Micros(0));
  put_little(out + 2, static_cast<std::uint32_t>(since.count()));
  out[6] = static_cast<std::uint8_t>(length);
  if (length > 0) std::memcpy(out + kMarkHeadBytes, note.data(), length);
  return Added::kAdded;
}

bool ChunkBuilder::due(Micros now) const {
  return !empty() && now - base_ >= kChunkSpan;
}

Bytes ChunkBuilder::take() {
  return std::exchange(bytes_, Bytes());
}

}  // namespace madoguchi::recording
