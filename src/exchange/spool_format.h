// The bytes of a spool segment: records one after another, each with its own checksum, so that a
// reader knows exactly up to where a file is whole. Pure functions.
//
//   u32 size of what follows the checksum   u32 CRC-32C of it
//   u64 record number   u64 event sequence (0: not an event)   u8 kind   payload
//
// All little-endian. A size of 0 or one beyond the file's end is a torn tail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace madoguchi::exchange {

enum class RecordKind : std::uint8_t {
  kEvent = 1,                 // wire::Event, for the centre
  kTokenise = 2,              // wire::Tokenise: a call's sealed number, asked of the vault
  kWish = 3,                  // wire::Wish
  kRecording = 4,             // wire::RecordingDigest
  kRecordingJournalled = 5,   // id of one that the vault has taken
  kLiveCall = 6,              // wire::LiveCall, in a checkpoint
  kOpenRecording = 7,         // wire::RecordingStarted, in a checkpoint of earlier versions
  kSealedLine = 9,            // wire::Tokenise, in a checkpoint: answered, but its call is up
  kUndigestedRecording = 10,  // wire::RecordingDigest of one that is open, in a checkpoint
  kCheckpoint = 8,  // u64 next event, u64 acknowledged: what follows tells all that is live
};

inline constexpr std::size_t kMaxRecordPayload = 1 << 20;

struct Record {
  std::uint64_t number = 0;
  std::uint64_t event = 0;
  RecordKind kind = RecordKind::kEvent;
  std::string payload;
};

void append_record(Bytes& to, std::uint64_t number, std::uint64_t event, RecordKind kind,
                   std::string_view payload);

// Takes records off the front of `rest`. nullopt at the end of what is whole; then `rest` is empty,
// or starts with bytes that are no record.
std::optional<Record> next_record(ByteView& rest);

std::uint32_t crc32c(ByteView bytes);

}  // namespace madoguchi::exchange
