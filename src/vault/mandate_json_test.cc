#include "vault/mandate_json.h"

#include <gtest/gtest.h>

namespace madoguchi::vault {
namespace {

constexpr std::string_view kMandate = R"({
  "id": "m1", "version": 2, "parent": "m0", "owners": ["sakura"], "to": "minato",
  "desks": ["leak"], "pass_on": true,
  "purposes": [{"id": "answer", "name": "回答", "fields": ["name", "address"], "checks": 2,
                "callers": {"agent": {"fields": ["name"], "checks": 3}}, "playback": true,
                "cases": true}],
  "limits": {"by_operator": {"per_minute": 3, "per_day": 200}, "in_all": {"per_hour": 900}},
  "begins": "2026-11-01T00:00:00Z", "ends": "2026-12-01T00:00:00Z",
  "retention": "2027-01-01T00:00:00Z", "at_end": "returned"})";

struct Mistake {
  std::string_view from;
  std::string_view to;
  std::string_view named;
};

// kMandate with that mistake is refused, and the refusal names it.
void expect_named(const Mistake& one) {
  std::string text(kMandate);
  text.replace(text.find(one.from), one.from.size(), one.to);
  const auto mandate = mandate_from_json(text);
  ASSERT_FALSE(mandate) << one.named;
  EXPECT_NE(mandate.error().message.find(one.named), std::string::npos) << mandate.error().message;
}

TEST(MandateJson, ReadsBackWhatItWrites) {
  const auto mandate = mandate_from_json(kMandate);
  ASSERT_TRUE(mandate) << mandate.error().message;
  EXPECT_EQ(mandate->limits.by_operator, (Rates{3, Rates::kUnlimited, 200}));
  EXPECT_EQ(mandate->limits.on_desk, Rates());
  EXPECT_EQ(mandate->purposes.at(0).checks, 2U);
  EXPECT_TRUE(mandate->purposes.at(0).playback);
  EXPECT_TRUE(mandate->purposes.at(0).cases);
  EXPECT_EQ(mandate->purposes.at(0).callers.at("agent"), (CallerTerms{{"name"}, 3}));
  EXPECT_EQ(mandate->pass_on, PassOn::kAllowed);
  const std::string written = to_json(*mandate);
  const auto again = mandate_from_json(written);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_json(*again), written);
}

TEST(MandateJson, NamesTheMemberThatIsWrong) {
  const Mistake rows[] = {{R"("to": "minato")", R"("to": 7)", "to"},
                          {R"("owners": ["sakura"])", R"("owners": ["a b"])", "owners"},
                          {R"("per_minute": 3)", R"("per_minute": -3)", "by_operator"},
                          {R"("pass_on": true)", R"("pass_on": "yes")", "pass_on"},
                          {R"({"fields": ["name"], "checks": 3})", R"({"checks": 3})", "callers"},
                          {R"("fields": ["name"], "checks": 3)", R"("fields": ["mail"])", "caller"},
                          {R"("playback": true)", R"("playback": 1)", "playback"},
                          {R"("cases": true)", R"("cases": "yes")", "cases"},
                          {R"("parent": "m0")", R"("parent": 1)", "parent"},
                          {R"("2026-12-01T00:00:00Z")", R"("soon")", "ends"},
                          {R"("at_end": "returned")", R"("at_end": "kept")", "at_end"}};
  for (const Mistake& row : rows) expect_named(row);
  EXPECT_FALSE(mandate_from_json("[]"));
  EXPECT_FALSE(mandate_from_json("{"));
}

// As an owner would sign it, believing that it says something.
TEST(MandateJson, WhatIsMisspeltOrSaidTwiceCountsForSomething) {
  const Mistake rows[] = {
      {R"("limits")", R"("limit")", "limit: a mandate has no such member"},
      {R"("per_minute")", R"("per_minut")", "per_minut: by_operator has no such member"},
      {R"("in_all")", R"("in_al")", "in_al: limits has no such member"},
      {R"("checks": 2)", R"("check": 9)", "check: a purpose has no such member"},
      {R"("checks": 3)", R"("check": 3)", "check: a caller has no such member"},
      {R"(["sakura"])", R"(["sakura", "sakura"])", "owners: sakura stands there twice"},
      {R"(["leak"])", R"(["leak", "leak"])", "desks: leak stands there twice"},
      {R"(["name", "address"])", R"(["name", "name"])", "fields: name stands there twice"},
      {R"("version": 2)", R"("version": 2, "version": 3)", "version: stands there twice"},
      {R"("2026-12-01T00:00:00Z")", R"("2026-12-01T00:00:60Z")", "ends: a minute has"},
      {R"("2026-11-01T00:00:00Z")", R"("0000-11-01T00:00:00Z")", "begins: a year from"},
      {R"({"fields": ["name"], "checks": 3})", R"({"fields": ["nane"]})",
       "caller agent: nane is none of the purpose's fields"}};
  for (const Mistake& row : rows) expect_named(row);
  // What was kept before there were these rules is still read.
  std::string kept(kMandate);
  kept.replace(kept.find("[\"sakura\"]"), 10, R"(["sakura", "sakura"])");
  EXPECT_TRUE(mandate_from_json(kept, MandateText::kKept));
}

}  // namespace
}  // namespace madoguchi::vault
