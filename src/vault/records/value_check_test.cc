#include "vault/records/value_check.h"

#include <gtest/gtest.h>

#include "vault/records/normalise.h"
#include "vault/records/sealer.h"

namespace madoguchi::vault {
namespace {

// 2026-11-22 in Tokyo, where it is 23:30; 14:30 UTC.
Time late_in_november() {
  return Time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}} + std::chrono::hours(14) +
         std::chrono::minutes(30);
}

std::string fault(const char* name, std::string_view text, Time now = late_in_november()) {
  const FieldSpec& field = *Schema::standard().find(name);
  if (const auto found = fault_as_written(field, text)) return std::string(name_of(*found));
  const auto form = Normaliser::japanese().form(field.kind, text, NumberingPlan::japanese(), now);
  if (!form) return std::string(name_of(fault_without_form(field.kind)));
  const auto found = fault_as_meant(field, *form, now);
  return found ? std::string(name_of(*found)) : "";
}

TEST(ValueCheck, SaysWhatIsWrongWithAValue) {
  const struct {
    const char* field;
    std::string_view text;
    const char* fault;
  } rows[] = {
      {"name_kanji", "架空\n花子", "controls"},
      {"name_kanji", "架空\r\n花子", "controls"},
      {"name_kanji", "架空\xE2\x80\xA8花子", "controls"},
      {"name_kanji", "架空\x1B花子", "controls"},
      {"name_kanji", "架空 花子", ""},
      {"name_kanji", "・", "nothing"},
      {"name_kana", "架空 花子", "not_kana"},
      {"name_kana", "かくう はなこ", ""},
      {"address", "東京都架空区1-2-3\nハイツ101", ""},
      {"remarks", "一行目\n二行目", ""},
      {"remarks", "一\x01二", "controls"},
      {"birth_date", "いつか", "no_date"},
      {"birth_date", "2026-02-30", "no_date"},
      {"postal_code", "123-456", "no_postal_code"},
      {"telephone", "番号ではない", "no_telephone"},
      {"telephone", "110", "no_telephone"},
      {"telephone", "03-1234-5678", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(fault(row.field, row.text), row.fault) << row.text;
}

TEST(ValueCheck, NobodyIsBornAfterTodayInJapan) {
  EXPECT_EQ(fault("birth_date", "2026-11-22"), "");
  EXPECT_EQ(fault("birth_date", "2026-11-23"), "in_future");
  EXPECT_EQ(fault("birth_date", "令和8年11月23日"), "in_future");
  EXPECT_EQ(fault("birth_date", "2026-11-23", late_in_november() + std::chrono::hours(1)), "");
}

TEST(ValueCheck, AMailAddressIsOneAddress) {
  for (const char* text :
       {"taro@example.jp", "Taro.Kaku+shop@mail.example.co.jp", R"("kaku..taro"@docomo.example)",
        "..kaku.@docomo.example", "ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", "taro@例え.example",
        " taro@example.jp "})
    EXPECT_EQ(fault("mail", text), "") << text;
  for (const char* text :
       {"なし", "taro", "taro@", "@example.jp", "taro@example", "taro@.jp", "taro@example.",
        "taro@@example.jp", "taro@example..jp", "taro@-example.jp", "taro @example.jp",
        "taro@a.jp, jiro@b.jp", "taro@a.jp;jiro@b.jp", "架空 太郎 <taro@example.jp>",
        "taro@exam_ple.jp"})
    EXPECT_EQ(fault("mail", text), "no_mail") << text;
}

}  // namespace
}  // namespace madoguchi::vault
