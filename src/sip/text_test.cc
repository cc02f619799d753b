#include "sip/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace madoguchi::sip {
namespace {

std::vector<std::string> elements(std::string_view text) {
  std::vector<std::string> result;
  std::string_view element;
  while (next_element(text, element)) result.emplace_back(element);
  return result;
}

TEST(Text, SplitsListsOutsideQuotesBracketsAndComments) {
  using List = std::vector<std::string>;
  EXPECT_EQ(elements("a, b ,c"), (List{"a", "b", "c"}));
  EXPECT_EQ(elements("\"x, y\" <sip:a,b@c>, d (e, f)"), (List{"\"x, y\" <sip:a,b@c>", "d (e, f)"}));
  EXPECT_EQ(elements("\"a\\\",b\", c"), (List{"\"a\\\",b\"", "c"}));
  EXPECT_EQ(elements("a,,b"), (List{"a", "", "b"}));
  EXPECT_EQ(elements("a,"), (List{"a", ""}));
  EXPECT_EQ(elements("\"open, end"), (List{"\"open, end"}));
}

TEST(Text, ReadsNumbersWithoutSigns) {
  EXPECT_EQ(parse_u32("0"), 0U);
  EXPECT_EQ(parse_u32("0070"), 70U);
  EXPECT_EQ(parse_u32("4294967295"), UINT32_MAX);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "4294967296", "1x"})
    EXPECT_FALSE(parse_u32(text)) << text;
  EXPECT_EQ(parse_u32_clamped("99999999999999"), UINT32_MAX);
  EXPECT_FALSE(parse_u32_clamped("9x"));
  EXPECT_FALSE(parse_port("0"));
  EXPECT_FALSE(parse_port("65536"));
}

TEST(Text, FindsParametersWhereverSpacesStand) {
  const Params params(" ; tag = 1 ;flag; empty=;q=\"a;b\\\"\";host=[::1]:5");
  EXPECT_TRUE(params.well_formed());
  EXPECT_EQ(params.value("TAG"), "1");
  EXPECT_TRUE(params.has("flag"));
  EXPECT_EQ(params.value("flag"), std::nullopt);
  EXPECT_EQ(params.value("empty"), "");
  EXPECT_EQ(params.value("q"), "\"a;b\\\"\"");
  EXPECT_EQ(params.value("host"), "[::1]:5");
  EXPECT_FALSE(params.has("b"));
  for (const char* text : {";", ";;a", ";a=\"x", "a", ";a b", ";a,b"})
    EXPECT_FALSE(Params(text).well_formed()) << text;
}

TEST(Text, EscapesAndQuotesReversibly) {
  EXPECT_TRUE(rc::check("escapes", [](const std::string& text) {
    RC_ASSERT(percent_decode(percent_encode_user(text)) == text);
    RC_ASSERT(percent_decode(percent_encode_strict(text)) == text);
  }));
  EXPECT_TRUE(rc::check("quotes", [](const std::string& text) {
    if (text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos)
      RC_ASSERT(unquote(quote(text)) == text);
  }));
  EXPECT_FALSE(percent_decode("%"));
  EXPECT_FALSE(percent_decode("a%g1"));
}

TEST(Text, KnowsHosts) {
  for (const char* text :
       {"a.example", "192.0.2.1", "[2001:db8::1]", "host_name", "[::ffff:1.2.3.4]"})
    EXPECT_TRUE(is_host(text)) << text;
  for (const char* text : {"", "[]", "[1]", "[::1", "a b", "a:b", "a/b", "[g::1]"})
    EXPECT_FALSE(is_host(text)) << text;
}

}  // namespace
}  // namespace madoguchi::sip
