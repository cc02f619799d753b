// The thread that owns the centre's state. Other threads post work to it; it runs what has gathered
// as one batch, then calls `after_batch` once (to drain the call flow), and sleeps until there is
// more or until the deadline that was asked for. Under load batches are at least `spacing` apart,
// so that a message, a transaction and a wake-up serve many calls; what is urgent does not wait.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/time.h"

namespace madoguchi::centre {

class Loop {
 public:
  using Task = std::function<void()>;

  explicit Loop(const Clock& clock, Micros spacing = std::chrono::milliseconds(3),
                std::size_t capacity = 100'000)
      : clock_(clock), spacing_(spacing), capacity_(capacity) {}

  enum class Pace { kWithOthers, kAtOnce };
  // Any thread. False when full or stopping; the caller then refuses what it was asked.
  bool post(Task task, Pace pace = Pace::kWithOthers);

  // Runs on the calling thread until stop(). `next` says when `after_batch` wants to be called at
  // the latest, in wall time.
  void run(const std::function<void()>& after_batch,
           const std::function<std::optional<Time>()>& next);
  void stop();  // any thread; what was posted before is still run

 private:
  void wait(const std::optional<Time>& until);

  const Clock& clock_;
  const Micros spacing_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> waiting_;
  bool urgent_ = false;   // something of it waits
  bool resting_ = false;  // between two batches of a rush
  bool stopping_ = false;
};

}  // namespace madoguchi::centre
