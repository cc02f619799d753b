#include "exchange/media/prompt.h"

#include <gtest/gtest.h>

#include "exchange/media/test_rig.h"
#include "exchange/media/wav_file.h"
#include "rtp/tone.h"

namespace madoguchi::exchange {
namespace {

std::vector<std::int16_t> tone(double hertz, double rate, double seconds = 1) {
  std::vector<std::int16_t> sound(static_cast<std::size_t>(rate * seconds));
  rtp::ToneGenerator(hertz, 10'000, rate).fill(sound);
  return sound;
}

std::string refusal_of(const Bytes& wav) {
  const auto read = read_wav(wav);
  return read ? "taken" : read.error().message;
}

TEST(WavFile, TakesWhatRecordersMakeAt8kHz) {
  for (const std::uint32_t rate :
       {8'000U, 11'025U, 16'000U, 22'050U, 24'000U, 32'000U, 44'100U, 48'000U}) {
    const auto sound = read_wav(wav_of(tone(1000, rate), rate));
    ASSERT_TRUE(sound.has_value()) << rate;
    const auto at_8khz = to_8khz(*sound);
    EXPECT_NEAR(static_cast<double>(at_8khz.size()), 8000, 1) << rate;
    EXPECT_GT(rtp::tone_share(at_8khz, 1000), 0.99) << rate;
    EXPECT_NEAR(rtp::level(at_8khz), rtp::level(tone(1000, 8000)), 0.01) << rate;
  }
}

TEST(WavFile, KeepsOutWhatWouldFoldIntoTheVoiceBand) {
  for (const double hertz : {5'000.0, 7'000.0, 9'000.0, 15'000.0}) {
    const auto sound = read_wav(wav_of(tone(hertz, 48'000), 48'000));
    const auto at_8khz = to_8khz(*sound);
    const std::vector<std::int16_t> middle(at_8khz.begin() + 400, at_8khz.end() - 400);
    EXPECT_LT(rtp::level(middle), rtp::level(tone(1000, 8000)) / 300) << hertz;
  }
}

TEST(WavFile, AveragesStereo) {
  const auto sound = read_wav(wav_of({1000, 3000, -500, 500}, 8000, 2));
  ASSERT_TRUE(sound.has_value());
  EXPECT_EQ(sound->samples, (std::vector<std::int16_t>{2000, 0}));
}

TEST(WavFile, SaysWhatIsWrong) {
  const Bytes good = wav_of(std::vector<std::int16_t>(100, 1), 8000);
  EXPECT_NE(refusal_of(Bytes(30, 'x')).find("RIFF"), std::string::npos);
  Bytes cut = good;
  cut.resize(100);
  EXPECT_NE(refusal_of(cut).find("cut off: 144 bytes"), std::string::npos);
  Bytes bits = good;
  bits[34] = 24;
  EXPECT_NE(refusal_of(bits).find("24 bits"), std::string::npos);
  Bytes floats = good;
  floats[20] = 3;
  EXPECT_NE(refusal_of(floats).find("floating point"), std::string::npos);
  Bytes mp3 = good;
  mp3[20] = 0x55;
  EXPECT_NE(refusal_of(mp3).find("number 85"), std::string::npos);
  Bytes six = good;
  six[22] = 6;
  EXPECT_NE(refusal_of(six).find("6 channels"), std::string::npos);
  EXPECT_NE(refusal_of(wav_of({1, 2}, 96'000)).find("96000"), std::string::npos);
  EXPECT_NE(refusal_of(wav_of({}, 8000)).find("no sound"), std::string::npos);
  EXPECT_NE(refusal_of(Bytes(good.begin(), good.begin() + 36)).find("no \"data\""),
            std::string::npos);
}

TEST(WavFile, NoTruncationNorFlippedByteBreaksIt) {
  const Bytes good = wav_of(std::vector<std::int16_t>(20, 1), 8000);
  for (std::size_t n = 0; n < good.size(); ++n) {
    static_cast<void>(Prompt::from_wav(ByteView(good).first(n)));
    Bytes bad = good;
    bad[n] ^= 0xFF;
    static_cast<void>(Prompt::from_wav(bad));
  }
}

TEST(Prompt, IsReadyInBothLaws) {
  const auto prompt = Prompt::from_wav(wav_of(tone(1000, 16'000, 0.5), 16'000));
  ASSERT_TRUE(prompt.has_value());
  EXPECT_EQ((*prompt)->duration(), std::chrono::milliseconds(500));
  EXPECT_EQ((*prompt)->sound(SoundCodec::kPcmu).size(), 4000U);
  EXPECT_EQ((*prompt)->sound(SoundCodec::kPcma).size(), 4000U);
}

}  // namespace
}  // namespace madoguchi::exchange
