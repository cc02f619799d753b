// Two kinds of time that never mix: Time is wall time (UTC), for deadlines and records; MonoTime
// only moves forward, for media and protocol timers. Engines are passed one or the other; only
// Clock asks the machine.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace madoguchi {

using Micros = std::chrono::microseconds;
using Time = std::chrono::time_point<std::chrono::system_clock, Micros>;
struct MonoTag {
  using duration = Micros;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoTag, duration>;
  static constexpr bool is_steady = true;
};
using MonoTime = std::chrono::time_point<MonoTag, Micros>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
  [[nodiscard]] virtual MonoTime mono() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
  [[nodiscard]] MonoTime mono() const override;
};

// A clock that stands still until told; for tests and simulations.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start.time_since_epoch().count()) {}
  [[nodiscard]] Time now() const override { return Time(Micros(now_.load())); }
  [[nodiscard]] MonoTime mono() const override { return MonoTime(Micros(mono_.load())); }
  void advance(Micros by) {
    now_ += by.count();
    mono_ += by.count();
  }
  // Moves wall time alone, as when an administrator sets the clock.
  void jump(Micros by) { now_ += by.count(); }

 private:
  // Microseconds; threads under test read them while the test moves on.
  std::atomic<Micros::rep> now_;
  std::atomic<Micros::rep> mono_{0};
};

inline Time time_from_micros(std::int64_t since_epoch) {
  return Time(Micros(since_epoch));
}
inline std::int64_t to_micros(Time time) {
  return time.time_since_epoch().count();
}

// RFC 3339 in UTC with microseconds, "2026-11-22T03:04:05.000006Z"; parse takes any fraction up to
// 6 digits.
std::string format_utc(Time time);
Result<Time> parse_utc(std::string_view text);

}  // namespace madoguchi
