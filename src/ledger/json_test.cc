#include "ledger/json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace madoguchi::ledger {
namespace {

std::string again(std::string_view text) {
  const auto value = parse_json(text, 10'000);
  return value ? canonical(*value) : "refused: " + value.error().message;
}

TEST(Json, WritesAsRfc8785Section323Shows) {
  EXPECT_EQ(again(R"({
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
})"),
            R"({"literals":[null,true,false],)"
            R"("numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],)"
            "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

// RFC 8785, 3.2.3: by UTF-16 units, so the emoji (D83D) comes before U+FB33.
TEST(Json, SortsNamesByUtf16Units) {
  EXPECT_EQ(again(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})"),
            "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\uFB33\":3}");
}

TEST(Json, WritesDoublesAsEcmaScriptDoes) {
  const struct {
    double number;
    const char* text;
  } rows[] = {{0.0, "0"},
              {-0.0, "0"},
              {5e-324, "5e-324"},
              {1.7976931348623157e308, "1.7976931348623157e+308"},
              {9007199254740992.0, "9007199254740992"},
              {295147905179352830000.0, "295147905179352830000"},
              {1e21, "1e+21"},
              {9.999999999999997e22, "9.999999999999997e+22"},
              {1e-6, "0.000001"},
              {1e-7, "1e-7"},
              {-1.5, "-1.5"},
              {123456.789, "123456.789"},
              {0.00001234, "0.00001234"}};
  for (const auto& row : rows) EXPECT_EQ(canonical(Json(row.number)), row.text);
}

TEST(Json, RefusesWhatHasTwoReadings) {
  for (const char* text : {R"({"a":1,"a":1})",
                           R"({"a":1,"\u0061":2})",
                           "\"\\ud800\"",
                           "\"\\udc00x\"",
                           "\"\\ud800\\u0041\"",
                           "\"\xc0\xaf\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xf4\x90\x80\x80\"",
                           "\"\xff\"",
                           "9007199254740992",
                           "-9007199254740992",
                           "1e400",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "NaN",
                           "tru",
                           "\"a\nb\"",
                           "\"a",
                           "[1,]",
                           "[1",
                           "{\"a\"}",
                           "{a:1}",
                           "{\"a\":1,}",
                           "1 2",
                           "",
                           " ",
                           "\"\\x\"",
                           "\"\\u12g4\""})
    EXPECT_FALSE(parse_json(text, 10'000)) << text;
}

TEST(Json, IsBoundedInDepthAndSize) {
  EXPECT_TRUE(parse_json(std::string(32, '[') + std::string(32, ']'), 100));
  EXPECT_FALSE(parse_json(std::string(34, '[') + std::string(34, ']'), 100));
  EXPECT_FALSE(parse_json(std::string(100'000, '['), 200'000));
  EXPECT_FALSE(parse_json("[1,2,3]", 6));
}

TEST(Json, CanonicalTextIsToldFromTheRest) {
  EXPECT_TRUE(parse_canonical(R"({"a":[1,"x"],"b":null})", 100));
  for (const char* text : {R"({"b":1,"a":1})", R"({ "a":1})", "1.0", "1e2", "-0", R"("\u0041")",
                           R"("\/")", "\"\\u000A\"", "[1, 2]", "1\n"})
    EXPECT_FALSE(parse_canonical(text, 100)) << text;
}

TEST(Json, TheQuickCheckAgreesWithTheParser) {
  for (const char* text :
       {R"({"a":[1,"x",{}],"b":null,"c":{"d":[]},"e":-1.5,"f":"\u0001\n\"\\","g":1e+21})",
        "{}",
        R"({"b":1,"a":1})",
        R"({"a":1,"a":1})",
        R"({ "a":1})",
        R"({"a":1.0})",
        R"({"a":-0})",
        R"({"a":01})",
        R"({"a":0})",
        R"({"a":9007199254740991})",
        R"({"a":9007199254740992})",
        R"({"a":1e20})",
        R"({"a":"\u0041"})",
        R"({"a":"\u000a"})",
        R"({"a":"\u001F"})",
        R"({"a":"\u001f"})",
        R"({"a":"\u0000"})",
        R"({"a":"\/"})",
        R"({"a":"\ud83d\ude00"})",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"窓\"}",
        "{\"\\n\":1,\"a\":2}",
        R"({"a":1}x)",
        R"({"a":)",
        R"({"a":"x)",
        R"({"a"})",
        R"({"a":+1})",
        R"({"a":1,})",
        R"([1])",
        R"({"a":[1,]})",
        "{\"ï¬³\":1,\"😀\":2}",
        "{\"😀\":2,\"ï¬³\":1}"}) {
    const auto value = parse_canonical(text, 200);
    EXPECT_EQ(canonical_members(text, 200).has_value(),
              value.has_value() && value->as_object() != nullptr)
        << text;
  }
  const auto members = canonical_members(R"({"a":[1,2],"b":"x"})", 200);
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ((*members)[0].value, "[1,2]");
  EXPECT_EQ((*members)[1].name, "b");
}

TEST(Json, KeepsWhatItReads) {
  const auto value =
      parse_json(R"({"text":"窓口","whole":-7,"part":0.5,"yes":true,"none":null})", 200);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value->find("text")->as_text(), "窓口");
  EXPECT_EQ(*value->find("whole")->as_integer(), -7);
  EXPECT_EQ(*value->find("part")->as_double(), 0.5);
  EXPECT_TRUE(*value->find("yes")->as_bool());
  EXPECT_EQ(value->find("other"), nullptr);
  EXPECT_EQ(*parse_json(canonical(*value), 200), *value);
}

}  // namespace
}  // namespace madoguchi::ledger
