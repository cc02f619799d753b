#include "calendar/opening_hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace madoguchi::calendar {

namespace chr = std::chrono;

namespace {

constexpr chr::days kHorizon{400};
constexpr chr::minutes kDay{24 * 60};

constexpr std::array<const char*, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// "09:00" as minutes; 24:00 is allowed.
std::optional<chr::minutes> parse_clock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0, 1, 3, 4})
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  const chr::minutes clock(hours * 60 + minutes);
  if (minutes > 59 || clock > kDay) return std::nullopt;
  return clock;
}

bool is_sound(const Interval& interval) {
  return interval.from >= chr::minutes(0) && interval.from < kDay &&
         interval.until > interval.from && interval.until - interval.from <= kDay;
}

Result<void> check_hours(DayHours& hours, const std::string& of) {
  std::sort(hours.begin(), hours.end(),
            [](const Interval& a, const Interval& b) { return a.from < b.from; });
  for (const Interval& interval : hours)
    if (!is_sound(interval))
      return fail(
          ErrorCode::kInvalid,
          fmt::format("the hours of {} must begin within the day and last up to 24 hours", of));
  return {};
}

DayHours read_hours(Config& table, const char* key) {
  DayHours hours;
  for (const std::string& text : table.texts_or(key, {})) {
    const auto interval = parse_interval(text);
    if (interval)
      hours.push_back(*interval);
    else
      table.refuse(key, interval.error().message);
  }
  return hours;
}

}  // namespace

Result<Interval> parse_interval(std::string_view text) {
  const auto bad = [] {
    return fail(ErrorCode::kInvalid,
                "hours look like \"09:00-18:00\", or \"22:00-06:00\" until the next morning");
  };
  if (text.size() != 11 || text[5] != '-') return bad();
  const auto from = parse_clock(text.substr(0, 5));
  const auto until = parse_clock(text.substr(6, 5));
  if (!from || !until || *from == kDay) return bad();
  const Interval interval{*from, *until > *from ? *until : *until + kDay};
  if (!is_sound(interval)) return bad();
  return interval;
}

std::string format_interval(const Interval& interval) {
  const auto until = interval.until > kDay ? interval.until - kDay : interval.until;
  return fmt::format("{:02}:{:02}-{:02}:{:02}", interval.from.count() / 60,
                     interval.from.count() % 60, until.count() / 60, until.count() % 60);
}

OpeningHours::OpeningHours(OpeningHoursSettings settings, Zone zone, const Holidays& holidays)
    : settings_(std::move(settings)), zone_(zone) {
  if (settings_.holidays) holidays_ = holidays.days();
}

Result<OpeningHours> OpeningHours::make(const OpeningHoursSettings& settings,
                                        const Holidays& holidays) {
  auto zone = Zone::find(settings.zone);
  if (!zone) return tl::unexpected(zone.error());
  OpeningHoursSettings checked = settings;
  for (std::size_t day = 0; day < checked.week.size(); ++day)
    if (auto good = check_hours(checked.week[day], kWeekdays[day]); !good)
      return tl::unexpected(good.error());
  if (checked.holidays)
    if (auto good = check_hours(*checked.holidays, "holidays"); !good)
      return tl::unexpected(good.error());
  for (auto& [day, hours] : checked.exceptions)
    if (auto good = check_hours(hours, format_day(day)); !good) return tl::unexpected(good.error());
  return OpeningHours(std::move(checked), *zone, holidays);
}

OpeningHours OpeningHours::always(std::string_view zone) {
  OpeningHoursSettings settings;
  settings.zone = zone;
  for (DayHours& hours : settings.week) hours = {Interval{chr::minutes(0), kDay}};
  auto made = make(settings);
  CHECK(made.has_value());  // callers name a zone that they looked up, or Asia/Tokyo
  return std::move(*made);
}

