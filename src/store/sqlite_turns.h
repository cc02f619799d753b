// What the connections of one process to one SQLite file share, so that they never meet at its
// lock: SQLite lets one write at a time, and makes the others sleep and try again. Held by each
// Database on SQLite; any thread.
//
// WriteTurn is held while a transaction writes; who came first is next, and wakes at once, however
// soon the one who had it asks again.
//
// WalCheckpoints moves the write-ahead log into the database on a thread of its own, where SQLite
// would do it within whichever commit made the log long, with everybody waiting. Most of it goes
// beside the writers; what they added meanwhile goes while it holds their turn, so that the next
// commit begins the log anew and it stays short under any load. What fails is tried again after
// the next commit; nothing is lost by it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/rounds.h"

namespace madoguchi::store {

// For std::lock_guard and std::unique_lock.
class WriteTurn {
 public:
  void lock();
  bool try_lock_for(std::chrono::milliseconds most);
  void unlock();

 private:
  std::mutex mutex_;  // guards the next three
  std::deque<std::uint64_t> waiting_;
  bool held_ = false;
  std::uint64_t next_ = 0;
  std::condition_variable changed_;
};

// The same one for every path that names the same file.
std::shared_ptr<WriteTurn> write_turn_of(const std::string& path);

class WalCheckpoints {
 public:
  WalCheckpoints(std::string path, std::shared_ptr<WriteTurn> turn);
  WalCheckpoints(const WalCheckpoints&) = delete;
  WalCheckpoints& operator=(const WalCheckpoints&) = delete;

  // Takes over from SQLite what follows a commit on this connection, a sqlite3*, which must close
  // first.
  void follow(void* connection);

 private:
  void move();

  const std::string path_;
  const std::shared_ptr<WriteTurn> turn_;
  Rounds rounds_;  // last: it uses the others
};

}  // namespace madoguchi::store
