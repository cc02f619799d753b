#include "rtp/stun.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace madoguchi::rtp {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

// RFC 5769, 2.1 to 2.3.
constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt";
const Bytes kRequest =
    hex("000100582112a442b7e7a701bc34d686fa87dfae"
        "802200105354554e207465737420636c69656e74"
        "002400046e0001ff"
        "80290008932ff9b151263b36"
        "000600096576746a3a68367659202020"
        "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
        "80280004e57a3bcf");
const Bytes kAnswer4 =
    hex("0101003c2112a442b7e7a701bc34d686fa87dfae"
        "8022000b7465737420766563746f7220"
        "002000080001a147e112a643"
        "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
        "80280004c07d4c96");
const Bytes kAnswer6 =
    hex("010100482112a442b7e7a701bc34d686fa87dfae"
        "8022000b7465737420766563746f7220"
        "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
        "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
        "80280004c8fb0b4c");

TEST(Stun, ReadsTheSampleRequest) {
  const auto view = StunView::parse(kRequest);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->message_class, StunClass::kRequest);
  EXPECT_EQ(view->method, kStunBinding);
  EXPECT_EQ(view->username, "evtj:h6vY");
  EXPECT_EQ(view->priority, 0x6e0001ffU);
  EXPECT_EQ(view->controlled, 0x932ff9b151263b36U);
  EXPECT_TRUE(view->has_fingerprint);
  EXPECT_EQ(view->unknown_count, 0U);
  EXPECT_TRUE(view->integrity_is(kPassword));
  EXPECT_FALSE(view->integrity_is("VOkJxbRl1RmTxUk/WvJxBT"));
}

TEST(Stun, ReadsTheSampleAnswersOfBothFamilies) {
  const auto four = StunView::parse(kAnswer4);
  ASSERT_TRUE(four);
  EXPECT_EQ(four->message_class, StunClass::kSuccess);
  EXPECT_EQ(four->mapped, Address::parse("192.0.2.1", 32853));
  EXPECT_TRUE(four->integrity_is(kPassword));
  const auto six = StunView::parse(kAnswer6);
  ASSERT_TRUE(six);
  EXPECT_EQ(six->mapped, Address::parse("2001:db8:1234:5678:11:2233:4455:6677", 32853));
  EXPECT_TRUE(six->integrity_is(kPassword));
}

