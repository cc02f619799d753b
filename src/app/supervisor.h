// Starts processes, keeps them running, stops them politely. Owned by `madoguchi up`; one thread.
//
// A process that ends is started again after a back-off that doubles from 100 ms to 5 s and starts
// afresh once it has been up for 30 s. A process that refuses its settings (exit 2) before it was
// ever ready is not tried again: that is a mistake to mend, and the supervisor stops everything and
// says so.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace madoguchi::app {

struct Program {
  std::string name;                    // "exchange"
  std::vector<std::string> arguments;  // after the program's own path
  std::string folder;                  // working directory
};

// When to start a process again: a pure rule.
class BackOff {
 public:
  // How long to wait after an end at `now`; `up_for` is how long it had been running.
  Micros after_end(Micros up_for);

 private:
  Micros next_{std::chrono::milliseconds(100)};
};

class Supervisor {
 public:
  // Started in this order, stopped in the order of `stop_order` (names).
  Supervisor(std::vector<Program> programs, std::vector<std::string> stop_order, Clock& clock);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Called once, when every process has said that it is ready; the map holds their status lines.
  void when_ready(std::function<void(const std::map<std::string, std::string>&)> callback);

  // Until SIGTERM or SIGINT, or an unmendable refusal; then stops the processes. Blocks.
  Result<void> run();

 private:
  struct Child {
    Program program;
    pid_t pid = 0;
    MonoTime started{};
    std::optional<MonoTime> start_at;  // due for a (re)start
    BackOff back_off;
    bool was_ready = false;
    int ends_before_ready = 0;
    std::string status;
  };

  Result<void> start(Child& child);
  void ended(Child& child, int wait_status);
  void reap();
  void hear();
  void start_due();
  void stop_all();
  void wait_for(Child& child, std::chrono::seconds at_most);
  [[nodiscard]] int milliseconds_to_next() const;

  std::vector<Child> children_;
  std::vector<std::string> stop_order_;
  Clock& clock_;
  std::function<void(const std::map<std::string, std::string>&)> on_ready_;
  std::string notify_name_;  // of an abstract socket, "@madoguchi-<pid>"
  int notify_fd_ = -1;
  int signal_fd_ = -1;
  std::optional<Error> refusal_;
};

}  // namespace madoguchi::app
