// A file that one process of ours holds at a time (flock(2)): what two of them must not use at once
// has one beside it. Held until the object goes, or the process, however it ends.
#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"

namespace madoguchi {

class FileLock {
 public:
  FileLock() = default;  // holds nothing
  // Makes the file (0600) where it is missing, and does not wait. kConflict: somebody holds it;
  // kUnavailable: it cannot be made.
  static Result<FileLock> take(const std::filesystem::path& file);
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileLock();

  [[nodiscard]] bool is_held() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace madoguchi
