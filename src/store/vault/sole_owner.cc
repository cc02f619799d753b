#include "store/vault/sole_owner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace madoguchi::store {

Result<SoleOwner> SoleOwner::of(const std::string& database_file) {
  const std::string file = database_file + ".owner";
  SoleOwner owner(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (owner.fd_ < 0)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: cannot be made; check the folder's rights and space", file));
  if (::flock(owner.fd_, LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::kConflict,
                fmt::format("{}: another process of ours has this store open; stop it first",
                            database_file));
  return owner;
}

SoleOwner::~SoleOwner() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace madoguchi::store
