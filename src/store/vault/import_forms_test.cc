// What clients' files look like: encodings, separators, columns that make one value, days, kana.
#include "store/vault/import_fixture.h"

namespace madoguchi::store {
namespace {

using vault::LineHolder;
using vault::Standing;

class ImportForms : public Import {
 protected:
  // What the first look at the file says against it.
  std::string refused(const std::string& bytes, const char* name = "people.csv") {
    const auto terms = terms_of(file(bytes, name));
    return terms ? "" : terms.error().message;
  }
  vault::OpenedSubject only(const std::string& customer, const std::string& field) {
    const auto who =
        records_->find(sakura_, {{"customer_number", Personal<std::string>(customer)}});
    if (!who || who->subjects.size() != 1) {
      ADD_FAILURE() << customer << " is not found once";
      return {};
    }
    return *records_->read(sakura_, who->subjects[0], {field});
  }
  std::string text_of(const std::string& customer, const std::string& field) {
    const auto opened = only(customer, field);
    return opened.values.size() == 1 ? opened.values[0].text.reveal() : "";
  }
};

void expect_says(const std::string& message, const std::string& expected) {
  EXPECT_NE(message.find(expected), std::string::npos) << "\"" << message << "\": " << expected;
}

TEST_F(ImportForms, NamesEncodingsThatAreNotTakenAndHowToConvert) {
  // 番号,氏名 / 1,山田 in ISO-2022-JP and in EUC-JP
  expect_says(refused("\x1B$BHV9f\x1B(B,\x1B$B;aL>\x1B(B\n1,\x1B$B;3ED\x1B(B\n"),
              "line 1: this is ISO-2022-JP (JIS); convert it: iconv -f ISO-2022-JP -t UTF-8");
  expect_says(refused("\xC8\xD6\xB9\xE6,\xBB\xE1\xCC\xBE\n1,\xBB\xB3\xC5\xC4\n"),
              "line 1: this is EUC-JP; convert it: iconv -f EUC-JP -t UTF-8");
  // Kana alone: pairs of half-width kana to CP932.
  expect_says(refused("name,kana\nA,\xA5\xE4\xA5\xDE\xA5\xC0\n"), "line 2: this is EUC-JP");
  expect_says(refused("name,kana\nA,\xA5\xB5\xA5\xAF\xA5\xC6\n"), "line 2: this is EUC-JP");
}

TEST_F(ImportForms, HalfWidthKanaOfCp932IsNoOtherEncoding) {
  // お客様番号 in CP932, then ｻｸﾗ ﾊﾅ and, for all that could be pairs, ｻｸ
  for (const char* kana : {"\xBB\xB8\xD7 \xCA\xC5", "\xBB\xB8"}) {
    const auto header = terms_of(file(std::string("customer number,kana\nC1,") + kana + "\n"));
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->encoding, vault::Encoding::kCp932);
  }
}

TEST_F(ImportForms, RefusesCellsWithControlCharacters) {
  const auto done =
      take(std::string("customer number,氏名,フリガナ\nC1,山\x1B田,ヤマダ\n"
                       "C2,山\xC2\x85田,ヤマダ\nC3,\"山田\n花子\",ヤマダ\tハナコ\n"
                       "C4,山田 花子,ヤマダ\tハナコ\n"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 1U);
  expect_says(reason(2), "name_kanji: holds control characters");
  expect_says(reason(3), "name_kanji: holds control characters");
  expect_says(reason(4), "name_kanji: holds a line end");
}

TEST_F(ImportForms, RefusesValuesThatNobodyHasRowByRow) {
  const auto done = take(
      std::string("お客様番号,氏名,生年月日,住所,メール,備考\n"
                  "V1,山田,2999-12-31,,,\nV2,山田,1980-02-30,,,\nV3,山田,,,taro@@example.jp,\n"
                  "V4,\"山田\n\",,,,\n"
                  "V5,山田,昭和55年1月2日,\"東京都架空区1\nハイツ\",taro@example.jp,\"一\n二\"\n"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 1U);
  expect_says(reason(2), "birth_date: lies in the future");
  expect_says(reason(3), "birth_date: is no day of the calendar");
  expect_says(reason(4), "mail: is no mail address");
  expect_says(reason(5), "name_kanji: holds a line end");
  EXPECT_EQ(text_of("V5", "remarks"), "一\n二");
}

TEST_F(ImportForms, ReadsWhatIsRefusedAsPeopleWriteIt) {
  const auto done = take(std::string(
      "お客様番号,電話番号,お断り\nR1,0312345671,営業・勧誘のお電話／DM\nR2,0312345672,なし\n"
      "R3,0312345673,\"アンケート・調査\nＤＭ\"\nR4,0312345674,－\n"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 4U);
  const auto refusals = [&](const char* customer) {
    const auto telephone = only(customer, "telephone").values.at(0).telephone;
    return telephone ? telephone->refusals : std::vector<std::string>{};
  };
  EXPECT_EQ(refusals("R1"), (std::vector<std::string>{"営業・勧誘のお電話", "DM"}));
  EXPECT_EQ(refusals("R3"), (std::vector<std::string>{"アンケート・調査", "ＤＭ"}));
  for (const char* customer : {"R2", "R4"})
    EXPECT_EQ(refusals(customer), std::vector<std::string>{}) << customer;
}

TEST_F(ImportForms, KanaFieldsWantKana) {
  const auto done = take(
      std::string("customer number,フリガナ\nC1,山田\nC2,ヤマダ　花子\nC3,､｢ﾞ\n"
                  "C4,ﾔﾏﾀﾞ ﾊﾅｺ\nC5,やまだ・はなこ\nC6,カ）サクラ２\nC7,SMITH John\nC8,サトー\n"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 5U);
  for (const std::uint64_t line : {2U, 3U, 4U})
    expect_says(reason(line), "name_kana: is not written in kana");
}

TEST_F(ImportForms, JoinsColumnsThatMakeOneValue) {
  const auto done = take(
      std::string("お客様番号,姓,名,セイ,メイ,都道府県,市区町村,番地,建物名,部屋番号,電話番号\n"
                  "F1,架空,太郎,カクウ,タロウ,東京都,架空区,1-2-3,ハイツ,101,09000003101\n"
                  "F2,架空,,カクウ,,東京都,架空区,1-2-3,,101,\n"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 2U);
  EXPECT_EQ(text_of("F1", "name_kanji"), "架空 太郎");
  EXPECT_EQ(text_of("F1", "name_kana"), "カクウ タロウ");
  EXPECT_EQ(text_of("F1", "address"), "東京都架空区1-2-3ハイツ101");
  EXPECT_EQ(text_of("F2", "name_kanji"), "架空");
  EXPECT_EQ(text_of("F2", "address"), "東京都架空区1-2-3 101");
  EXPECT_EQ(found("name_kanji", "架空太郎"), 1U);
}

TEST_F(ImportForms, JoinsWhatAMappingFileSaysIsOne) {
  const std::string mapping =
      "[[column]]\nheader = \"苗\"\ntarget = \"name_kanji\"\n"
      "[[column]]\nheader = \"下\"\ntarget = \"name_kanji\"\n";
  const auto path = file("お客様番号,苗,下\nF1,架空,太郎\n");
  const auto terms = terms_of(path, mapping);
  ASSERT_TRUE(terms) << terms.error().message;
  ASSERT_TRUE(take(path, *terms));
  EXPECT_EQ(text_of("F1", "name_kanji"), "架空 太郎");
  // Two telephones are two.
  const auto twice = terms_of(file("番,号\n1,2\n"),
                              "[[column]]\nheader = \"番\"\ntarget = \"telephone\"\n"
                              "[[column]]\nheader = \"号\"\ntarget = \"telephone\"\n");
  ASSERT_FALSE(twice);
  expect_says(twice.error().message, "there is a column for telephone already");
}

TEST_F(ImportForms, AWholeNameBesideItsPartsIsAsked) {
  expect_says(refused("氏名,姓,名\n架空 太郎,架空,太郎\n"),
              "column 2: there is a column for name_kanji already");
}

TEST_F(ImportForms, ABuildingIsPartOfTheAddress) {
  ASSERT_TRUE(
      take(std::string("お客様番号,氏名,住所,建物名\nG1,架空 次郎,東京都架空区1-2-3,ハイツ101\n")));
  EXPECT_EQ(text_of("G1", "address"), "東京都架空区1-2-3ハイツ101");
  const auto who = records_->find(sakura_, {{"customer_number", Personal<std::string>("G1")}});
  const auto compare = [&](const char* typed) {
    return *records_->compare(sakura_, who->subjects[0], "address", Personal<std::string>(typed));
  };
  EXPECT_EQ(compare("ハイツ101"), vault::Comparison::kNoMatch);
  EXPECT_EQ(compare("東京都架空区一丁目2番3号ハイツ１０１"), vault::Comparison::kMatch);
}

TEST_F(ImportForms, JoinsInTheOrderOfTheFirstRowOfJsonToo) {
  ASSERT_TRUE(
      take(std::string("{\"お客様番号\":\"F1\",\"姓\":\"架空\",\"名\":\"太郎\"}\n"
                       "{\"名\":\"花子\",\"姓\":\"架空\",\"お客様番号\":\"F2\"}\n")));
  EXPECT_EQ(text_of("F1", "name_kanji"), "架空 太郎");
  EXPECT_EQ(text_of("F2", "name_kanji"), "架空 花子");
}

TEST_F(ImportForms, ANameThatStandsTwiceInAnObjectRefusesTheRow) {
  const auto done =
      take(std::string("{\"customer_number\":\"D1\",\"name\":\"A A\",\"name\":\"B B\"}\n"
                       "{\"customer_number\":\"D2\",\"name\":\"A A\"}\n"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 1U);
  EXPECT_EQ(reason(1), "has the same name twice");
}

TEST_F(ImportForms, DaysOfProvenanceAreDays) {
  const auto done =
      take(std::string("お客様番号,取得日\nP1,いつか\nP2,2026/11/22\nP3,令和8年11月22日\n"
                       "P4,20261122\nP5,2026-02-30\nP6,\n"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 4U);
  expect_says(reason(2), "@obtained_on: is no date");
  expect_says(reason(6), "@obtained_on: is no day of the calendar");
  for (const char* customer : {"P2", "P3", "P4"})
    EXPECT_EQ(only(customer, "provenance").provenance->obtained_on, "2026-11-22") << customer;
  EXPECT_EQ(only("P6", "provenance").provenance->obtained_on, "2024-05-31");
  auto terms = terms_of(file(std::string(kHeader) + person(1)));
  terms->provenance.obtained_on = "いつか";
  const auto refused = take(folder_ / "people.csv", *terms);
  ASSERT_FALSE(refused);
  expect_says(refused.error().message, "--obtained-on: is no date");
}

TEST_F(ImportForms, SaysWhatIsWrongWithFilesOfOtherShapes) {
  expect_says(refused("customer_number,name\rC1,A\rC2,B\r"), "lines end with CR alone");
  expect_says(refused("customer_number;name\nH1;A\n"),
              "line 1: its cells are separated by semicolons");
  expect_says(refused("customer_number\tname\nH1\tA\n"), "line 1: its cells are separated by tabs");
  for (const char* list : {"[{\"name\":\"A\"}]", "[\n  {\"name\":\"A\"}\n]", "[]"})
    expect_says(refused(list, "people.json"), "one object a line is wanted");
}

TEST_F(ImportForms, SaysOfATelephoneWhatTheClientKnows) {
  const auto done = take(std::string(
      "お客様番号,電話番号,電話種別,電話名義,電話利用目的,電話取得日,電話取得者,電話確認,取得者\n"
      "T1,0312345678,勤務先,利用者,配送,令和6年5月31日,山田,済,佐藤\n"
      "T2,0312345679,,,,,,,佐藤\nT3,0312345670,糸電話,,,,,,\n"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 2U);
  expect_says(reason(4), "telephone@line_kind: is none of");
  const auto opened = only("T1", "telephone");
  const auto& telephone = opened.values.at(0);
  EXPECT_EQ(telephone.telephone->line_kind, "work");
  EXPECT_EQ(telephone.telephone->holder, LineHolder::kUser);
  EXPECT_EQ(telephone.standing, Standing::kVerified);
  EXPECT_EQ(*telephone.provenance, (vault::Provenance{"web", "配送", "2024-05-31", "山田"}));
  EXPECT_FALSE(only("T2", "telephone").values.at(0).provenance);
}

}  // namespace
}  // namespace madoguchi::store
