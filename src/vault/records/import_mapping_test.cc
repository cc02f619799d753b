#include "vault/records/import_mapping.h"

#include <gtest/gtest.h>

#include <map>

#include "vault/records/normalise.h"

namespace madoguchi::vault {
namespace {

// What is made of these columns, or why nothing is.
std::string mapped(const std::vector<std::string>& headers) {
  const auto columns = map_headers(headers, {}, Schema::standard());
  if (!columns) return columns.error().message;
  std::string targets;
  for (const Column& column : *columns) targets += (targets.empty() ? "" : " ") + target_of(column);
  return targets;
}

TEST(ImportMapping, KnowsColumnsByTheNamesThatPeopleGiveThem) {
  const std::pair<const char*, std::vector<const char*>> rows[] = {
      {"customer_number",
       {"会員No", "会員Ｎｏ．", "会員番号", "お客様No.", "お客様№", "お客様番号", "顧客番号",
        "顧客NO"}},
      {"telephone",
       {"お電話番号", "電話番号", "電話番号１", "電話番号1", "電話1", "TEL", "ＴＥＬ", "Tel.",
        "TEL1"}},
      {"telephone.2", {"携帯電話", "携帯番号", "電話番号２", "TEL2"}},
      {"address", {"住所", "住所１", "住所1", "ご住所"}},
      {"name_kanji", {"契約者氏名", "お名前", "ご氏名", "氏名漢字", "氏名（漢字）"}},
      {"name_kana", {"フリガナ", "ﾌﾘｶﾞﾅ", "ふりがな", "氏名カナ", "お名前カナ", "氏名（カナ）"}},
      {"mail", {"メール", "メールアドレス", "E-mail", "e-Mail", "Ｅメール"}},
      {"postal_code", {"郵便番号", "〒"}},
      {"birth_date", {"生年月日", "ご生年月日"}},
  };
  for (const auto& [target, headers] : rows)
    for (const char* header : headers) EXPECT_EQ(mapped({header}), target) << header;
  EXPECT_EQ(mapped({"会員No", "ご氏名", "都道府県", "住所１", "住所２", "TEL１", "TEL２"}),
            "customer_number name_kanji address address address telephone telephone.2");
}

TEST(ImportMapping, NoNameMeansTwoThings) {
  std::map<std::string, std::string> meanings;
  const auto means = [&](const std::string& header, const std::string& target) {
    const auto [known, is_new] = meanings.emplace(Normaliser::header(header), target);
    EXPECT_TRUE(is_new || known->second == target)
        << header << ": " << target << " and " << known->second;
  };
  for (const FieldSpec& field : Schema::standard().fields())
    for (const std::string& header : field.headers) means(header, field.name);
  for (const ColumnHint& hint : Schema::standard().columns())
    for (const std::string& header : hint.headers) means(header, hint.target);
}

TEST(ImportMapping, NamesEveryColumnThatNobodyKnows) {
  EXPECT_EQ(mapped({"氏名", "靴の大きさ", "電話", "血液型", ""}),
            "columns 2 (\"靴の大きさ\"), 4 (\"血液型\"), 5 (\"\") are not known: name them in a "
            "mapping file, or leave them out there with target = \"-\"");
  EXPECT_EQ(mapped({"氏名", "靴の大きさ"}),
            "column 2 (\"靴の大きさ\") is not known: name it in a mapping file, or leave it out "
            "there with target = \"-\"");
  std::vector<std::string> many{"氏名"};
  for (int i = 0; i < 300; ++i) many.push_back("何か" + std::to_string(i));
  EXPECT_NE(mapped(many).find("(\"何か99\") and 200 more are not known"), std::string::npos);
}

TEST(ImportMapping, NamesBothColumnsThatSayTheSame) {
  EXPECT_EQ(mapped({"電話", "氏名", "TEL"}),
            "column 3: there is a column for telephone already: columns 1 (\"電話\") and 3 "
            "(\"TEL\") both say it; say in a mapping file which is which");
  for (const std::vector<std::string>& both : {std::vector<std::string>{"会員No", "顧客番号"},
                                               {"住所", "ご住所"},
                                               {"お名前", "氏名"},
                                               {"姓", "名", "姓"},
                                               {"携帯電話", "電話番号2"},
                                               {"氏名", "姓"}})
    EXPECT_NE(mapped(both).find("both say it"), std::string::npos) << both[0] << mapped(both);
}

TEST(ImportMapping, AJsonValueIsAText) {
  const auto columns = map_headers(
      {"お客様番号", "氏名", "電話番号", "電話確認", "取得元", "お断り"}, {}, Schema::standard());
  ASSERT_TRUE(columns) << columns.error().message;
  const auto read = [&](const std::string& row) -> std::string {
    const auto given = row_of_json(row, *columns, {"web", "contract", "2024-05-31", ""});
    return given ? "taken" : given.error().message;
  };
  EXPECT_EQ(
      read(R"({"お客様番号": 12, "氏名": "架空", "電話番号": "0312345678", "電話確認": true})"),
      "taken");
  EXPECT_EQ(read(R"({"氏名": true})"), "name_kanji: is neither text nor a whole number");
  EXPECT_EQ(read(R"({"電話番号": [false]})"), "telephone: is neither text nor a whole number");
  EXPECT_EQ(read(R"({"氏名": {"姓": "架空"}})"), "name_kanji: is neither text nor a whole number");
  EXPECT_EQ(read(R"({"氏名": [["架空"]]})"), "name_kanji: is neither text nor a whole number");
  EXPECT_EQ(read(R"({"氏名": "架空", "取得元": ["web", "電話"]})"),
            "@source: is a list, where one text is wanted");
}

TEST(ImportMapping, WhatIsLeftOutMayBeAnything) {
  Column left_out;
  left_out.header = "活動";
  left_out.use = ColumnUse::kLeftOut;
  const auto with = map_headers({"氏名", "活動"}, {left_out}, Schema::standard());
  ASSERT_TRUE(with) << with.error().message;
  for (const std::string value : {"true", "1.5", R"(["a","b"])", R"({"a":{}})", "null"})
    EXPECT_TRUE(row_of_json(R"({"氏名": "架空", "活動": )" + value + "}", *with,
                            {"web", "contract", "2024-05-31", ""}))
        << value;
}

TEST(ImportMapping, ARefusalOfANumberThatIsNotThereIsNotLost) {
  const auto columns =
      map_headers({"氏名", "電話番号", "電話番号2", "お断り"}, {}, Schema::standard());
  ASSERT_TRUE(columns) << columns.error().message;
  const auto read = [&](const std::string& row) -> std::string {
    const auto given = row_of_json(row, *columns, {"web", "contract", "2024-05-31", ""});
    return given ? "taken" : given.error().message;
  };
  EXPECT_EQ(read(R"({"氏名": "架空", "電話番号": "0312345678", "お断り": ["営業", "DM"]})"),
            "telephone.2: is refused for something, but there is no such number; several refusals "
            "of one number stand in one text, divided by commas");
  EXPECT_EQ(read(R"({"氏名": "架空", "電話番号2": "0312345678", "お断り": "営業"})").substr(0, 14),
            "telephone: is ");
  EXPECT_EQ(read(R"({"氏名": "架空", "電話番号": "0312345678", "お断り": "営業、DM"})"), "taken");
  EXPECT_EQ(read(R"({"氏名": "架空", "お断り": "営業"})"), "taken");
}

}  // namespace
}  // namespace madoguchi::vault
