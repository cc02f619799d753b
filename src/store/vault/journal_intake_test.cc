#include "vault/journal_intake.h"

#include "ledger/entry.h"
#include "store/vault/vault_fixture.h"
#include "store/vault/vault_log.h"

namespace madoguchi::store {
namespace {

using vault::JournalEntry;

class JournalIntakeOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    make_organisations();
    DatabaseOptions options;
    options.url = scratch_->url();
    auto log = open_vault_log(std::move(options));
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
  }
  void TearDown() override {
    log_.reset();
    VaultOn::TearDown();
  }
  // As a vault from before the logs made them: nothing of them is an entry.
  void make_organisations() {
    const auto master = open_master();
    ASSERT_TRUE(master);
    vault::Act act;
    for (const char* id : {"sakura", "wakaba"}) {
      act.changes.emplace_back(vault::PutOrganisation{{OrganisationId(id), id}});
      for (const auto kind : {vault::kRecordingKind, vault::kTokenKind, vault::kWishKind})
        act.changes.emplace_back(vault::PutKey{
            vault::fresh_key_row(OrganisationId(id), kind, fresh_id_text(clock_.now(), entropy_),
                                 master->wrapping(), clock_.now())});
    }
    const auto kept = store_->commit(clock_.now(), act);
    ASSERT_TRUE(kept) << kept.error().message;
    start();
  }
  void write(std::vector<JournalEntry> lines, std::vector<ledger::Draft> entries = {}) {
    vault::Act act;
    act.journal = std::move(lines);
    act.entries = std::move(entries);
    const auto kept = store_->commit(clock_.now(), act);
    ASSERT_TRUE(kept) << kept.error().message;
    clock_.advance(std::chrono::seconds(1));
  }
  Result<std::uint64_t> take_in() { return vault::take_in_journal(*store_, *log_, clock_.now()); }
  // Kinds of the lines that a log has taken in.
  std::vector<std::string> taken(const std::string& log) {
    std::vector<std::string> kinds;
    const auto entries = log_->entries(log, 0, 10'000);
    EXPECT_TRUE(entries);
    for (const auto& one : *entries) {
      const auto entry = ledger::Entry::parse(one.entry);
      EXPECT_TRUE(entry) << one.entry;
      if (entry->kind == ledger::kind::kJournal) kinds.push_back(entry->outcome);
    }
    return kinds;
  }
  ledger::Draft opening(const std::string& log) {
    ledger::Entry entry;
    entry.time = clock_.now();
    entry.kind = std::string(ledger::kind::kOpening);
    return {log, entry.text().value()};
  }

  std::unique_ptr<ledger::LogStore> log_;
};

TEST_P(JournalIntakeOn, EachLineGoesToTheOrganisationThatItConcernsOnce) {
  write({{"wish_kept", {{"wish", "w-1"}, {"organisation", "sakura"}, {"call", "c-1"}}},
         {"ticket_made", {{"ticket", "t-1"}, {"wish", "w-1"}, {"organisation", "sakura"}}},
         {"signed_in", {{"operator", "hana"}}},
         {"tokens_given", {{"organisation", "wakaba"}, {"given", std::int64_t{7}}}},
         {"dial_ended", {{"ticket", "t-1"}, {"outcome", "talked"}}},
         {"organisation_put", {{"organisation", "nobody"}}}});
  const auto count = take_in();
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(*count, 4U);
  EXPECT_EQ(taken("sakura"), (std::vector<std::string>{"wish_kept", "ticket_made", "dial_ended"}));
  EXPECT_EQ(taken("wakaba"), std::vector<std::string>{"tokens_given"});
  write({{"wish_kept", {{"wish", "w-2"}, {"organisation", "sakura"}}}});
  start();
  EXPECT_EQ(take_in().value(), 0U);
}

TEST_P(JournalIntakeOn, WhatIsOfALogsOwnTimeStaysInTheJournal) {
  write({{"wish_kept", {{"organisation", "sakura"}}}, {"wish_kept", {{"organisation", "wakaba"}}}});
  write({}, {opening("sakura")});
  write({{"wish_settled", {{"organisation", "sakura"}}},
         {"wish_settled", {{"organisation", "wakaba"}}}});
  ASSERT_TRUE(take_in());
  EXPECT_EQ(taken("sakura"), std::vector<std::string>{"wish_kept"});
  EXPECT_EQ(taken("wakaba"), (std::vector<std::string>{"wish_kept", "wish_settled"}));
}

TEST_P(JournalIntakeOn, AStartThatWasCutOffGoesOnWhereItWas) {
  constexpr std::int64_t kLines = 1'200;  // three commits
  std::vector<JournalEntry> lines;
  for (std::int64_t i = 0; i < kLines; ++i)
    lines.push_back({"tokens_given", {{"organisation", "sakura"}, {"given", i}}});
  write(lines);
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    EXPECT_FALSE(take_in());
    start();
  }
  ASSERT_TRUE(take_in());
  EXPECT_EQ(taken("sakura").size(), static_cast<std::size_t>(kLines));
  start();
  EXPECT_EQ(take_in().value(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Both, JournalIntakeOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