OpeningHours OpeningHours::from_config(Config& table, const Holidays& holidays) {
  OpeningHoursSettings settings;
  settings.zone = table.text_or("zone", "Asia/Tokyo");
  for (std::size_t day = 0; day < kWeekdays.size(); ++day)
    settings.week[day] = read_hours(table, kWeekdays[day]);
  const std::string on_holidays = table.text_or("holidays", "as_usual");
  if (on_holidays == "closed" || table.has("holiday_hours"))
    settings.holidays = read_hours(table, "holiday_hours");
  else if (on_holidays != "as_usual")
    table.refuse("holidays", "must be \"as_usual\" or \"closed\"");
  for (Config& row : table.tables("exceptions")) {
    const auto day = parse_day(row.text("date"));
    DayHours hours = read_hours(row, "hours");
    if (!day)
      row.refuse("date", day.error().message);
    else if (!settings.exceptions.emplace(*day, std::move(hours)).second)
      row.refuse("date", "stands here twice");
  }
  auto made = make(settings, holidays);
  if (made) return std::move(*made);
  table.refuse("zone", made.error().message);
  OpeningHoursSettings never;
  never.zone = "UTC";
  auto closed = make(never);
  CHECK(closed.has_value());  // every tz database has UTC
  return std::move(*closed);
}

bool OpeningHours::ever_opens() const {
  const auto has_hours = [](const DayHours& hours) { return !hours.empty(); };
  return std::any_of(settings_.week.begin(), settings_.week.end(), has_hours) ||
         (settings_.holidays && has_hours(*settings_.holidays)) ||
         std::any_of(settings_.exceptions.begin(), settings_.exceptions.end(),
                     [&](const auto& one) { return has_hours(one.second); });
}

const DayHours& OpeningHours::hours_of(Day day) const {
  const auto exception = settings_.exceptions.find(day);
  if (exception != settings_.exceptions.end()) return exception->second;
  if (settings_.holidays && holidays_.contains(day)) return *settings_.holidays;
  return settings_.week[chr::weekday(chr::local_days(day)).c_encoding()];
}

void OpeningHours::add_spans_of(Day day, std::vector<Span>& spans) const {
  for (const Interval& interval : hours_of(day)) {
    const LocalTime midnight{chr::local_days(day)};
    const Span span{zone_.to_utc(midnight + interval.from, Ambiguous::kEarlier),
                    zone_.to_utc(midnight + interval.until, Ambiguous::kLater)};
    if (span.until > span.from) spans.push_back(span);
  }
}

std::optional<OpeningHours::Span> OpeningHours::span_at_or_after(Time time, Micros enough) const {
  const auto today = chr::local_days(zone_.day_of(time));
  std::optional<Span> found;
  std::vector<Span> spans;
  // An interval ends at most two dates after it began, so earlier dates can't matter.
  for (auto day = today - chr::days(2); day <= today + kHorizon; day += chr::days(1)) {
    spans.clear();
    add_spans_of(Day(day), spans);
    for (const Span& span : spans) {
      if (span.until <= time) continue;
      if (!found)
        found = span;
      else if (span.from <= found->until)
        found->until = std::max(found->until, span.until);
      else
        return found;
    }
    if (found && found->until - std::max(time, found->from) >= enough) return found;
    // The next date's intervals begin at its midnight or later.
    if (found && found->until < zone_.start_of(Day(day + chr::days(1)))) return found;
  }
  return found;
}

bool OpeningHours::is_open(Time time) const {
  const auto today = chr::local_days(zone_.day_of(time));
  std::vector<Span> spans;
  for (int back = 0; back <= 2; ++back) add_spans_of(Day(today - chr::days(back)), spans);
  return std::any_of(spans.begin(), spans.end(),
                     [&](const Span& span) { return span.from <= time && time < span.until; });
}

std::optional<Time> OpeningHours::next_change(Time time) const {
  const auto span = span_at_or_after(time, 2 * kHorizon);
  if (!span) return std::nullopt;
  const Time change = span->from > time ? span->from : span->until;
  if (change > time + kHorizon) return std::nullopt;
  return change;
}

Time OpeningHours::after_open(Time time, Micros span) const {
  Time at = time;
  Micros left = span;
  while (at < time + kHorizon) {
    const auto open = span_at_or_after(at, left);
    if (!open) break;
    const Time from = std::max(at, open->from);
    if (open->until - from >= left) return from + left;
    left -= open->until - from;
    at = open->until;
  }
  return time + span;
}

}  // namespace madoguchi::calendar
