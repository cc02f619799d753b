#include "base/rounds.h"

#include <pthread.h>

#include <utility>

namespace madoguchi {

Rounds::Rounds(const std::string& name, Rest first, Round round)
    : round_(std::move(round)), thread_([this, first] { run(first); }) {
  ::pthread_setname_np(thread_.native_handle(), name.c_str());
}

void Rounds::run(Rest first) {
  for (Rest rest = first;; rest = round_()) {
    std::unique_lock lock(mutex_);
    const auto over = [this] { return stopping_ || woken_; };
    if (rest == kUntilWoken)
      changed_.wait(lock, over);
    else
      changed_.wait_for(lock, rest, over);
    if (stopping_) return;
    woken_ = false;
  }
}

void Rounds::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void Rounds::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

}  // namespace madoguchi
