#include "base/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace madoguchi {

Result<FileLock> FileLock::take(const std::filesystem::path& file) {
  FileLock lock;
  lock.fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock.fd_ < 0)
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("{}: cannot be made; check the folder's rights and space", file.string()));
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::kConflict, fmt::format("{}: another process holds it", file.string()));
  return lock;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace madoguchi
