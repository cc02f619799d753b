// The mark as a whole: what is written by one export is read off lines of it again, also when they
// were typed anew, and nobody is blamed for what they never had.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "vault/core/numbering.h"
#include "vault/exports/code_points.h"
#include "vault/exports/evidence.h"
#include "vault/exports/invented.h"

namespace madoguchi::vault {
namespace {

const Normaliser& normaliser() {
  return Normaliser::japanese();
}

struct Value {
  FieldKind kind;
  std::uint16_t field;
  std::string text;
};
struct Person {
  std::string id;
  std::vector<Value> values;
};

std::vector<Person> people(std::size_t count, std::mt19937& random) {
  const std::vector<std::string> families{"架空", "仮名", "見本", "例文", "髙橋", "試験", "山﨑"};
  const std::vector<std::string> given{"花子", "太郎", "恵", "一郎", "みどり", "健"};
  std::vector<Person> all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto roll = [&](unsigned bound) { return random() % bound; };
    Person& one = all.emplace_back();
    one.id = fmt::format("subject-{}", i);
    one.values = {
        {FieldKind::kIdentifier, 2, fmt::format("S-{}", 1000 + i)},
        {FieldKind::kName, 3, families[roll(7)] + " " + given[roll(6)]},
        {FieldKind::kKana, 4, "カクウ ハナコ"},
        {FieldKind::kDate, 5,
         fmt::format("19{}-{:02}-{:02}", 50 + roll(50), 1 + roll(12), 1 + roll(28))},
        {FieldKind::kPostalCode, 6, fmt::format("{:03}-{:04}", roll(1000), roll(10000))},
        {FieldKind::kAddress, 7,
         fmt::format("東京都架空区春町{}丁目{}番{}号", 1 + roll(9), 1 + roll(30), 1 + roll(30))},
        {FieldKind::kTelephone, 8, fmt::format("090-0{:03}-{:04}", roll(1000), roll(10000))}};
  }
  return all;
}

ExportMark mark_of(unsigned seed) {
  Mac key{};
  std::mt19937 random(seed);
  for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random());
  return ExportMark(key);
}

// One line of an export as somebody found it.
using Handling = std::function<std::string(const Value&, std::string)>;
FoundPerson found_of(const Person& person, const ExportMark* mark, const Handling& handling) {
  FoundPerson found{person.id, {}};
  for (const Value& value : person.values) {
    const Spelling spelling(value.kind, value.text, normaliser());
    std::string text =
        mark == nullptr ? value.text : mark->spelled({person.id, value.field, 1}, spelling);
    found.cells.push_back({value.field, 1, spelling.read(handling(value, std::move(text)))});
  }
  return found;
}

std::vector<Suspect> suspects(unsigned first, unsigned count, std::size_t lines) {
  std::vector<Suspect> all;
  for (unsigned i = 0; i < count; ++i)
    all.push_back(
        {mark_of(first + i), std::vector<bool>(lines, true), std::vector<bool>(lines, false)});
  return all;
}

std::string as_found(const Value&, std::string text) {
  return text;
}
// Width and kinds of spaces and hyphens are gone.
std::string typed_anew(const Value&, std::string text) {
  return utf8_of(retyped(code_points(text)));
}

TEST(Spelling, EveryWayHasTheSameNormalForm) {
  const std::vector<std::pair<FieldKind, std::string>> values = {
      {FieldKind::kName, "髙橋　恵"},
      {FieldKind::kName, "架空花子"},
      {FieldKind::kKana, "カクウ ハナコ"},
      {FieldKind::kDate, "昭和55年1月2日"},
      {FieldKind::kDate, "1980/11/22"},
      {FieldKind::kPostalCode, "100-0001"},
      {FieldKind::kTelephone, "090-0123-1001"},
      {FieldKind::kTelephone, "09012345678"},
      {FieldKind::kTelephone, "03-1234-5678"},
      {FieldKind::kAddress, "東京都 架空区①丁目２丁目3番地4号"},
      {FieldKind::kAddress, "東京都架空区春町1丁目2番3号"},
      {FieldKind::kAddress, "東京都架空区春町1丁目2番3号 見本荘201号室"},
      {FieldKind::kAddress, "千葉県例文郡小池町5"},
      {FieldKind::kAddress, "埼玉県見本市中央3丁目1-1"},
      {FieldKind::kMail, "hanako@demo.invalid"}};
  for (const auto& [kind, value] : values) {
    const Spelling spelling(kind, value, normaliser());
    const auto form = [&](const std::string& text) {
      return normaliser().form(kind, text, NumberingPlan::japanese(),
                               *parse_utc("2026-11-22T00:00:00Z"));
    };
    ASSERT_TRUE(form(value)) << value;
    std::set<std::string> texts;
    for (unsigned i = 0; i < 200; ++i) {
      const auto ways = mark_of(i).ways({"s", 1, 1}, spelling.marks());
      const std::string text = spelling.text(ways);
      EXPECT_EQ(form(text).value_or(""), *form(value)) << text;
      // What is read off it is what was written, where it can be told.
      for (const Marked& one : spelling.read(text)) {
        const auto at = std::find(spelling.marks().begin(), spelling.marks().end(), one.kind);
        EXPECT_EQ(ways[static_cast<std::size_t>(at - spelling.marks().begin())], one.way) << text;
      }
      texts.insert(text);
    }
    EXPECT_EQ(texts.size() > 1, !spelling.marks().empty()) << value;
  }
}

TEST(Spelling, AnotherValueShowsNothing) {
  const Spelling spelling(FieldKind::kTelephone, "090-0123-1001", normaliser());
  EXPECT_TRUE(spelling.read("090-0123-1002").empty());
  EXPECT_TRUE(spelling.read("").empty());
  EXPECT_TRUE(spelling.read("09001231001").empty());  // without signs it is everybody's way
}

