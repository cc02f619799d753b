#include "store/database.h"

#include <gtest/gtest.h>
#include <soci/soci.h>
#include <sys/stat.h>

#include <fstream>
#include <utility>

#include "store/scratch_database.h"

namespace madoguchi::store {
namespace {

const std::vector<Migration> kTables = {
    {1, "rows", "CREATE TABLE rows (sequence $AUTOKEY,\n text TEXT NOT NULL UNIQUE);\n"},
    {2, "flag", "ALTER TABLE rows ADD COLUMN flag INTEGER NOT NULL DEFAULT 0;\n"},
};

class DatabaseOn : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    std::string why;
    scratch_ = ScratchDatabase::make(GetParam(), &why);
    if (!scratch_) GTEST_SKIP() << why;
    database_ = open();
    ASSERT_TRUE(database_->migrate("test", kTables));
  }

  std::unique_ptr<Database> open(DatabaseOptions options = {}) {
    options.url = scratch_->url();
    auto opened = Database::open(std::move(options));
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  static Result<void> put(Database& database, std::string text) {
    return database.transact([&](soci::session& sql) -> Result<void> {
      sql << "INSERT INTO rows (text) VALUES (:t)", soci::use(text);
      return {};
    });
  }

  static long long count(Database& database) {
    const auto rows = database.read([](soci::session& sql) -> Result<long long> {
      long long rows = 0;
      sql << "SELECT COUNT(*) FROM rows", soci::into(rows);
      return rows;
    });
    return rows ? *rows : -1;
  }

  std::unique_ptr<ScratchDatabase> scratch_;
  std::unique_ptr<Database> database_;
};

TEST_P(DatabaseOn, KeepsWhatWasCommittedAndNothingOfWhatFailed) {
  ASSERT_TRUE(put(*database_, "kept"));
  const auto failed = database_->transact([&](soci::session& sql) -> Result<void> {
    sql << "INSERT INTO rows (text) VALUES ('dropped')";
    return fail(ErrorCode::kDenied, "no");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kDenied);
  EXPECT_EQ(count(*open()), 1);
}

TEST_P(DatabaseOn, MigratesOnceAndRefusesAStoreOfANewerProgram) {
  EXPECT_TRUE(database_->migrate("test", kTables));
  const auto older = database_->migrate("test", {kTables[0]});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::kConflict);
  EXPECT_NE(older.error().message.find("newer program"), std::string::npos);
}

TEST_P(DatabaseOn, AFailedMigrationLeavesNothingBehind) {
  auto more = kTables;
  more.push_back({3, "broken", "CREATE TABLE half (a TEXT);\nCREATE NONSENSE;\n"});
  EXPECT_FALSE(database_->migrate("test", more));
  more[2].sql = "CREATE TABLE half (a TEXT);\n";
  EXPECT_TRUE(database_->migrate("test", more));
}

TEST_P(DatabaseOn, AConstraintIsAConflictAndItsTextQuotesNoValue) {
  ASSERT_TRUE(put(*database_, "+81312345678"));
  const auto again = put(*database_, "+81312345678");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(again.error().message.find("312345678"), std::string::npos) << again.error().message;
  EXPECT_EQ(database_->state(), StoreState::kReady);
}

TEST_P(DatabaseOn, AFailedCommitIsToldAndTheNextCallWorks) {
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    bool armed = true;
    auto faulty = open(
        {.commit_fault = [&] { return std::exchange(armed, false) ? fault : CommitFault::kNone; }});
    const auto before = count(*faulty);
    const auto outcome = put(*faulty, fault == CommitFault::kFailed ? "lost" : "kept after all");
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(count(*faulty), before + (fault == CommitFault::kFailed ? 0 : 1));
    EXPECT_EQ(faulty->state(), StoreState::kReady);
  }
}

TEST_P(DatabaseOn, ASoleOwnerKeepsASecondOut) {
  auto owner = open({.sole_owner = true});
  const auto second = Database::open({.url = scratch_->url(), .sole_owner = true});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  owner.reset();
  EXPECT_TRUE(Database::open({.url = scratch_->url(), .sole_owner = true}));
}

