// Pages that wait for a client's log to grow, on a real store of either kind.
#include "vault/log_changes.h"

#include "store/vault/vault_fixture.h"

namespace madoguchi::store {
namespace {

using vault::LogChanges;

// Keeps what it was answered.
class Page final : public web::Reply::Channel {
 public:
  void send(web::Response response) override { told_.push_back(std::move(response.body)); }
  void upgrade(web::Reply::OnSocket) override {}
  [[nodiscard]] std::size_t answers() const { return told_.size(); }
  // The word that it is to ask with next.
  [[nodiscard]] std::string seen() const {
    const std::string& last = told_.back();
    const auto at = last.find(":\"") + 2;
    return last.substr(at, last.find('"', at) - at);
  }

 private:
  std::vector<std::string> told_;
};

class LogChangesOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    changes_ = std::make_unique<LogChanges>(LogChanges::Parts{*store_, clock_, entropy_});
  }
  void TearDown() override {
    changes_.reset();
    VaultOn::TearDown();
  }
  void wait(const std::shared_ptr<Page>& page, const std::string& seen,
            const char* log = "sakura") {
    changes_->wait(OrganisationId(log), seen, web::Reply(page));
  }
  // One that has been told how things stand.
  std::shared_ptr<Page> page(const char* log = "sakura") {
    auto made = std::make_shared<Page>();
    wait(made, "", log);
    EXPECT_EQ(made->answers(), 1U);
    return made;
  }

  std::unique_ptr<LogChanges> changes_;
};

TEST_P(LogChangesOn, AnEntryAnswersThePagesOfItsLogAndNoOthers) {
  const auto sakura = page();
  const auto wakaba = page("wakaba");
  wait(sakura, sakura->seen());
  wait(wakaba, wakaba->seen(), "wakaba");
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "さくら", {}));
  EXPECT_EQ(sakura->answers(), 2U);
  EXPECT_EQ(wakaba->answers(), 1U);
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "さくら", {}));
  wait(sakura, sakura->seen());
  EXPECT_EQ(sakura->answers(), 2U) << "nothing was committed";
}

TEST_P(LogChangesOn, WhatIsCommittedBetweenTwoAsksIsNotMissed) {
  const auto one = page();
  const std::string before = one->seen();
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "さくら", {}));
  wait(one, before);
  EXPECT_EQ(one->answers(), 2U);
  EXPECT_NE(one->seen(), before);
  // Nor what a vault says that has been started again.
  changes_.reset();
  changes_ = std::make_unique<LogChanges>(LogChanges::Parts{*store_, clock_, entropy_});
  wait(one, one->seen());
  EXPECT_EQ(one->answers(), 3U);
}

TEST_P(LogChangesOn, NobodyWaitsLongNorWithoutBound) {
  const auto one = page();
  wait(one, one->seen());
  changes_->answer_late();
  EXPECT_EQ(one->answers(), 1U);
  clock_.advance(LogChanges::kLongest);
  changes_->answer_late();
  EXPECT_EQ(one->answers(), 2U);
  const auto first = page();
  wait(first, first->seen());
  const auto crowd = page();
  for (std::size_t i = 0; i < LogChanges::kMostWaiting; ++i) wait(crowd, first->seen());
  EXPECT_EQ(first->answers(), 2U);
  EXPECT_EQ(crowd->answers(), 1U);
  changes_->close();
  EXPECT_EQ(crowd->answers(), 1U + LogChanges::kMostWaiting);
  wait(first, first->seen());
  EXPECT_EQ(first->answers(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Both, LogChangesOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
