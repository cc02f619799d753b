#include "exchange/media/folder_sync.h"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace madoguchi::exchange {

FolderSync::FolderSync(int folder, std::chrono::milliseconds every, Force force)
    : folder_(folder),
      every_(every),
      force_(force ? std::move(force) : [](int fd) { return ::syncfs(fd) == 0 ? 0 : errno; }) {
  thread_ = std::thread([this] { run(); });
}

void FolderSync::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void FolderSync::run() {
  ::pthread_setname_np(::pthread_self(), "folder-sync");
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      last = stop_.wait_for(lock, every_, [this] { return stopping_; });
    }
    force_if_touched();
  }
}

void FolderSync::force_if_touched() {
  if (!touched_.exchange(false, std::memory_order_relaxed)) return;
  const int error = force_(folder_);
  // Told once, not every few seconds; what could not be forced is tried again with what follows.
  if (error != 0 && !failing_)
    log_warn("recordings can't be forced to disk: {}", std::strerror(error));
  failing_ = error != 0;
  if (failing_) touched();
}

}  // namespace madoguchi::exchange
