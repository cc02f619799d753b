// The master key out of a file and out of a token, and its way from one to the other, on a real
// store of either kind. What the token gives is made up here; vault/core/token_test.cc asks one.
#include "vault/master.h"

#include "store/vault/vault_fixture.h"
#include "vault/core/crypto.h"
#include "vault/core/master_key.h"
#include "vault/master_rotation.h"

namespace madoguchi::store {
namespace {

using vault::Master;
using vault::TokenSecret;

class MasterOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(registry_->put_organisation(sakura_, "さくら", {"+81300000001"}));
  }
  [[nodiscard]] Master::Source by_token(const std::vector<TokenSecret>& secrets) const {
    return {folder_ / "master.key", &secrets, "t"};
  }
  // As a token gives them, of keys "k", "k.2" and so on.
  static std::vector<TokenSecret> fresh_keys(int count = 1) {
    std::vector<TokenSecret> keys;
    for (int i = 1; i <= count; ++i)
      keys.push_back({i == 1 ? "k" : "k." + std::to_string(i), Secret::random(32)});
    return keys;
  }
  Result<std::size_t> move() {
    return vault::move_master_key(*store_, clock_, entropy_, by_token(token_));
  }
  std::string refusal_of(const Master::Source& source) {
    const auto master = Master::open(*store_, source);
    return master ? "" : master.error().message;
  }
  bool file_exists() const { return std::filesystem::exists(folder_ / "master.key"); }

  const OrganisationId sakura_{"sakura"};
  const std::vector<TokenSecret> token_ = fresh_keys();
};

TEST_P(MasterOn, AFreshDatabaseHangsOnTheTokenAndNoFileIsMade) {
  std::string why;
  const auto other = ScratchDatabase::make(GetParam(), &why);
  ASSERT_TRUE(other) << why;
  auto store = open_vault_store({.url = other->url()});
  ASSERT_TRUE(store);
  Master::Source source = by_token(token_);
  source.file = folder_ / "never-made";
  const auto master = Master::open(**store, source);
  ASSERT_TRUE(master) << master.error().message;
  ASSERT_TRUE(vault::Registry::open({**store, clock_, entropy_, vault::NumberingPlan::japanese()},
                                    *master));
  const auto again = Master::open(**store, source);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(std::ranges::equal(master->wrapping().reveal(), again->wrapping().reveal()));
  EXPECT_FALSE(std::filesystem::exists(source.file));
  const auto wrong = fresh_keys(2);
  EXPECT_NE(Master::open(**store, by_token(wrong)).error().message.find("does not fit"),
            std::string::npos);
  EXPECT_NE(Master::open(**store, {source.file}).error().message.find("token: is missing"),
            std::string::npos);
}

TEST_P(MasterOn, TwoDatabasesOfOneTokenHaveMasterKeysOfTheirOwn) {
  ASSERT_TRUE(move());
  std::string why;
  const auto other = ScratchDatabase::make(GetParam(), &why);
  ASSERT_TRUE(other) << why;
  auto store = open_vault_store({.url = other->url()});
  ASSERT_TRUE(store);
  const auto one = Master::open(*store_, by_token(token_));
  const auto two = Master::open(**store, by_token(token_));
  ASSERT_TRUE(one && two);
  EXPECT_FALSE(std::ranges::equal(one->wrapping().reveal(), two->wrapping().reveal()));
}

TEST_P(MasterOn, MovingKeepsEveryKeyAndRemovesTheFile) {
  const Bytes number = sealed("09012345678");
  const auto token = registry_->tokenise(sakura_, number);
  const auto before = open_master();
  ASSERT_TRUE(before);
  const auto image = store_->load();
  ASSERT_TRUE(image);
  EXPECT_NE(refusal_of(by_token(token_)).find("move it with"), std::string::npos);
  const auto moved = move();
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_EQ(*moved, image->keys.size() + 1);
  EXPECT_FALSE(file_exists());
  const auto after = Master::open(*store_, by_token(token_));
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_FALSE(std::ranges::equal(before->wrapping().reveal(), after->wrapping().reveal()));
  EXPECT_TRUE(std::ranges::equal(before->erasures(*image).reveal(),
                                 after->erasures(*store_->load()).reveal()));
  const auto registry =
      vault::Registry::open({*store_, clock_, entropy_, vault::NumberingPlan::japanese()}, *after);
  ASSERT_TRUE(registry) << registry.error().message;
  EXPECT_EQ((*registry)->tokenise(sakura_, number), token);
  EXPECT_EQ(count_of("master_key_moved"), 1);
}

