#include <gtest/gtest.h>

#include <fstream>

#include "exchange/media/media_engine.h"
#include "exchange/media/test_rig.h"
#include "recording/g711_table.h"

namespace madoguchi::exchange {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Wav {
  recording::Outline about;
  std::vector<std::int16_t> left;
  std::vector<std::int16_t> right;
};

Wav open_recording(const EngineRig& rig, const std::string& file) {
  const Bytes bytes = rig.directory().read(file);
  Bytes wav;
  auto about = recording::to_wav(bytes, rig.keys(), [&](ByteView piece) {
    wav.insert(wav.end(), piece.begin(), piece.end());
    return true;
  });
  EXPECT_TRUE(about.has_value()) << (about ? "" : about.error().message);
  Wav made;
  if (!about) return made;
  made.about = *about;
  for (std::size_t at = 44; at + 4 <= wav.size(); at += 4) {
    made.left.push_back(static_cast<std::int16_t>(wav[at] | wav[at + 1] << 8));
    made.right.push_back(static_cast<std::int16_t>(wav[at + 2] | wav[at + 3] << 8));
  }
  return made;
}

class RecordedCall : public testing::Test {
 protected:
  explicit RecordedCall(std::size_t queue = 1024) : rig_(queue) {
    rig_.add("caller", Side::kCaller, caller_);
    rig_.add("operator", Side::kOurs, operator_);
    rig_.connect("caller", "operator");
    rig_.record();
  }
  void talk(int frames) {
    for (int n = 0; n < frames; ++n) {
      caller_.say(0x11);
      operator_.say(0x22);
      rig_.pump();
      rig_.pass(milliseconds(20));
    }
  }

