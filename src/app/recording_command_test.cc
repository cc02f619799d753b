#include "app/recording_command.h"

#include <gtest/gtest.h>

namespace madoguchi::app {
namespace {

namespace fs = std::filesystem;

std::vector<FoundRecording> sealed(std::initializer_list<const char*> names) {
  std::vector<FoundRecording> found(names.size());
  std::size_t i = 0;
  for (const char* name : names) found[i++].file = fs::path("sealed") / name;
  return found;
}

TEST(RecordingCommand, OneRecordingGoesWhereItIsWanted) {
  EXPECT_EQ(wav_files(sealed({"c.1.mdgrec"}), "a/call.wav"), std::vector<fs::path>{"a/call.wav"});
}

TEST(RecordingCommand, SeveralRecordingsAreNumberedInTheOrderOfTime) {
  EXPECT_EQ(wav_files(sealed({"c.1.mdgrec", "c.2.mdgrec"}), "a/call.wav"),
            (std::vector<fs::path>{"a/call-1.wav", "a/call-2.wav"}));
  EXPECT_EQ(wav_files(sealed({"c.1.mdgrec", "c.2.mdgrec"}), "call"),
            (std::vector<fs::path>{"call-1", "call-2"}));
}

TEST(RecordingCommand, APathThatCannotBeLookedAtIsNoFolder) {
  const fs::path endless = std::string(300, 'x') + ".wav";
  EXPECT_EQ(wav_files(sealed({"c.1.mdgrec"}), endless), std::vector<fs::path>{endless});
}

TEST(RecordingCommand, InAFolderEachHasItsSealedFilesName) {
  EXPECT_EQ(wav_files(sealed({"c.1.mdgrec", "c.2.mdgrec"}), "/tmp"),
            (std::vector<fs::path>{"/tmp/c.1.wav", "/tmp/c.2.wav"}));
  EXPECT_EQ(wav_files(sealed({"c.1.mdgrec"}), "new/"), std::vector<fs::path>{"new/c.1.wav"});
}

TEST(RecordingCommand, WhatIsStillBeingRecordedWasNotCutOff) {
  EXPECT_EQ(ending_of(false, true), Ending::kGoesOn);
  EXPECT_EQ(ending_of(false, false), Ending::kCutOff);
  EXPECT_EQ(ending_of(false, std::nullopt), Ending::kUnknown);
  for (const std::optional<bool> call_is_up : {std::optional<bool>(), {true}, {false}})
    EXPECT_EQ(ending_of(true, call_is_up), Ending::kWhole);
}

}  // namespace
}  // namespace madoguchi::app
