#include "sip/flow.h"

#include <gtest/gtest.h>

namespace madoguchi::sip {
namespace {

TEST(Flow, ReadsAndWritesAddresses) {
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->text(), "192.0.2.1");
  EXPECT_EQ(IpAddress::parse("[2001:DB8::1]")->text(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("2001:db8::1")->uri_host(), "[2001:db8::1]");
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
  for (const char* text : {"", "a.example", "192.0.2", "192.0.2.1.5", "[192", "1::2::3"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_EQ(Endpoint::parse("192.0.2.1:5060")->text(), "192.0.2.1:5060");
  EXPECT_EQ(Endpoint::parse("[::1]:5060")->text(), "[::1]:5060");
  for (const char* text : {"192.0.2.1", "192.0.2.1:", "::1:5060", "192.0.2.1:70000", ":5060"})
    EXPECT_FALSE(Endpoint::parse(text)) << text;
}

TEST(Flow, NamesTransports) {
  EXPECT_EQ(transport_from("tls"), Transport::kTls);
  EXPECT_EQ(transport_from("WS"), std::nullopt);
  EXPECT_EQ(name_of(Transport::kTcp), "TCP");
  EXPECT_TRUE(is_reliable(Transport::kTcp));
  EXPECT_FALSE(is_reliable(Transport::kUdp));
}

}  // namespace
}  // namespace madoguchi::sip
