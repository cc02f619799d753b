#include "vault/records/normalise.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/utf8.h"

namespace madoguchi::vault {
namespace {

const Time kNow = *parse_utc("2026-11-22T03:00:00Z");

std::string form(FieldKind kind, std::string_view raw) {
  const auto made = Normaliser::japanese().form(kind, raw, NumberingPlan::japanese(), kNow);
  return made ? *made : "refused: " + made.error().message;
}

struct Same {
  FieldKind kind;
  const char* one;
  const char* other;
};

TEST(Normaliser, JoinsWaysOfWritingOneThing) {
  const Same rows[] = {
      {FieldKind::kName, "髙﨑 花子", "高崎花子"},
      {FieldKind::kName, "渡邊　濵子", "渡辺浜子"},
      {FieldKind::kName, "渡邉 濱子", "渡邊 浜子"},
      {FieldKind::kName, "齋藤", "斉藤"},
      {FieldKind::kName, "ＳＡＫＵＲＡ", "Sakura"},
      {FieldKind::kName, "葛\U000E0100飾", "葛飾"},
      {FieldKind::kKana, "ﾀｶﾊｼ ﾊﾅｺ", "タカハシハナコ"},
      {FieldKind::kKana, "たかはし　はなこ", "タカハシ ハナコ"},
      {FieldKind::kKana, "ｻﾄｰ", "サトウ"},
      {FieldKind::kKana, "キョウコ", "キヨウコ"},
      {FieldKind::kKana, "オーノ", "オオノ"},
      {FieldKind::kKana, "ヂュンコ", "ジユンコ"},
      {FieldKind::kDate, "昭和55年1月2日", "1980-01-02"},
      {FieldKind::kDate, "S55.1.2", "19800102"},
      {FieldKind::kDate, "令和元年５月１日", "2019/5/1"},
      {FieldKind::kPostalCode, "〒１６０－００２３", "1600023"},
      {FieldKind::kAddress, "東京都新宿区西新宿２丁目８番１号", "東京都新宿区西新宿2-8-1"},
      {FieldKind::kAddress, "新宿区西新宿二丁目八の一", "新宿区西新宿2丁目八の一"},
      {FieldKind::kAddress, "港区三田十二丁目3番地", "港区三田12ー3"},
      {FieldKind::kTelephone, "０９０－１２３４－５６７８", "+819012345678"},
      {FieldKind::kTelephone, "(03) 1234-5678", "0312345678"},
      {FieldKind::kMail, "Hanako@Example.JP", "hanako@example.jp"},
      {FieldKind::kIdentifier, "ａｂ-０１２", "AB012"},
  };
  for (const Same& row : rows) {
    EXPECT_EQ(form(row.kind, row.one), form(row.kind, row.other)) << row.one;
    EXPECT_EQ(form(row.kind, row.one).find("refused"), std::string::npos) << row.one;
  }
}

TEST(Normaliser, KeepsApartWhatIsNotTheSame) {
  const Same rows[] = {
      {FieldKind::kName, "高橋", "高梁"},
      {FieldKind::kKana, "オノ", "オオノ"},
      {FieldKind::kKana, "カキ", "カギ"},
      {FieldKind::kAddress, "港区三田1-23", "港区三田12-3"},
      {FieldKind::kTelephone, "090-1234-5678", "090-1234-5679"},
      {FieldKind::kIdentifier, "A1", "A2"},
  };
  for (const Same& row : rows)
    EXPECT_NE(form(row.kind, row.one), form(row.kind, row.other)) << row.one;
}

TEST(Normaliser, RefusesWhatCannotBeSuchAValueWithoutSayingIt) {
  const std::pair<FieldKind, std::string> rows[] = {
      {FieldKind::kDate, "1980-02-30"},
      {FieldKind::kDate, "yesterday"},
      {FieldKind::kPostalCode, "12345"},
      {FieldKind::kTelephone, "nashi"},
      {FieldKind::kMail, "nobody"},
      {FieldKind::kName, "  　"},
      {FieldKind::kName, "\xC3\x28"},
      {FieldKind::kName, std::string("a\0b", 3)},
      {FieldKind::kText, std::string(70'000, 'x')},
  };
  for (const auto& [kind, raw] : rows) {
    const auto made = Normaliser::japanese().form(kind, raw, NumberingPlan::japanese(), kNow);
    ASSERT_FALSE(made) << name_of(kind);
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(made.error().message.find("nashi"), std::string::npos);
  }
}

std::string utf8_from(const std::vector<int>& picks) {
  static const std::vector<std::string> kPieces = {
      "髙", "﨑", "山", "田", " ",  "　",   "ｶ",    "ﾞ",  "が",      "ー", "オ",
      "ウ", "う", "っ", "1",  "２", "丁目", "番地", "号", "-",       "の", "十",
      "三", "Ａ", "b",  "・", "齋", "エ",   "イ",   "〒", "か\u3099"};
  std::string text;
  for (const int pick : picks) text += kPieces[static_cast<std::size_t>(pick)];
  return text;
}

RC_GTEST_PROP(Normaliser, FormOfAFormIsItself, ()) {
  const auto picks = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 31));
  for (const FieldKind kind : {FieldKind::kName, FieldKind::kKana, FieldKind::kAddress,
                               FieldKind::kIdentifier, FieldKind::kText}) {
    const auto once =
        Normaliser::japanese().form(kind, utf8_from(picks), NumberingPlan::japanese(), kNow);
    if (!once) continue;
    const auto twice = Normaliser::japanese().form(kind, *once, NumberingPlan::japanese(), kNow);
    RC_ASSERT(twice.has_value());
    RC_ASSERT(*twice == *once);
  }
}

RC_GTEST_PROP(Normaliser, TakesAnyBytes, (const std::string& bytes)) {
  for (int kind = 0; kind <= static_cast<int>(FieldKind::kIdentifier); ++kind) {
    const auto made = Normaliser::japanese().form(static_cast<FieldKind>(kind), bytes,
                                                  NumberingPlan::japanese(), kNow);
    if (made) RC_ASSERT(is_clean_utf8(*made) && !made->empty());
  }
}

TEST(Normaliser, HeadersCompareWithoutWidthCaseAndSigns) {
  EXPECT_EQ(Normaliser::header("お客様 番号"), Normaliser::header("お客様番号"));
  EXPECT_EQ(Normaliser::header("Ｅ－ｍａｉｌ"), Normaliser::header("email"));
  EXPECT_NE(Normaliser::header("電話"), Normaliser::header("電話番号"));
}

TEST(Normaliser, KnowsTheSpellingsBetweenKanji) {
  const Normaliser& normaliser = Normaliser::japanese();
  const auto form = [&](FieldKind kind, const char* text) {
    return *normaliser.form(kind, text, NumberingPlan::japanese(), Time{});
  };
  const std::vector<std::vector<const char*>> same = {
      {"東京都千代田区霞ヶ関1-2-3", "東京都千代田区霞が関一丁目2番3号",
       "東京都千代田区霞ケ関1-2-3"},
      {"袖ヶ浦市", "袖ケ浦市", "袖ガ浦市"},
      {"井ノ上町1の2", "井之上町1-2", "井の上町1ノ2"}};
  for (const auto& group : same)
    for (const char* one : group) {
      const std::string made = form(FieldKind::kAddress, one);
      EXPECT_EQ(
          normaliser.common_spelling(FieldKind::kAddress, made),
          normaliser.common_spelling(FieldKind::kAddress, form(FieldKind::kAddress, group[0])))
          << one;
      const auto all = normaliser.spellings(FieldKind::kAddress, made);
      EXPECT_EQ(all.front(), made);
      EXPECT_LE(all.size(), kMostSpellings);
      for (const char* other : group)
        EXPECT_NE(std::find(all.begin(), all.end(), form(FieldKind::kAddress, other)), all.end())
            << one << " " << other;
    }
  // At the ends, between kana, and in other fields they are what they are.
  for (const char* one : {"カナ子", "ノリ子", "山田博之", "アケミ"}) {
    const std::string made = form(FieldKind::kName, one);
    EXPECT_EQ(normaliser.spellings(FieldKind::kName, made).size(), 1U) << one;
    EXPECT_EQ(normaliser.common_spelling(FieldKind::kName, made), made) << one;
  }
  EXPECT_EQ(normaliser.spellings(FieldKind::kText, "霞ヶ関").size(), 1U);
}

// Every two of a row find one another, and are the same when they are compared.
TEST(Normaliser, KnowsTheShortFormsOfCompanies) {
  const Normaliser& normaliser = Normaliser::japanese();
  const std::vector<std::pair<FieldKind, std::vector<const char*>>> same = {
      {FieldKind::kName,
       {"株式会社山田商事", "㈱山田商事", "（株）山田商事", "(株) 山田商事", "株式會社 山田商事"}},
      {FieldKind::kName, {"山田商事株式会社", "山田商事㈱", "山田商事（株）"}},
      {FieldKind::kName, {"㈲霞ヶ関堂", "有限会社霞が関堂", "(有)霞ケ関堂"}},
      {FieldKind::kName, {"一般社団法人見本会", "(一社)見本会"}},
      {FieldKind::kName, {"医療法人社団見本会", "（医）見本会", "医療法人見本会"}},
      {FieldKind::kName, {"NPO法人見本", "特定非営利活動法人見本"}},
      {FieldKind::kKana,
       {"カブシキガイシャヤマダショウジ", "カ）ヤマダショウジ", "ｶ)ﾔﾏﾀﾞｼﾖｳｼﾞ",
        "かぶしきかいしゃ やまだしょうじ", "(カ)ヤマダショウジ"}},
      {FieldKind::kKana,
       {"ヤマダショウジ カブシキガイシャ", "ﾔﾏﾀﾞｼﾖｳｼﾞ(ｶ", "ヤマダショウジ（カ）"}},
      {FieldKind::kKana, {"ゴウドウガイシャミホン", "ド）ミホン"}},
      {FieldKind::kKana, {"イッパンシャダンホウジンミホンカイ", "シヤ)ミホンカイ"}},
      {FieldKind::kKana, {"ミホンユウゲンガイシャ", "ﾐﾎﾝ(ﾕ"}}};
  for (const auto& [kind, group] : same)
    for (const char* one : group) {
      const auto all = normaliser.spellings(kind, form(kind, one));
      EXPECT_EQ(all.front(), form(kind, one));
      EXPECT_LE(all.size(), kMostSpellings);
      for (const char* other : group) {
        EXPECT_NE(std::find(all.begin(), all.end(), form(kind, other)), all.end())
            << one << " " << other;
        EXPECT_EQ(normaliser.common_spelling(kind, form(kind, one)),
                  normaliser.common_spelling(kind, form(kind, other)))
            << one << " " << other;
      }
      // Each of them is a normal form, as marks are made of.
      for (const std::string& spelled : all) EXPECT_EQ(form(kind, spelled), spelled);
    }
}

TEST(Normaliser, CompaniesOfOtherFormsOrNamesAreOthers) {
  const Normaliser& normaliser = Normaliser::japanese();
  const std::vector<const char*> others = {"株式会社山田", "山田株式会社", "有限会社山田", "山田",
                                           "株式会社山",   "株式会社",     "(株)"};
  for (const char* one : others)
    for (const char* other : others) {
      const auto all = normaliser.spellings(FieldKind::kName, form(FieldKind::kName, one));
      const bool found =
          std::find(all.begin(), all.end(), form(FieldKind::kName, other)) != all.end();
      EXPECT_EQ(found, one == other) << one << " " << other;
    }
}

}  // namespace
}  // namespace madoguchi::vault
