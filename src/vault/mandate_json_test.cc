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
  const struct {
    std::string_view from;
    std::string_view to;
    std::string_view named;
  } rows[] = {{R"("to": "minato")", R"("to": 7)", "to"},
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
  for (const auto& row : rows) {
    std::string text(kMandate);
    text.replace(text.find(row.from), row.from.size(), row.to);
    const auto mandate = mandate_from_json(text);
    ASSERT_FALSE(mandate) << row.named;
    EXPECT_NE(mandate.error().message.find(row.named), std::string::npos)
        << mandate.error().message;
  }
  EXPECT_FALSE(mandate_from_json("[]"));
  EXPECT_FALSE(mandate_from_json("{"));
}

}  // namespace
}  // namespace madoguchi::vault
