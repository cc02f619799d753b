// The lock that keeps a second process from opening a SQLite file of ours: a file of its own beside
// the database, since SQLite must be free to replace and lock its own. Held until it goes.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace madoguchi::store {

class SoleOwner {
 public:
  // kConflict when another process holds it.
  static Result<SoleOwner> of(const std::string& database_file);
  SoleOwner(SoleOwner&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  SoleOwner& operator=(SoleOwner&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~SoleOwner();

 private:
  explicit SoleOwner(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace madoguchi::store
