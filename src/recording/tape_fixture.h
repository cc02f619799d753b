// For tests of recordings: writes them as the exchange does. Linked into test programs only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <vector>

#include "recording/chunk_builder.h"
#include "recording/sealer.h"

namespace madoguchi::recording {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline const SealKeyPair& organisation_keys() {
  static const SealKeyPair keys = fresh_seal_key_pair();
  return keys;
}

inline Header some_header() {
  return {OrganisationId("sakura"), KeyId("2026-11"), CallId("01ARZ3NDEKTSV4RRFFQ69G5FAV"),
          time_from_micros(1'795'000'000'000'000)};
}

// Writes as the exchange does: chunk after chunk as they fill.
class Tape {
 public:
  explicit Tape(const Header& header = some_header(),
                const SealPublicKey& to = organisation_keys().public_key)
      : session_(std::make_unique<SealingSession>(to)), sealer_(header, *session_, MonoTime{}) {
    keep(sealer_.header_bytes());
    builder_.lend(Bytes(), Micros(0));
  }

  void frame(const Frame& frame) {
    if (builder_.add_frame(frame) == ChunkBuilder::Added::kAdded) return;
    turn(frame.at);
    ASSERT_EQ(builder_.add_frame(frame), ChunkBuilder::Added::kAdded);
  }
  void mark(MarkKind kind, Micros at, std::string_view note) {
    if (builder_.add_mark(kind, at, note) == ChunkBuilder::Added::kAdded) return;
    turn(at);
    ASSERT_EQ(builder_.add_mark(kind, at, note), ChunkBuilder::Added::kAdded);
  }
  void end(Micros at) {
    turn(at);
    keep(sealer_.finish(at));
  }
  void turn(Micros at) {
    if (!builder_.empty()) {
      keep(sealer_.seal_chunk(builder_.take()));
      ends_.push_back(file_.size());
    }
    builder_.lend(Bytes(), at);
  }

  [[nodiscard]] const Bytes& file() const { return file_; }
  [[nodiscard]] const std::vector<std::size_t>& chunk_ends() const { return ends_; }
  [[nodiscard]] const Sealer& sealer() const { return sealer_; }

 private:
  void keep(ByteView bytes) { file_.insert(file_.end(), bytes.begin(), bytes.end()); }
  std::unique_ptr<SealingSession> session_;
  Sealer sealer_;
  ChunkBuilder builder_;
  Bytes file_;
  std::vector<std::size_t> ends_;
};

inline Frame frame_at(int number, Channel channel, ByteView payload, std::uint8_t source = 0) {
  Frame frame;
  frame.codec = channel == Channel::kCaller ? Codec::kPcmu : Codec::kPcma;
  frame.channel = channel;
  frame.source = source;
  frame.at = milliseconds(20) * number;
  frame.ssrc = 7;
  frame.timestamp = 4'000'000'000U + static_cast<std::uint32_t>(number) * 160U;
  frame.sequence = static_cast<std::uint16_t>(65'500 + number);
  frame.payload = payload;
  return frame;
}

inline const Bytes kLoud(160, 0x80);      // +32124 in μ-law
inline const Bytes kLoudOurs(160, 0xAA);  // +32256 in A-law

inline Tape short_tape(int frames) {
  Tape tape;
  for (int n = 0; n < frames; ++n) {
    tape.frame(frame_at(n, Channel::kCaller, kLoud));
    tape.frame(frame_at(n, Channel::kOurs, kLoudOurs));
  }
  return tape;
}

}  // namespace madoguchi::recording
