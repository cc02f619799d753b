#include "rtp/g711.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <vector>

namespace madoguchi::rtp {
namespace {

std::uint8_t mu_of_rank(int rank) {
  return static_cast<std::uint8_t>(0xff - rank);
}
int rank_of_mu(std::uint8_t code) {
  return 127 - (code & 0x7f);
}

TEST(G711, KnowsLevelsOfTheRecommendation) {
  EXPECT_EQ(mu_to_linear(0xff), 0);
  EXPECT_EQ(mu_to_linear(0x7f), 0);
  EXPECT_EQ(mu_to_linear(0x80), 32124);  // 8031 of 14 bits
  EXPECT_EQ(mu_to_linear(0x00), -32124);
  EXPECT_EQ(a_to_linear(0xd5), 8);
  EXPECT_EQ(a_to_linear(0x55), -8);
  EXPECT_EQ(a_to_linear(0xaa), 32256);  // 4032 of 13 bits
  EXPECT_EQ(a_to_linear(0x2a), -32256);
  EXPECT_EQ(mu_to_linear(kMuSilence), 0);
}

TEST(G711, EveryCodeSurvivesARoundTripThroughLinear) {
  for (int code = 0; code < 256; ++code) {
    const auto byte = static_cast<std::uint8_t>(code);
    EXPECT_EQ(linear_to_a(a_to_linear(byte)), byte);
    if (code != 0x7f) {  // negative zero becomes zero
      EXPECT_EQ(linear_to_mu(mu_to_linear(byte)), byte);
    }
  }
}

// Louder samples never get a quieter level, and the error is at most half a step of their segment:
// the step is 1/16 of the segment's lowest (biased) level, so 1/32 of the sample, or half the
// smallest step.
template <typename Encode, typename Decode>
void expect_faithful(Encode encode_one, Decode decode_one, int bias, int smallest_half_step) {
  int previous = -40000;
  for (int sample = -32124; sample <= 32124; ++sample) {
    const int chosen = decode_one(encode_one(static_cast<std::int16_t>(sample)));
    ASSERT_GE(chosen, previous) << sample;
    ASSERT_LE(std::abs(chosen - sample),
              std::max(smallest_half_step, (std::abs(sample) + bias) / 32))
        << sample;
    previous = chosen;
  }
}

TEST(G711, EncodingErrsByHalfAStepAtMost) {
  expect_faithful(linear_to_mu, mu_to_linear, 132, 4);
  expect_faithful(linear_to_a, a_to_linear, 0, 8);
}

TEST(G711, ExtremesAreClippedNotWrapped) {
  EXPECT_EQ(mu_to_linear(linear_to_mu(32767)), 32124);
  EXPECT_EQ(mu_to_linear(linear_to_mu(-32768)), -32124);
  EXPECT_EQ(a_to_linear(linear_to_a(32767)), 32256);
  EXPECT_EQ(a_to_linear(linear_to_a(-32768)), -32256);
}

// G.711, 3.4: mu to A to mu is transparent but for eight even value numbers, which become the odd
// one above.
TEST(G711, MuToAToMuChangesOnlyTheEightValuesThatTheRecommendationNames) {
  for (int rank = 0; rank < 128; ++rank) {
    const int back = rank_of_mu(a_to_mu(mu_to_a(mu_of_rank(rank))));
    const bool even_and_quiet = rank < 16 && rank % 2 == 0;
    EXPECT_EQ(back, even_and_quiet ? rank + 1 : rank);
  }
}

TEST(G711, ConversionKeepsTheSignAndStaysWithinOneStep) {
  for (int code = 0; code < 256; ++code) {
    const auto byte = static_cast<std::uint8_t>(code);
    EXPECT_EQ(mu_to_a(byte) & 0x80, byte & 0x80);
    EXPECT_EQ(a_to_mu(byte) & 0x80, byte & 0x80);
    const int mu = mu_to_linear(byte);
    EXPECT_LE(std::abs(a_to_linear(mu_to_a(byte)) - mu), 16 + std::abs(mu) / 24);
    const int a = a_to_linear(byte);
    EXPECT_LE(std::abs(mu_to_linear(a_to_mu(byte)) - a), 16 + std::abs(a) / 24);
  }
}

TEST(G711, WholeFramesGoTheSameWayAsSingleCodes) {
  std::array<std::uint8_t, 256> codes{};
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  std::array<std::int16_t, 256> linear{};
  decode(Law::kA, codes, linear);
  std::array<std::uint8_t, 256> again{};
  encode(Law::kA, linear, again);
  EXPECT_EQ(codes, again);

  auto converted = codes;
  convert(Law::kA, Law::kA, converted);
  EXPECT_EQ(converted, codes);
  convert(Law::kA, Law::kMu, converted);
  for (std::size_t i = 0; i < codes.size(); ++i) EXPECT_EQ(converted[i], a_to_mu(codes[i]));
}

}  // namespace
}  // namespace madoguchi::rtp
