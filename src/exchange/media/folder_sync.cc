#include "exchange/media/folder_sync.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace madoguchi::exchange {

FolderSync::FolderSync(int folder, std::chrono::milliseconds every, Force force)
    : folder_(folder),
      force_(force ? std::move(force) : [](int fd) { return ::syncfs(fd) == 0 ? 0 : errno; }),
      rounds_("folder-sync", every, [this, every] {
        force_if_touched();
        return every;
      }) {}

void FolderSync::stop() {
  rounds_.stop();
  force_if_touched();
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
