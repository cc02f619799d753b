// A client's newer file: who is added, who is changed and in what, who stays, and what a kill
// leaves.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>

#include "store/vault/import_fixture.h"
#include "store/vault/sqlite_file.h"

namespace madoguchi::store {
namespace {

namespace fs = std::filesystem;
using vault::ChangedPerson;
using vault::RowTold;

constexpr const char* kPeople =
    "お客様番号,氏名,フリガナ,住所,電話番号,メールアドレス\n"
    "U1,架空 一,カクウ イチ,東京都架空区1-1-1,090-0000-0001,one@example.jp\n"
    "U2,架空 二,カクウ ニ,東京都架空区2-2-2,090-0000-0002,two@example.jp\n"
    "U3,架空 三,カクウ サン,東京都架空区3-3-3,090-0000-0003,\n";

class ImportUpdate : public Import {
 protected:
  void SetUp() override {
    Import::SetUp();
    ASSERT_TRUE(Import::take(std::string(kPeople)));
    clock_.advance(std::chrono::hours(1));  // imports are listed by their beginning
  }
  ImportTerms update_of(const fs::path& path) {
    auto terms = terms_of(path);
    EXPECT_TRUE(terms) << terms.error().message;
    terms->update = true;
    terms->provenance = {"list of June", "contract", "2026-06-01", "client"};
    return *terms;
  }
  Result<ImportStanding> update(const fs::path& path, ImportTerms terms) {
    told_.clear();
    changed_.clear();
    vault::ImportCallbacks callbacks;
    callbacks.rows = [&](const std::vector<RowTold>& rows) {
      for (const RowTold& row : rows)
        told_[row.line] =
            std::string(name_of(row.outcome)) + (row.what.empty() ? "" : " " + row.what);
    };
    callbacks.standing = meanwhile_;
    callbacks.changing = [&](const std::string&, std::span<const ChangedPerson> people) {
      for (const ChangedPerson& person : people) changed_.push_back(person.fields);
      return log_;
    };
    auto importer = Importer::begin(*records_, std::move(terms), std::move(callbacks), {2, 16, 2});
    if (!importer) return tl::unexpected<Error>(importer.error());
    if (auto fed = feed(**importer, path, 1000, SIZE_MAX); !fed)
      return tl::unexpected<Error>(fed.error());
    return (*importer)->finish();
  }
  Result<ImportStanding> update(const std::string& bytes) {
    const fs::path path = file(bytes, "june.csv");
    return update(path, update_of(path));
  }
  // As in a year: what lies in the future now, and came in then, is stored.
  void take_next_year(const std::string& bytes) {
    clock_.jump(std::chrono::hours(24 * 365));
    ASSERT_TRUE(Import::take(bytes));
    clock_.jump(-std::chrono::hours(24 * 365));
  }
  vault::SubjectId who(const std::string& customer) {
    const auto found =
        records_->find(sakura_, {{"customer_number", Personal<std::string>(customer)}});
    if (found && found->subjects.size() == 1) return found->subjects[0];
    ADD_FAILURE() << customer << " is not found once";
    return vault::SubjectId();
  }
  vault::OpenedSubject opened(const std::string& customer, const std::string& field) {
    return *records_->read(sakura_, who(customer), {field});
  }
  std::string all_of(const std::string& customer, const std::string& field) {
    std::string texts;
    for (const auto& value : opened(customer, field).values)
      texts += (texts.empty() ? "" : " | ") + value.text.reveal();
    return texts;
  }

