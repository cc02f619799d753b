#include "exchange/media/recording_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "exchange/media/test_rig.h"
#include "recording/chunk_builder.h"
#include "recording/reader.h"

namespace madoguchi::exchange {
namespace {

using std::chrono::seconds;
using Written = RecordingFile::Written;

// A disk with room for so many bytes.
class FullDisk : public testing::Test {
 protected:
  FullDisk()
      : directory_(::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY)),
        session_(keys_.public_key),
        file_("call.1.mdgrec",
              recording::Sealer({OrganisationId("sakura"), RecordingKeyId("k"), CallId("call"), {}},
                                session_, MonoTime()),
              [this](int fd, const void* bytes, std::size_t count) -> ssize_t {
                if (error_ != 0) return errno = error_, -1;
                const std::size_t fits = std::min(count, room_);
                room_ -= fits;
                if (fits == 0) return errno = ENOSPC, -1;
                return ::write(fd, bytes, fits);
              }) {}
  ~FullDisk() override { ::close(directory_); }

  static Bytes second(int n, std::size_t bytes = 160) {
    recording::ChunkBuilder builder;
    builder.lend(Bytes(), seconds(n));
    recording::Frame frame;
    frame.at = seconds(n);
    frame.timestamp = static_cast<std::uint32_t>(n) * 8000;
    frame.sequence = static_cast<std::uint16_t>(n);
    const Bytes payload(bytes, 0x11);
    frame.payload = payload;
    EXPECT_EQ(builder.add_frame(frame), recording::ChunkBuilder::Added::kAdded);
    return builder.take();
  }
  // What can be read now: begins of frames, and of gaps as negative numbers, in seconds.
  std::vector<int> read(recording::Ending ending) {
    const Bytes bytes = folder_.read("call.1.mdgrec");
    auto reader = recording::Reader::open(bytes, keys_);
    std::vector<int> found;
    if (!reader) return found;
    while (true) {
      const auto chunk = reader->next();
      if (!chunk || *chunk == nullptr) break;
      for (const auto& frame : (*chunk)->frames)
        found.push_back(static_cast<int>(frame.at / seconds(1)));
      for (const auto& mark : (*chunk)->marks)
        if (mark.kind == recording::MarkKind::kGap)
          found.push_back(-static_cast<int>(mark.at / seconds(1)));
    }
    EXPECT_EQ(reader->ending(), ending);
    return found;
  }

  TemporaryDirectory folder_;
  SealKeyPair keys_ = fresh_seal_key_pair();
  int directory_;
  SealingSession session_;
  std::size_t room_ = 1 << 20;
  int error_ = 0;
  RecordingFile file_;
};

TEST_F(FullDisk, ARecordingGoesOnBehindAGapOnceThereIsRoomAgain) {
  ASSERT_EQ(file_.begin(directory_), Written::kWhole);
  EXPECT_EQ(file_.chunk(second(1)), Written::kWhole);
  room_ = 50;  // a part of a chunk
  EXPECT_EQ(file_.chunk(second(2)), Written::kWaits);
  EXPECT_TRUE(file_.waits());
  EXPECT_EQ(file_.chunk(second(3)), Written::kWaits);
  EXPECT_EQ(file_.chunk(second(4)), Written::kWaits);
  EXPECT_EQ(read(recording::Ending::kCutOff), (std::vector<int>{1}));
  room_ = 1 << 20;
  EXPECT_EQ(file_.chunk(second(5)), Written::kWhole);
  EXPECT_FALSE(file_.waits());
  EXPECT_EQ(file_.finish(seconds(6)), Written::kWhole);
  EXPECT_EQ(read(recording::Ending::kClean), (std::vector<int>{1, 2, -3, 5}));
  EXPECT_EQ(file_.gaps(), 1U);
  EXPECT_EQ(file_.sealer().digest(), sha256(folder_.read("call.1.mdgrec")));
}

TEST_F(FullDisk, AMomentWithoutRoomLosesNothing) {
  ASSERT_EQ(file_.begin(directory_), Written::kWhole);
  room_ = 0;
  EXPECT_EQ(file_.chunk(second(1)), Written::kWaits);
  room_ = 1 << 20;
  EXPECT_EQ(file_.chunk(second(2)), Written::kWhole);
  EXPECT_EQ(file_.finish(seconds(3)), Written::kWhole);
  EXPECT_EQ(read(recording::Ending::kClean), (std::vector<int>{1, 2}));
  EXPECT_EQ(file_.gaps(), 0U);
}

TEST_F(FullDisk, ItFillsUpAgainAndAgain) {
  ASSERT_EQ(file_.begin(directory_), Written::kWhole);
  for (int n = 1; n <= 12; ++n) {
    room_ = n % 4 == 0 ? 1 << 20 : 7;
    static_cast<void>(file_.chunk(second(n)));
  }
  room_ = 1 << 20;
  EXPECT_EQ(file_.finish(seconds(13)), Written::kWhole);
  EXPECT_EQ(read(recording::Ending::kClean), (std::vector<int>{1, -2, 4, 5, -6, 8, 9, -10, 12}));
}

TEST_F(FullDisk, OneThatBeginsOnAFullDiskIsRecordedFromWhenThereIsRoom) {
  room_ = 10;
  ASSERT_EQ(file_.begin(directory_), Written::kWaits);
  EXPECT_EQ(file_.chunk(second(1)), Written::kWaits);
  room_ = 1 << 20;
  EXPECT_EQ(file_.chunk(second(2)), Written::kWhole);
  EXPECT_EQ(file_.finish(seconds(3)), Written::kWhole);
  EXPECT_EQ(read(recording::Ending::kClean), (std::vector<int>{-1, 2}));
}

TEST_F(FullDisk, ACallThatEndsBeforeThereIsRoomIsCutOff) {
  ASSERT_EQ(file_.begin(directory_), Written::kWhole);
  EXPECT_EQ(file_.chunk(second(1)), Written::kWhole);
  room_ = 0;
  EXPECT_EQ(file_.chunk(second(2)), Written::kWaits);
  EXPECT_NE(file_.finish(seconds(3)), Written::kWhole);
  EXPECT_EQ(read(recording::Ending::kCutOff), (std::vector<int>{1}));
}

TEST_F(FullDisk, ADiskThatFailsOtherwiseEndsIt) {
  ASSERT_EQ(file_.begin(directory_), Written::kWhole);
  error_ = EIO;
  EXPECT_EQ(file_.chunk(second(1)), Written::kFailed);
}

}  // namespace
}  // namespace madoguchi::exchange
