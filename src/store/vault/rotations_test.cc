// New keys for an organisation while everything goes on, on a real store of either kind.
#include "vault/rotations.h"

#include <functional>

#include "store/vault/openings_fixture.h"
#include "store/vault/records_fixture.h"
#include "vault/records/blind_index.h"
#include "vault/records/sealed_record.h"

namespace madoguchi::store {
namespace {

using vault::Rotations;

class RotationsOn : public OpeningsOn {
 protected:
  void SetUp() override {
    OpeningsOn::SetUp();
    if (!IsSkipped()) reopen();
  }
  // As after kill -9: what was in memory is gone.
  void reopen() {
    auto opened =
        Rotations::open({*store_, clock_, *registry_, people_->records(), people_->rotation(), 3});
    ASSERT_TRUE(opened) << opened.error().message;
    rotations_ = std::move(*opened);
  }
  // What is done to the files of records and of people's keys while the vault is stopped.
  void between_runs(const std::function<void(const std::filesystem::path&)>& act) {
    rotations_.reset();
    openings_.reset();
    people_.reset();
    for (const char* name : {"records.db", "keys.db"}) act(folder_ / name);
    const auto opened = open_people();
    ASSERT_TRUE(opened) << opened.error().message;
    make_openings();
  }
  void back_up() {
    between_runs([](const auto& file) { copy_file(file, file.string() + ".kept"); });
    reopen();
  }
  void put_backup_back() {
    between_runs([](const auto& file) { rename(file.string() + ".kept", file); });
    reopen();
  }
  void finish() {
    for (int steps = 0; step(); ++steps) ASSERT_LT(steps, 100);
  }
  // Gives false when there is nothing to do.
  bool step() {
    const auto rest = rotations_->advance();
    EXPECT_TRUE(rest) << rest.error().message;
    return rest && *rest != Rounds::kUntilWoken;
  }
  Rotations::Standing sakura() {
    const auto all = rotations_->all();
    EXPECT_TRUE(all) << all.error().message;
    for (const auto& one : *all)
      if (one.organisation == OrganisationId("sakura")) return one;
    return {};
  }
  std::vector<std::string> told() {
    std::vector<std::string> outcomes;
    for (const ledger::Entry& entry : entries())
      if (entry.kind == "keys") outcomes.push_back(entry.outcome);
    return outcomes;
  }
  std::unique_ptr<Rotations> rotations_;
};

TEST_P(RotationsOn, ReachesEveryKeyThroughAnyNumberOfCrashesWhilePeopleAreOpened) {
  const auto begun = rotations_->begin(OrganisationId("sakura"), "test");
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_EQ(*begun, 2U);
  EXPECT_EQ(told(), std::vector<std::string>{"begun"});
  EXPECT_EQ(rotations_->begin(OrganisationId("sakura"), "test").error().code, ErrorCode::kConflict);
  const PersonId person = candidate();
  EXPECT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  int steps = 0;
  for (; step(); ++steps) {
    ASSERT_LT(steps, 100);
    reopen();
    EXPECT_EQ(candidate().subject, person.subject) << "step " << steps;
    if (steps % 5 == 1) {
      EXPECT_EQ(open(person), "opened");
    }
  }
  EXPECT_GE(steps, 3);
  EXPECT_EQ(told(), (std::vector<std::string>{"begun", "done"}));
  EXPECT_EQ(people_->rotation().older_keys(OrganisationId("sakura")).value_or(99), 0U);
  EXPECT_EQ(sakura().keys.version, 2U);
  EXPECT_EQ(sakura().keys.index_version, 2U);
  EXPECT_FALSE(sakura().under_way);
  EXPECT_EQ(open(person), "opened");
  reopen();
  EXPECT_FALSE(step());
}

TEST_P(RotationsOn, AnOrganisationWithoutPeopleHasNoKeyAndGetsNone) {
  const OrganisationId none("nobody-yet");
  ASSERT_TRUE(registry_->put_organisation(none, "まだ", {}));
  EXPECT_EQ(rotations_->begin(none, "test").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(people_->rotation().standing(none)->version, 0U);
}

// As after records of a backup that was made amid a rotation.
TEST_P(RotationsOn, WhatTheRecordsAreInTheMiddleOfGoesOn) {
  ASSERT_TRUE(people_->records().begin_reindex(OrganisationId("sakura")).value_or(false));
  EXPECT_FALSE(sakura().under_way);
  reopen();
  EXPECT_TRUE(sakura().under_way);
  for (int steps = 0; step(); ++steps) ASSERT_LT(steps, 100);
  EXPECT_EQ(sakura().keys.index_at, 0U);
  EXPECT_EQ(told(), std::vector<std::string>{"done"});
}

TEST_P(RotationsOn, RecordsPutBackFromBeforeARotationAreMarkedAnewByThemselves) {
  back_up();
  ASSERT_TRUE(rotations_->begin(OrganisationId("sakura"), "test"));
  finish();
  const auto subject = candidate().subject;
  put_backup_back();
  EXPECT_TRUE(sakura().under_way);
  EXPECT_GT(people_->rotation().older_keys(OrganisationId("sakura")).value_or(0), 0U);
  EXPECT_EQ(told(), (std::vector<std::string>{"begun", "done", "begun"}));
  const auto again = entries().back();
  EXPECT_EQ(std::get<std::string>(again.details.at("cause")), "older_records");
  for (int steps = 0; step(); ++steps) {
    ASSERT_LT(steps, 100);
    EXPECT_EQ(candidate().subject, subject) << "step " << steps;
    if (steps == 2) reopen();
  }
  EXPECT_FALSE(sakura().keys.marks_are_older());
  EXPECT_EQ(sakura().keys.index_version, 2U);
  EXPECT_EQ(people_->rotation().older_keys(OrganisationId("sakura")).value_or(99), 0U);
  EXPECT_EQ(candidate().subject, subject);
  EXPECT_EQ(told(), (std::vector<std::string>{"begun", "done", "begun", "done"}));
  reopen();
  EXPECT_FALSE(step());
}

// The vault's own database believes that it walks over marks, and the records know nothing of it.
TEST_P(RotationsOn, RecordsPutBackAmidARotationAreWalkedFromTheirBeginning) {
  back_up();
  ASSERT_TRUE(rotations_->begin(OrganisationId("sakura"), "test"));
  while (sakura().keys.index_at == 0) ASSERT_TRUE(step());
  put_backup_back();
  finish();
  EXPECT_FALSE(sakura().keys.marks_are_older());
  EXPECT_EQ(told(), (std::vector<std::string>{"begun", "done"}));
  EXPECT_FALSE(candidate().subject.empty());
}

TEST_P(RotationsOn, AVaultsDatabaseThatIsOlderThanTheRecordsIsRefused) {
  between_runs([this](const auto& file) {
    if (file.filename() != "records.db") return;
    const auto stores = open_record_stores(
        {"sqlite:" + file.string(), "sqlite:" + (folder_ / "other.db").string(), folder_});
    ASSERT_TRUE(stores) << stores.error().message;
    const OrganisationId sakura("sakura");
    ASSERT_TRUE(stores->records->set_cursor(vault::oldest_index_cursor(sakura), 7));
  });
  const auto refused =
      Rotations::open({*store_, clock_, *registry_, people_->records(), people_->rotation(), 3});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("older than its records"), std::string::npos);
}

// And whoever is the newest person: the vault.db of yesterday is put back alone, amid a rotation.
TEST_P(RotationsOn, AVaultsDatabaseThatIsOlderThanOneClientsKeysIsRefused) {
  between_runs([this](const auto& file) {
    if (file.filename() != "records.db") return;
    const auto stores = open_record_stores(
        {"sqlite:" + file.string(), "sqlite:" + (folder_ / "other.db").string(), folder_});
    ASSERT_TRUE(stores) << stores.error().message;
    const auto name = vault::newest_key_cursor(OrganisationId("wakaba"), vault::KeyUse::kData);
    EXPECT_EQ(stores->records->cursor(name).value_or(99), 1U);
    ASSERT_TRUE(stores->records->set_cursor(name, 2));
  });
  const auto refused =
      Rotations::open({*store_, clock_, *registry_, people_->records(), people_->rotation(), 3});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("those of wakaba"), std::string::npos)
      << refused.error().message;
}

TEST_P(RotationsOn, OneThatWaitsHoldsNoOtherUp) {
  ASSERT_TRUE(rotations_->begin(OrganisationId("sakura"), "test"));
  ASSERT_TRUE(rotations_->begin(OrganisationId("wakaba"), "test"));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(step());
  const auto all = rotations_->all();
  ASSERT_TRUE(all);
  for (const auto& one : *all)
    if (one.under_way) {
      EXPECT_EQ(one.keys.version, 2U) << one.organisation;
    }
}

TEST_P(RotationsOn, OnesRestIsTheNextOnesTurn) {
  ASSERT_TRUE(rotations_->begin(OrganisationId("sakura"), "test"));
  ASSERT_TRUE(rotations_->begin(OrganisationId("wakaba"), "test"));
  const auto rest = rotations_->advance();
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->count(), 0);  // the other one's
  EXPECT_EQ(rotations_->rest().count(), 0);
  ASSERT_TRUE(rotations_->advance());
  EXPECT_GT(rotations_->rest().count(), 0);
}

