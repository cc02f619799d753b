#include "vault/registry.h"

#include <soci/soci.h>
#include <sys/stat.h>

#include "store/vault/vault_fixture.h"

namespace madoguchi::store {
namespace {

class RegistryOn : public VaultOn {
 protected:
  // Of organisations that have no owner's person.
  Result<OrganisationId> release(const std::string& number, const OrganisationId& to) {
    return registry_->release_number(number, to, "test",
                                     [](const OrganisationId&) { return Result<bool>(false); });
  }
};

TEST_P(RegistryOn, GivesAnOrganisationItsKeysOnceAndKeepsThemOverARestart) {
  ASSERT_TRUE(
      registry_->put_organisation(OrganisationId("sakura"), "さくら信販", {"+81312340000"}));
  const auto before = registry_->directory();
  const vault::Organisation* first = before->find(OrganisationId("sakura"));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->numbers_called, std::vector<std::string>{"+81312340000"});
  const auto token = registry_->tokenise(OrganisationId("sakura"), sealed("09012345678"));
  ASSERT_TRUE(token);

  start();
  ASSERT_TRUE(
      registry_->put_organisation(OrganisationId("sakura"), "さくら信販", {"+81312340000"}));
  const auto after = registry_->directory();
  const vault::Organisation* second = after->find(OrganisationId("sakura"));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(first->recording_keys.back().key_id, second->recording_keys.back().key_id);
  EXPECT_EQ(first->recording_keys.back().keys.public_key,
            second->recording_keys.back().keys.public_key);
  EXPECT_EQ(before->sealing_key(), after->sealing_key());
  EXPECT_EQ(registry_->tokenise(OrganisationId("sakura"), sealed("+819012345678")), token);
  EXPECT_EQ(count_of("organisation_put"), 1);
}

TEST_P(RegistryOn, TokensOfOneLineDifferBetweenOrganisations) {
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "A", {}));
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("ume"), "B", {}));
  const auto one = registry_->tokenise(OrganisationId("sakura"), sealed("0312345678"));
  const auto other = registry_->tokenise(OrganisationId("ume"), sealed("0312345678"));
  ASSERT_TRUE(one && other);
  EXPECT_NE(*one, *other);
  EXPECT_TRUE(is_valid_id(one->text()));
}

TEST_P(RegistryOn, WhatIsNoNumberGetsAWord) {
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "A", {}));
  const OrganisationId sakura("sakura");
  EXPECT_EQ(registry_->tokenise(sakura, sealed("anonymous")).error(), "withheld");
  EXPECT_EQ(registry_->tokenise(sakura, {}).error(), "withheld");
  EXPECT_EQ(registry_->tokenise(sakura, sealed("rubbish")).error(), "invalid");
  EXPECT_EQ(registry_->tokenise(sakura, Bytes(60, 7)).error(), "unreadable");
  EXPECT_EQ(registry_->tokenise(OrganisationId("x"), sealed("0312345678")).error(),
            "unknown_organisation");
}

TEST_P(RegistryOn, ANumberIsBoundOnceHoweverItIsWritten) {
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "A", {"+81312340000"}));
  const auto taken =
      registry_->put_organisation(OrganisationId("ume"), "B", {"0312349999", "03-1234-0000"});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kConflict);
  EXPECT_EQ(taken.error().message.find("1234"), std::string::npos) << taken.error().message;
  EXPECT_EQ(registry_->directory()->find(OrganisationId("ume")), nullptr);
  EXPECT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "A", {"0312340000"}));
  EXPECT_FALSE(registry_->put_organisation(OrganisationId("ume"), "B", {"with space"}));
}

TEST_P(RegistryOn, OnlyWhatCallersCanDialAndMayBeOursIsAnOrganisationsNumber) {
  for (const char* number : {"+81300000055", "0312345678", "0120-000-123", "0570000123",
                             "050-1234-5678", "+442071838750"})
    EXPECT_TRUE(registry_->may_be_called(number)) << number;
  for (const char* number : {"abc", "", "110", "119", "0990123456", "12", "anonymous"})
    EXPECT_FALSE(registry_->may_be_called(number)) << number;
}

