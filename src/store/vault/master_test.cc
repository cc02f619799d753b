// The master key out of a file and out of a token, and its way from one to the other, on a real
// store of either kind. What the token gives is made up here; vault/core/token_test.cc asks one.
#include "vault/master.h"

#include "store/vault/vault_fixture.h"
#include "vault/core/crypto.h"

namespace madoguchi::store {
namespace {

using vault::Master;

class MasterOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(registry_->put_organisation(sakura_, "さくら", {"+81300000001"}));
  }
  [[nodiscard]] Master::Source by_token(const Secret& secret) const {
    return {folder_ / "master.key", &secret, "key \"k\" of token \"t\""};
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
  const Secret token_ = Secret::random(32);
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
  const Secret wrong = Secret::random(32);
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

INSTANTIATE_TEST_SUITE_P(Both, MasterOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
