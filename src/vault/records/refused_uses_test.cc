#include "vault/records/refused_uses.h"

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

using Uses = std::vector<std::string>;

TEST(RefusedUses, ACellIsDividedAtEverySeparatorThatPeopleWrite) {
  for (const char* cell :
       {"営業、DM", "営業､DM", "営業;DM", "営業；DM", "営業,DM", "営業，DM", "営業・DM", "営業･DM",
        "営業/DM", "営業／DM", "営業|DM", "営業｜DM", "営業\nDM", "営業\r\nDM", " 営業 、　DM 、"})
    EXPECT_EQ(RefusedUses::japanese().in_cell(cell), (Uses{"営業", "DM"})) << cell;
}

TEST(RefusedUses, ASeparatorWithinAKnownWordDividesNothing) {
  const auto in_cell = [](const char* cell) { return RefusedUses::japanese().in_cell(cell); };
  EXPECT_EQ(in_cell("アンケート・調査"), Uses{"アンケート・調査"});
  EXPECT_EQ(in_cell("DM、営業・勧誘のお電話／留守番電話・ショートメッセージ"),
            (Uses{"DM", "営業・勧誘のお電話", "留守番電話・ショートメッセージ"}));
  EXPECT_EQ(in_cell("ｱﾝｹｰﾄ･調査"), Uses{"ｱﾝｹｰﾄ･調査"});
  // 営業電話 is a word too, and not what is written here.
  EXPECT_EQ(in_cell("営業・電話"), (Uses{"営業", "電話"}));
  EXPECT_EQ(in_cell("元夫・義父"), (Uses{"元夫", "義父"}));
}

TEST(RefusedUses, ACellThatSaysNoneRefusesNothing) {
  for (const char* cell : {"なし",   "無し",     "無",  "ナシ", "ﾅｼ",     "特になし", "特に無し",
                           "なし。", "（なし）", "ー",  "ｰ",    "－",     "-",        "―",
                           "none",   "None",     "n/a", "N/A",  "Ｎ／Ａ", " ",        "、"})
    EXPECT_EQ(RefusedUses::japanese().in_cell(cell), Uses{}) << cell;
  EXPECT_EQ(RefusedUses::japanese().in_cell("なし、営業"), Uses{"営業"});
  // What could be a yes stays.
  for (const char* cell : {"○", "有", "あり", "無断訪問"})
    EXPECT_EQ(RefusedUses::japanese().in_cell(cell), Uses{cell}) << cell;
}

}  // namespace
}  // namespace madoguchi::vault
