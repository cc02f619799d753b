// What an import is begun under, which waits for which, and how one is taken back.
#include "store/vault/import_fixture.h"
#include "vault/records/sealed_record.h"

namespace madoguchi::store {
namespace {

namespace fs = std::filesystem;
using vault::RecordRange;

std::string people(int from, int to) {
  std::string text = kHeader;
  for (int i = from; i < to; ++i) text += person(i);
  return text;
}

class ImportTermsOf : public Import {
 protected:
  ImportTerms terms(const fs::path& path) {
    auto found = terms_of(path);
    EXPECT_TRUE(found) << found.error().message;
    return *found;
  }
  // Begun and killed halfway; gives its id.
  std::string cut_off(const fs::path& path) {
    cut_off_halfway(path, terms(path));
    return newest();
  }
  std::string newest() { return Importer::imports(*records_, sakura_)->back().import_id; }
  std::string state() { return Importer::imports(*records_, sakura_)->back().state; }
  Result<ImportStanding> withdraw(const std::string& import, bool finished_too = false) {
    vault::ImportCallbacks callbacks;
    callbacks.note = [&](const ImportTerms&, const ImportStanding& standing) -> Result<void> {
      noted_.push_back(standing.withdrawn ? "withdrawn" : "withdrawing");
      return {};
    };
    return Importer::withdraw(*records_, {sakura_, import, finished_too, {}}, callbacks);
  }
  std::size_t keys() { return stores_.keys->walk(1, 100'000)->keys.size(); }

  std::vector<std::string> noted_;
};

TEST_F(ImportTermsOf, WithoutProvenanceNothingBegins) {
  const fs::path path = file(people(0, 3));
  ImportTerms untold = terms(path);
  untold.provenance = {};
  const auto refused = take(path, untold);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  for (const char* word : {"--source", "--given-for", "--obtained-on"})
    EXPECT_NE(refused.error().message.find(word), std::string::npos) << refused.error().message;
  EXPECT_TRUE(Importer::imports(*records_, sakura_)->empty());
  untold.provenance = {"web", "contract", "", ""};
  const auto partly = take(path, untold);
  EXPECT_EQ(partly.error().message.find("--source"), std::string::npos);
  EXPECT_NE(partly.error().message.find("--obtained-on"), std::string::npos);
  EXPECT_TRUE(take(path, terms(path)));
}

TEST_F(ImportTermsOf, ProvenanceMayStandInColumns) {
  const fs::path path = file("お客様番号,取得元,利用目的,取得日\nP1,web,contract,2024-05-31\n");
  ImportTerms untold = terms(path);
  untold.provenance = {};
  const auto done = take(path, untold);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 1U);
}

TEST_F(ImportTermsOf, AnImportOfNoRowMayComeAgain) {
  const std::string bad = std::string(kHeader) + "C1,山田,ヤマダ,nobody's number,\n";
  const fs::path path = file(bad);
  const auto first = take(path, terms(path));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->done);
  EXPECT_TRUE(first->withdrawn);
  EXPECT_EQ(first->bad_rows, 1U);
  ImportTerms other = terms(path);
  other.provenance.source = "telephone";
  const auto again = take(path, other);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->bad_rows, 1U);
  EXPECT_FALSE(has_side_files());
}

TEST_F(ImportTermsOf, AFileOfNoRowIsRefusedSayingSo) {
  const fs::path path = file(kHeader);
  const auto done = take(path, terms(path));
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("no row beside its header"), std::string::npos);
  EXPECT_EQ(state(), "withdrawn");
}

TEST_F(ImportTermsOf, OneThatTookNothingYetGivesWay) {
  const fs::path path = file(people(0, 200));
  ImportTerms wrong = terms(path);
  wrong.provenance.source = "the wrong one";
  ASSERT_TRUE(take(path, wrong, 100, 100));
  ASSERT_EQ(Importer::imports(*records_, sakura_)->back().rows, 0U);
  const auto done = take(path, terms(path));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 200U);
}

TEST_F(ImportTermsOf, AnotherFileWaitsUntilTheFirstIsFinished) {
  const fs::path a = file(people(0, 300), "a.csv");
  const fs::path b = file(people(0, 300) + person(900), "b.csv");
  const std::string first = cut_off(a);
  const auto refused = take(b, terms(b));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_NE(refused.error().message.find(first), std::string::npos);
  EXPECT_NE(refused.error().message.find("--withdraw"), std::string::npos);
  // Another client's file has nothing to do with it.
  ImportTerms elsewhere = terms(b);
  elsewhere.organisation = kaede_;
  EXPECT_TRUE(take(b, elsewhere));
  ASSERT_TRUE(take(a, terms(a)));
  const auto doubled = take(b, terms(b));
  ASSERT_TRUE(doubled) << doubled.error().message;
  EXPECT_EQ(doubled->rows, 1U);
  EXPECT_EQ(doubled->bad_rows, 300U);
  for (int i = 0; i < 300; i += 17)
    EXPECT_EQ(found("customer_number", "C" + std::to_string(i)), 1U) << i;
}

