#include "store/sqlite_turns.h"

#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <utility>

namespace madoguchi::store {
namespace {

constexpr int kLongLog = 4'096;  // pages of 4 KiB

// The handle is made for each time: the file may have been replaced in between.
bool checkpoint(const std::string& path) {
  sqlite3* handle = nullptr;
  int in_log = 0;
  int moved = 0;
  const bool done =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK &&
      // Before it has read something a connection does not know that there is a log.
      sqlite3_exec(handle, "PRAGMA schema_version", nullptr, nullptr, nullptr) == SQLITE_OK &&
      sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved) ==
          SQLITE_OK &&
      moved > 0;
  sqlite3_close_v2(handle);
  return done;
}

}  // namespace

void WriteTurn::lock() {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = next_++;
  waiting_.push_back(mine);
  changed_.wait(lock, [&] { return !held_ && waiting_.front() == mine; });
  waiting_.pop_front();
  held_ = true;
}

bool WriteTurn::try_lock_for(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = next_++;
  waiting_.push_back(mine);
  if (!changed_.wait_for(lock, most, [&] { return !held_ && waiting_.front() == mine; })) {
    std::erase(waiting_, mine);
    changed_.notify_all();  // whoever stood behind may be next now
    return false;
  }
  waiting_.pop_front();
  return held_ = true;
}

void WriteTurn::unlock() {
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
  }
  changed_.notify_all();
}

std::shared_ptr<WriteTurn> write_turn_of(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<WriteTurn>> turns;
  std::error_code error;
  const auto whole = std::filesystem::weakly_canonical(path, error);
  const std::lock_guard lock(mutex);
  std::erase_if(turns, [](const auto& one) { return one.second.expired(); });
  auto& known = turns[error ? path : whole.string()];
  auto turn = known.lock();
  if (!turn) known = turn = std::make_shared<WriteTurn>();
  return turn;
}

WalCheckpoints::WalCheckpoints(std::string path, std::shared_ptr<WriteTurn> turn)
    : path_(std::move(path)),
      turn_(std::move(turn)),
      rounds_("checkpoints", Rounds::kUntilWoken, [this] {
        move();
        return Rounds::kUntilWoken;
      }) {}

void WalCheckpoints::move() {
  if (!checkpoint(path_)) return;
  const std::lock_guard writers_wait(*turn_);
  checkpoint(path_);
}

void WalCheckpoints::follow(void* connection) {
  sqlite3_wal_hook(
      static_cast<sqlite3*>(connection),
      [](void* rounds, sqlite3*, const char*, int pages) {
        if (pages >= kLongLog) static_cast<Rounds*>(rounds)->wake();
        return SQLITE_OK;
      },
      &rounds_);
}

}  // namespace madoguchi::store