TEST_P(RotationsOn, WhatTheLogDoesNotTakeDoesNotBegin) {
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(rotations_->begin(OrganisationId("sakura"), "test"));
  EXPECT_FALSE(step());
  EXPECT_EQ(sakura().keys.version, 1U);
  EXPECT_EQ(rotations_->begin(OrganisationId("nobody"), "test").error().code, ErrorCode::kNotFound);
}

// Such a key opens nothing, and nobody would ever wrap it again.
class RotationOfRecords : public RecordsOnSqlite {};
TEST_F(RotationOfRecords, DoesNotWaitForAKeyWhoseRecordIsGone) {
  const vault::SubjectId subject = add(hanako());
  const auto number = vault::parts_of(subject)->number;
  ASSERT_TRUE(records_->settle());
  ASSERT_TRUE(records_->begin_rotation(sakura_));
  const vault::KeyRotation rotation(*stores_.records, *stores_.keys, keys_);
  EXPECT_EQ(rotation.older_keys(sakura_).value_or(99), 1U);
  const vault::ErasureRow gone{number, {}, clock_.now()};
  ASSERT_TRUE(stores_.records->erase(sakura_, std::span(&gone, 1), std::vector<vault::MarkRow>{}));
  ASSERT_TRUE(records_->rewrap(sakura_).value_or(false));
  ASSERT_TRUE(stores_.keys->key(number).value().has_value());
  EXPECT_EQ(rotation.older_keys(sakura_).value_or(99), 0U);
}

