#include "sip/header_values.h"

#include <gtest/gtest.h>

#include "sip/method.h"

namespace madoguchi::sip {
namespace {

TEST(HeaderValues, ReadVias) {
  const auto via = Via::parse("SIP/2.0/TLS [2001:db8::9:1]:5061;branch=z9hG4bKx;received=[::1]");
  ASSERT_TRUE(via);
  EXPECT_EQ(via->host, "[2001:db8::9:1]");
  EXPECT_EQ(via->port, 5061);
  EXPECT_TRUE(via->has_magic_cookie());
  EXPECT_FALSE(Via::parse("SIP/2.0/UDP a;branch=z9hG4bK")->has_magic_cookie());
  EXPECT_TRUE(Via::parse("SIP/2.0/UDP a : 5060 ; rport")->params.has("rport"));
  EXPECT_FALSE(Via::parse("SIP/2.0/UDP a;;branch=x")->clean);
  for (const char* text : {"", "SIP/2.0", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0/UDP a:0",
                           "SIP/2.0/UDP a:x", "SIP/2.0/UDPa", "SIP/2.0/UDP [::1"})
    EXPECT_FALSE(Via::parse(text)) << text;
}

TEST(HeaderValues, ReadAddresses) {
  const auto quoted = NameAddr::parse("\"A <B>, \\\"C\\\"\" <sip:a@b;lr>;tag=1;q=0.5");
  ASSERT_TRUE(quoted);
  EXPECT_EQ(quoted->display_text(), "A <B>, \"C\"");
  EXPECT_EQ(quoted->uri, "sip:a@b;lr");
  EXPECT_EQ(quoted->tag(), "1");
  EXPECT_EQ(quoted->q_thousandths(), 500);
  const auto bare = NameAddr::parse("sip:a@b;tag=x");
  EXPECT_EQ(bare->uri, "sip:a@b");
  EXPECT_EQ(bare->tag(), "x");
  EXPECT_TRUE(NameAddr::parse(" * ")->is_star);
  EXPECT_EQ(NameAddr::parse("\xE7\xAA\x93\xE5\x8F\xA3 <sip:a@b>")->display,
            "\xE7\xAA\x93\xE5\x8F\xA3");
  for (const char* text : {"", "<sip:a@b", "\"x\" sip:a@b", "\"x <sip:a@b>", "<>", "a, b <sip:a@b>",
                           "<sip:a@b>;;", "<sip:a@b> x"})
    EXPECT_FALSE(NameAddr::parse(text)) << text;
  const std::string made = format_name_addr("A \"B\"", "sip:a@b", "t");
  EXPECT_EQ(made, "\"A \\\"B\\\"\" <sip:a@b>;tag=t");
  EXPECT_EQ(NameAddr::parse(made)->display_text(), "A \"B\"");
}

TEST(HeaderValues, ReadQualities) {
  const std::pair<const char*, int> cases[] = {
      {"", 1000},         {";q=1", 1000},    {";q=0", 0},    {";q=0.7", 700}, {";q=0.05", 50},
      {";q=1.000", 1000}, {";q=0.123", 123}, {";q=x", 1000}, {";q=0.", 0}};
  for (const auto& [params, expected] : cases)
    EXPECT_EQ(NameAddr::parse(std::string("<sip:a@b>") + params)->q_thousandths(), expected)
        << params;
}

TEST(HeaderValues, ReadTheRest) {
  EXPECT_EQ(RAck::parse("776656 1 INVITE")->cseq, 1U);
  EXPECT_FALSE(RAck::parse("776656 INVITE"));
  EXPECT_EQ(CSeq::parse(" 4711   INVITE ")->number, 4711U);
  EXPECT_FALSE(CSeq::parse("4711"));
  EXPECT_FALSE(CSeq::parse("-1 INVITE"));
  const auto session = SessionExpires::parse("4000 ; refresher = uas");
  EXPECT_EQ(session->seconds, 4000U);
  EXPECT_EQ(session->refresher, SessionExpires::Refresher::kUas);
  const auto replaces =
      Replaces::parse("98732@sip.example;from-tag=r33th4x0r;to-tag=ff87ff;early-only");
  EXPECT_EQ(replaces->call_id, "98732@sip.example");
  EXPECT_TRUE(replaces->early_only);
  EXPECT_FALSE(Replaces::parse("98732@sip.example;from-tag=r33th4x0r"));
  EXPECT_TRUE(MediaType::parse("Application/SDP; charset=utf-8")->is("application", "sdp"));
  EXPECT_FALSE(MediaType::parse("application"));
  const auto reason = Reason::parse("Q.850 ;cause=16 ;text=\"Terminated\"");
  EXPECT_EQ(reason->protocol, "Q.850");
  EXPECT_EQ(reason->cause, 16U);
  const auto auth = AuthValue::parse(
      "Digest realm=\"a, b\", nonce = \"x\\\"y\", stale=TRUE,qop=\"auth,auth-int\"");
  EXPECT_TRUE(auth->is_digest());
  EXPECT_EQ(auth->param("realm"), "a, b");
  EXPECT_EQ(auth->param("nonce"), "x\"y");
  EXPECT_EQ(auth->param("QOP"), "auth,auth-int");
  EXPECT_EQ(auth->param("opaque"), std::nullopt);
}

TEST(HeaderNames, AreFoundInAnyCaseAndInShort) {
  for (std::size_t i = 1; i < kHeaderCount; ++i) {
    const auto header = static_cast<Header>(i);
    std::string upper(name_of(header));
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(header_from(upper), header) << upper;
  }
  EXPECT_EQ(header_from("V"), Header::kVia);
  EXPECT_EQ(header_from("i"), Header::kCallId);
  EXPECT_EQ(header_from("x"), Header::kSessionExpires);
  EXPECT_EQ(header_from("z"), Header::kOther);
  EXPECT_EQ(header_from("X-Unknown"), Header::kOther);
  EXPECT_EQ(method_from("INVITE"), Method::kInvite);
  EXPECT_EQ(method_from("invite"), Method::kOther);
  EXPECT_EQ(name_of(Method::kPublish), "PUBLISH");
}

}  // namespace
}  // namespace madoguchi::sip
