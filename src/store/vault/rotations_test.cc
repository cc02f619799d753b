// New keys for an organisation while everything goes on, on a real store of either kind.
#include "vault/rotations.h"

#include "store/vault/openings_fixture.h"
#include "store/vault/records_fixture.h"
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
    if (steps % 5 == 1) {
      EXPECT_EQ(open(person), "opened");
    }
  }
  EXPECT_GE(steps, 3);
  EXPECT_EQ(told(), (std::vector<std::string>{"begun", "done"}));
  EXPECT_EQ(people_->rotation().older_keys(OrganisationId("sakura")).value_or(99), 0U);
  EXPECT_EQ(sakura().keys.version, 2U);
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

INSTANTIATE_TEST_SUITE_P(Stores, RotationsOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