TEST_P(DatabaseOn, ALockHeldByAnotherIsToldAndHeals) {
  auto other = open({.busy_timeout = std::chrono::milliseconds(50)});
  ASSERT_TRUE(put(*database_, "a"));
  const auto outcome = database_->transact([&](soci::session& sql) -> Result<void> {
    sql << "UPDATE rows SET flag = 1";
    const auto blocked = other->transact([&](soci::session& second) -> Result<void> {
      second << "UPDATE rows SET flag = 2";
      return {};
    });
    EXPECT_FALSE(blocked);
    EXPECT_EQ(blocked.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(other->state(), StoreState::kLocked);
    return {};
  });
  EXPECT_TRUE(outcome);
  EXPECT_TRUE(put(*other, "b"));
  EXPECT_EQ(other->state(), StoreState::kReady);
}

TEST_P(DatabaseOn, AConnectionThatWasCutIsOpenedAgainByTheNextCall) {
  if (GetParam() != Backend::kPostgres) GTEST_SKIP() << "SQLite has no connection to cut";
  ASSERT_TRUE(put(*database_, "a"));
  ASSERT_TRUE(open()->transact([](soci::session& sql) -> Result<void> {
    sql << "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
           "WHERE datname = current_database() AND pid <> pg_backend_pid()";
    return {};
  }));
  EXPECT_TRUE(put(*database_, "b"));
  const auto cut_inside = database_->transact([&](soci::session& sql) -> Result<void> {
    sql << "SELECT pg_terminate_backend(pg_backend_pid())";
    return {};
  });
  ASSERT_FALSE(cut_inside);
  EXPECT_EQ(cut_inside.error().code, ErrorCode::kUnavailable) << cut_inside.error().message;
  EXPECT_TRUE(put(*database_, "c"));
}

INSTANTIATE_TEST_SUITE_P(Both, DatabaseOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

TEST(Sqlite, AFullDiskIsToldApart) {
  std::string why;
  const auto scratch = ScratchDatabase::make(Backend::kSqlite, &why);
  auto database = Database::open({.url = scratch->url()});
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->migrate("test", kTables));
  const auto outcome = (*database)->transact([](soci::session& sql) -> Result<void> {
    sql << "PRAGMA max_page_count = 1";  // SQLite then refuses to grow, as on a full disk
    for (int i = 0; i < 100; ++i) sql << "INSERT INTO rows (text) VALUES (hex(randomblob(4000)))";
    return {};
  });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kExhausted);
  EXPECT_EQ((*database)->state(), StoreState::kDiskFull);
}

// A sandboxed process has no folder for them, and what it keeps must not lie there.
TEST(Sqlite, MakesNoTemporaryFiles) {
  std::string why;
  const auto scratch = ScratchDatabase::make(Backend::kSqlite, &why);
  auto database = Database::open({.url = scratch->url()});
  ASSERT_TRUE(database);
  int store = -1;
  ASSERT_TRUE((*database)->transact([&](soci::session& sql) -> Result<void> {
    sql << "PRAGMA temp_store", soci::into(store);
    return {};
  }));
  EXPECT_EQ(store, 2);  // MEMORY
}

TEST(Sqlite, ItsFileIsForTheOwnerAlone) {
  std::string why;
  const auto scratch = ScratchDatabase::make(Backend::kSqlite, &why);
  ASSERT_TRUE(Database::open({.url = scratch->url()}));
  struct stat info {};
  ASSERT_EQ(stat((scratch->folder() / "scratch.db").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(Sqlite, AFileThatIsNoDatabaseIsCalledDamaged) {
  std::string why;
  const auto scratch = ScratchDatabase::make(Backend::kSqlite, &why);
  std::ofstream(scratch->folder() / "scratch.db") << std::string(8192, 'x');
  const auto opened = Database::open({.url = scratch->url()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
}

TEST(Url, NonsenseIsRefusedAndAPasswordIsNeverShown) {
  EXPECT_EQ(Database::open({.url = "mysql://a/b"}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Database::open({.url = "/no/such/folder/x.db"}).error().code, ErrorCode::kUnavailable);
  const auto away = Database::open({.url = "postgresql://u:hidden@127.0.0.1:1/base"});
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, ErrorCode::kUnavailable) << away.error().message;
  EXPECT_EQ(away.error().message.find("hidden"), std::string::npos) << away.error().message;
}

}  // namespace
}  // namespace madoguchi::store
