#include "vault/refused_uses.h"

#include <gtest/gtest.h>

namespace madoguchi::vault {
namespace {

std::string id_of(std::string_view words) {
  const RefusedUse* use = RefusedUses::japanese().find(words);
  return use == nullptr ? "" : use->id;
}

TEST(RefusedUses, KnowsAUseHoweverAClientWritesIt) {
  for (const char* words :
       {"sales", "Sales Calls", "営業", "営業・勧誘のお電話", "ｾｰﾙｽ", "電話勧誘"})
    EXPECT_EQ(id_of(words), "sales") << words;
  EXPECT_EQ(id_of("ＤＭ"), "advertising");
  EXPECT_EQ(id_of("do not call"), "any");
}

TEST(RefusedUses, TakesNothingElseForAKnownUse) {
  for (const char* words : {"", "・", "夜間", "元夫の田中さんへの連絡", "営業所"})
    EXPECT_EQ(id_of(words), "") << words;
}

TEST(RefusedUses, SaysEachUseInBothLanguagesOnSomeGround) {
  for (const char* id :
       {"any", "sales", "advertising", "survey", "automatic", "message", "third_party"}) {
    const RefusedUse* use = RefusedUses::japanese().find(id);
    ASSERT_NE(use, nullptr) << id;
    EXPECT_FALSE(use->ja.empty() || use->en.empty() || use->ground.empty()) << id;
  }
}

TEST(RefusedUses, RefusesOneWordForTwoUses) {
  const std::string head = "[source]\nvalid_from = \"2022-06-01\"\nchecked = \"2026-11-23\"\n";
  const auto use = [](const std::string& id, const std::string& word) {
    return "[[use]]\nid = \"" + id + "\"\nja = \"" + id + "-ja\"\nen = \"" + id +
           "-en\"\nground = \"x\"\nwords = [\"" + word + "\"]\n";
  };
  EXPECT_TRUE(RefusedUses::from_text(head + use("a", "one") + use("b", "two"), "x.toml"));
  EXPECT_FALSE(RefusedUses::from_text(head + use("a", "one") + use("b", "One"), "x.toml"));
}

}  // namespace
}  // namespace madoguchi::vault
