// The sealed recording file, in words and constants. The exchange writes it and can't read it back;
// the vault, which holds the organisation's secret key, reads it. Pure values; any thread.
//
//   file   = header chunk* ; all integers little-endian
//   header = "MADOREC" u8 version(2), u16 length of the whole header,
//            3 × (u8 length, text): organisation, key id, call id; i64 start (µs UTC),
//            104 bytes: the file key, sealed to the key's public half (base/sealing.h),
//            24 bytes: the stream's nonce (crypto_secretstream_xchacha20poly1305)
//   chunk  = u32 length of the sealed part, sealed part (17 bytes longer than the plain one). The
//   header is
//            the first chunk's associated data, so a changed header opens nothing. The last chunk
//            carries the stream's FINAL tag; a file without it was cut off after its last whole
//            chunk.
//   plain  = u64 base (µs since start), items to the end:
//     frame = 1, u8 codec (RTP payload type), u8 channel, u8 source, u32 µs since base, u32 SSRC,
//             u32 RTP timestamp, u16 sequence number, u16 length, payload as received
//     mark  = 2, u8 kind, u32 µs since base, u8 length, note
//
// A chunk holds at most one second, so a crash of the writer loses at most that. Lost packets stay
// visible as holes in the sequence numbers. The file's SHA-256 goes to the vault's journal.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/id.h"
#include "base/time.h"

namespace madoguchi::recording {

using KeyId = Id<struct KeyTag>;

inline constexpr std::uint8_t kVersion = 2;
inline constexpr Micros kChunkSpan{900'000};  // leaves room for the way to the disk within a second
inline constexpr std::size_t kMostPlainBytes = 64 * 1024;  // of one chunk; a reader refuses more
inline constexpr std::size_t kMostNoteBytes = 200;
inline constexpr std::size_t kMostFrameBytes = 1500;
inline constexpr Micros kLongest = std::chrono::hours(48);  // no offset lies beyond

enum class Codec : std::uint8_t { kPcmu = 0, kPcma = 8 };
enum class Channel : std::uint8_t { kCaller = 0, kOurs = 1 };  // left, right

enum class MarkKind : std::uint8_t {
  kPause = 1,
  kResume = 2,
  kNotice = 3,     // the recording was announced
  kLegChange = 4,  // someone of ours joined, left or handed over
  kHold = 5,
  kResumeFromHold = 6,
  kGap = 7,  // sound was lost here because the disk was too slow or full
  kOther = 8,
  kEnd = 9,  // the last item of a whole recording
};

struct Header {
  OrganisationId organisation;
  KeyId key;
  CallId call;
  Time started;
};

// One RTP packet's sound. `source` tells apart those who share a channel (0-255).
struct Frame {
  Codec codec = Codec::kPcmu;
  Channel channel = Channel::kCaller;
  std::uint8_t source = 0;
  Micros at{0};  // since the recording's start, when it arrived
  std::uint32_t ssrc = 0;
  std::uint32_t timestamp = 0;
  std::uint16_t sequence = 0;
  ByteView payload;
};

struct Mark {
  MarkKind kind = MarkKind::kOther;
  Micros at{0};
  std::string note;
};

using Digest = std::array<std::uint8_t, 32>;

}  // namespace madoguchi::recording
