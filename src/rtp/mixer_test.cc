#include "rtp/mixer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "rtp/tone.h"

namespace madoguchi::rtp {
namespace {

Frame constant(std::int16_t value) {
  Frame frame;
  frame.fill(value);
  return frame;
}

// Rows are listeners, columns sources: '1' hears, '.' does not.
Mixer with_matrix(std::initializer_list<std::string_view> rows) {
  Mixer mixer;
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(mixer.join(), i);
  Mixer::Slot listener = 0;
  for (const std::string_view row : rows) {
    for (std::size_t source = 0; source < row.size(); ++source)
      if (row[source] == '1') mixer.hear(listener, static_cast<Mixer::Slot>(source), Mixer::kUnity);
    ++listener;
  }
  return mixer;
}

TEST(Mixer, EachHearsExactlyWhomTheMatrixSays) {
  // Caller, operator, a supervisor who whispers to the operator, one who only listens.
  Mixer mixer = with_matrix({".1..", "1.1.", "11..", "111."});
  mixer.begin();
  const std::int16_t voices[] = {1, 10, 100, 1000};
  for (Mixer::Slot slot = 0; slot < 4; ++slot) mixer.put(slot, constant(voices[slot]));
  const std::int16_t heard[] = {10, 101, 11, 111};
  for (Mixer::Slot slot = 0; slot < 4; ++slot) {
    Frame frame;
    EXPECT_TRUE(mixer.take(slot, frame));
    EXPECT_EQ(frame, constant(heard[slot])) << int{slot};
  }
}

TEST(Mixer, NobodyHearsHimself) {
  Mixer mixer = with_matrix({"11", "11"});
  mixer.begin();
  mixer.put(0, constant(5));
  Frame frame;
  EXPECT_FALSE(mixer.take(0, frame));
  EXPECT_EQ(frame, constant(0));
}

TEST(Mixer, SumsAreCutOffNotWrapped) {
  Mixer mixer = with_matrix({".11", "...", "..."});
  mixer.begin();
  mixer.put(1, constant(30000));
  mixer.put(2, constant(30000));
  Frame frame;
  mixer.take(0, frame);
  EXPECT_EQ(frame, constant(32767));
  mixer.put(1, constant(-30000));
  mixer.put(2, constant(-30000));
  mixer.take(0, frame);
  EXPECT_EQ(frame, constant(-32768));
}

TEST(Mixer, GainsScaleAndAreBounded) {
  Mixer mixer = with_matrix({".1", "1."});
  mixer.hear(0, 1, Mixer::kUnity / 2);
  mixer.begin();
  mixer.put(1, constant(1000));
  Frame frame;
  mixer.take(0, frame);
  EXPECT_EQ(frame, constant(500));
  mixer.hear(0, 1, 65535);
  EXPECT_EQ(mixer.gain(0, 1), Mixer::kLoudest);
}

TEST(Mixer, OnlyTwoWhoHearEachOtherMayBeRelayed) {
  struct Row {
    Mixer mixer;
    bool relay;
  };
  const Row rows[] = {
      {with_matrix({".1", "1."}), true},
      {with_matrix({".1", ".."}), false},
      {with_matrix({".1.", "1..", "11."}), false},
      {with_matrix({"."}), false},
      {Mixer(), false},
  };
  for (const Row& row : rows) EXPECT_EQ(row.mixer.relay_pair().has_value(), row.relay);

  Mixer mixer = with_matrix({".1.", "1..", "11."});
  mixer.leave(2);
  ASSERT_TRUE(mixer.relay_pair());
  EXPECT_EQ(*mixer.relay_pair(), (std::pair<Mixer::Slot, Mixer::Slot>{0, 1}));
  mixer.hear(0, 1, Mixer::kUnity / 2);
  EXPECT_FALSE(mixer.relay_pair());
}

TEST(Mixer, AFullTableRefusesAndASlotIsCleanForTheNext) {
  Mixer mixer;
  for (std::size_t i = 0; i < Mixer::kSlots; ++i) ASSERT_TRUE(mixer.join());
  EXPECT_FALSE(mixer.join());
  mixer.hear_each_other(3, 4);
  mixer.leave(3);
  EXPECT_EQ(mixer.participants(), Mixer::kSlots - 1);
  EXPECT_EQ(mixer.join(), 3);
  EXPECT_EQ(mixer.gain(3, 4), Mixer::kMute);
  EXPECT_EQ(mixer.gain(4, 3), Mixer::kMute);
}

TEST(Mixer, OneSourceAloneComesThroughByteForByte) {
  Mixer mixer = with_matrix({".11", "...", "..."});
  std::array<std::uint8_t, kFrameSamples> in{};
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(i + 90);
  in[0] = 0x7f;  // negative zero, which a way through linear would lose
  std::array<std::uint8_t, kFrameSamples> out{};
  mixer.begin();
  mixer.put(1, Law::kMu, in);
  EXPECT_TRUE(mixer.take(0, Law::kMu, out));
  EXPECT_EQ(out, in);
  EXPECT_TRUE(mixer.take(0, Law::kA, out));
  EXPECT_EQ(out[5], mu_to_a(in[5]));
}

TEST(Mixer, SilenceIsSilenceInEitherLaw) {
  Mixer mixer = with_matrix({".1", "1."});
  mixer.begin();
  std::array<std::uint8_t, kFrameSamples> out{};
  EXPECT_FALSE(mixer.take(0, Law::kA, out));
  EXPECT_EQ(out[7], kASilence);
  EXPECT_FALSE(mixer.take(0, Law::kMu, out));
  EXPECT_EQ(out[7], kMuSilence);
}

TEST(Mixer, TwoTonesAreBothInTheMix) {
  Mixer mixer = with_matrix({".11", "...", "..."});
  ToneGenerator low(400, 8000);
  ToneGenerator high(1000, 8000);
  std::vector<std::int16_t> heard;
  for (int n = 0; n < 20; ++n) {
    Frame frame;
    std::array<std::uint8_t, kFrameSamples> encoded{};
    mixer.begin();
    low.fill(frame);
    mixer.put(1, frame);
    high.fill(frame);
    encode(Law::kA, frame, encoded);
    mixer.put(2, Law::kA, encoded);
    ASSERT_TRUE(mixer.take(0, Law::kMu, encoded));
    decode(Law::kMu, encoded, frame);
    heard.insert(heard.end(), frame.begin(), frame.end());
  }
  EXPECT_NEAR(tone_share(heard, 400), 0.5, 0.02);
  EXPECT_NEAR(tone_share(heard, 1000), 0.5, 0.02);
  EXPECT_LT(tone_share(heard, 700), 0.01);
}

}  // namespace
}  // namespace madoguchi::rtp