// It would make another key under the same version, and nobody's key could be told from a damaged
// one.
TEST_F(RotationOfRecords, OlderKeysOfOrganisationsThanTheRecordsHangOnAreRefused) {
  add(hanako());
  ASSERT_TRUE(records_->begin_rotation(sakura_));
  while (!records_->rewrap(sakura_).value_or(true)) {
  }
  vault::HeldKeys older;
  ASSERT_TRUE(older.newest(sakura_, vault::KeyUse::kData));
  const auto refused = vault::Records::open({*stores_.records, *stores_.keys, older, *erasures_,
                                             clock_, entropy_, vault::NumberingPlan::japanese()});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("the vault's own database is older"), std::string::npos)
      << refused.error().message;
}

// The newest person is another's, or was erased; the rotation is not over.
TEST_F(RotationOfRecords, OlderKeysThanAnyOrganisationsRecordsHangOnAreRefused) {
  vault::HeldKeys older;
  const auto refusal_of = [&](const OrganisationId& organisation) {
    const vault::KeyRotation rotation(*stores_.records, *stores_.keys, older);
    const auto held = rotation.hold(organisation);
    return held ? "" : held.error().message;
  };
  for (const OrganisationId& one : {sakura_, kaede_})
    for (const vault::KeyUse use : {vault::KeyUse::kData, vault::KeyUse::kIndex})
      ASSERT_TRUE(older.newest(one, use));
  for (int i = 0; i < 40; ++i) add(hanako("R" + std::to_string(i)));
  const vault::SubjectId newest = add(hanako(), "kaede");
  EXPECT_EQ(refusal_of(sakura_), "");
  ASSERT_TRUE(records_->begin_rotation(sakura_));
  ASSERT_FALSE(records_->rewrap(sakura_, 10).value_or(true));
  ASSERT_TRUE(records_->erase(kaede_, newest));
  EXPECT_EQ(refusal_of(kaede_), "");
  EXPECT_NE(refusal_of(sakura_).find("those of sakura hang on its keys of version 2, and it knows "
                                     "of 1 at most"),
            std::string::npos)
      << refusal_of(sakura_);
  ASSERT_TRUE(older.make_next(sakura_, vault::KeyUse::kData));
  EXPECT_EQ(refusal_of(sakura_), "");
  // Of marks the same, from the first that is made anew.
  ASSERT_TRUE(records_->begin_reindex(sakura_).value_or(false));
  EXPECT_EQ(refusal_of(sakura_), "");
  ASSERT_FALSE(records_->reindex(sakura_, 10).value_or(true));
  EXPECT_NE(refusal_of(sakura_).find("hang on search keys of version 2"), std::string::npos);
}

