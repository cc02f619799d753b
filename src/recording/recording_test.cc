#include <gtest/gtest.h>

#include "recording/g711_table.h"
#include "recording/little_endian.h"
#include "recording/reader.h"
#include "recording/tape_fixture.h"
#include "recording/wav.h"

namespace madoguchi::recording {
namespace {

struct Wav {
  Outline about;
  Bytes bytes;
  std::int16_t left(std::size_t sample) const { return at(44 + sample * 4); }
  std::int16_t right(std::size_t sample) const { return at(46 + sample * 4); }
  std::size_t samples() const { return (bytes.size() - 44) / 4; }

 private:
  std::int16_t at(std::size_t byte) const {
    return static_cast<std::int16_t>(get_little<std::uint16_t>(bytes.data() + byte));
  }
};

Result<Wav> render(ByteView file, const SealKeyPair& keys = organisation_keys()) {
  Wav wav;
  auto about = to_wav(file, keys, [&](ByteView bytes) {
    wav.bytes.insert(wav.bytes.end(), bytes.begin(), bytes.end());
    return true;
  });
  if (!about) return tl::unexpected(about.error());
  wav.about = std::move(*about);
  return wav;
}

TEST(SealedRecording, GivesBackEveryFrameAndMarkAsReceived) {
  Tape tape;
  tape.mark(MarkKind::kNotice, Micros(5), "ja-1");
  tape.frame(frame_at(3, Channel::kCaller, kLoud));
  tape.frame(frame_at(4, Channel::kOurs, kLoudOurs, 2));
  tape.end(milliseconds(140));
  auto reader = Reader::open(tape.file(), organisation_keys());
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ(reader->header().organisation, OrganisationId("sakura"));
  EXPECT_EQ(reader->header().key, KeyId("2026-11"));
  EXPECT_EQ(reader->header().call, some_header().call);
  EXPECT_EQ(reader->header().started, some_header().started);
  const Chunk* chunk = reader->next().value();
  ASSERT_NE(chunk, nullptr);
  ASSERT_EQ(chunk->frames.size(), 2U);
  EXPECT_EQ(chunk->frames[1].source, 2);
  EXPECT_EQ(chunk->frames[1].codec, Codec::kPcma);
  EXPECT_EQ(chunk->frames[1].channel, Channel::kOurs);
  EXPECT_EQ(chunk->frames[1].at, milliseconds(80));
  EXPECT_EQ(chunk->frames[1].timestamp, frame_at(4, Channel::kOurs, {}).timestamp);
  EXPECT_EQ(chunk->frames[1].sequence, frame_at(4, Channel::kOurs, {}).sequence);
  EXPECT_EQ(Bytes(chunk->frames[1].payload.begin(), chunk->frames[1].payload.end()), kLoudOurs);
  ASSERT_EQ(chunk->marks.size(), 1U);
  EXPECT_EQ(chunk->marks[0].note, "ja-1");
  ASSERT_NE(reader->next().value(), nullptr);  // the end mark
  EXPECT_EQ(reader->ending(), Ending::kClean);
  EXPECT_EQ(reader->next().value(), nullptr);
}

TEST(SealedRecording, DigestIsThatOfTheWholeFile) {
  Tape tape = short_tape(60);
  tape.end(seconds(2));
  EXPECT_EQ(tape.sealer().digest(), sha256(tape.file()));
  EXPECT_EQ(tape.sealer().bytes(), tape.file().size());
}

TEST(SealedRecording, HidesTheSoundAndTheNotes) {
  Tape tape = short_tape(10);
  tape.mark(MarkKind::kOther, milliseconds(300), "a note that nobody may see");
  tape.end(seconds(1));
  const std::string_view bytes = as_text(tape.file());
  EXPECT_EQ(bytes.find("a note that nobody"), std::string_view::npos);
  EXPECT_EQ(bytes.find(std::string(40, '\x80')), std::string_view::npos);
}

TEST(SealedRecording, HoldsAtMostOneSecondPerChunk) {
  Tape tape = short_tape(500);
  tape.end(seconds(10));
  auto reader = Reader::open(tape.file(), organisation_keys());
  std::size_t frames = 0;
  while (const Chunk* chunk = reader->next().value()) {
    for (const Frame& frame : chunk->frames) EXPECT_LT(frame.at - chunk->base, seconds(1));
    frames += chunk->frames.size();
  }
  EXPECT_EQ(frames, 1000U);
}

TEST(SealedRecording, CutAtAnyByteReadsUpToItsLastWholeChunk) {
  Tape tape = short_tape(100);
  tape.end(seconds(2));
  const Bytes& file = tape.file();
  const std::size_t head = tape.sealer().header_bytes().size();
  for (std::size_t cut = 0; cut < file.size(); ++cut) {
    auto reader = Reader::open(ByteView(file).first(cut), organisation_keys());
    if (cut < head) {
      EXPECT_FALSE(reader.has_value()) << cut;
      continue;
    }
    ASSERT_TRUE(reader.has_value()) << cut;
    std::size_t chunks = 0;
    while (true) {
      auto chunk = reader->next();
      ASSERT_TRUE(chunk.has_value()) << cut;
      if (*chunk == nullptr) break;
      ++chunks;
    }
    EXPECT_EQ(reader->ending(), Ending::kCutOff) << cut;
    std::size_t whole = 0;
    while (whole < tape.chunk_ends().size() && tape.chunk_ends()[whole] <= cut) ++whole;
    EXPECT_EQ(chunks, whole) << cut;
  }
}

TEST(SealedRecording, NoFlippedBitPassesForSound) {
  Tape tape = short_tape(60);
  tape.end(seconds(2));
  const Bytes good = tape.file();
  for (std::size_t byte = 0; byte < good.size(); ++byte) {
    Bytes bad = good;
    bad[byte] ^= static_cast<std::uint8_t>(1U << (byte % 8));
    auto reader = Reader::open(bad, organisation_keys());
    if (!reader) continue;
    auto chunk = reader->next();
    while (chunk.has_value() && *chunk != nullptr) chunk = reader->next();
    // A changed length that reaches beyond the file can't be told from a cut.
    EXPECT_TRUE(!chunk.has_value() || reader->ending() == Ending::kCutOff) << byte;
  }
}

TEST(SealedRecording, BytesAfterTheEndAreRefused) {
  Tape tape = short_tape(10);
  tape.end(seconds(1));
  Bytes longer = tape.file();
  longer.push_back(0);
  EXPECT_FALSE(render(longer).has_value());
}

TEST(SealedRecording, AnotherKeyOpensNothingAndTheErrorNamesTheRightOne) {
  Tape tape = short_tape(10);
  tape.end(seconds(1));
  const auto wav = render(tape.file(), fresh_seal_key_pair());
  ASSERT_FALSE(wav.has_value());
  EXPECT_EQ(wav.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(wav.error().message.find("2026-11"), std::string::npos);
}

TEST(SealedRecording, HeaderReadsWithoutAKey) {
  Tape tape;
  const auto header = read_header(tape.file());
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->key, KeyId("2026-11"));
}

TEST(RecordingWav, PutsTheCallerLeftAndOursRightWithoutGaps) {
  Tape tape = short_tape(150);
  tape.end(seconds(3));
  const auto wav = render(tape.file());
  ASSERT_TRUE(wav.has_value());
  ASSERT_EQ(wav->samples(), 24'000U);
  for (std::size_t n = 0; n < 24'000; ++n) {
    ASSERT_EQ(wav->left(n), 32124) << n;
    ASSERT_EQ(wav->right(n), 32256) << n;
  }
  EXPECT_EQ(wav->about.lost, 0U);
}

TEST(RecordingWav, ArrivalJitterDoesNotShow) {
  Tape tape;
  for (int n = 0; n < 200; ++n) {
    Frame frame = frame_at(n, Channel::kCaller, kLoud);
    frame.at += milliseconds((n * 37) % 90);
    tape.frame(frame);
  }
  tape.end(seconds(5));
  const auto wav = render(tape.file());
  ASSERT_TRUE(wav.has_value());
  for (std::size_t n = 0; n < 200 * 160; ++n) ASSERT_EQ(wav->left(n), 32124) << n;
}

// In what each burst holds one frame is missing.
TEST(RecordingWav, WhatANetworkHeldBackAndGaveAtOnceStandsWhereItWasSpoken) {
  Tape tape;
  for (int n = 0; n < 400; ++n) {
    if (n % 100 == 70) continue;
    const int held = n % 100 < 50 ? n : std::max(n, n / 100 * 100 + 85);  // 0.7 s, four times
    Frame frame = frame_at(n, Channel::kCaller, kLoud);
    frame.at = milliseconds(20) * held;
    tape.frame(frame);
  }
  tape.end(seconds(8));
  const auto wav = render(tape.file());
  ASSERT_TRUE(wav.has_value());
  for (std::size_t n = 0; n < 400 * 160; ++n)
    ASSERT_EQ(wav->left(n), n / 160 % 100 == 70 ? 0 : 32124) << n;
  EXPECT_EQ(wav->about.lost, 4U);
}

TEST(RecordingWav, AStreamThatStaysLateIsAnchoredAtItsArrival) {
  Tape tape;
  for (int n = 0; n < 400; ++n) {
    Frame frame = frame_at(n, Channel::kCaller, kLoud);
    if (n >= 50) frame.at += milliseconds(500);  // another way through the network
    tape.frame(frame);
  }
  tape.end(seconds(9));
  const auto wav = render(tape.file());
  ASSERT_TRUE(wav.has_value());
  EXPECT_EQ(wav->about.lost, 0U);
  std::size_t silent = 0;
  for (std::size_t n = 0; n < 425 * 160; ++n) silent += wav->left(n) == 0 ? 1 : 0;
  EXPECT_EQ(silent, 25U * 160U) << "nothing of it is left out";
}

TEST(RecordingWav, LossAndPauseAreSilenceInTheirPlace) {
  Tape tape;
  for (int n = 0; n < 200; ++n) {
    if (n == 50) continue;              // lost
    if (n >= 100 && n < 150) continue;  // paused
    if (n == 100) tape.mark(MarkKind::kPause, seconds(2), "");
    if (n == 150) tape.mark(MarkKind::kResume, seconds(3), "");
    tape.frame(frame_at(n, Channel::kCaller, kLoud));
  }
  tape.end(seconds(5));
  const auto wav = render(tape.file());
  ASSERT_TRUE(wav.has_value());
  EXPECT_EQ(wav->samples(), 40'000U);
  for (std::size_t n = 0; n < 32'000; ++n) {
    const std::size_t frame = n / 160;
    const bool silent = frame == 50 || (frame >= 100 && frame < 150);
    ASSERT_EQ(wav->left(n), silent ? 0 : 32124) << n;
  }
  EXPECT_EQ(wav->left(39'999), 0);
  EXPECT_EQ(wav->right(100), 0);
  EXPECT_EQ(wav->about.lost, 51U);
}

TEST(RecordingWav, AStreamThatStartsAnewStandsWhereItArrived) {
  Tape tape;
  for (int n = 0; n < 50; ++n) tape.frame(frame_at(n, Channel::kOurs, kLoudOurs));
  for (int n = 100; n < 150; ++n) {
    Frame frame = frame_at(n, Channel::kOurs, kLoudOurs);
    frame.ssrc = 99;
    frame.timestamp += 12'345'678;
    tape.frame(frame);
  }
  tape.end(seconds(3));
  const auto wav = render(tape.file());
  ASSERT_TRUE(wav.has_value());
  EXPECT_EQ(wav->right(7'999), 32256);
  EXPECT_EQ(wav->right(8'000), 0);
  EXPECT_EQ(wav->right(15'999), 0);
  EXPECT_EQ(wav->right(16'000), 32256);
  EXPECT_EQ(wav->right(23'999), 32256);
}

TEST(RecordingWav, TwoOfOursAreAddedUp) {
  Tape tape;
  const Bytes quiet(160, 0xCA ^ 0x10);
  for (int n = 0; n < 50; ++n) {
    tape.frame(frame_at(n, Channel::kOurs, quiet, 1));
    tape.frame(frame_at(n, Channel::kOurs, quiet, 2));
  }
  tape.end(seconds(1));
  const auto wav = render(tape.file());
  ASSERT_TRUE(wav.has_value());
  EXPECT_EQ(wav->right(100), 2 * kFromPcma[0xCA ^ 0x10]);
}

TEST(RecordingWav, AFullDiskEndsTheRendering) {
  Tape tape = short_tape(10);
  tape.end(seconds(1));
  const auto result = to_wav(tape.file(), organisation_keys(), [](ByteView) { return false; });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace madoguchi::recording
