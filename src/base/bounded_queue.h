// A queue between threads that can be full. Values only. The producer decides what full means:
// push() returns false and the caller drops, refuses or waits, and counts it. Any number of threads
// on either side.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace madoguchi {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // True also tells through `was_empty` that the consumer may be asleep and wants a wake-up.
  [[nodiscard]] bool push(T value, bool* was_empty = nullptr) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= capacity_) return false;
    if (was_empty != nullptr) *was_empty = waiting_.empty();
    waiting_.push_back(std::move(value));
    return true;
  }

  // Everything that waits, in order; `into` is cleared first and its storage is reused.
  void drain(std::vector<T>& into) {
    into.clear();
    const std::lock_guard lock(mutex_);
    std::swap(into, waiting_);
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::vector<T> waiting_;
};

}  // namespace madoguchi