// One that the older database does not know at all is not among those looked at when it starts.
TEST_F(RotationOfRecords, NobodyIsKeptUnderAKeyMadeInThePlaceOfOneThatIsMissing) {
  const vault::SubjectId subject = add(hanako());
  vault::HeldKeys older;
  ASSERT_TRUE(records_->erase(sakura_, subject));
  const auto records = vault::Records::open({*stores_.records, *stores_.keys, older, *erasures_,
                                             clock_, entropy_, vault::NumberingPlan::japanese()});
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_EQ((*records)->add(sakura_, hanako()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(older.newest_version(sakura_, vault::KeyUse::kData), 0U);
}

TEST_F(RotationOfRecords, EverybodyIsFoundAtEachStepWhileMarksAreMadeAnew) {
  std::vector<vault::SubjectId> ids;
  for (int i = 0; i < 120; ++i) ids.push_back(add(hanako("R" + std::to_string(i))));
  const auto old_mark = [&](const std::string& form) {
    const auto key = keys_.at(sakura_, vault::KeyUse::kIndex, 1);
    const vault::BlindIndex index(sakura_, *key, vault::Schema::standard());
    const vault::Mark mark = index.mark("customer_number", form);
    const std::vector<bool> known = stores_.records->known(sakura_, std::span(&mark, 1)).value();
    return bool{known.front()};
  };
  ASSERT_TRUE(old_mark("R5"));
  ASSERT_TRUE(records_->begin_reindex(sakura_).value_or(false));
  bool done = false;
  for (int steps = 0; !done; ++steps) {
    ASSERT_LT(steps, 50);
    done = records_->reindex(sakura_, 30).value_or(false);
    if (steps == 1) {
      start();  // a restart
      EXPECT_TRUE(records_->correct(sakura_, ids[3], {{value("customer_number", "C3")}, {}}));
      EXPECT_TRUE(records_->correct(sakura_, ids[103], {{value("customer_number", "C103")}, {}}));
      EXPECT_TRUE(records_->erase(sakura_, ids[4]));
      EXPECT_TRUE(records_->erase(sakura_, ids[104]));
      add(hanako("N1"));
    }
    for (const char* one : {"R5", "R60", "R119"})
      EXPECT_EQ(found("customer_number", one), 1U) << one << " at step " << steps;
    for (const char* one : {"R5", "R119"})
      EXPECT_EQ(records_->add(sakura_, hanako(one)).error().code, ErrorCode::kConflict) << one;
  }
  for (const char* one : {"R0", "R5", "R60", "R119", "C3", "C103", "N1"})
    EXPECT_EQ(found("customer_number", one), 1U) << one;
  for (const char* one : {"R3", "R103", "R4", "R104"}) {
    EXPECT_EQ(found("customer_number", one), 0U) << one;
    EXPECT_FALSE(old_mark(one)) << one;
  }
  for (const char* one : {"R0", "R5", "R60", "R119", "C3", "C103", "N1"})
    EXPECT_FALSE(old_mark(one)) << one;
  EXPECT_TRUE(records_->reindex(sakura_).value_or(false));
}

TEST_F(RotationOfRecords, MarksWaitForAnImportAndImportsForMarks) {
  vault::RecordAct act;
  act.import.emplace();
  act.import->import_id = "import-1";
  act.import->organisation = sakura_;
  act.import->state = std::string(vault::import_state::kRunning);
  ASSERT_TRUE(stores_.records->commit(sakura_, act));
  EXPECT_FALSE(records_->begin_reindex(sakura_).value_or(true));
  EXPECT_EQ(keys_.newest_version(sakura_, vault::KeyUse::kIndex), 0U);
  act.import->state = std::string(vault::import_state::kDone);
  ASSERT_TRUE(stores_.records->commit(sakura_, act));
  EXPECT_TRUE(records_->begin_reindex(sakura_).value_or(false));
}

INSTANTIATE_TEST_SUITE_P(Stores, RotationsOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
