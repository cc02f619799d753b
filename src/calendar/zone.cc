#include "calendar/zone.h"

#include <date/tz.h>

#include <exception>

namespace madoguchi::calendar {

namespace chr = std::chrono;

namespace {

date::local_time<Micros> as_date(LocalTime local) {
  return date::local_time<Micros>(local.time_since_epoch());
}

}  // namespace

Result<Zone> Zone::find(std::string_view name) {
  try {
    const date::time_zone* zone = date::locate_zone(std::string(name));
    // The library reads a zone's file at its first use: do it here, while files may still be read.
    static_cast<void>(zone->get_info(date::sys_seconds{}));
    return Zone(zone);
  } catch (const std::exception&) {
    return fail(ErrorCode::kInvalid, "the time zone \"" + std::string(name.substr(0, 64)) +
                                         "\" is not in this machine's tz database; use a name such "
                                         "as Asia/Tokyo");
  }
}

std::string Zone::name() const {
  return zone_->name();
}

LocalTime Zone::to_local(Time time) const {
  return LocalTime(zone_->to_local(time).time_since_epoch());
}

Time Zone::to_utc(LocalTime local, Ambiguous which) const {
  const date::local_info found = zone_->get_info(as_date(local));
  switch (found.result) {
    case date::local_info::unique:
      break;
    case date::local_info::nonexistent:
      return chr::time_point_cast<Micros>(found.first.end);
    case date::local_info::ambiguous:
      return Time(local.time_since_epoch() -
                  (which == Ambiguous::kEarlier ? found.first : found.second).offset);
  }
  return Time(local.time_since_epoch() - found.first.offset);
}

Day Zone::day_of(Time time) const {
  return Day(chr::floor<chr::days>(to_local(time)));
}

Time Zone::start_of(Day day) const {
  return to_utc(LocalTime(chr::local_days(day)));
}

}  // namespace madoguchi::calendar
