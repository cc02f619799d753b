// Threads that do blocking work for the web server's only thread: reading a session, verifying a
// password. They share one queue, so a long task keeps none waiting while another thread is free.
// Bounded: when too much waits, push() says no and the caller answers "busy".
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace madoguchi::vault {

class Worker {
 public:
  explicit Worker(std::size_t most_waiting, std::size_t threads = 1);
  ~Worker();  // finishes the tasks at hand, drops the others
  Worker(const Worker&) = delete;

  [[nodiscard]] bool push(std::function<void()> task);

 private:
  void run();

  const std::size_t most_waiting_;
  std::mutex mutex_;  // guards the next three
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace madoguchi::vault
