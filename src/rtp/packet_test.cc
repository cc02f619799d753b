#include "rtp/packet.h"

#include <gtest/gtest.h>

#include "rtp/address.h"

namespace madoguchi::rtp {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

TEST(Classify, TellsKindsByTheFirstByte) {
  struct Row {
    const char* start;
    PacketKind kind;
  };
  const Row rows[] = {
      {"0001", PacketKind::kStun},    {"0101", PacketKind::kStun},
      {"0400", PacketKind::kUnknown}, {"13fe", PacketKind::kUnknown},
      {"16fe", PacketKind::kDtls},    {"14fe", PacketKind::kDtls},
      {"3ffe", PacketKind::kDtls},    {"4000", PacketKind::kUnknown},
      {"8000", PacketKind::kRtp},     {"8080", PacketKind::kRtp},
      {"80c8", PacketKind::kRtcp},    {"81c9", PacketKind::kRtcp},
      {"80df", PacketKind::kRtcp},    {"80e0", PacketKind::kRtp},
      {"bf08", PacketKind::kRtp},     {"c000", PacketKind::kUnknown},
      {"ffff", PacketKind::kUnknown},
  };
  for (const Row& row : rows) {
    Bytes datagram = hex(row.start);
    datagram.resize(40);
    EXPECT_EQ(classify(datagram), row.kind) << row.start;
  }
}

TEST(Classify, TooShortIsNothing) {
  EXPECT_EQ(classify({}), PacketKind::kUnknown);
  EXPECT_EQ(classify(hex("80")), PacketKind::kUnknown);
  EXPECT_EQ(classify(hex("8000000000000000000000")), PacketKind::kUnknown);
  EXPECT_EQ(classify(hex("80c80000")), PacketKind::kUnknown);
  EXPECT_EQ(classify(hex("16fefd0000")), PacketKind::kUnknown);
}

TEST(RtpView, ReadsAPlainPacket) {
  const Bytes packet = hex("80881234000000a0deadbeefd5d5d5");
  const auto view = RtpView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->header.marker);
  EXPECT_EQ(view->header.payload_type, 8);
  EXPECT_EQ(view->header.sequence, 0x1234);
  EXPECT_EQ(view->header.timestamp, 160U);
  EXPECT_EQ(view->header.ssrc, 0xdeadbeefU);
  EXPECT_EQ(view->payload.size(), 3U);
  EXPECT_EQ(view->payload.data(), packet.data() + 12);
}

TEST(RtpView, StepsOverCsrcsExtensionAndPadding) {
  const Bytes packet =
      hex("b2001234000000a0deadbeef"  // P, X, two CSRCs
          "0000000100000002"
          "bede000110aa0000"
          "f0f1f2"
          "00000004");
  const auto view = RtpView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->csrc_count, 2);
  EXPECT_EQ(read_u32(&view->csrcs[4]), 2U);
  EXPECT_EQ(view->extension_profile, 0xbede);
  EXPECT_EQ(to_hex(view->extension), "10aa0000");
  EXPECT_EQ(to_hex(view->payload), "f0f1f2");
  EXPECT_EQ(view->padding_size, 4U);
  EXPECT_EQ(view->header_size, 28U);
}

TEST(RtpView, RefusesLengthsThatDoNotFit) {
  EXPECT_FALSE(RtpView::parse(hex("40001234000000a0deadbeef00")));    // version 1
  EXPECT_FALSE(RtpView::parse(hex("8f001234000000a0deadbeef00")));    // fifteen CSRCs
  EXPECT_FALSE(RtpView::parse(hex("90001234000000a0deadbeefbede")));  // half an extension head
  EXPECT_FALSE(RtpView::parse(hex("90001234000000a0deadbeefbedeffff00000000")));
  EXPECT_FALSE(RtpView::parse(hex("a0001234000000a0deadbeef00")));  // padding of nothing
  EXPECT_FALSE(RtpView::parse(hex("a0001234000000a0deadbeef09")));  // padding beyond the packet
  EXPECT_TRUE(RtpView::parse(hex("a0001234000000a0deadbeef01")));   // nothing but padding
}

TEST(RtpView, WhatIsWrittenIsReadAgain) {
  Bytes buffer(64);
  const RtpHeader header{101, true, 65535, 0xffffff60, 7};
  const Bytes payload = hex("0b8a03c0");
  const std::size_t size = write_rtp(buffer, header, payload);
  ASSERT_EQ(size, 16U);
  const auto view = RtpView::parse(ByteView(buffer).first(size));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->header.payload_type, 101);
  EXPECT_TRUE(view->header.marker);
  EXPECT_EQ(view->header.sequence, 65535);
  EXPECT_EQ(view->header.timestamp, 0xffffff60);
  EXPECT_EQ(view->header.ssrc, 7U);
  EXPECT_EQ(to_hex(view->payload), "0b8a03c0");
  EXPECT_EQ(write_rtp(MutableBytes(buffer).first(15), header, payload), 0U);
}

TEST(RtpView, RewritingKeepsEverythingButTheFixedFields) {
  Bytes packet = hex("b1001234000000a0deadbeef00000001bede000110aa0000f0f1f201");
  rewrite_rtp_header(packet, RtpHeader{8, true, 2, 3, 4});
  EXPECT_EQ(to_hex(packet), "b1880002000000030000000400000001bede000110aa0000f0f1f201");
}

TEST(Distance, FollowsTheCircle) {
  EXPECT_EQ(distance(std::uint16_t{65535}, std::uint16_t{0}), 1);
  EXPECT_EQ(distance(std::uint16_t{0}, std::uint16_t{65535}), -1);
  EXPECT_EQ(distance(0xffffffffU, 159U), 160);
}

TEST(Address, ReadsAndWritesBothFamilies) {
  const auto four = Address::parse("192.0.2.1", 4000);
  ASSERT_TRUE(four);
  EXPECT_TRUE(four->is_v4());
  EXPECT_EQ(four->text(), "192.0.2.1:4000");
  EXPECT_EQ(*four, Address::v4(0xc0000201, 4000));
  const auto six = Address::parse("2001:db8::1", 5);
  ASSERT_TRUE(six);
  EXPECT_FALSE(six->is_v4());
  EXPECT_EQ(six->text(), "[2001:db8::1]:5");
  EXPECT_EQ(Address::parse("::ffff:192.0.2.1", 4000), four);
  EXPECT_TRUE(Address::parse("0.0.0.0", 9)->is_unspecified());
  EXPECT_TRUE(Address::parse("::", 9)->is_unspecified());
  EXPECT_FALSE(four->is_unspecified());
  EXPECT_FALSE(Address::parse("example.com", 1));
  EXPECT_FALSE(Address::parse("192.0.2.256", 1));
  EXPECT_FALSE(Address::parse("", 1));
}

}  // namespace
}  // namespace madoguchi::rtp