  std::map<std::uint64_t, std::string> told_;
  std::vector<std::vector<std::string>> changed_;
  std::function<void(const ImportStanding&)> meanwhile_;
  Result<void> log_;
};

TEST_F(ImportUpdate, WhatStandsThereAlreadyIsNotHeldAgainstARow) {
  take_next_year("お客様番号,氏名,生年月日,住所\nF1,架空 未来,2027-03-01,東京都架空区1\n");
  ASSERT_TRUE(
      update("お客様番号,氏名,生年月日,住所\n"
             "F1,架空 未来,2027/3/1,東京都架空区2\n"));
  EXPECT_EQ(told_[2], "changed address");
  ASSERT_TRUE(
      update("お客様番号,氏名,生年月日,住所\n"
             "F1,架空 未来,2027-03-02,東京都架空区3\n"));
  EXPECT_EQ(told_[2], "refused birth_date: lies in the future");
  EXPECT_EQ(all_of("F1", "address"), "東京都架空区2");
}

TEST_F(ImportUpdate, SaysOfEachRowWhatBecameOfIt) {
  const auto done = update(
      "お客様番号,氏名,フリガナ,住所,電話番号,メールアドレス\n"
      "U1,架空 一,カクウ イチ,東京都架空区1-1-1,09000000001,ONE@example.jp\n"
      "U2,見本 二,ミホン ニ,,,\n"
      "U3,架空 三,カクウ サン,東京都架空区3-3-3,nobody's,\n"
      "U4,架空 四,カクウ ヨン,東京都架空区4-4-4,090-0000-0004,\n"
      "U2,架空 二,カクウ ニ,,,\n"
      ",名無 五,ナナシ ゴ,,,\n");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->done);
  EXPECT_EQ(done->rows, 1U);
  EXPECT_EQ(done->changed, 1U);
  EXPECT_EQ(done->unchanged, 1U);
  EXPECT_EQ(done->bad_rows, 3U);
  EXPECT_EQ(told_[2], "unchanged");
  EXPECT_EQ(told_[3], "changed name_kanji name_kana");
  EXPECT_EQ(told_[4], "refused telephone: is no telephone number");
  EXPECT_EQ(told_[5], "added");
  EXPECT_EQ(told_[6], "refused customer_number: an earlier row of this file has it");
  EXPECT_NE(told_[7].find("refused customer_number: is empty"), std::string::npos);
  EXPECT_EQ(changed_, (std::vector<std::vector<std::string>>{{"name_kanji", "name_kana"}}));
  // Found by what is said now, not by what was replaced; what was left empty stays.
  EXPECT_EQ(found("name_kana", "ミホンニ"), 1U);
  EXPECT_EQ(found("name_kana", "カクウニ"), 0U);
  EXPECT_EQ(all_of("U2", "address"), "東京都架空区2-2-2");
  EXPECT_EQ(found("telephone", "09000000002"), 1U);
  EXPECT_EQ(found("customer_number", "U4"), 1U);
  EXPECT_FALSE(has_side_files());
}

TEST_F(ImportUpdate, TellsWhereWhatItChangedCameFrom) {
  ASSERT_TRUE(
      update("お客様番号,住所,電話番号,電話利用目的\nU1,東京都架空区9-9-9,03-0000-0001,配送\n"));
  EXPECT_EQ(*opened("U1", "address").values.at(0).provenance,
            (vault::Provenance{"list of June", "contract", "2026-06-01", "client"}));
  EXPECT_EQ(opened("U1", "telephone").values.at(1).provenance->given_for, "配送");
  EXPECT_FALSE(opened("U1", "name_kanji").values.at(0).provenance);
  EXPECT_EQ(opened("U1", "provenance").provenance->source, "web");
}

TEST_F(ImportUpdate, AddsTelephonesAndTakesNoneAway) {
  const auto added = update("お客様番号,電話番号,携帯電話\nU1,03-0000-0011,090 0000 0001\n");
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(told_[2], "changed telephone.2");
  EXPECT_EQ(all_of("U1", "telephone"), "090-0000-0001 | 03-0000-0011");
  // In whichever column they come, they are there.
  ASSERT_TRUE(update("お客様番号,電話番号,携帯電話\nU1,0300000011,\n"));
  EXPECT_EQ(told_[2], "unchanged");
  ASSERT_TRUE(update("お客様番号,電話番号\nU1,0300000022\n"));
  EXPECT_EQ(told_[2], "changed telephone.3");
  EXPECT_EQ(found("telephone", "03-0000-0022"), 1U);
  EXPECT_EQ(found("telephone", "090-0000-0001"), 1U);
}

TEST_F(ImportUpdate, NeitherRefusalsNorChecksAreTakenBack) {
  ASSERT_TRUE(
      update("お客様番号,電話番号,電話お断り,電話確認,電話種別\nU1,090-0000-0001,勧誘,済,\n"));
  EXPECT_EQ(told_[2], "changed telephone");
  ASSERT_TRUE(
      update("お客様番号,電話番号,電話お断り,電話確認,電話種別\nU1,090-0000-0001,訪問,未,携帯\n"));
  EXPECT_EQ(told_[2], "changed telephone");
  const auto telephone = opened("U1", "telephone").values.at(0);
  EXPECT_EQ(telephone.telephone->refusals, (std::vector<std::string>{"勧誘", "訪問"}));
  EXPECT_EQ(telephone.telephone->line_kind, "mobile");
  EXPECT_EQ(telephone.standing, vault::Standing::kVerified);
  ASSERT_TRUE(update("お客様番号,電話番号,電話お断り\nU1,090-0000-0001,\n"));
  EXPECT_EQ(told_[2], "unchanged");
}

TEST_F(ImportUpdate, TheSameListMayComeEachMonth) {
  const auto again = update(std::string(kPeople));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->unchanged, 3U);
  EXPECT_EQ(again->rows + again->changed + again->bad_rows, 0U);
  EXPECT_TRUE(changed_.empty());
  EXPECT_TRUE(update(std::string(kPeople)));
  EXPECT_EQ(stores_.records->imports(sakura_)->back().unchanged, 3U);
  EXPECT_EQ(opened("U1", "name_kanji").revision, 1);
  // Without --update it is in already.
  EXPECT_EQ(take(std::string(kPeople)).error().code, ErrorCode::kConflict);
}

