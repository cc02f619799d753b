#include "base/time.h"

#include <fmt/format.h>

#include <cstdio>

namespace madoguchi {

namespace chr = std::chrono;

Time SystemClock::now() const {
  return chr::time_point_cast<Micros>(chr::system_clock::now());
}

MonoTime SystemClock::mono() const {
  return MonoTime(chr::duration_cast<Micros>(chr::steady_clock::now().time_since_epoch()));
}

std::string format_utc(Time time) {
  const auto day = chr::floor<chr::days>(time);
  const chr::year_month_day date(day);
  const chr::hh_mm_ss<Micros> clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<Time> parse_utc(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::kInvalid, "a time looks like 2026-11-22T03:04:05Z");
  };
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  const std::string copy(text.substr(0, 40));
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                  &second, &used) != 6 ||
      used != 19)
    return bad();
  std::int64_t micros = 0;
  auto at = static_cast<std::size_t>(used);
  if (at < copy.size() && copy[at] == '.') {
    int digits = 0;
    for (++at; at < copy.size() && copy[at] >= '0' && copy[at] <= '9' && digits < 6; ++at, ++digits)
      micros = micros * 10 + (copy[at] - '0');
    if (digits == 0) return bad();
    for (; digits < 6; ++digits) micros *= 10;
  }
  if (copy.substr(at) != "Z") return bad();
  const chr::year_month_day date{chr::year(year), chr::month(static_cast<unsigned>(month)),
                                 chr::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return bad();
  return Time(chr::sys_days(date)) + chr::hours(hour) + chr::minutes(minute) +
         chr::seconds(second) + Micros(micros);
}

}  // namespace madoguchi
