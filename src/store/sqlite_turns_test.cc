#include "store/sqlite_turns.h"

#include <gtest/gtest.h>
#include <soci/soci.h>

#include <filesystem>
#include <future>
#include <thread>

#include "store/database.h"
#include "store/scratch_database.h"

namespace madoguchi::store {
namespace {

class SqliteTurns : public testing::Test {
 protected:
  void SetUp() override {
    scratch_ = ScratchDatabase::make(Backend::kSqlite, nullptr);
    ASSERT_TRUE(scratch_);
    writing_ = open(true);
    ASSERT_TRUE(writing_->migrate("test", kTables));
  }

  std::unique_ptr<Database> open(bool sole_owner,
                                 std::chrono::milliseconds busy = std::chrono::seconds(20)) {
    DatabaseOptions options;
    options.url = scratch_->url();
    options.sole_owner = sole_owner;
    options.busy_timeout = busy;
    auto opened = Database::open(options);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  static Result<void> put(Database& database, const std::string& text) {
    return database.transact([&](soci::session& sql) -> Result<void> {
      sql << "INSERT INTO rows (text) VALUES (:t)", soci::use(text);
      return {};
    });
  }

  const std::vector<Migration> kTables = {
      {1, "rows", "CREATE TABLE rows (sequence $AUTOKEY, text TEXT NOT NULL);\n"}};
  std::unique_ptr<ScratchDatabase> scratch_;
  std::unique_ptr<Database> writing_;
};

TEST_F(SqliteTurns, TheLogStaysShortUnderWritingThatNeverPauses) {
  const std::string wal = writing_->shown_url() + "-wal";
  const std::string text(64 << 10, 'x');
  std::uintmax_t longest = 0;
  for (int i = 0; i < 3'000; ++i) {  // 190 MiB in all
    ASSERT_TRUE(put(*writing_, text));
    longest = std::max(longest, std::filesystem::file_size(wal));
  }
  EXPECT_GT(longest, 16U << 20);  // it is not SQLite's own 4 MiB
  EXPECT_LT(longest, 96U << 20);
}

TEST_F(SqliteTurns, TwoThatWriteAtOnceAllGetTheirTurn) {
  auto other = open(false);
  constexpr int kEach = 200;
  std::thread beside([&] {
    for (int i = 0; i < kEach; ++i) EXPECT_TRUE(put(*other, "beside"));
  });
  for (int i = 0; i < kEach; ++i) EXPECT_TRUE(put(*writing_, "here"));
  beside.join();
  const auto rows = other->read([](soci::session& sql) -> Result<int> {
    int count = 0;
    sql << "SELECT COUNT(*) FROM rows", soci::into(count);
    return count;
  });
  EXPECT_EQ(rows.value_or(0), 2 * kEach);
}

TEST_F(SqliteTurns, WhoWaitsTooLongForItsTurnIsToldThatTheStoreIsLocked) {
  auto other = open(false, std::chrono::milliseconds(1));
  std::promise<void> begun;
  std::promise<void> end;
  std::thread beside([&] {
    EXPECT_TRUE(writing_->transact([&](soci::session&) -> Result<void> {
      begun.set_value();
      end.get_future().wait();
      return {};
    }));
  });
  begun.get_future().wait();
  const auto refused = put(*other, "too early");
  end.set_value();
  beside.join();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(other->state(), StoreState::kLocked);
  EXPECT_TRUE(put(*other, "now"));
}

TEST_F(SqliteTurns, PathsOfOneFileShareATurn) {
  const std::filesystem::path path = writing_->shown_url();
  const auto turn = write_turn_of(path.string());
  EXPECT_EQ(turn, write_turn_of((path.parent_path() / "." / path.filename()).string()));
  EXPECT_NE(turn, write_turn_of(path.string() + ".other"));
}

}  // namespace
}  // namespace madoguchi::store
