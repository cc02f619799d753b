#include "rtp/rtcp.h"

#include <gtest/gtest.h>

#include <array>

namespace madoguchi::rtp {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

TEST(RtcpCompound, ReadsASenderReportWithBlockAndName) {
  const Bytes datagram =
      hex("81c8000c"
          "11111111"
          "e000000080000000"
          "000003e8"
          "00000032"
          "00001f40"
          "22222222"
          "40fffffe"
          "00010005"
          "00000010"
          "12345678"
          "00008000"
          "81ca0003"
          "11111111"
          "0102613a"
          "00000000");
  const auto compound = RtcpCompound::parse(datagram);
  ASSERT_TRUE(compound);
  ASSERT_TRUE(compound->sender);
  EXPECT_EQ(compound->sender->ntp, 0xe000000080000000U);
  EXPECT_EQ(compound->sender->packets, 50U);
  EXPECT_EQ(compound->sender->octets, 8000U);
  ASSERT_EQ(compound->block_count, 1U);
  EXPECT_EQ(compound->blocks[0].ssrc, 0x22222222U);
  EXPECT_EQ(compound->blocks[0].fraction_lost, 0x40);
  EXPECT_EQ(compound->blocks[0].lost, -2);
  EXPECT_EQ(compound->blocks[0].highest_sequence, 0x10005U);
  EXPECT_EQ(compound->cname, "a:");
}

TEST(RtcpCompound, StepsOverFeedbackAndExtendedReports) {
  const Bytes datagram =
      hex("80c90001"
          "00000001"
          "81ce0002"
          "0000000100000002"
          "80cf0001"
          "00000001"
          "82cb0002"
          "0000000a0000000b");
  const auto compound = RtcpCompound::parse(datagram);
  ASSERT_TRUE(compound);
  EXPECT_EQ(compound->skipped, 2U);
  EXPECT_EQ(compound->goodbye_count, 2U);
  EXPECT_EQ(compound->goodbyes[1], 11U);
}

TEST(RtcpCompound, RefusesWhatDoesNotAddUp) {
  EXPECT_FALSE(RtcpCompound::parse({}));
  EXPECT_FALSE(RtcpCompound::parse(hex("80c90001")));                  // length beyond the end
  EXPECT_FALSE(RtcpCompound::parse(hex("40c9000100000001")));          // version
  EXPECT_FALSE(RtcpCompound::parse(hex("81c9000100000001")));          // a block that is not there
  EXPECT_FALSE(RtcpCompound::parse(hex("80c8000100000001")));          // half an SR
  EXPECT_FALSE(RtcpCompound::parse(hex("80c9000100000001ff")));        // bytes left over
  EXPECT_FALSE(RtcpCompound::parse(hex("81ca00020000000101ff6161")));  // item beyond the packet
  EXPECT_FALSE(RtcpCompound::parse(hex("83cb000100000001")));  // three goodbyes in one place
  EXPECT_FALSE(RtcpCompound::parse(hex("a0c90002000000010000000c")));  // padding eats the header
}

TEST(RtcpWriter, WritesWhatTheReaderReads) {
  std::array<std::uint8_t, 256> buffer{};
  RtcpWriter writer(buffer);
  ReportBlock block;
  block.ssrc = 5;
  block.lost = -3;
  block.fraction_lost = 7;
  block.jitter = 9;
  const std::array<ReportBlock, 1> blocks{block};
  writer.sender_report(SenderInfo{1, 0x0102030405060708, 3, 4, 5}, blocks);
  writer.cname(1, "desk-7");
  writer.goodbye(1);
  ASSERT_NE(writer.size(), 0U);
  EXPECT_EQ(writer.size() % 4, 0U);
  const auto compound = RtcpCompound::parse(ByteView(buffer).first(writer.size()));
  ASSERT_TRUE(compound);
  EXPECT_EQ(compound->sender->ntp, 0x0102030405060708U);
  EXPECT_EQ(compound->blocks[0].lost, -3);
  EXPECT_EQ(compound->blocks[0].fraction_lost, 7);
  EXPECT_EQ(compound->blocks[0].jitter, 9U);
  EXPECT_EQ(compound->cname, "desk-7");
  EXPECT_EQ(compound->goodbyes[0], 1U);
}

TEST(RtcpWriter, NamesOfEveryLengthEndInAZeroByte) {
  for (std::size_t length = 0; length <= 255; ++length) {
    std::array<std::uint8_t, 300> buffer{};
    RtcpWriter writer(buffer);
    writer.receiver_report(1, {});
    const std::string name(length, 'n');
    writer.cname(1, name);
    const auto compound = RtcpCompound::parse(ByteView(buffer).first(writer.size()));
    ASSERT_TRUE(compound) << length;
    EXPECT_EQ(compound->cname, name);
  }
}

TEST(RtcpWriter, SaysWhenItDidNotFit) {
  std::array<std::uint8_t, 12> buffer{};
  RtcpWriter writer(buffer);
  writer.receiver_report(1, {});
  EXPECT_EQ(writer.size(), 8U);
  writer.goodbye(1);
  EXPECT_EQ(writer.size(), 0U);
}

}  // namespace
}  // namespace madoguchi::rtp