struct Tally {
  int right = 0;
  int wrong = 0;
  int unsaid = 0;
};

// 20 lines out of 500 from each of 50 exports of the same people, in another order.
Tally try_all(unsigned seed, std::size_t lines, const Handling& handling) {
  std::mt19937 random(seed);
  const auto all = people(500, random);
  Tally tally;
  for (unsigned which = 0; which < 50; ++which) {
    const ExportMark mark = mark_of(seed * 1000 + which);
    std::vector<std::size_t> picked(all.size());
    for (std::size_t i = 0; i < picked.size(); ++i) picked[i] = i;
    std::shuffle(picked.begin(), picked.end(), random);
    std::vector<FoundPerson> found;
    for (std::size_t i = 0; i < lines; ++i)
      found.push_back(found_of(all[picked[i]], &mark, handling));
    const auto said = named(weigh(found, suspects(seed * 1000, 50, lines)));
    if (!said)
      ++tally.unsaid;
    else
      ++(*said == which ? tally.right : tally.wrong);
  }
  return tally;
}

TEST(Watermark, TwentyLinesNameTheirExportOfFifty) {
  for (const unsigned seed : {1U, 2U}) {
    const Tally copied = try_all(seed, 20, as_found);
    EXPECT_EQ(copied.right, 50) << "seed " << seed;
    const Tally typed = try_all(seed, 20, typed_anew);
    EXPECT_EQ(typed.right, 50) << "seed " << seed;
    EXPECT_EQ(copied.wrong + typed.wrong, 0) << "seed " << seed;
  }
}

TEST(Watermark, WhatIsNamedOfFewOrSpoiltLinesIsNeverAnother) {
  int right = 0, wrong = 0;
  for (const unsigned seed : {5U, 6U}) {
    for (const std::size_t lines : {1U, 3U, 10U}) {
      const Tally tally = try_all(seed, lines, typed_anew);
      right += tally.right;
      wrong += tally.wrong;
    }
    // Dates made alike by a table program, and every third cell lost.
    std::mt19937 random(seed);
    const Tally spoilt = try_all(seed, 20, [&](const Value& value, std::string text) {
      if (random() % 3 == 0) return std::string();
      return value.kind == FieldKind::kDate ? value.text : typed_anew(value, std::move(text));
    });
    EXPECT_GE(spoilt.right, 48) << "seed " << seed;
    wrong += spoilt.wrong;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(right, 100);
}

TEST(Watermark, NobodyIsNamedForWhatIsInNoExport) {
  for (const unsigned seed : {8U, 9U}) {
    std::mt19937 random(seed);
    const auto all = people(60, random);
    const auto nobody = [&](const ExportMark* mark, const Handling& handling) {
      std::vector<FoundPerson> found;
      for (const Person& one : all) found.push_back(found_of(one, mark, handling));
      return !named(weigh(found, suspects(seed * 1000, 100, all.size())));
    };
    EXPECT_TRUE(nobody(nullptr, as_found));  // the client's own files
    EXPECT_TRUE(nobody(nullptr, typed_anew));
    const ExportMark another = mark_of(seed * 1000 + 999);  // an export of another vault
    EXPECT_TRUE(nobody(&another, as_found));
    std::mt19937 clerks(seed + 1);  // typed by many, each in their own way
    EXPECT_TRUE(nobody(nullptr, [&](const Value& value, const std::string&) {
      const Spelling spelling(value.kind, value.text, normaliser());
      return mark_of(static_cast<unsigned>(clerks())).spelled({"x", 1, 1}, spelling);
    }));
  }
}

TEST(Watermark, LinesInTheOrderOfTheExportTellMore) {
  std::mt19937 random(12);
  auto all = people(20, random);
  const ExportMark mark = mark_of(12'000);
  std::sort(all.begin(), all.end(),
            [&](const Person& a, const Person& b) { return mark.rank(a.id) < mark.rank(b.id); });
  std::vector<FoundPerson> found;
  for (const Person& one : all) found.push_back({one.id, {}});
  const auto scores = weigh(found, suspects(12'000, 10, found.size()));
  EXPECT_GT(scores[0].order, 4);
  for (std::size_t i = 1; i < scores.size(); ++i) EXPECT_LT(scores[i].order, 1);
}

TEST(Invented, PeopleLookLikeOthersAndAreNobodys) {
  const ExportMark mark = mark_of(13);
  const std::map<std::string, std::string> shapes{{"letter_number", "S-1001"}};
  std::set<std::string> telephones;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto person = invented_person(mark, i, shapes);
    EXPECT_EQ(person, invented_person(mark, i, shapes));
    EXPECT_TRUE(person.at("telephone").starts_with("090-0"));
    EXPECT_TRUE(person.at("letter_number").starts_with("S-"));
    EXPECT_EQ(person.at("letter_number").size(), 6U);
    telephones.insert(person.at("telephone"));
    for (const auto& [field, kind] : {std::pair{"name_kanji", FieldKind::kName},
                                      {"name_kana", FieldKind::kKana},
                                      {"birth_date", FieldKind::kDate},
                                      {"postal_code", FieldKind::kPostalCode},
                                      {"address", FieldKind::kAddress},
                                      {"telephone", FieldKind::kTelephone}})
      EXPECT_TRUE(normaliser().form(kind, person.at(field), NumberingPlan::japanese(),
                                    *parse_utc("2026-11-22T00:00:00Z")))
          << field;
  }
  EXPECT_EQ(telephones.size(), 20U);
}

}  // namespace
}  // namespace madoguchi::vault
