// Work that is done in rounds on a thread of its own, with a rest after each, until its owner ends
// it. Whatever the round uses must be there before and outlive it: an owner has it as its last
// member.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace madoguchi {

class Rounds {
 public:
  using Rest = std::chrono::milliseconds;
  static constexpr Rest kUntilWoken = Rest::max();
  // Says how long to rest after it. On the thread.
  using Round = std::function<Rest()>;

  // `name` of the thread, at most 15 letters. The first round comes after `first`.
  Rounds(const std::string& name, Rest first, Round round);
  ~Rounds() { stop(); }
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  // Ends the rest; during a round, the one after it. Any thread.
  void wake();
  // Ends the rest and waits for the round at hand; there is none afterwards. What must still be
  // done is the owner's to do then. One thread, any number of times.
  void stop();

 private:
  void run(Rest first);

  const Round round_;
  std::mutex mutex_;  // guards the next two
  bool woken_ = false;
  bool stopping_ = false;
  std::condition_variable changed_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace madoguchi
