#include "base/file_lock.h"

#include <gtest/gtest.h>

namespace madoguchi {
namespace {

TEST(FileLock, IsHeldByOneUntilItGoes) {
  const auto file = std::filesystem::path(testing::TempDir()) / "file_lock_test";
  auto first = FileLock::take(file);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->is_held());
  const auto second = FileLock::take(file);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  {
    const FileLock moved = *std::move(first);
    EXPECT_FALSE(FileLock::take(file));
  }
  EXPECT_TRUE(FileLock::take(file));
  EXPECT_FALSE(FileLock().is_held());
}

TEST(FileLock, SaysThatItsFolderIsNotThere) {
  const auto none = FileLock::take("/nonexistent/lock");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace madoguchi