TEST_F(ImportTermsOf, WhereOthersCannotBeToldApartNothingGoes) {
  const fs::path path = file(people(0, 300));
  const std::string import = cut_off(path);
  add(hanako("between"));
  ASSERT_TRUE(take(path, terms(path)));
  const auto refused = withdraw(import, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(state(), "done");
  EXPECT_EQ(records(), 301U);
}

TEST_F(ImportTermsOf, WhatIsTakenBackLeavesNeitherKeysNorMarks) {
  add(hanako("before"));
  const fs::path path = file(people(0, 300));
  const std::string import = cut_off(path);
  const std::uint64_t half = records() - 1;
  const auto gone = withdraw(import);
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(gone->taken_away, half);
  EXPECT_EQ(records(), 1U);
  EXPECT_EQ(keys(), 1U);
  EXPECT_EQ(erasures_->all().size(), half);
  EXPECT_EQ(noted_, (std::vector<std::string>{"withdrawing", "withdrawn"}));
  EXPECT_EQ(state(), "withdrawn");
  EXPECT_FALSE(has_side_files());
  EXPECT_EQ(withdraw(import).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(withdraw("nothing").error().code, ErrorCode::kNotFound);
  // The file may come again, under other terms.
  ImportTerms other = terms(path);
  other.provenance.source = "telephone";
  const auto again = take(path, other);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->rows, 300U);
}

TEST_F(ImportTermsOf, AFinishedImportIsTakenBackOnlyWhenThatIsSaid) {
  add(hanako("before"));
  const fs::path path = file(people(0, 40));
  ASSERT_TRUE(take(path, terms(path)));
  const std::string import = newest();
  const fs::path more = file(people(100, 140), "more.csv");
  ASSERT_TRUE(take(more, terms(more)));
  EXPECT_EQ(withdraw(import).error().code, ErrorCode::kConflict);
  EXPECT_EQ(found("customer_number", "C7"), 1U);
  const auto gone = withdraw(import, true);
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(gone->taken_away, 40U);
  EXPECT_EQ(found("customer_number", "C7"), 0U);
  EXPECT_EQ(found("customer_number", "C107"), 1U);
  EXPECT_EQ(found("customer_number", "before"), 1U);
  EXPECT_EQ(keys(), 41U);
  // Its numbers are free again.
  file(people(0, 40));
  const auto again = take(path, terms(path));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->rows, 40U);
}

TEST_F(ImportTermsOf, PeopleWhoWereInventedMeanwhileStay) {
  const fs::path path = file(people(0, 300));
  const std::string import = cut_off(path);
  const auto invented = add(hanako("invented"));
  ASSERT_TRUE(take(path, terms(path)));
  vault::WithdrawalAsked asked{sakura_, import, true, {}};
  asked.came_otherwise = [&](const vault::SubjectId& subject) { return subject == invented; };
  const auto gone = Importer::withdraw(*records_, asked, {});
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(gone->taken_away, 300U);
  EXPECT_EQ(found("customer_number", "invented"), 1U);
  EXPECT_EQ(records(), 1U);
}

// The log took the beginning and not the end: asked again, it ends.
TEST_F(ImportTermsOf, AWithdrawalThatWasCutOffGoesOn) {
  const fs::path path = file(people(0, 300));
  const std::string import = cut_off(path);
  vault::ImportCallbacks callbacks;
  callbacks.note = [](const ImportTerms&, const ImportStanding& standing) -> Result<void> {
    if (standing.withdrawn) return fail(ErrorCode::kUnavailable, "no log");
    return {};
  };
  EXPECT_FALSE(Importer::withdraw(*records_, {sakura_, import, false, {}}, callbacks));
  EXPECT_EQ(state(), "withdrawing");
  EXPECT_EQ(take(path, terms(path)).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(withdraw(import));
  EXPECT_EQ(records(), 0U);
  EXPECT_TRUE(take(path, terms(path)));
}

// Its marks would be under two keys, and doubles among its rows would not be seen.
TEST_F(ImportTermsOf, OneOfABackupFromBeforeARotationIsTakenBackAndBegunAnew) {
  const fs::path path = file(people(0, 300));
  const std::string import = cut_off(path);
  ASSERT_TRUE(keys_.make_next(sakura_, vault::KeyUse::kIndex));
  EXPECT_FALSE(records_->mark_anew(sakura_).value_or(true));
  const auto refused = take(path, terms(path));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--withdraw"), std::string::npos)
      << refused.error().message;
  ASSERT_TRUE(withdraw(import));
  EXPECT_EQ(records(), 0U);
  ASSERT_TRUE(records_->mark_anew(sakura_).value_or(false));
  while (!records_->reindex(sakura_).value_or(true)) {
  }
  const auto again = take(path, terms(path));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->rows, 300U);
  EXPECT_EQ(found("customer_number", "C7"), 1U);
}

TEST_F(ImportTermsOf, WhatIsHalfDoneStandsInNoRange) {
  add(hanako("before"));
  const fs::path path = file(people(0, 300));
  cut_off(path);
  const auto half = Importer::finished(*records_, sakura_, {});
  ASSERT_TRUE(half);
  ASSERT_EQ(half->size(), 2U);
  EXPECT_EQ(records_->subjects(sakura_, half->front(), 1'000)->size(), 1U);
  EXPECT_EQ(records_->subjects(sakura_, half->back(), 1'000)->size(), 0U);
  ASSERT_TRUE(take(path, terms(path)));
  const auto whole = Importer::finished(*records_, sakura_, {});
  ASSERT_EQ(whole->size(), 1U);
  EXPECT_EQ(records_->subjects(sakura_, whole->front(), 1'000)->size(), 301U);
}

}  // namespace
}  // namespace madoguchi::store
