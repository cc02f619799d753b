#include "rtp/tone.h"

#include <gtest/gtest.h>

#include <random>

namespace madoguchi::rtp {
namespace {

TEST(Tone, APureToneIsAllThereIs) {
  std::vector<std::int16_t> sound(1600);
  ToneGenerator(440, 10000).fill(sound);
  EXPECT_GT(tone_share(sound, 440), 0.99);
  EXPECT_LT(tone_share(sound, 880), 0.01);
  EXPECT_NEAR(level(sound), 10000 / 32768.0 / 1.41421356, 0.001);
}

TEST(Tone, SilenceAndNoiseHoldNone) {
  std::vector<std::int16_t> sound(1600);
  EXPECT_EQ(tone_share(sound, 440), 0);
  EXPECT_EQ(level(sound), 0);
  EXPECT_EQ(level({}), 0);
  std::mt19937 random(1);
  for (std::int16_t& sample : sound) sample = static_cast<std::int16_t>(random() % 20000 - 10000);
  EXPECT_LT(tone_share(sound, 440), 0.05);
}

TEST(Tone, GoesOnWithoutAStepBetweenFrames) {
  std::vector<std::int16_t> whole(800);
  ToneGenerator(523, 9000).fill(whole);
  std::vector<std::int16_t> parts(800);
  ToneGenerator generator(523, 9000);
  for (std::size_t at = 0; at < 800; at += 160) generator.fill(std::span(parts).subspan(at, 160));
  EXPECT_EQ(whole, parts);
}

TEST(Tone, RunsShowEveryGap) {
  std::vector<std::int16_t> sound(16000);
  ToneGenerator generator(1000, 9000);
  generator.fill(std::span(sound).subspan(1600, 3200));
  generator.fill(std::span(sound).subspan(8000, 1600));
  const auto runs = find_tone(sound, 1000);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].begin, 1600U);
  EXPECT_EQ(runs[0].end, 4800U);
  EXPECT_EQ(runs[1].begin, 8000U);
  EXPECT_EQ(runs[1].end, 9600U);
}

}  // namespace
}  // namespace madoguchi::rtp