TEST(Stun, EveryFlippedBitBreaksTheSample) {
  for (std::size_t bit = 0; bit < kRequest.size() * 8; ++bit) {
    Bytes bent = kRequest;
    bent[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto view = StunView::parse(bent);
    EXPECT_FALSE(view && view->has_fingerprint && view->integrity_is(kPassword)) << bit;
  }
}

TEST(Stun, EveryTruncationIsRefused) {
  for (std::size_t size = 0; size < kRequest.size(); ++size)
    EXPECT_FALSE(StunView::parse(ByteView(kRequest).first(size))) << size;
}

TEST(Stun, WhatIsWrittenIsReadAgain) {
  std::array<std::uint8_t, 256> buffer{};
  const StunTransaction transaction{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  StunWriter writer(buffer, StunClass::kRequest, kStunBinding, transaction);
  writer.username("abc:de");
  writer.priority(77);
  writer.controlling(0x0102030405060708);
  writer.use_candidate();
  writer.integrity("secret");
  writer.fingerprint();
  const auto view = StunView::parse(ByteView(buffer).first(writer.size()));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->transaction, transaction);
  EXPECT_EQ(view->username, "abc:de");
  EXPECT_EQ(view->priority, 77U);
  EXPECT_EQ(view->controlling, 0x0102030405060708U);
  EXPECT_TRUE(view->use_candidate);
  EXPECT_TRUE(view->has_fingerprint);
  EXPECT_TRUE(view->integrity_is("secret"));
}

TEST(Stun, ErrorsAndAddressesSurviveARoundTrip) {
  for (const Address& address : {Address::v4(0x7f000001, 1), *Address::parse("fe80::1", 65535)}) {
    std::array<std::uint8_t, 256> buffer{};
    StunWriter writer(buffer, StunClass::kError, kStunBinding, {});
    writer.error_code(487, "Role Conflict");
    writer.xor_mapped_address(address);
    writer.fingerprint();
    const auto view = StunView::parse(ByteView(buffer).first(writer.size()));
    ASSERT_TRUE(view);
    EXPECT_EQ(view->message_class, StunClass::kError);
    EXPECT_EQ(view->error, 487);
    EXPECT_EQ(view->mapped, address);
  }
}

TEST(Stun, UnknownAttributesMatterOnlyWhereTheirTypeDemands) {
  // 0x7777 must be understood, 0xc057 (a browser's network cost) need not.
  const Bytes message =
      hex("000100102112a442000000000000000000000000"
          "7777000400000000"
          "c057000400000000");
  const auto view = StunView::parse(message);
  ASSERT_TRUE(view);
  ASSERT_EQ(view->unknown_count, 1U);
  EXPECT_EQ(view->unknown[0], 0x7777);
}

TEST(Stun, WhatFollowsTheIntegrityIsIgnored) {
  std::array<std::uint8_t, 256> buffer{};
  StunWriter writer(buffer, StunClass::kRequest, kStunBinding, {});
  writer.username("a:b");
  writer.integrity("secret");
  writer.use_candidate();
  writer.priority(1);
  writer.fingerprint();
  const auto view = StunView::parse(ByteView(buffer).first(writer.size()));
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->use_candidate);
  EXPECT_FALSE(view->priority);
  EXPECT_TRUE(view->integrity_is("secret"));
}

TEST(Stun, RefusesLengthsThatLie) {
  EXPECT_FALSE(
      StunView::parse(hex("000100082112a442000000000000000000000000"
                          "0006ffff00000000")));
  EXPECT_FALSE(
      StunView::parse(hex("000100042112a442000000000000000000000000"
                          "0006000800000000")));
  EXPECT_FALSE(
      StunView::parse(hex("000100032112a442000000000000000000000000"
                          "000600")));
  EXPECT_FALSE(StunView::parse(hex("000100002112a443000000000000000000000000")));
  EXPECT_FALSE(StunView::parse(hex("400100002112a442000000000000000000000000")));
  EXPECT_FALSE(
      StunView::parse(hex("000100082112a442000000000000000000000000"
                          "0024000200000000")));
  Bytes huge(4020);
  std::copy(kRequest.begin(), kRequest.begin() + 20, huge.begin());
  write_u16(&huge[2], 4000);
  EXPECT_FALSE(StunView::parse(huge));
}

TEST(Stun, RandomBytesBehindAGoodHeaderAreReadWithinBounds) {
  std::mt19937 random(5);
  for (int step = 0; step < 20000; ++step) {
    Bytes message(20 + random() % 30 * 4);
    for (std::uint8_t& byte : message) byte = static_cast<std::uint8_t>(random() % 12);
    std::copy(kRequest.begin(), kRequest.begin() + 20, message.begin());
    write_u16(&message[2], static_cast<std::uint16_t>(message.size() - 20));
    if (const auto view = StunView::parse(message)) {
      EXPECT_FALSE(view->integrity_is("x"));
    }
  }
}

TEST(StunWriter, SaysWhenItDidNotFit) {
  std::array<std::uint8_t, 30> buffer{};
  StunWriter writer(buffer, StunClass::kRequest, kStunBinding, {});
  EXPECT_EQ(writer.size(), 20U);
  writer.username("far too long for it");
  EXPECT_EQ(writer.size(), 0U);
  std::array<std::uint8_t, 10> tiny{};
  EXPECT_EQ(StunWriter(tiny, StunClass::kRequest, kStunBinding, {}).size(), 0U);
}

}  // namespace
}  // namespace madoguchi::rtp
