#include "centre/sound.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "centre/call_log.h"

namespace madoguchi::centre {
namespace {

// A WAV of `hertz` at `rate`, one second.
Bytes tone(double hertz, std::uint32_t rate, std::uint16_t channels) {
  SoundClip clip;
  for (std::uint32_t i = 0; i < rate; ++i)
    for (std::uint16_t c = 0; c < channels; ++c)
      clip.samples.push_back(
          static_cast<std::int16_t>(10'000 * std::sin(2 * std::numbers::pi * hertz * i / rate)));
  Bytes wav = write_wav(clip);
  for (int i = 0; i < 4; ++i) wav[24 + i] = static_cast<std::uint8_t>(rate >> (8 * i));
  wav[22] = static_cast<std::uint8_t>(channels);
  return wav;
}

double level(const SoundClip& clip) {
  double sum = 0;
  for (const std::int16_t sample : clip.samples) sum += static_cast<double>(sample) * sample;
  return std::sqrt(sum / static_cast<double>(clip.samples.size()));
}

TEST(Sound, WhateverIsUploadedBecomesWhatATelephoneCarries) {
  for (const std::uint32_t rate : {8'000u, 16'000u, 22'050u, 44'100u, 48'000u}) {
    const auto clip = read_wav(tone(1'000, rate, 2));
    ASSERT_TRUE(clip) << clip.error().message;
    EXPECT_NEAR(clip->samples.size(), 8'000, 2) << rate;
    EXPECT_NEAR(level(*clip), 7'071, 200) << rate;
  }
  // Beyond the telephone's band nothing folds back into it.
  EXPECT_LT(level(*read_wav(tone(6'000, 48'000, 1))), 150);
}

TEST(Sound, WhatIsNoSoundIsRefusedWithTheReason) {
  EXPECT_FALSE(read_wav({}));
  EXPECT_FALSE(read_wav(as_bytes("RIFFxxxxWAVE")));
  Bytes eight_bits = tone(1'000, 8'000, 1);
  eight_bits[34] = 8;
  EXPECT_NE(read_wav(eight_bits).error().message.find("16 bits"), std::string::npos);
  Bytes cut = tone(1'000, 8'000, 1);
  cut.resize(40);
  EXPECT_FALSE(read_wav(cut));
  Bytes half = tone(1'000, 8'000, 1);
  half.resize(half.size() / 2);
  EXPECT_TRUE(read_wav(half).error().message.starts_with(
      "the sound is cut short (7978 of its 16000 bytes are there)"))
      << read_wav(half).error().message;
  Bytes huge = tone(1'000, 8'000, 1);
  for (int i = 0; i < 4; ++i) huge[16 + i] = 0xFF;  // the header's own size
  EXPECT_FALSE(read_wav(huge));
}

TEST(Sound, WhatAPipeTookHasNoSizeAndIsTakenToItsEnd) {
  for (const std::uint32_t said : {0u, 0x7fff'f000u, 0xffff'ffffu}) {
    Bytes piped = tone(1'000, 8'000, 1);
    for (int i = 0; i < 4; ++i) piped[40 + i] = static_cast<std::uint8_t>(said >> (8 * i));
    const auto clip = read_wav(piped);
    ASSERT_TRUE(clip) << clip.error().message;
    EXPECT_EQ(clip->samples.size(), 8'000u);
  }
}

TEST(Sound, TheWaitingToneIsSoftAndNotSilent) {
  EXPECT_GT(level(waiting_tone()), 100);
  EXPECT_LT(level(waiting_tone()), 2'000);
}

TEST(Sound, AMissingSpeakerIsNamed) {
  SpeechSettings settings;
  settings.program = "no-such-speaker";
  settings.reader = "";
  const auto spoken = speak("はい", settings, testing::TempDir());
  ASSERT_FALSE(spoken);
  EXPECT_EQ(spoken.error().message, "no-such-speaker: is not installed");
}

TEST(CallLog, DefusesFormulasAndWritesTheOldEncoding) {
  LoggedCall logged;
  logged.call.id = CallId("C1");
  logged.call.desk = DeskId("d");
  logged.call.number_called = "+81312345678";
  logged.call.disposition = "=a\"b";
  FloorParts floor;
  floor.desks[DeskId("d")].name = "漏えい窓口😀";
  const std::string text = call_log_csv({logged}, floor, Encoding::kUtf8);
  EXPECT_TRUE(text.starts_with("\xEF\xBB\xBF"));
  EXPECT_NE(text.find("\"+81312345678\""), std::string::npos);
  EXPECT_NE(text.find("\"'=a\"\"b\""), std::string::npos);
  const std::string old = call_log_csv({logged}, floor, Encoding::kCp932);
  EXPECT_NE(old.find("\x98\x52\x82\xA6\x82\xA2\x91\x8B\x8C\xFB?\""), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::centre
