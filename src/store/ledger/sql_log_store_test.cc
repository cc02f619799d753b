#include "store/ledger/sql_log_store.h"

#include <gtest/gtest.h>
#include <soci/soci.h>

#include <future>

#include "store/group_commit.h"
#include "store/scratch_database.h"

namespace madoguchi::store {
namespace {

using ledger::Draft;

std::string entry(int number) {
  return R"({"kind":"opening","outcome":")" + std::to_string(number) +
         R"(","time":"2026-11-22T03:00:00.000000Z","v":1})";
}

class LogStoreOn : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    std::string why;
    scratch_ = ScratchDatabase::make(GetParam(), &why);
    if (!scratch_) GTEST_SKIP() << why;
    DatabaseOptions options;
    options.url = scratch_->url();
    options.commit_fault = [this] { return std::exchange(fault_, CommitFault::kNone); };
    auto opened = Database::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = std::move(*opened);
    ASSERT_TRUE(database_->migrate("ledger", ledger_tables()));
    logs_ = make_log_store(*database_);
  }

  Result<std::vector<std::uint64_t>> append(const std::vector<Draft>& drafts) {
    return database_->transact([&](soci::session& sql) { return append_entries(sql, drafts); });
  }
  std::uint64_t size_of(const std::string& log) {
    const auto sizes = logs_->sizes();
    EXPECT_TRUE(sizes);
    for (const ledger::LogSize& one : *sizes)
      if (one.log == log) return one.size;
    return 0;
  }

  std::unique_ptr<ScratchDatabase> scratch_;
  CommitFault fault_ = CommitFault::kNone;
  std::unique_ptr<Database> database_;
  std::unique_ptr<ledger::LogStore> logs_;
};

TEST_P(LogStoreOn, EachLogCountsFromZeroWithoutGaps) {
  EXPECT_EQ(append({{"sakura", entry(0)}, {"momiji", entry(1)}, {"sakura", entry(2)}}).value(),
            (std::vector<std::uint64_t>{0, 0, 1}));
  EXPECT_EQ(append({{"sakura", entry(3)}}).value(), (std::vector<std::uint64_t>{2}));
  const auto read = logs_->entries("sakura", 1, 10);
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].entry, entry(2));
  EXPECT_EQ((*read)[1].leaf, ledger::leaf_hash(as_bytes(entry(3))));
  EXPECT_EQ(logs_->entries("sakura", 0, 2)->size(), 2U);
  EXPECT_EQ(logs_->entries("sakura", 2, 1)->size(), 1U);
  EXPECT_EQ(logs_->entries("sakura", 0, 1)->size(), 1U);
  EXPECT_TRUE(logs_->entries("sakura", 3, 1)->empty());
  EXPECT_TRUE(logs_->entries("nobody", 0, 2)->empty());
}

TEST_P(LogStoreOn, AFailedCommitTakesNoIndexAndOneThatWasKeptAfterAllDoes) {
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(append({{"sakura", entry(0)}}));
  EXPECT_EQ(size_of("sakura"), 0U);
  fault_ = CommitFault::kFailedButKept;
  EXPECT_FALSE(append({{"sakura", entry(1)}}));
  EXPECT_EQ(size_of("sakura"), 1U);
  EXPECT_EQ(append({{"sakura", entry(2)}}).value(), (std::vector<std::uint64_t>{1}));
}

