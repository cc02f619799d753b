// Forces what was written beneath a folder to disk, off everybody's path: a thread of its own asks
// the kernel for the whole file system at most once in `every`, and only after touched(). So a loss
// of power takes at most that much of a recording, whatever the number of recordings, and one that
// ended is on disk as soon. Owned by RecordingPipe.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "base/rounds.h"

namespace madoguchi::exchange {

class FolderSync {
 public:
  // Returns 0, or errno. Given by tests; otherwise syncfs(2).
  using Force = std::function<int(int fd)>;

  // `folder` is an open descriptor that outlives it.
  FolderSync(int folder, std::chrono::milliseconds every, Force force = {});
  ~FolderSync() { stop(); }
  FolderSync(const FolderSync&) = delete;
  FolderSync& operator=(const FolderSync&) = delete;

  // Something was written. Any thread, at no cost.
  void touched() { touched_.store(true, std::memory_order_relaxed); }

  // Forces what is left, on the caller's thread, and nothing after it.
  void stop();

 private:
  void force_if_touched();

  const int folder_;
  const Force force_;
  std::atomic<bool> touched_{false};
  bool failing_ = false;  // whoever forces
  Rounds rounds_;         // last: it uses the others
};

}  // namespace madoguchi::exchange
