#include "centre/loop.h"

#include <algorithm>
#include <utility>

namespace madoguchi::centre {

bool Loop::post(Task task, Pace pace) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.size() >= capacity_) return false;
  waiting_.push_back(std::move(task));
  urgent_ = urgent_ || pace == Pace::kAtOnce;
  if (resting_ ? urgent_ : waiting_.size() == 1) wake_.notify_one();
  return true;
}

void Loop::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wake_.notify_one();
}

void Loop::wait(const std::optional<Time>& until) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !waiting_.empty(); };
  if (!until) {
    wake_.wait(lock, ready);
    return;
  }
  // Never longer than a second: a wall clock that is set back must not put deadlines to sleep.
  const Micros left = std::clamp<Micros>(*until - clock_.now(), Micros(0), std::chrono::seconds(1));
  wake_.wait_for(lock, left, ready);
}

void Loop::run(const std::function<void()>& after_batch,
               const std::function<std::optional<Time>()>& next) {
  std::vector<Task> batch;
  MonoTime last{};
  while (true) {
    wait(next());
    const Micros since = clock_.mono() - last;
    if (since < spacing_) {
      // Work that is already there waits for company; a stop does not.
      std::unique_lock lock(mutex_);
      resting_ = true;
      wake_.wait_for(lock, spacing_ - since, [this] { return stopping_ || urgent_; });
      resting_ = false;
    }
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      std::swap(batch, waiting_);
      urgent_ = false;
      stopping = stopping_;
    }
    for (Task& task : batch) task();
    batch.clear();
    after_batch();
    last = clock_.mono();
    if (stopping) return;
  }
}

}  // namespace madoguchi::centre
