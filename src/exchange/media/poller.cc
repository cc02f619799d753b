#include "exchange/media/poller.h"

#include <unistd.h>

#include <algorithm>

#include "base/check.h"

namespace madoguchi::exchange {

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  CHECK(fd_ >= 0);
}
Poller::~Poller() {
  ::close(fd_);
}

void Poller::add(int fd, std::uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  CHECK(::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) == 0);
}

void Poller::remove(int fd) {
  static_cast<void>(::epoll_ctl(fd_, EPOLL_CTL_DEL, fd, nullptr));
}

std::span<const epoll_event> Poller::wait(int milliseconds) {
  const int got = ::epoll_wait(fd_, ready_.data(), static_cast<int>(ready_.size()), milliseconds);
  return {ready_.data(), static_cast<std::size_t>(std::max(got, 0))};
}

}  // namespace madoguchi::exchange
