// epoll as a value: sockets go in under a key, the keys of those that are readable come out. One
// thread.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

namespace madoguchi::exchange {

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void add(int fd, std::uint64_t key);
  void remove(int fd);

  // Waits at most `milliseconds` (0: not at all). Valid until the next call.
  std::span<const epoll_event> wait(int milliseconds);

 private:
  int fd_;
  std::array<epoll_event, 1024> ready_{};
};

}  // namespace madoguchi::exchange