TEST_P(MasterOn, AnOldCopyOfTheFileOpensNothingOfAMovedDatabase) {
  std::filesystem::copy_file(folder_ / "master.key", folder_ / "copy");
  const auto before = open_master();
  ASSERT_TRUE(before);
  ASSERT_TRUE(move());
  std::filesystem::rename(folder_ / "copy", folder_ / "master.key");
  EXPECT_NE(refusal_of({folder_ / "master.key"}), "");
  const auto image = store_->load();
  ASSERT_TRUE(image);
  for (const vault::KeyRow& row : image->keys)
    EXPECT_FALSE(vault::unwrap(row.wrapped, before->wrapping(),
                               {row.organisation.text(), row.kind, std::to_string(row.version)}))
        << row.kind;
}

TEST_P(MasterOn, AMoveThatWasStoppedIsEndedByTheNext) {
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    EXPECT_FALSE(move());
    EXPECT_TRUE(file_exists());
  }
  ASSERT_TRUE(move());  // what was kept after all counts
  EXPECT_FALSE(file_exists());
  EXPECT_EQ(count_of("master_key_moved"), 1);
  EXPECT_TRUE(move());
}

TEST_P(MasterOn, NothingIsMovedWithAnotherFile) {
  std::filesystem::remove(folder_ / "master.key");
  EXPECT_EQ(move().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(count_of("master_key_moved"), 0);
}

// ---- another key in the file's place, while the vault runs

class MasterReplacedOn : public MasterOn {
 protected:
  void SetUp() override {
    MasterOn::SetUp();
    if (IsSkipped()) return;
    restart();
    std::filesystem::copy_file(file(), folder_ / "old");
  }
  std::filesystem::path file() const { return folder_ / "master.key"; }
  void restart() {
    rotation_.reset();
    registry_.reset();
    const auto master = open_master();
    ASSERT_TRUE(master) << master.error().message;
    wrapping_ = master->shared_wrapping();
    auto registry = vault::Registry::open(
        {*store_, clock_, entropy_, vault::NumberingPlan::japanese()}, *master);
    ASSERT_TRUE(registry) << registry.error().message;
    registry_ = std::move(*registry);
    rotation_ = std::make_unique<vault::MasterRotation>(
        vault::MasterRotation::Parts{*store_, clock_, entropy_, *registry_, wrapping_, file()});
  }
  bool old_one_fits() {
    const auto image = store_->load();
    const auto old = Master::of_file(folder_ / "old");
    EXPECT_TRUE(image && old);
    return old->fits(*image);
  }
  std::shared_ptr<vault::KeyWrapping> wrapping_;
  std::unique_ptr<vault::MasterRotation> rotation_;
};

TEST_P(MasterReplacedOn, EveryKeyIsKeptAndTheVaultGoesOnWithTheNewOne) {
  const Bytes number = sealed("09012345678");
  const auto token = registry_->tokenise(sakura_, number);
  const auto image = store_->load();
  const auto before = open_master();
  ASSERT_TRUE(image && before);
  const auto replaced = rotation_->rotate("test");
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(replaced->keys, image->keys.size());
  EXPECT_FALSE(old_one_fits());
  EXPECT_FALSE(std::filesystem::exists(vault::next_master_key(file())));
  // What is made now hangs on the new one as well.
  const OrganisationId wakaba("wakaba");
  const auto put = registry_->put_organisation(wakaba, "わかば", {});
  ASSERT_TRUE(put) << put.error().message;
  ASSERT_TRUE(rotation_->rotate("test"));
  restart();
  EXPECT_EQ(registry_->tokenise(sakura_, number), token);
  EXPECT_NE(registry_->directory()->find(wakaba), nullptr);
  const auto after = open_master();
  ASSERT_TRUE(after);
  EXPECT_TRUE(std::ranges::equal(before->erasures(*image).reveal(),
                                 after->erasures(*store_->load()).reveal()));
  EXPECT_EQ(count_of("master_key_replaced"), 2);
  const auto told = entries();
  EXPECT_EQ(std::count_if(told.begin(), told.end(),
                          [](const ledger::Entry& one) { return one.kind == "keys"; }),
            2);
}

TEST_P(MasterReplacedOn, ACommitThatFailedOrWasKeptAfterAllLeavesAKeyThatFits) {
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(rotation_->rotate("test"));
  EXPECT_TRUE(old_one_fits());
  EXPECT_FALSE(std::filesystem::exists(vault::next_master_key(file())));
  fault_ = CommitFault::kFailedButKept;
  EXPECT_TRUE(rotation_->rotate("test"));
  EXPECT_FALSE(old_one_fits());
  EXPECT_TRUE(registry_->put_organisation(OrganisationId("wakaba"), "わかば", {}));
  restart();
  EXPECT_EQ(count_of("master_key_replaced"), 1);
}

TEST_P(MasterReplacedOn, WhileNothingCanBeKeptNeitherKeyIsRemoved) {
  // The first may still come to be kept as long as no later one was.
  for (const CommitFault first : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = first;
    fault_after_ = CommitFault::kFailed;
    EXPECT_EQ(rotation_->rotate("test").error().code, ErrorCode::kUnavailable);
    EXPECT_TRUE(std::filesystem::exists(vault::next_master_key(file())));
    EXPECT_FALSE(wrapping_->is_settled());
    rotation_->second();
    EXPECT_TRUE(wrapping_->is_settled());
    EXPECT_FALSE(std::filesystem::exists(vault::next_master_key(file())));
    EXPECT_EQ(old_one_fits(), first == CommitFault::kFailed);
    restart();
  }
}

TEST_P(MasterReplacedOn, CutOffBeforeOrAfterTheCommitTheNextStartEndsIt) {
  // Before: the next key lies there, the database is the old one's.
  ASSERT_TRUE(vault::write_fresh_master_key(vault::next_master_key(file())));
  EXPECT_EQ(rotation_->rotate("test").error().code, ErrorCode::kConflict);
  restart();
  EXPECT_FALSE(std::filesystem::exists(vault::next_master_key(file())));
  EXPECT_TRUE(old_one_fits());
  // After: the database is the next one's, the file is still the old one.
  ASSERT_TRUE(rotation_->rotate("test"));
  std::filesystem::rename(file(), vault::next_master_key(file()));
  std::filesystem::copy_file(folder_ / "old", file());
  restart();
  EXPECT_FALSE(std::filesystem::exists(vault::next_master_key(file())));
  EXPECT_FALSE(old_one_fits());
}

TEST_P(MasterReplacedOn, NobodyUsesAKeyOfWhichNobodyKnowsWhetherItWasReplaced) {
  using Outcome = vault::KeyWrapping::Outcome;
  EXPECT_EQ(wrapping_->replace(Secret::random(32), [] { return Outcome::kUnknown; }),
            Outcome::kUnknown);
  EXPECT_EQ(wrapping_->use().error().code, ErrorCode::kUnavailable);
  const auto put = registry_->put_organisation(OrganisationId("wakaba"), "わかば", {});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(rotation_->rotate("test").error().code, ErrorCode::kUnavailable);
  wrapping_->settle([] { return Outcome::kNotKept; });
  EXPECT_TRUE(registry_->put_organisation(OrganisationId("wakaba"), "わかば", {}));
}

TEST_P(MasterReplacedOn, ATokensKeyAndAnotherFileAreRefused) {
  vault::MasterRotation of_token(
      {*store_, clock_, entropy_, *registry_, wrapping_, std::filesystem::path(), "t", "k"});
  EXPECT_EQ(of_token.rotate("test").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(rotation_->rotate_in_token(fresh_keys(2), rotation_->leave_to_change().leave, "test")
                .error()
                .code,
            ErrorCode::kInvalid);
  std::filesystem::remove(file());
  ASSERT_TRUE(vault::write_fresh_master_key(file()));
  const auto refused = rotation_->rotate("test");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("is not the key that the vault runs with"),
            std::string::npos);
  EXPECT_TRUE(old_one_fits());
}

// ---- another key of the token, while the vault runs

class TokensKeyReplacedOn : public MasterOn {
 protected:
  void SetUp() override {
    MasterOn::SetUp();
    if (IsSkipped()) return;
    const auto moved = move();
    ASSERT_TRUE(moved) << moved.error().message;
    restart(token_);
  }
  // The token has these keys then.
  void restart(const std::vector<TokenSecret>& secrets) {
    rotation_.reset();
    registry_.reset();
    const auto master = Master::open(*store_, by_token(secrets));
    ASSERT_TRUE(master) << master.error().message;
    hangs_on_ = master->token_key();
    wrapping_ = master->shared_wrapping();
    auto registry = vault::Registry::open(
        {*store_, clock_, entropy_, vault::NumberingPlan::japanese()}, *master);
    ASSERT_TRUE(registry) << registry.error().message;
    registry_ = std::move(*registry);
    rotation_ = std::make_unique<vault::MasterRotation>(vault::MasterRotation::Parts{
        *store_, clock_, entropy_, *registry_, wrapping_, std::filesystem::path(), "t", hangs_on_});
  }
  Result<vault::MasterRotation::Replaced> rotate(const std::vector<TokenSecret>& secrets) {
    return rotation_->rotate_in_token(secrets, rotation_->leave_to_change().leave, "test");
  }
  std::vector<TokenSecret> with_another() const {
    std::vector<TokenSecret> keys = fresh_keys(2);
    keys.front().secret = Secret::copy_of(token_.front().secret.reveal());
    return keys;
  }
  std::vector<TokenSecret> alone(const TokenSecret& key) const {
    std::vector<TokenSecret> keys;
    keys.push_back({key.key, Secret::copy_of(key.secret.reveal())});
    return keys;
  }
  bool fits(const TokenSecret& key) {
    const auto keys = alone(key);
    return refusal_of(by_token(keys)).empty();
  }

  std::string hangs_on_;
  std::shared_ptr<vault::KeyWrapping> wrapping_;
  std::unique_ptr<vault::MasterRotation> rotation_;
};

TEST_P(TokensKeyReplacedOn, EveryKeyHangsOnTheNewOneAloneAndTheVaultGoesOn) {
  const Bytes number = sealed("09012345678");
  const auto token = registry_->tokenise(sakura_, number);
  const auto keys = with_another();
  EXPECT_EQ(rotation_->token_key(), "k");
  const auto replaced = rotate(keys);
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(replaced->before, "k");
  EXPECT_EQ(replaced->keys, store_->load()->keys.size());
  EXPECT_EQ(rotation_->token_key(), "k.2");
  EXPECT_TRUE(registry_->put_organisation(OrganisationId("wakaba"), "わかば", {}));
  EXPECT_FALSE(fits(keys.front()));
  EXPECT_TRUE(fits(keys.back()));
  // Also with a key beside it that a later replacement left behind.
  auto more = fresh_keys(3);
  more[1].secret = Secret::copy_of(keys.back().secret.reveal());
  restart(more);
  EXPECT_EQ(hangs_on_, "k.2");
  EXPECT_EQ(registry_->tokenise(sakura_, number), token);
  EXPECT_EQ(count_of("master_key_replaced"), 1);
  EXPECT_EQ(entries().back().kind, "keys");
}

TEST_P(TokensKeyReplacedOn, WhateverBecameOfTheCommitTheVaultStartsAgain) {
  const auto keys = with_another();
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(rotate(keys));
  EXPECT_EQ(rotation_->token_key(), "k");
  EXPECT_TRUE(fits(keys.front()));
  // Kept or not, the store was away after it: a kill now.
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    fault_after_ = CommitFault::kFailed;
    EXPECT_EQ(rotate(keys).error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(rotation_->token_key(), "");
    restart(keys);
    EXPECT_EQ(hangs_on_, fault == CommitFault::kFailed ? "k" : "k.2");
  }
}

TEST_P(TokensKeyReplacedOn, WhatWasNotAnsweredIsFoundOutLater) {
  const auto keys = with_another();
  fault_ = CommitFault::kFailedButKept;
  fault_after_ = CommitFault::kFailed;
  EXPECT_FALSE(rotate(keys));
  EXPECT_EQ(rotate(keys).error().code, ErrorCode::kUnavailable);
  rotation_->second();
  EXPECT_EQ(rotation_->token_key(), "k.2");
  EXPECT_TRUE(registry_->put_organisation(OrganisationId("wakaba"), "わかば", {}));
  restart(alone(keys.back()));
  EXPECT_NE(registry_->directory()->find(OrganisationId("wakaba")), nullptr);
}

// As one does that was cut off while the token made it.
TEST_P(TokensKeyReplacedOn, AKeyThatGivesNothingKeepsNoVaultFromItsStart) {
  auto keys = with_another();
  keys.back().secret = Secret();
  restart(keys);
  EXPECT_EQ(hangs_on_, "k");
  EXPECT_EQ(rotate(keys).error().code, ErrorCode::kInvalid);
  // The one in use may give something again.
  auto other = fresh_keys(2);
  other.front().secret = Secret();
  const auto refused = Master::open(*store_, by_token(other));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
}

TEST_P(TokensKeyReplacedOn, NothingIsReplacedByTheSameKeyOrWithoutTheOneInUse) {
  EXPECT_EQ(rotate(token_).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(rotate(fresh_keys(2)).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(count_of("master_key_replaced"), 0);
  restart(token_);
}

TEST_P(TokensKeyReplacedOn, OfTwoCommandsAtOnceTheOneThatBeganLastReplacesTheKey) {
  const auto keys = with_another();
  const auto first = rotation_->leave_to_change();
  const auto second = rotation_->leave_to_change();
  EXPECT_EQ(first.token_key, "k");
  EXPECT_EQ(rotation_->rotate_in_token(keys, first.leave, "test").error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(rotation_->rotate_in_token(keys, "", "test").error().code, ErrorCode::kConflict);
  // The first may destroy what it made: it was not replaced by that, and is not from now on.
  EXPECT_EQ(rotation_->token_key(), "k");
  EXPECT_TRUE(rotation_->rotate_in_token(keys, second.leave, "test"));
  EXPECT_EQ(rotation_->token_key(), "k.2");
  EXPECT_EQ(rotation_->rotate_in_token(keys, second.leave, "test").error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(count_of("master_key_replaced"), 1);
}

// Both made "k.2", and one was killed before it could destroy its own.
TEST_P(TokensKeyReplacedOn, ALabelThatStandsTwiceKeepsNoVaultFromItsStartAndIsNotReplacedBy) {
  const auto hung_on = with_another();
  ASSERT_TRUE(rotate(hung_on));
  for (const bool comes_first : {true, false}) {
    auto keys = fresh_keys(3);
    for (TokenSecret& one : keys) one.key = "k.2";
    keys.front().key = "k";
    keys[comes_first ? 1 : 2].secret = Secret::copy_of(hung_on.back().secret.reveal());
    restart(keys);
    EXPECT_EQ(hangs_on_, "k.2");
    EXPECT_EQ(rotate(keys).error().code, ErrorCode::kConflict);
    keys.push_back({"k.3", Secret::random(32)});
    keys.erase(keys.begin());
    if (!comes_first) {
      EXPECT_TRUE(rotate(keys));
    }
  }
  EXPECT_EQ(rotation_->token_key(), "k.3");
}

// What was replaced is told by how the commit went, not by what is looked at afterwards.
TEST_P(TokensKeyReplacedOn, AKeyThatWasKeptAfterAllIsNoError) {
  fault_ = CommitFault::kFailedButKept;
  const auto replaced = rotate(with_another());
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(replaced->before, "k");
  EXPECT_EQ(replaced->keys, store_->load()->keys.size());
}

INSTANTIATE_TEST_SUITE_P(Both, TokensKeyReplacedOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(Both, MasterReplacedOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(Both, MasterOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
