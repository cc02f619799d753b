#include "exchange/media/event_outlet.h"

#include <utility>

namespace madoguchi::exchange {

EventOutlet::EventOutlet(std::size_t capacity) : queue_(capacity) {}

void EventOutlet::hand_over_waiting() {
  std::size_t given = 0;
  while (given < waiting_.size() && queue_.push(waiting_[given])) ++given;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(given));
}

void EventOutlet::push(MediaEvent event) {
  const std::lock_guard lock(mutex_);
  hand_over_waiting();
  const bool may_drop =
      std::holds_alternative<DigitPressed>(event) || std::holds_alternative<LegStatistics>(event);
  if (waiting_.empty()) {
    bool was_empty = false;
    if (queue_.push(event, &was_empty)) {
      if (was_empty) wake_.raise();
      return;
    }
  }
  if (may_drop) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
  } else {
    waiting_.push_back(std::move(event));
  }
}

void EventOutlet::retry() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return;
  hand_over_waiting();
  wake_.raise();
}

void EventOutlet::drain(std::vector<MediaEvent>& into) {
  wake_.clear();
  queue_.drain(into);
}

}  // namespace madoguchi::exchange
