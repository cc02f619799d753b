#include "exchange/media/folder_sync.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace madoguchi::exchange {
namespace {

using namespace std::chrono_literals;

TEST(FolderSync, ForcesWhatWasWrittenAtTheLatestAtItsEnd) {
  std::atomic<int> forced{0};
  {
    FolderSync sync(-1, 1h, [&](int) {
      ++forced;
      return 0;
    });
    sync.touched();
  }
  EXPECT_EQ(forced, 1);
}

TEST(FolderSync, LeavesAFolderAloneThatNobodyWroteTo) {
  std::atomic<int> forced{0};
  {
    FolderSync sync(-1, 1h, [&](int) { return ++forced, 0; });
  }
  EXPECT_EQ(forced, 0);
}

TEST(FolderSync, TriesAgainWhatTheDiskRefused) {
  std::mutex mutex;
  std::condition_variable changed;
  int forced = 0;
  FolderSync sync(-1, 1ms, [&](int) {
    const std::lock_guard lock(mutex);
    ++forced;
    changed.notify_all();
    return forced < 3 ? ENOSPC : 0;
  });
  sync.touched();
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, 10s, [&] { return forced == 3; }));
}

}  // namespace
}  // namespace madoguchi::exchange