  EngineRig rig_;
  LoopbackPhone caller_{0, 0x1111};
  LoopbackPhone operator_{0, 0x2222};
};

TEST_F(RecordedCall, HoldsBothSidesGapFreeAndItsDigestIsTheFiles) {
  talk(200);
  rig_.apply(command::RemoveCall{EngineRig::kCall});
  const RecordingClosed closed = rig_.closed_recording();
  EXPECT_EQ(closed.call, EngineRig::kCall);
  EXPECT_EQ(closed.file, "call.1.mdgrec");
  EXPECT_EQ(closed.cut, OnOff::kOff);
  EXPECT_EQ(closed.gaps, 0U);
  const Bytes file = rig_.directory().read(closed.file);
  EXPECT_EQ(closed.bytes, file.size());
  EXPECT_EQ(closed.digest, sha256(file));
  const Wav wav = open_recording(rig_, closed.file);
  EXPECT_EQ(wav.about.ending, recording::Ending::kClean);
  EXPECT_EQ(wav.about.header.organisation, OrganisationId("sakura"));
  EXPECT_EQ(wav.about.header.call, EngineRig::kCall);
  ASSERT_EQ(wav.left.size(), 32'000U);
  for (std::size_t n = 0; n < wav.left.size(); ++n) {
    ASSERT_EQ(wav.left[n], recording::kFromPcmu[0x11]) << n;
    ASSERT_EQ(wav.right[n], recording::kFromPcmu[0x22]) << n;
  }
}

TEST_F(RecordedCall, ACrashLosesAtMostOneSecond) {
  talk(500);
  // What is on disk now is what a kill would leave: the engine has not ended anything.
  ASSERT_TRUE(rig_.recordings_written());
  const Wav wav = open_recording(rig_, "call.1.mdgrec");
  EXPECT_EQ(wav.about.ending, recording::Ending::kCutOff);
  EXPECT_GE(wav.about.frames, 1000U - 100U);
}

TEST_F(RecordedCall, PausedPartsAreSilentAndMarked) {
  talk(50);
  rig_.apply(command::PauseRecording{EngineRig::kCall, OnOff::kOn});
  talk(50);
  rig_.apply(command::PauseRecording{EngineRig::kCall, OnOff::kOff});
  talk(50);
  rig_.apply(command::MarkRecording{EngineRig::kCall, RecordingMark::kNotice, "ja"});
  rig_.apply(command::StopRecording{EngineRig::kCall, RecordingFate::kKeep});
  const Wav wav = open_recording(rig_, rig_.closed_recording().file);
  ASSERT_EQ(wav.left.size(), 24'000U);
  EXPECT_NE(wav.left[7'999], 0);
  for (std::size_t n = 8'000; n < 16'000; ++n) ASSERT_EQ(wav.left[n], 0) << n;
  EXPECT_NE(wav.left[16'000], 0);
  ASSERT_EQ(wav.about.marks.size(), 3U);
  EXPECT_EQ(wav.about.marks[0].kind, recording::MarkKind::kPause);
  EXPECT_EQ(wav.about.marks[0].at, seconds(1));
  EXPECT_EQ(wav.about.marks[1].kind, recording::MarkKind::kResume);
  EXPECT_EQ(wav.about.marks[1].at, seconds(2));
  EXPECT_EQ(wav.about.marks[2].note, "ja");
}

TEST_F(RecordedCall, HoldsThePromptsThatTheCallerHeard) {
  rig_.play("caller", 1, {wav_of(std::vector<std::int16_t>(8000, 8000))});
  rig_.pass(seconds(2));
  rig_.apply(command::StopRecording{EngineRig::kCall, RecordingFate::kKeep});
  const Wav wav = open_recording(rig_, rig_.closed_recording().file);
  const auto heard = std::count_if(wav.right.begin(), wav.right.end(), [](std::int16_t sample) {
    return std::abs(sample - 8000) < 200;
  });
  EXPECT_EQ(heard, 8000);
}

TEST_F(RecordedCall, LeavesOutWhatTheCallerCannotHear) {
  LoopbackPhone supervisor(0, 3);
  rig_.add("supervisor", Side::kOurs, supervisor);
  rig_.connect("operator", "supervisor", Hearing::kOneWay);
  rig_.apply(command::Hold{LegId("caller"), OnOff::kOn});
  for (int n = 0; n < 50; ++n) {
    supervisor.say(0x33);
    operator_.say(0x22);
    caller_.say(0x11);
    rig_.pass(milliseconds(20));
  }
  rig_.apply(command::StopRecording{EngineRig::kCall, RecordingFate::kKeep});
  const Wav wav = open_recording(rig_, rig_.closed_recording().file);
  for (const std::int16_t sample : wav.right) ASSERT_EQ(sample, 0);
  EXPECT_EQ(wav.left[100], recording::kFromPcmu[0x11]);
}

TEST_F(RecordedCall, AnErasedOneIsGone) {
  talk(60);
  rig_.apply(command::StopRecording{EngineRig::kCall, RecordingFate::kErase});
  const RecordingClosed closed = rig_.closed_recording();
  EXPECT_EQ(closed.erased, OnOff::kOn);
  EXPECT_FALSE(std::filesystem::exists(rig_.directory().path() / closed.file));
}

class SlowDisk : public RecordedCall {
 protected:
  SlowDisk() : RecordedCall(0) {}  // no chunk finds room in the queue
};

TEST_F(SlowDisk, MakesGapsAndTheCallGoesOn) {
  talk(150);
  EXPECT_EQ(caller_.listen().size(), 150U);
  rig_.apply(command::StopRecording{EngineRig::kCall, RecordingFate::kKeep});
  const RecordingClosed closed = rig_.closed_recording();
  EXPECT_GE(closed.gaps, 3U);
  EXPECT_EQ(closed.cut, OnOff::kOff);
}

TEST(RecordingWithoutDisk, IsToldAsFailedAndCutAndTheCallGoesOn) {
  EngineRig rig;
  LoopbackPhone caller(0, 1);
  LoopbackPhone agent(0, 2);
  rig.add("caller", Side::kCaller, caller);
  rig.add("operator", Side::kOurs, agent);
  rig.connect("caller", "operator");
  std::filesystem::remove_all(rig.directory().path());
  rig.record();
  agent.say(0x22);
  rig.pump();
  EXPECT_EQ(caller.listen().size(), 1U);
  const RecordingClosed closed = rig.closed_recording();
  EXPECT_EQ(closed.cut, OnOff::kOn);
  EXPECT_NE(closed.reason.find("call.1.mdgrec"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::exchange
