#include "vault/dial_rules.h"

#include <gtest/gtest.h>

#include <vector>

namespace madoguchi::vault {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kNow = *parse_utc("2026-11-22T03:00:00Z");

std::string word_for(const char* raw) {
  const auto line = NumberingPlan::japanese().read(Number(raw), kNow);
  if (!line) return std::string(word_of(line.error()));
  const auto refused = DialRules::japanese().refuse_line(*line);
  return refused ? refused->word : "";
}

TEST(DialRules, RefuseEveryKindOfLineThatIsNoCallersOwn) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {"110", "emergency"},
      {"118", "emergency"},
      {"119", "emergency"},
      {"184119", "emergency"},
      {"117", "special_service"},
      {"104", "special_service"},
      {"0990123456", "premium"},
      {"+81990123456", "premium"},
      {"0570000123", "premium"},
      {"0120123456", "freephone"},
      {"08001234567", "freephone"},
      {"02012345678", "machine"},
      {"+14155550123", "international"},
      {"010861012345678", "international"},
      {"0312345678", ""},
      {"09012345678", ""},
      {"06012345678", ""},
      {"05012345678", ""},
  };
  for (const auto& [raw, word] : table) EXPECT_EQ(word_for(raw), word) << raw;
}

TEST(DialRules, AllowAFirstCallAndTwoRedialsWithinThreeMinutes) {
  const DialRules& rules = DialRules::japanese();
  std::vector<Time> dialled;
  EXPECT_FALSE(rules.refuse_again(dialled, kNow));
  dialled = {kNow - seconds(170)};
  EXPECT_FALSE(rules.refuse_again(dialled, kNow));
  dialled.push_back(kNow - seconds(90));
  EXPECT_FALSE(rules.refuse_again(dialled, kNow));
  dialled.push_back(kNow - seconds(10));
  ASSERT_TRUE(rules.refuse_again(dialled, kNow));
  EXPECT_EQ(rules.refuse_again(dialled, kNow)->word, "redial_limit");
  EXPECT_FALSE(rules.refuse_again(dialled, kNow + seconds(11)));
}

TEST(DialRules, AllowSixCallsADay) {
  const DialRules& rules = DialRules::japanese();
  std::vector<Time> dialled;
  for (int i = 0; i < 6; ++i) dialled.push_back(kNow - hours(23) + minutes(20 * i));
  ASSERT_TRUE(rules.refuse_again(dialled, kNow));
  EXPECT_EQ(rules.refuse_again(dialled, kNow)->word, "day_limit");
  EXPECT_FALSE(rules.refuse_again(dialled, kNow + minutes(61)));
}

TEST(DialRules, AClockSetBackFreesNobody) {
  const std::vector<Time> ahead(3, kNow + hours(2));
  EXPECT_TRUE(DialRules::japanese().refuse_again(ahead, kNow));
}

TEST(DialRules, EveryWordHasASentenceInBothLanguages) {
  for (const char* word : {"no_wish", "settled", "wish_expired", "own_number", "redial_limit",
                           "day_limit", "ticket_open", "no_ticket", "ticket_used", "ticket_expired",
                           "withheld", "invalid", "unknown_organisation", "away", "no_phone"}) {
    const Refusal refusal = DialRules::japanese().refusal(word);
    EXPECT_NE(refusal.why.find(" / "), std::string::npos) << word;
  }
}

TEST(DialRules, ARuleWithoutItsGroundIsRefused) {
  const auto rules = DialRules::from_text(
      "[source]\nvalid_from='2026'\nchecked='2026'\n[[refusal]]\nword='x'\nja='a'\nen='b'\n",
      "r.toml");
  ASSERT_FALSE(rules);
  EXPECT_NE(rules.error().message.find("refusal[0].ground"), std::string::npos)
      << rules.error().message;
}

}  // namespace
}  // namespace madoguchi::vault