TEST_P(RegistryOn, ANameIsOneLineAndAnIdThatNobodyHasIsNamed) {
  for (const char* name : {"A\nB", "A\tB", "A\x1b[2J",
                           "A\xE2\x80\xA8"
                           "B",
                           "\xC3"})
    EXPECT_FALSE(registry_->put_organisation(OrganisationId("sakura"), name, {})) << name;
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "さくら 信販", {}));
  EXPECT_FALSE(registry_->put_organisation(OrganisationId("sakura"), "A\nB", {}));
  EXPECT_TRUE(registry_->known("sakura"));
  for (const char* id : {"Sakura", "nobody", "", "a b"}) EXPECT_FALSE(registry_->known(id)) << id;
  EXPECT_EQ(registry_->known("Sakura").error().message,
            "there is no organisation Sakura (`madoguchi organisation list` names them)");
}

TEST_P(RegistryOn, AReleasedNumberIsNobodysUntilItIsBoundAgain) {
  const OrganisationId sakura("sakura");
  const OrganisationId ume("ume");
  ASSERT_TRUE(registry_->put_organisation(sakura, "A", {"+81312340000", "+81312340001"}));
  ASSERT_TRUE(registry_->put_organisation(ume, "B", {}));
  EXPECT_EQ(release("03-1234-9999", {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(release("03-1234-0000", OrganisationId("x")).error().code, ErrorCode::kNotFound);
  const auto was = release("03-1234-0000", {});
  ASSERT_TRUE(was) << was.error().message;
  EXPECT_EQ(*was, sakura);
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(registry_->owner_of_number("+81312340000").empty());
    EXPECT_EQ(registry_->owner_of_number("+81312340001"), sakura);
    start();
  }
  EXPECT_TRUE(registry_->put_organisation(ume, "B", {"+81312340000"}));
  EXPECT_EQ(entries().back().outcome, "released");
  EXPECT_EQ(std::get<std::string>(entries().back().details.at("number")), "+81312340000");
  EXPECT_EQ(entries().back().operator_id, "administrator");
  EXPECT_EQ(count_of("number_released"), 1);
}

TEST_P(RegistryOn, AMovedNumberIsTheOthersInOneStepAndBothLogsSaySo) {
  const OrganisationId sakura("sakura");
  const OrganisationId ume("ume");
  ASSERT_TRUE(registry_->put_organisation(sakura, "A", {"+81312340000"}));
  ASSERT_TRUE(registry_->put_organisation(ume, "B", {}));
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    EXPECT_EQ(release("0312340000", ume).error().code, ErrorCode::kUnavailable);
  }
  // Kept after all: nothing is left to do.
  EXPECT_EQ(release("0312340000", ume), ume);
  EXPECT_EQ(registry_->owner_of_number("+81312340000"), ume);
  EXPECT_EQ(registry_->directory()->find(ume)->numbers_called,
            std::vector<std::string>{"+81312340000"});
  EXPECT_TRUE(registry_->directory()->find(sakura)->numbers_called.empty());
  EXPECT_EQ(entries("sakura").back().outcome, "released");
  EXPECT_EQ(entries("ume").back().outcome, "bound");
  EXPECT_EQ(count_of("number_released"), 1);
}

TEST_P(RegistryOn, AtAStartOneRefusedNumberLeavesTheOthersBound) {
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "A", {"+81312340000"}));
  const auto put = registry_->put_organisation(
      OrganisationId("ume"), "B", {"0312349999", "03-1234-0000", "with space", "0312349998"},
      vault::RegisteredBy::kCentre, vault::Binding::kWhatCanBe);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::kConflict);
  EXPECT_NE(put.error().message.find("number 2 of 4"), std::string::npos) << put.error().message;
  EXPECT_EQ(registry_->owner_of_number("+81312349999"), OrganisationId("ume"));
  EXPECT_EQ(registry_->owner_of_number("+81312349998"), OrganisationId("ume"));
  EXPECT_EQ(registry_->owner_of_number("+81312340000"), OrganisationId("sakura"));
}