TEST_P(LogStoreOn, RefusesWhatIsNoEntryAndChangesNothing) {
  EXPECT_EQ(append({{"sakura", entry(0)}, {"sakura", "{}"}}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(append({{"../etc", entry(0)}}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(append({{"sakura", entry(0) + " "}}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(size_of("sakura"), 0U);
}

TEST_P(LogStoreOn, EntriesCanNeitherBeChangedNorTakenOut) {
  ASSERT_TRUE(append({{"sakura", entry(0)}}));
  for (const char* statement :
       {"UPDATE ledger_entries SET entry = 'x'", "DELETE FROM ledger_entries"})
    EXPECT_FALSE(database_->transact([&](soci::session& sql) -> Result<void> {
      sql << statement;
      return {};
    }));
  EXPECT_EQ(logs_->entries("sakura", 0, 2)->at(0).entry, entry(0));
}

TEST_P(LogStoreOn, NoTwoRootsAreSignedForOneSize) {
  const ledger::Hash one = ledger::leaf_hash(as_bytes("one"));
  const ledger::Hash other = ledger::leaf_hash(as_bytes("other"));
  const std::vector<ledger::SignedHead> first = {{"sakura", 5, one}, {"momiji", 7, one}};
  ASSERT_TRUE(logs_->keep_signed(first));
  ASSERT_TRUE(logs_->keep_signed(first));  // again, the same
  const std::vector<ledger::SignedHead> forked = {{"momiji", 8, one}, {"sakura", 5, other}};
  EXPECT_EQ(logs_->keep_signed(forked).error().code, ErrorCode::kConflict);
  const std::vector<ledger::SignedHead> back = {{"sakura", 4, one}};
  EXPECT_EQ(logs_->keep_signed(back).error().code, ErrorCode::kConflict);
  auto kept = logs_->signed_heads();
  ASSERT_EQ(kept->size(), 2U);
  for (const auto& head : *kept) EXPECT_EQ(head.size, head.log == "sakura" ? 5U : 7U);
}

TEST_P(LogStoreOn, ManyWritersShareTransactionsAndEachGetsItsOwnOutcome) {
  constexpr int kWriters = 200;
  std::vector<std::promise<Result<void>>> outcomes(kWriters);
  ASSERT_TRUE(logs_->keep_signed(std::vector<ledger::SignedHead>{{"x", 0, {}}}));
  {
    GroupCommit group(*database_);
    for (int i = 0; i < kWriters; ++i)
      group.submit(
          {[i](soci::session& sql) -> Result<void> {
             if (i % 10 == 5) return fail(ErrorCode::kDenied, "not this one");
             if (i % 10 == 7)
               sql << "INSERT INTO ledger_signed (log, size, root) VALUES ('x', 1, 'twice')";
             sql << "UPDATE ledger_signed SET size = size + 1 WHERE log = 'x'";
             return {};
           },
           {Draft{"sakura", i % 10 == 3 ? "not an entry" : entry(i)}}},
          [&outcomes, i](Result<void> done) {
            outcomes[static_cast<std::size_t>(i)].set_value(std::move(done));
          });
  }
  int kept = 0;
  for (int i = 0; i < kWriters; ++i) {
    const Result<void> outcome = outcomes[static_cast<std::size_t>(i)].get_future().get();
    EXPECT_EQ(outcome.has_value(), i % 10 != 3 && i % 10 != 5 && i % 10 != 7) << i;
    kept += outcome ? 1 : 0;
  }
  EXPECT_EQ(size_of("sakura"), static_cast<std::uint64_t>(kept));
  EXPECT_EQ(logs_->entries("sakura", 0, 1'000)->size(), static_cast<std::size_t>(kept));
  // What the pieces did besides came and went with their entries.
  EXPECT_EQ(logs_->signed_heads()->at(0).size, static_cast<std::uint64_t>(kept));
}

TEST_P(LogStoreOn, AFailedGroupFailsForAllInIt) {
  GroupCommit group(*database_);
  fault_ = CommitFault::kFailed;
  const GroupCommit::Piece piece{{}, {Draft{"sakura", entry(0)}}};
  EXPECT_EQ(group.run(piece).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(group.run(piece));
  EXPECT_EQ(size_of("sakura"), 1U);
}

TEST(LedgerTablesOnSqlite, EntriesKeptByAnOlderVersionAreThereAfterTheChange) {
  std::string why;
  const auto older = ScratchDatabase::make(Backend::kSqlite, &why);
  ASSERT_TRUE(older) << why;
  DatabaseOptions options;
  options.url = older->url();
  const auto opened = Database::open(std::move(options));
  ASSERT_TRUE(opened);
  Database& database = **opened;
  ASSERT_TRUE(database.migrate("ledger", {ledger_tables().front()}));
  const auto add = [&](const Draft& draft) {
    return database.transact(
        [&](soci::session& sql) { return append_entries(sql, std::vector{draft}); });
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(add({i % 3 == 0 ? "sakura" : "momiji", entry(i)}));
  ASSERT_TRUE(database.migrate("ledger", ledger_tables()));
  EXPECT_EQ(add({"sakura", entry(20)}).value(), (std::vector<std::uint64_t>{7}));
  const auto logs = make_log_store(database);
  const auto kept = logs->entries("sakura", 0, 100);
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 8U);
  for (int i = 0; i < 7; ++i) EXPECT_EQ((*kept)[static_cast<std::size_t>(i)].entry, entry(i * 3));
  EXPECT_EQ((*kept)[7].entry, entry(20));
  EXPECT_EQ(logs->entries("momiji", 0, 100)->size(), 13U);
  for (const char* statement :
       {"UPDATE ledger_entries SET entry = 'x'", "DELETE FROM ledger_entries"})
    EXPECT_FALSE(database.transact([&](soci::session& sql) -> Result<void> {
      sql << statement;
      return {};
    }));
}

INSTANTIATE_TEST_SUITE_P(Kinds, LogStoreOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
