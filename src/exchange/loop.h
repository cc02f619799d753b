// The exchange's one loop thread: runs a pump whenever something has come in or is due, but at most
// once in `rest`, so that one pass serves all that gathered meanwhile (packets, events, answers).
// wake() and post() may be called from any thread; everything else is the loop thread's.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/time.h"

namespace asio {
class io_context;
}

namespace madoguchi::exchange {

class Loop {
 public:
  Loop(const Clock& clock, std::chrono::microseconds rest);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(). The pump returns when it wants to be called next at the latest.
  void run(std::function<std::optional<MonoTime>()> pump);
  void stop();

  void wake();
  void post(std::function<void()> work);
  // Calls when the descriptor is readable: once for each watch_once().
  void watch_once(int descriptor);
  // SIGTERM and SIGINT, once.
  void on_signal(std::function<void()> act);

  asio::io_context& context();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace madoguchi::exchange
