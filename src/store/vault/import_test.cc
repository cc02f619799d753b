// Files of records coming in: what is taken, what is refused and why, and what a kill leaves.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "base/sealing.h"
#include "store/vault/import_fixture.h"
#include "vault/records/key_rotation.h"

namespace madoguchi::store {
namespace {

namespace fs = std::filesystem;
TEST_F(Import, TakesAFileAndFindsItsPeople) {
  std::string text = std::string("\xEF\xBB\xBF") + kHeader;
  for (int i = 0; i < 500; ++i) text += person(i);
  const auto done = take(text);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 500U);
  EXPECT_TRUE(done->done);
  EXPECT_TRUE(bad_.empty());
  EXPECT_EQ(found("customer_number", "C7"), 1U);
  EXPECT_EQ(found("telephone", "09012341007"), 1U);
  EXPECT_FALSE(has_side_files());
  const auto who = records_->find(sakura_, {{"customer_number", Personal<std::string>("C499")}});
  ASSERT_EQ(who->subjects.size(), 1U);
  EXPECT_EQ(read(who->subjects[0], "name_kanji"), "髙橋 花子");
  EXPECT_EQ(records_->read(sakura_, who->subjects[0], {"provenance"})->provenance->source, "web");
}

// Keys are looked through in pages, which lie in blocks and may be longer than they were asked to
// be.
TEST_F(Import, ARestartTakesNobodysKeyHoweverManyCameIn) {
  constexpr int kPeople = 40'000;
  std::string text = kHeader;
  for (int i = 0; i < kPeople; ++i) text += person(i);
  ASSERT_TRUE(take(text));
  for (int restart = 0; restart < 2; ++restart) {
    const auto started = try_start();
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_EQ(stores_.keys->walk(1, 100'000)->keys.size(), kPeople);
    const auto who =
        records_->find(sakura_, {{"customer_number", Personal<std::string>("C16385")}});
    ASSERT_EQ(who->subjects.size(), 1U);
    EXPECT_EQ(read(who->subjects[0], "name_kanji"), "髙橋 花子");
  }
}

TEST_F(Import, TakesCp932AndSaysSo) {
  // お客様番号,氏名 / C1,髙橋 (with the variant that only CP932's extension has)
  const std::string text =
      "\x82\xA8\x8B\x71\x97\x6C\x94\xD4\x8D\x86,\x8E\x81\x96\xBC\nC1,\xFB\xFC\x8B\xB4\n";
  const fs::path path = file(text);
  const auto terms = terms_of(path);
  ASSERT_TRUE(terms) << terms.error().message;
  EXPECT_EQ(terms->encoding, vault::Encoding::kCp932);
  ASSERT_TRUE(take(path, *terms));
  EXPECT_EQ(found("name_kanji", "高橋"), 1U);
}

TEST_F(Import, TakesJsonLinesWithLists) {
  const auto done = take(std::string(
      "{\"customer "
      "number\":\"J1\",\"氏名\":\"山田\",\"telephone\":[\"0312345678\",\"09011112222\"]}\n"
      "{\"customer number\":\"J2\",\"telephone\":\"0312345679\"}\n"
      "{\"customer number\":\"J3\",\"telephone\":\"031\n"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 2U);
  EXPECT_EQ(found("telephone", "090-1111-2222"), 1U);
  EXPECT_EQ(reason(3), "is no JSON object, or was cut off");
}

TEST_F(Import, NamesEachBadRowAndTakesTheOthers) {
  std::string text = std::string(kHeader) + person(1);
  text += "C2,山田,ヤマダ,nobody's number,\n";                   // line 3
  text += "C3,山田,ヤマダ\n";                                    // 4
  text += "\"C4,山\"田,ヤマダ,,\n";                              // 5
  text += "C1,別人,ベツジン,,\n";                                // 6: as in line 2
  text += "C5,\"改\n行\",カイギョウ,,\n";                        // 7 and 8
  text += std::string("C6,a\0b,ナル,,\n", 16);                   // 9
  text += "C7," + std::string(10'000'000, 'x') + ",ナガイ,,\n";  // 10
  text += person(8);                                             // 11
  text += "C9,\"山田";                                           // 12: cut off
  const fs::path path = file(text);
  // A NUL refuses the whole file at the first look; what comes later finds it in its row.
  EXPECT_EQ(terms_of(path).error().message,
            path.string() +
                ": line 9: a NUL byte; this is no text file, or UTF-16: save it as "
                "UTF-8");
  auto terms = terms_of(file(std::string(kHeader) + person(1)));
  ASSERT_TRUE(terms);
  terms->digest = to_hex(sha256(as_bytes(text)));
  file(text);
  const auto done = take(path, *terms, 4'096);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 2U);
  EXPECT_EQ(done->bad_rows, 8U);
  EXPECT_EQ(reason(3), "telephone: is no telephone number");
  EXPECT_NE(reason(4).find("3 cells, the header has 5"), std::string::npos);
  EXPECT_EQ(reason(5), "something stands between a closing quote and the next comma");
  EXPECT_EQ(reason(6), "customer_number: an earlier row of this file has it");
  EXPECT_EQ(reason(7), "name_kanji: holds a line end or control characters");
  EXPECT_NE(reason(9), "");
  EXPECT_NE(reason(10).find("longer than 1 MiB"), std::string::npos);
  EXPECT_NE(reason(12).find("ends within a quoted cell"), std::string::npos);
}

TEST_F(Import, StrictLeavesNothingWhenARowIsBad) {
  add(hanako("before"));
  std::string text = kHeader;
  for (int i = 0; i < 300; ++i) text += person(i);
  const fs::path path = file(text + "C999,山田,ヤマダ,12,\n");
  auto terms = terms_of(path);
  ASSERT_TRUE(terms);
  terms->strict = true;
  const auto done = take(path, *terms);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(bad_.size(), 1U);
  EXPECT_EQ(records(), 1U);
  EXPECT_EQ(found("customer_number", "C5"), 0U);
  EXPECT_EQ(found("customer_number", "before"), 1U);
  EXPECT_FALSE(has_side_files());
  const auto page = stores_.keys->walk(1, 100'000);
  EXPECT_EQ(page->keys.size(), 1U);
  // Mended, the file goes in.
  file(text);
  auto mended = terms_of(path);
  mended->strict = true;
  EXPECT_TRUE(take(path, *mended));
  EXPECT_EQ(records(), 301U);
}

TEST_F(Import, AFileGoesInOnce) {
  const std::string text = std::string(kHeader) + person(1);
  ASSERT_TRUE(take(text));
  const auto again = take(text);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  // The same people in another file are doubles.
  const auto doubled = take(text + "\n");
  ASSERT_TRUE(doubled);
  EXPECT_EQ(doubled->rows, 0U);
  EXPECT_EQ(reason(2), "customer_number: a subject in the vault has it");
}

TEST_F(Import, GoesOnOnlyUnderTheSameTerms) {
  std::string text = kHeader;
  for (int i = 0; i < 200; ++i) text += person(i);
  const fs::path path = file(text);
  auto terms = terms_of(path);
  cut_off_halfway(path, *terms);
  terms->provenance.given_for = "sales";
  EXPECT_EQ(take(path, *terms).error().code, ErrorCode::kConflict);
}

TEST_F(Import, RecordsOfABackupFromBeforeARotationAreMarkedAnewFirst) {
  const auto marked_anew = [&] {
    ASSERT_TRUE(records_->begin_reindex(sakura_).value_or(false));
    for (int steps = 0; !records_->reindex(sakura_, 30).value_or(false); ++steps)
      ASSERT_LT(steps, 50);
  };
  ASSERT_TRUE(take(kHeader + person(1)));
  ASSERT_TRUE(records_->settle());
  marked_anew();
  EXPECT_TRUE(take(kHeader + person(2)));
  // What the backup knows: no walk is under way, and none has ended.
  ASSERT_TRUE(stores_.records->set_cursor(vault::oldest_index_cursor(sakura_), 0));
  const std::string both = kHeader + person(1) + person(3);
  const auto refused = take(both);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("are marked anew"), std::string::npos)
      << refused.error().message;
  ASSERT_TRUE(records_->mark_anew(sakura_).value_or(false));
  while (!records_->reindex(sakura_, 30).value_or(false)) EXPECT_FALSE(take(both));
  const auto taken = take(both);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->bad_rows, 1U);
  EXPECT_EQ(found("customer_number", "C1"), 1U);
  EXPECT_EQ(found("customer_number", "C3"), 1U);
}

TEST_F(Import, WhatTheLogRefusesDoesNotBegin) {
  const fs::path path = file(std::string(kHeader) + person(1));
  vault::ImportCallbacks callbacks;
  callbacks.note = [](const ImportTerms&, const ImportStanding&) -> Result<void> {
    return fail(ErrorCode::kUnavailable, "no log");
  };
  EXPECT_FALSE(Importer::begin(*records_, *terms_of(path), callbacks));
  EXPECT_TRUE(stores_.records->imports(sakura_)->empty());
}

TEST_F(Import, RefusesFilesThatAreNoneNamingTheLine) {
  const std::pair<std::string, const char*> rows[] = {
      {"", "the file is empty"},
      {"\xFF\xFE"
       "a",
       "UTF-16"},
      {"氏名\n\xC3\x28\xFF\n", "neither UTF-8 (broken in line 2) nor CP932"},
      {"山田,花子\n", "is the first line a header?"},
      {"氏名,靴の大きさ\n山田,26\n", "column 2 (\"靴の大きさ\") is not known"},
      {"電話,TEL\n1,2\n", "there is a column for telephone already"},
      {"\"氏名\n", "the header"},
  };
  for (const auto& [bytes, expected] : rows) {
    const auto terms = terms_of(file(bytes));
    ASSERT_FALSE(terms) << expected;
    EXPECT_NE(terms.error().message.find(expected), std::string::npos) << terms.error().message;
  }
}

class Surveyed : public Import {
 protected:
  vault::Survey survey_of(const fs::path& path) {
    auto found = vault::survey({path, {}, {}, {}}, vault::Schema::standard());
    EXPECT_TRUE(found) << found.error().message;
    return *found;
  }
  // What comes of reading it again, and the last error.
  static std::pair<std::string, std::string> again(vault::SurveyedFile& file) {
    std::string all;
    for (;;) {
      const auto piece = file.next();
      if (!piece) return {all, std::string(name_of(piece.error().code))};
      if (piece->empty()) return {all, ""};
      all += as_text(*piece);
    }
  }
};

TEST_F(Surveyed, AFileIsReadAgainFromWhereItWasAskedFor) {
  const std::string text = kHeader + person(1) + person(2);
  const fs::path path = file(text);
  const auto survey = survey_of(path);
  EXPECT_EQ(survey.bytes, text.size());
  vault::SurveyedFile whole(path, survey, 0);
  EXPECT_EQ(again(whole), std::pair(text, std::string()));
  vault::SurveyedFile rest(path, survey, 10);
  EXPECT_EQ(again(rest), std::pair(text.substr(10), std::string()));
}

// A file that shrinks would else be taken in as a whole one: half of its people.
TEST_F(Surveyed, AFileThatIsAnotherMeanwhileIsNotOver) {
  const std::string text = kHeader + person(1) + person(2);
  const fs::path path = file(text);
  const auto survey = survey_of(path);
  fs::resize_file(path, text.size() / 2);
  vault::SurveyedFile half(path, survey, 0);
  EXPECT_EQ(again(half).second, "conflict");
  file(text + person(3));
  vault::SurveyedFile longer(path, survey, 0);
  EXPECT_EQ(again(longer).second, "conflict");
  file(text);
  fs::last_write_time(path, survey.written + std::chrono::seconds(1));
  vault::SurveyedFile written_again(path, survey, 0);
  EXPECT_EQ(again(written_again).second, "conflict");
  fs::remove(path);
  vault::SurveyedFile gone(path, survey, 0);
  EXPECT_EQ(again(gone).second, "unavailable");
  EXPECT_EQ(vault::survey({folder_, {}, {}, {}}, vault::Schema::standard()).error().code,
            ErrorCode::kNotFound);
}

TEST_F(Import, AMappingFileSaysWhatColumnsAre) {
  const std::string mapping =
      "[[column]]\nheader = \"番号\"\ntarget = \"customer_number\"\n"
      "[[column]]\nheader = \"番号1\"\ntarget = \"telephone\"\n"
      "[[column]]\nheader = \"名義\"\ntarget = \"telephone@holder\"\n"
      "[[column]]\nheader = \"お断り\"\ntarget = \"telephone@refusals\"\n"
      "[[column]]\nheader = \"靴\"\ntarget = \"-\"\n"
      "[[column]]\nheader = \"区分\"\ntarget = \"@kind\"\n";
  const fs::path path =
      file("番号,番号1,名義,お断り,靴,区分\nM1,0312345678,契約者,勧誘、訪問,26,法人\n");
  const auto terms = terms_of(path, mapping);
  ASSERT_TRUE(terms) << terms.error().message;
  ASSERT_TRUE(take(path, *terms));
  const auto who = records_->find(sakura_, {{"telephone", Personal<std::string>("0312345678")}});
  ASSERT_EQ(who->subjects.size(), 1U);
  const auto opened = records_->read(sakura_, who->subjects[0], {"telephone"});
  EXPECT_EQ(opened->kind, vault::SubjectKind::kCompany);
  EXPECT_EQ(opened->values[0].telephone->holder, vault::LineHolder::kHolder);
  EXPECT_EQ(opened->values[0].telephone->refusals, (std::vector<std::string>{"勧誘", "訪問"}));
  EXPECT_FALSE(terms_of(path, "[[column]]\nheader = \"番号\"\ntarget = \"shoes\"\n"));
}

// kill -9 at moments that differ from run to run: the file continues, nothing is twice, nothing
// missing, and no key is left without its record.
TEST_F(Import, ContinuesAfterEveryKillAndNothingIsDouble) {
  constexpr int kPeople = 3'000;
  std::string text = kHeader;
  for (int i = 0; i < kPeople; ++i) text += person(i);
  text += "bad row\n";
  const fs::path path = file(text);
  const auto terms = terms_of(path);
  ASSERT_TRUE(terms);
  // Made here, so that every child has them.
  ASSERT_TRUE(keys_.newest(sakura_, vault::KeyUse::kData));
  ASSERT_TRUE(keys_.newest(sakura_, vault::KeyUse::kIndex));
  stop();
  std::mt19937 dice(static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed()));
  int kills = 0;
  for (int round = 0; round < 60; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      start();
      // The later the round, the later it is killed: so every phase has its turn.
      const auto limit = std::uniform_int_distribution<std::uint64_t>(1, 6)(dice) +
                         static_cast<std::uint64_t>(round);
      std::uint64_t told = 0;
      vault::ImportCallbacks callbacks;
      callbacks.standing = [&](const ImportStanding&) {
        if (++told >= limit) ::kill(::getpid(), SIGKILL);
      };
      auto importer = Importer::begin(*records_, *terms, std::move(callbacks), {2, 16, 2});
      if (!importer) ::_exit(importer.error().code == ErrorCode::kConflict ? 7 : 8);
      const std::string_view all = text;
      for (std::size_t at = 0; at < all.size(); at += 500)
        if (!(*importer)->feed(as_bytes(all.substr(at, 500)))) ::_exit(9);
      ::_exit((*importer)->finish() ? 0 : 10);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
      // Refused as being in already, when the last kill came after the last commit.
      ASSERT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7) << WEXITSTATUS(status);
      break;
    }
    ++kills;
    ASSERT_LT(round, 59);
  }
  EXPECT_GT(kills, 3);
  start();
  EXPECT_EQ(records(), static_cast<std::uint64_t>(kPeople));
  const auto imports = stores_.records->imports(sakura_);
  ASSERT_EQ(imports->size(), 1U);
  EXPECT_EQ(imports->front().state, "done");
  EXPECT_EQ(imports->front().rows, static_cast<std::uint64_t>(kPeople));
  EXPECT_EQ(imports->front().bad_rows, 1U);
  for (int i = 0; i < kPeople; i += 37)
    EXPECT_EQ(found("customer_number", "C" + std::to_string(i)), 1U) << i;
  const auto page = stores_.keys->walk(1, 1'000'000);
  EXPECT_EQ(page->keys.size(), static_cast<std::size_t>(kPeople));
}

}  // namespace
}  // namespace madoguchi::store