TEST_F(ImportUpdate, WantsTheColumnThatPeopleAreFoundBy) {
  const auto refused = update("氏名,住所\n架空 一,東京都\n");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("customer number"), std::string::npos);
}

TEST_F(ImportUpdate, APersonDoesNotBecomeACompany) {
  ASSERT_TRUE(
      update("お客様番号,個人法人区分,氏名\nU1,法人,架空 一社\nU2,個人,架空 二\nU3,,架空 三\n"));
  EXPECT_EQ(told_[2],
            "refused @kind: the record is that of a person, which an update does not change");
  EXPECT_EQ(told_[3], "unchanged");
  EXPECT_EQ(told_[4], "unchanged");
}

TEST_F(ImportUpdate, WhoWasErasedStaysErased) {
  const auto erased = who("U1");
  ASSERT_TRUE(records_->erase(sakura_, erased));
  const auto done = update("お客様番号,住所\nU1,東京都架空区9-9-9\n");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(told_[2], "added");  // a person of that number, as without --update
  EXPECT_NE(who("U1"), erased);
  EXPECT_EQ(all_of("U1", "name_kanji"), "");
  EXPECT_EQ(records_->read(sakura_, erased, {"address"}).error().code, ErrorCode::kNotFound);
}

TEST_F(ImportUpdate, WhatTheLogRefusesIsNotChanged) {
  log_ = fail(ErrorCode::kUnavailable, "no log");
  const std::string june = "お客様番号,住所\nU1,東京都架空区9-9-9\n";
  EXPECT_EQ(update(june).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(all_of("U1", "address"), "東京都架空区1-1-1");
  log_ = {};
  const auto done = update(june);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->changed, 1U);
  EXPECT_EQ(all_of("U1", "address"), "東京都架空区9-9-9");
}

TEST_F(ImportUpdate, AStrictOneIsCheckedBeforeAnythingIsKept) {
  const fs::path path =
      file("お客様番号,住所\nU1,東京都架空区9-9-9\nU8,東京都\nU1,東京都\n", "june.csv");
  ImportTerms terms = update_of(path);
  terms.strict = true;
  terms.check_only = true;
  const std::size_t imports = stores_.records->imports(sakura_)->size();
  const auto refused = update(path, terms);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("1 bad rows: nothing was imported"), std::string::npos);
  EXPECT_EQ(told_.size(), 1U);  // what is stored is told nobody by a check
  EXPECT_EQ(all_of("U1", "address"), "東京都架空区1-1-1");
  EXPECT_EQ(found("customer_number", "U8"), 0U);
  EXPECT_EQ(stores_.records->imports(sakura_)->size(), imports);
  EXPECT_TRUE(changed_.empty());
  file("お客様番号,住所\nU1,東京都架空区9-9-9\nU8,東京都\n", "june.csv");
  terms = update_of(path);
  terms.strict = terms.check_only = true;
  ASSERT_TRUE(update(path, terms));
  EXPECT_TRUE(told_.empty());
  terms.check_only = false;
  const auto done = update(path, terms);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows + done->changed, 2U);
}

TEST_F(ImportUpdate, TablesOfAnEarlierVersionGetTheNewColumns) {
  stop();
  auto old = SqliteFile::open({(folder_ / "records.db").string()});
  ASSERT_TRUE(old);
  ASSERT_TRUE(
      (*old)->execute("ALTER TABLE record_imports DROP COLUMN changed;"
                      "ALTER TABLE record_imports DROP COLUMN unchanged;"
                      "ALTER TABLE record_imports DROP COLUMN fed"));
  old->reset();
  start();
  const auto done = update(std::string(kPeople));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(stores_.records->imports(sakura_)->size(), 2U);
  EXPECT_EQ(stores_.records->imports(sakura_)->back().unchanged, 3U);
}

// Many people, so that batches wait for one another.
class ManyUpdates : public ImportUpdate {
 protected:
  static constexpr int kMany = 2'000;
  void SetUp() override {
    Import::SetUp();
    ASSERT_TRUE(Import::take(list("東京都架空区1-1-1", kMany)));
    clock_.advance(std::chrono::hours(1));
  }
  static std::string list(const std::string& address, int count) {
    std::string text = "お客様番号,氏名,住所\n";
    for (int i = 0; i < count; ++i)
      text += "M" + std::to_string(i) + ",架空 多数," + (i % 2 == 0 ? "" : address) + "\n";
    return text;
  }
};

