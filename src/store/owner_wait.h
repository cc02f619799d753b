// PostgreSQL lets a session's advisory lock go a moment after its client is gone: the owner who
// comes back after a restart or a crash waits that moment, and only then says that somebody else
// has the store. The thread that connects.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace madoguchi::store {

inline constexpr std::chrono::milliseconds kOwnerAgain{20};
inline constexpr int kOwnerTries = 100;

// `try_lock` is asked until it says yes, for two seconds at most.
inline bool locked_soon(const std::function<bool()>& try_lock) {
  for (int tries = 1; !try_lock(); ++tries) {
    if (tries == kOwnerTries) return false;
    std::this_thread::sleep_for(kOwnerAgain);
  }
  return true;
}

}  // namespace madoguchi::store
