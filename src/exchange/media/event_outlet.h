// The way of events from the media and recording threads to call control: a bounded queue and an
// eventfd. When the queue is full, digits and statistics are dropped and counted; everything else
// waits with its producer until there is room. push() from any thread, the rest from the control
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/bounded_queue.h"
#include "exchange/media/media_types.h"
#include "exchange/media/wake_fd.h"

namespace madoguchi::exchange {

class EventOutlet {
 public:
  explicit EventOutlet(std::size_t capacity);
  EventOutlet(const EventOutlet&) = delete;
  EventOutlet& operator=(const EventOutlet&) = delete;

  void push(MediaEvent event);
  // Tries again with what waits; call now and then from any producing thread.
  void retry();

  [[nodiscard]] int fd() const { return wake_.fd(); }
  void drain(std::vector<MediaEvent>& into);
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void hand_over_waiting();  // with mutex_ held

  BoundedQueue<MediaEvent> queue_;
  WakeFd wake_;
  std::atomic<std::uint64_t> dropped_{0};
  std::mutex mutex_;
  std::vector<MediaEvent> waiting_;  // as many as there are calls, legs and recordings at most
};

}  // namespace madoguchi::exchange
