// A number leaves its organisation on its owner's word, which is good once; on a real store of
// either kind.
#include "store/vault/vault_fixture.h"

namespace madoguchi::store {
namespace {

using vault::NumbersWord;
using vault::Password;
using vault::StaffRole;

const OrganisationId kSakura("sakura");
const OrganisationId kUme("ume");
const OperatorId kOku("oku");
const std::string kNumber = "+81312340000";

class NumbersWordOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(registry_->put_organisation(kSakura, "A", {kNumber, "+81312340001"}));
    ASSERT_TRUE(registry_->put_organisation(kUme, "B", {}));
    ASSERT_TRUE(authority_->put_place({kOku, kSakura, StaffRole::kOwner, ""}));
    ASSERT_TRUE(staff_->put(kOku, "奥", ""));
    ASSERT_TRUE(staff_->set_password(kOku, Password("a long password")));
  }
  Result<OrganisationId> move(const std::string& number = kNumber,
                              const OrganisationId& to = kUme) {
    return registry_->release_number(
        number, to, "test", [this](const OrganisationId& id) { return authority_->has_owner(id); });
  }
  Result<void> say(NumbersWord word, const std::string& number = kNumber) {
    return registry_->say_of_number(number, kSakura, kOku, word);
  }
  OperatorId given_free_by() {
    for (const vault::NumberRow& row : registry_->directory()->numbers_of(kSakura, "", 10))
      if (row.number_called == kNumber) return row.given_free_by;
    return {};
  }
  // What was told of numbers since they were bound.
  std::vector<std::string> told() {
    std::vector<std::string> words;
    for (const ledger::Entry& entry : entries())
      if (entry.kind == ledger::kind::kNumber && entry.outcome != "bound")
        words.push_back(entry.outcome);
    return words;
  }
};

TEST_P(NumbersWordOn, WithoutItANumberStaysAndTheRefusalSaysWhatToDo) {
  for (const OrganisationId& to : {kUme, OrganisationId()}) {
    const auto refused = move(kNumber, to);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
    EXPECT_NE(refused.error().message.find("Give this number free"), std::string::npos);
    EXPECT_EQ(refused.error().message.find('\n'), std::string::npos);
  }
  EXPECT_EQ(registry_->owner_of_number(kNumber), kSakura);
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(count_of("number_released"), 0);
}

TEST_P(NumbersWordOn, WithItTheNumberMovesOnceAndTheLogSaysOnWhoseWord) {
  ASSERT_TRUE(say(NumbersWord::kGivenFree, "03-1234-0000"));
  ASSERT_TRUE(say(NumbersWord::kGivenFree));  // as it is
  start();
  EXPECT_EQ(given_free_by(), kOku);
  EXPECT_EQ(move("+81312340001").error().code, ErrorCode::kDenied) << "a word for another number";
  ASSERT_TRUE(move());
  EXPECT_EQ(registry_->owner_of_number(kNumber), kUme);
  EXPECT_EQ(told(), (std::vector<std::string>{"given_free", "released"}));
  const auto all = entries();
  const ledger::Entry& given = all.at(all.size() - 2);
  EXPECT_EQ(given.operator_id, "oku");
  EXPECT_EQ(given.organisation, "sakura");
  EXPECT_EQ(std::get<std::string>(given.details.at("number")), kNumber);
  EXPECT_EQ(std::get<std::string>(all.back().details.at("given_free_by")), "oku");
  EXPECT_EQ(all.back().operator_id, "administrator");
  // It comes back, and the word that was used is no word any more.
  ASSERT_TRUE(move(kNumber, kSakura));
  EXPECT_TRUE(given_free_by().empty());
  EXPECT_EQ(move().error().code, ErrorCode::kDenied);
}

TEST_P(NumbersWordOn, TakenBackItGivesNothing) {
  ASSERT_TRUE(say(NumbersWord::kKept));  // as it is
  ASSERT_TRUE(say(NumbersWord::kGivenFree));
  ASSERT_TRUE(say(NumbersWord::kKept));
  EXPECT_EQ(move().error().code, ErrorCode::kDenied);
  start();
  EXPECT_EQ(move().error().code, ErrorCode::kDenied);
  EXPECT_EQ(told(), (std::vector<std::string>{"given_free", "kept"}));
}

TEST_P(NumbersWordOn, IsSaidOfTheOrganisationsOwnNumbersAlone) {
  EXPECT_EQ(registry_->say_of_number(kNumber, kUme, kOku, NumbersWord::kGivenFree).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(say(NumbersWord::kGivenFree, "0399999999").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(given_free_by().empty());
}

TEST_P(NumbersWordOn, NobodyIsAskedWhereNobodyCouldAnswerAndTheLogSaysSo) {
  ASSERT_TRUE(staff_->disable(kOku));
  EXPECT_EQ(authority_->has_owner(kSakura), false);
  ASSERT_TRUE(move());
  EXPECT_EQ(std::get<bool>(entries().back().details.at("no_owner")), true);
  EXPECT_FALSE(entries().back().details.contains("given_free_by"));
  // Somebody else's person, and an owner's who has only a passkey.
  EXPECT_EQ(authority_->has_owner(kUme), false);
  ASSERT_TRUE(authority_->put_place({OperatorId("une"), kUme, StaffRole::kSupervisor, ""}));
  ASSERT_TRUE(store_->commit(
      clock_.now(), {{vault::PutPasskey{{"c", OperatorId("une"), "k", 0, clock_.now()}}}, {}}));
  EXPECT_EQ(authority_->has_owner(kUme), false);
  ASSERT_TRUE(authority_->put_place({OperatorId("une"), kUme, StaffRole::kOwner, ""}));
  EXPECT_EQ(authority_->has_owner(kUme), true);
  EXPECT_EQ(move(kNumber, kSakura).error().code, ErrorCode::kDenied);
}

TEST_P(NumbersWordOn, ACommitThatFailsOrWasKeptAfterAllCanBeRepeated) {
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    EXPECT_EQ(say(NumbersWord::kGivenFree).error().code, ErrorCode::kUnavailable);
  }
  ASSERT_TRUE(say(NumbersWord::kGivenFree));
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    EXPECT_EQ(move().error().code, ErrorCode::kUnavailable);
  }
  EXPECT_EQ(move(), kUme);
  EXPECT_EQ(told(), (std::vector<std::string>{"given_free", "released"}));
}

TEST_P(NumbersWordOn, TheDatabaseItselfTakesNoWordThatIsNotThere) {
  const auto release = [&](const OrganisationId& whose, const OperatorId& by) {
    return store_->commit(clock_.now(),
                          {{vault::ReleaseNumber{kNumber, whose, by}}, {{"number_released", {}}}});
  };
  EXPECT_EQ(release(kSakura, kOku).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(say(NumbersWord::kGivenFree));
  EXPECT_EQ(release(kSakura, {}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(release(kUme, kOku).error().code, ErrorCode::kConflict);
  EXPECT_EQ(count_of("number_released"), 0);
  EXPECT_TRUE(release(kSakura, kOku));
  EXPECT_EQ(release(kSakura, kOku).error().code, ErrorCode::kConflict);
}

INSTANTIATE_TEST_SUITE_P(Both, NumbersWordOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
