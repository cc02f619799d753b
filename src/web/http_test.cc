#include "web/http.h"

#include <gtest/gtest.h>

#include "web/hosts.h"
#include "web/routes.h"
#include "web/static_files.h"

namespace madoguchi::web {
namespace {

TEST(Http, ReadsCookiesAndHeadersWhateverTheirCase) {
  Request request;
  request.headers = {{"cookie", "a=1; session=xyz ;b=2"}, {"X-Token", "t"}};
  EXPECT_EQ(request.cookie("session"), "xyz");
  EXPECT_EQ(request.cookie("b"), "2");
  EXPECT_EQ(request.cookie("sess"), std::nullopt);
  EXPECT_EQ(request.header("x-token"), "t");
}

TEST(Http, RefusesMalformedEscapes) {
  EXPECT_EQ(percent_decode("%E7%AA%93+%20", PlusIsSpace::kNo), "窓+ ");
  EXPECT_EQ(percent_decode("a+b", PlusIsSpace::kYes), "a b");
  EXPECT_EQ(percent_decode("%", PlusIsSpace::kNo), std::nullopt);
  EXPECT_EQ(percent_decode("%4", PlusIsSpace::kNo), std::nullopt);
  EXPECT_EQ(percent_decode("%zz", PlusIsSpace::kNo), std::nullopt);
}

TEST(Http, ReadsFormsAndBoundsTheirSize) {
  const auto form = parse_form("user=a%40b&pass=%26%3D&flag&=x&bad=%&foreign=%FF&nul=a%00");
  EXPECT_EQ(form.at("user"), "a@b");
  EXPECT_EQ(form.at("pass"), "&=");
  EXPECT_EQ(form.at("flag"), "");
  EXPECT_EQ(form.size(), 3u);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "k" + std::to_string(i) + "=1&";
  EXPECT_EQ(parse_form(many).size(), 64u);
}

TEST(Http, QuotesTextForJson) {
  EXPECT_EQ(json_quote("a\"b\\\n窓"), "\"a\\\"b\\\\\\u000a窓\"");
}

TEST(Http, PatternsTakeWholeSegments) {
  std::map<std::string, std::string> params;
  EXPECT_TRUE(fits("/calls/{call}/hold", "/calls/abc/hold", params));
  EXPECT_EQ(params.at("call"), "abc");
  EXPECT_FALSE(fits("/calls/{call}", "/calls/", params));
  EXPECT_FALSE(fits("/calls/{call}", "/calls/a/b", params));
  EXPECT_FALSE(fits("/calls", "/calls/", params));
}

TEST(Http, OnlyOurOwnNamesAreHosts) {
  ServerSettings settings;
  settings.hosts = {"Centre.Example.jp"};
  const auto hosts = allowed_hosts(settings);
  EXPECT_TRUE(host_allowed("centre.example.jp:8443", hosts));
  EXPECT_TRUE(host_allowed("localhost:8080", hosts));
  EXPECT_TRUE(host_allowed("[::1]:8080", hosts));
  EXPECT_FALSE(host_allowed("evil.example", hosts));
  EXPECT_FALSE(host_allowed("", hosts));
}

TEST(Http, ThisMachineHasANameThatPoliciesCanSay) {
  EXPECT_EQ(loopback_by_name("127.0.0.1:8080"), "localhost:8080");
  EXPECT_EQ(loopback_by_name("[::1]:8080"), "localhost:8080");
  EXPECT_EQ(loopback_by_name("[::1]"), "localhost");
  EXPECT_FALSE(loopback_by_name("localhost:8080").has_value());
  EXPECT_FALSE(loopback_by_name("desk.example.jp").has_value());
  EXPECT_FALSE(loopback_by_name("127.0.0.1.example.jp").has_value());
}

TEST(Http, PagesAskedForByLoopbacksAddressAreAtLocalhost) {
  Request request;
  request.headers = {{"Host", "[::1]:8080"}, {":path", "/operator/?lang=ja"}};
  const Response page{200, "<!doctype html>", "text/html; charset=utf-8", {}};
  const Response moved = at_its_name(request, page);
  EXPECT_EQ(moved.status, 307);
  ASSERT_EQ(moved.headers.size(), 1U);
  EXPECT_EQ(moved.headers[0], Header("Location", "http://localhost:8080/operator/?lang=ja"));
  EXPECT_EQ(at_its_name(request, {200, "", "text/css; charset=utf-8", {}}).status, 200);
  request.headers[0].second = "localhost:8080";
  EXPECT_EQ(at_its_name(request, page).status, 200);
}

TEST(Http, TheMachineItselfIsKnownByAnySpellingOfItsAddress) {
  for (const char* own : {"127.0.0.1", "127.9.9.9", "::1", "0:0:0:0:0:0:0:1"})
    EXPECT_TRUE(is_loopback(own)) << own;
  for (const char* other : {"128.0.0.1", "::", "::2", "localhost", ""})
    EXPECT_FALSE(is_loopback(other)) << other;
}

TEST(Http, OnlyOurOwnPagesOpenSockets) {
  EXPECT_TRUE(origin_allowed("", "localhost:8080"));
  EXPECT_TRUE(origin_allowed("http://localhost:8080", "localhost:8080"));
  EXPECT_FALSE(origin_allowed("http://localhost:9999", "localhost:8080"));
  EXPECT_FALSE(origin_allowed("https://evil.example", "localhost:8080"));
  EXPECT_FALSE(origin_allowed("null", "localhost:8080"));
}

}  // namespace
}  // namespace madoguchi::web