TEST_P(RegistryOn, ACommitThatFailsOrWasKeptAfterAllCanBeRepeated) {
  int changes = 0;
  registry_->on_change([&] { ++changes; });
  const OrganisationId sakura("sakura");
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    const auto failed = registry_->put_organisation(sakura, "A", {"+81312340000"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(registry_->directory()->find(sakura), nullptr);
  }
  ASSERT_TRUE(registry_->put_organisation(sakura, "A", {"+81312340000"}));
  EXPECT_NE(registry_->directory()->find(sakura), nullptr);
  EXPECT_GE(changes, 1);
  EXPECT_EQ(count_of("organisation_put"), 1);
  start();
  EXPECT_NE(registry_->directory()->find(sakura), nullptr);
}

TEST_P(RegistryOn, AnotherMasterKeyIsRefusedWithAClearLine) {
  registry_.reset();
  gate_.reset();
  staff_.reset();
  std::filesystem::rename(folder_ / "master.key", folder_ / "kept");
  const auto missing = open_registry();
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("is missing, but the database"), std::string::npos);
  std::ofstream(folder_ / "master.key") << "madoguchi-master-key-1\n"
                                        << std::string(64, 'a') << "\n";
  chmod((folder_ / "master.key").c_str(), 0600);
  const auto other = open_registry();
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("does not fit"), std::string::npos) << other.error().message;
  std::filesystem::rename(folder_ / "kept", folder_ / "master.key");
  EXPECT_TRUE(open_registry());
}

TEST_P(RegistryOn, TheJournalCanNotBeRewritten) {
  ASSERT_GE(journal_kinds().size(), 1u);
  stop();
  auto database = Database::open({.url = scratch_->url()});
  ASSERT_TRUE(database);
  for (const char* statement : {"UPDATE vault_journal SET json = 'x'", "DELETE FROM vault_journal"})
    EXPECT_FALSE((*database)->transact([&](soci::session& sql) -> Result<void> {
      sql << statement;
      return {};
    })) << statement;
}

TEST_P(RegistryOn, TokensAreJournalledAsCounts) {
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "A", {}));
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(registry_->tokenise(OrganisationId("sakura"), sealed("0312345678")));
  ASSERT_TRUE(registry_->journal_counts());
  ASSERT_TRUE(registry_->journal_counts());
  EXPECT_EQ(count_of("tokens_given"), 1);
  const auto lines = journal_lines();
  EXPECT_NE(lines.back().json.find("\"given\":3"), std::string::npos) << lines.back().json;
}

TEST_P(RegistryOn, TokensOfAnHourAreToldToTheOwnerAndARestartFreesNoLimit) {
  const OrganisationId sakura("sakura");
  ASSERT_TRUE(registry_->put_organisation(sakura, "A", {}));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(registry_->tokenise(sakura, sealed("0312345678")));
  ASSERT_TRUE(registry_->journal_counts());
  const auto told = [&] {
    const auto image = store_->load();
    return image ? image->meta.at("tokens.sakura") : std::string();
  };
  const std::string before = told();
  EXPECT_NE(before.find(" 3 0 0"), std::string::npos) << before;
  start();
  ASSERT_TRUE(registry_->tokenise(sakura, sealed("0312345678")));
  ASSERT_TRUE(registry_->journal_counts());
  EXPECT_NE(told().find(" 4 0 0"), std::string::npos) << told();
  clock_.advance(std::chrono::hours(1));
  ASSERT_TRUE(registry_->journal_counts());  // nothing new was counted: the hour is over
  EXPECT_NE(told(), before);
  ASSERT_TRUE(registry_->journal_counts());
}

INSTANTIATE_TEST_SUITE_P(Both, RegistryOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