TEST_F(ManyUpdates, WhatOthersChangeMeanwhileIsNotLost) {
  const auto late = who("M1999");
  bool once = false;
  meanwhile_ = [&](const ImportStanding& standing) {
    if (once || standing.changed == 0) return;
    once = true;
    EXPECT_TRUE(records_->correct(sakura_, late, {{value("name_kanji", "別名 九")}, {}}));
    EXPECT_TRUE(records_->erase(sakura_, who("M1997")));
  };
  const auto done = update(list("東京都架空区2-2-2", kMany));
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_TRUE(once);
  // The file's name differs from the other one by then, and the address does, too.
  EXPECT_EQ(all_of("M1999", "address"), "東京都架空区2-2-2");
  EXPECT_EQ(all_of("M1999", "name_kanji"), "架空 多数");
  EXPECT_EQ(opened("M1999", "address").revision, 3);
  EXPECT_EQ(done->changed + done->unchanged + done->rows + done->bad_rows,
            static_cast<std::uint64_t>(kMany));
}

TEST_F(ManyUpdates, TakingOneBackLeavesThoseWhoWereThere) {
  const fs::path path = file(list("東京都架空区2-2-2", kMany + 1'000), "june.csv");
  auto terms = update_of(path);
  {
    auto importer = Importer::begin(*records_, terms, {}, {2, 16, 2});
    ASSERT_TRUE(importer);
    ASSERT_TRUE(feed(**importer, path, 1000, fs::file_size(path)));
  }
  const auto row = stores_.records->imports(sakura_)->back();
  EXPECT_EQ(row.state, "running");
  const auto gone = Importer::withdraw(*records_, {sakura_, row.import_id, false, {}}, {});
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(gone->taken_away, row.rows);
  EXPECT_EQ(gone->changed, row.changed);
  EXPECT_EQ(records(), static_cast<std::uint64_t>(kMany));
  EXPECT_EQ(all_of("M1", "address"), "東京都架空区2-2-2");
}

TEST_F(ManyUpdates, ContinuesAfterEveryKillAndChangesNobodyTwice) {
  constexpr int kNew = 200;
  const fs::path path = file(
      list("東京都架空区2-2-2", kMany + kNew) + "M1,架空 多数,東京都架空区3-3-3\n", "june.csv");
  const ImportTerms terms = update_of(path);
  stop();
  std::mt19937 dice(static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed()));
  int kills = 0;
  for (int round = 0; round < 40; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      // Forked, it draws the randomness that others drew: its time tells its ids from theirs.
      clock_.advance(std::chrono::seconds(round));
      start();
      const auto limit = std::uniform_int_distribution<std::uint64_t>(1, 8)(dice) +
                         static_cast<std::uint64_t>(round) * 2;
      std::uint64_t steps = 0;
      const auto step = [&] {
        if (++steps >= limit) ::kill(::getpid(), SIGKILL);
      };
      vault::ImportCallbacks callbacks;
      callbacks.standing = [&](const ImportStanding&) { step(); };
      callbacks.changing = [&](const std::string&, std::span<const ChangedPerson>) -> Result<void> {
        step();
        return {};
      };
      auto importer = Importer::begin(*records_, terms, std::move(callbacks), {2, 16, 2});
      if (!importer) ::_exit(8);
      if (!feed(**importer, path, 500, SIZE_MAX)) ::_exit(9);
      ::_exit((*importer)->finish() ? 0 : 10);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++kills;
    ASSERT_LT(round, 39);
  }
  EXPECT_GT(kills, 3);
  start();
  EXPECT_EQ(records(), static_cast<std::uint64_t>(kMany + kNew));
  // When the last kill came after the last commit, the list came once more, and changed nobody.
  const auto imports = stores_.records->imports(sakura_);
  ASSERT_GE(imports->size(), 2U);
  const auto& row =
      *std::max_element(imports->begin(), imports->end(),
                        [](const auto& a, const auto& b) { return a.changed < b.changed; });
  EXPECT_EQ(row.state, "done");
  EXPECT_EQ(row.rows, static_cast<std::uint64_t>(kNew));
  EXPECT_EQ(row.changed, static_cast<std::uint64_t>(kMany / 2));
  EXPECT_EQ(row.unchanged, static_cast<std::uint64_t>(kMany / 2));
  EXPECT_EQ(row.bad_rows, 1U);  // the second row about one person
  EXPECT_EQ(std::count_if(imports->begin(), imports->end(),
                          [](const auto& one) { return one.changed > 0; }),
            1);
  for (int i = 1; i < kMany; i += 38) {
    const auto one = opened("M" + std::to_string(i), "address");
    EXPECT_EQ(one.revision, i % 2 == 0 ? 1 : 2) << i;
  }
}

}  // namespace
}  // namespace madoguchi::store
