#include "sip/uri.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace madoguchi::sip {
namespace {

Uri uri(std::string_view text) {
  const auto parsed = Uri::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Uri());
}

TEST(Uri, TakesSipApart) {
  const Uri full = uri("sips:al%20ice;x:pw@[2001:db8::1]:5071;transport=TLS;lr?subject=a&b=c");
  EXPECT_EQ(full.scheme(), Uri::Scheme::kSips);
  EXPECT_EQ(full.user(), "al%20ice;x");
  EXPECT_EQ(full.user_decoded(), "al ice;x");
  EXPECT_EQ(full.password(), "pw");
  EXPECT_EQ(full.host(), "[2001:db8::1]");
  EXPECT_EQ(full.port(), 5071);
  EXPECT_EQ(full.param("Transport"), "TLS");
  EXPECT_TRUE(full.has_param("lr"));
  EXPECT_EQ(full.param("lr"), std::nullopt);
  EXPECT_EQ(full.headers(), "subject=a&b=c");
  const Uri bare = uri("SIP:example.com");
  EXPECT_EQ(bare.user(), "");
  EXPECT_EQ(bare.host(), "example.com");
  EXPECT_EQ(bare.port(), 0);
}

TEST(Uri, TakesTelApart) {
  const Uri number = uri("tel:+81-3-1234-5678;phone-context=x.example");
  EXPECT_EQ(number.scheme(), Uri::Scheme::kTel);
  EXPECT_EQ(number.user(), "+81-3-1234-5678");
  EXPECT_EQ(number.param("phone-context"), "x.example");
  EXPECT_TRUE(number.equivalent(uri("tel:+81312345678;phone-context=X.example")));
}

TEST(Uri, RefusesWhatIsNone) {
  for (const char* text : {"",           "sip:",     "sip",       ":x",          "sip:a b@c",
                           "sip:@c",     "sip:a@",   "sip:a@b:",  "sip:a@b:0",   "sip:a@b:99999",
                           "sip:a@b;;x", "sip:a@b;", "sip:a@b?",  "sip:a@[::1",  "sip:a@[zz::1]",
                           "sip:a%zz@b", "sip:a%4",  "<sip:a@b>", "sip:a@b\r\n", "tel:",
                           "tel:abc",    "tel:+",    "1a:x",      "sip:a<b>@c",  "sip:\"a\"@b",
                           "sip:a@b@c"})
    EXPECT_FALSE(Uri::parse(text)) << text;
}

TEST(Uri, ComparesAsRfc3261Shows) {
  // RFC 3261, 19.1.4: pairs that are, and pairs that are not, the same.
  const std::pair<const char*, const char*> same[] = {
      {"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"},
      {"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"},
      {"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"},
      {"sip:a@b.com;transport=tcp?to=x%40b.com&p=u", "sip:a@b.com;transport=tcp?p=u&to=x%40b.com"},
      {"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
       "sip:alice@atlanta.com?priority=urgent&subject=project%20x"}};
  for (const auto& [a, b] : same) EXPECT_TRUE(uri(a).equivalent(uri(b))) << a << " " << b;
  const std::pair<const char*, const char*> other[] = {
      {"sip:ALICE@atlanta.com", "sip:alice@atlanta.com"},
      {"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"},
      {"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"},
      {"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"},
      {"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"},
      {"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"},
      {"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"},
      {"sip:carol@chicago.com", "sips:carol@chicago.com"}};
  for (const auto& [a, b] : other) {
    EXPECT_FALSE(uri(a).equivalent(uri(b))) << a << " " << b;
    EXPECT_FALSE(uri(b).equivalent(uri(a))) << b << " " << a;
  }
}

TEST(Uri, WithAParameterTwiceIsStillTheSameAsItself) {
  const Uri twice = uri("sip:a@h;transport=udp;transport=tcp");
  EXPECT_TRUE(twice.equivalent(twice));
  EXPECT_TRUE(twice.equivalent(uri("sip:a@h;transport=udp")));
  EXPECT_FALSE(twice.equivalent(uri("sip:a@h;transport=tcp")));
}

TEST(Uri, ChangesOnePartAndKeepsTheRest) {
  Uri changed = uri("sip:a@b.example:5070;lr;transport=tcp?x=y");
  changed.set_user("c d@e");
  EXPECT_EQ(changed.text(), "sip:c%20d%40e@b.example:5070;lr;transport=tcp?x=y");
  changed.set_port(0);
  changed.set_host("192.0.2.1");
  EXPECT_EQ(changed.text(), "sip:c%20d%40e@192.0.2.1;lr;transport=tcp?x=y");
  changed.set_param("transport", "udp");
  changed.remove_param("LR");
  changed.remove_headers();
  EXPECT_EQ(changed.text(), "sip:c%20d%40e@192.0.2.1;transport=udp");
  changed.set_port(6000);
  changed.set_param("ob", "");
  EXPECT_EQ(changed.text(), "sip:c%20d%40e@192.0.2.1:6000;transport=udp;ob");
  Uri no_user = uri("sip:b.example");
  no_user.set_user("x");
  EXPECT_EQ(no_user.text(), "sip:x@b.example");
}

TEST(Uri, KeepsItsTextWhenAChangeWouldBreakIt) {
  Uri kept = uri("sip:a@b.example");
  kept.set_host("no such host");
  kept.set_param("x y", "z");
  EXPECT_EQ(kept.text(), "sip:a@b.example");
}

TEST(Uri, BuildsWhatItReads) {
  EXPECT_TRUE(rc::check("a user survives being escaped and read", [](const std::string& user) {
    const Uri built = Uri::sip(user, "b.example", 5080);
    RC_ASSERT(built.user_decoded() == user);
    RC_ASSERT(built.host() == "b.example");
    RC_ASSERT(built.port() == 5080);
    RC_ASSERT(built.equivalent(*Uri::parse(built.text())));
  }));
  EXPECT_EQ(Uri::sip("a", "2001:db8::1").text(), "sip:a@[2001:db8::1]");
}

TEST(Uri, ReadsOrRefusesAnything) {
  EXPECT_TRUE(rc::check("parse holds its promises on any text", [](const std::string& tail) {
    const std::string text = "sip:" + tail;
    const auto parsed = Uri::parse(text);
    RC_ASSERT(parsed.has_value() == Uri::is_valid(text));
    if (parsed) RC_ASSERT(parsed->text() == text && parsed->equivalent(*parsed));
  }));
}

}  // namespace
}  // namespace madoguchi::sip
