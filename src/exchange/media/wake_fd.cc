#include "exchange/media/wake_fd.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"

namespace madoguchi::exchange {

WakeFd::WakeFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  CHECK(fd_ >= 0);
}
WakeFd::~WakeFd() {
  ::close(fd_);
}

// Raising fails only when it is raised 2^64 - 1 times over, clearing only when it is clear: neither
// matters.
void WakeFd::raise() const {
  static_cast<void>(::eventfd_write(fd_, 1));
}
void WakeFd::clear() const {
  eventfd_t count = 0;
  static_cast<void>(::eventfd_read(fd_, &count));
}

}  // namespace madoguchi::exchange
