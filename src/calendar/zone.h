// A time zone by its name in the system's tz database ("Asia/Tokyo"). Finding one reads the
// database and everything later stays in memory: find zones before a sandbox closes the file
// system. Values, cheap to copy, readable from any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "calendar/holidays.h"

namespace date {
class time_zone;
}

namespace madoguchi::calendar {

using LocalTime = std::chrono::local_time<Micros>;  // what a clock on the wall there shows

// Which of two instants a wall clock time means when it occurs twice, as when summer time ends.
enum class Ambiguous { kEarlier, kLater };

class Zone {
 public:
  static Result<Zone> find(std::string_view name);

  [[nodiscard]] std::string name() const;
  [[nodiscard]] LocalTime to_local(Time time) const;
  // A wall clock time that is skipped (summer time begins) is the instant of the skip.
  [[nodiscard]] Time to_utc(LocalTime local, Ambiguous which = Ambiguous::kEarlier) const;

  [[nodiscard]] Day day_of(Time time) const;
  // The first instant of that date there; days need not have 24 hours.
  [[nodiscard]] Time start_of(Day day) const;

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;  // owned by the tz library, for as long as the program runs
};

}  // namespace madoguchi::calendar
