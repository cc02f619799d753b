#include "centre/desk_input.h"

#include <fmt/format.h>

#include <algorithm>

#include "routing/names.h"

namespace madoguchi::centre {
namespace {

constexpr std::size_t kMostText = 2'000;
constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::optional<std::size_t> day_from(std::string_view name) {
  const auto found = std::find(kDays.begin(), kDays.end(), name);
  if (found == kDays.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kDays.begin());
}

template <typename Enum>
void read_name(JsonInput& input, std::string_view member, Enum& into) {
  const auto text = input.optional_text(member);
  if (!text) return;
  if (const auto value = routing::from_name<Enum>(*text))
    into = *value;
  else
    input.refuse(member, "is none of the names it may have");
}

// A number that the desk gives up is not shown any longer either: it may be another client's next.
void replace_numbers(DeskPart& desk, std::vector<std::string> numbers) {
  const auto among = [&](const std::vector<std::string>& all) {
    return std::find(all.begin(), all.end(), desk.shown_number) != all.end();
  };
  if (among(desk.routing.numbers) && !among(numbers)) desk.shown_number.clear();
  desk.routing.numbers = std::move(numbers);
}

void read_numbers(JsonInput& input, const FloorParts& floor, DeskPart& desk) {
  if (auto numbers = input.optional_texts("numbers")) replace_numbers(desk, *std::move(numbers));
  if (desk.routing.numbers.empty()) input.refuse("numbers", "a desk needs one number at least");
  for (const std::string& number : desk.routing.numbers) {
    if (!is_number(number)) input.refuse("numbers", "a number looks like +81312345678");
    for (const auto& [id, other] : floor.desks)
      if (id != desk.routing.id &&
          std::count(other.routing.numbers.begin(), other.routing.numbers.end(), number) > 0)
        input.refuse("numbers", fmt::format("{} belongs to desk {}", number, id.text()));
  }
  if (const auto shown = input.optional_text("shown_number", 16)) {
    if (!is_number(*shown)) input.refuse("shown_number", "a number looks like +81312345678");
    desk.shown_number = *shown;
  }
  if (desk.shown_number.empty() && !desk.routing.numbers.empty())
    desk.shown_number = desk.routing.numbers.front();
}

// "mon", "mon-fri", "fri-mon"
std::optional<std::vector<std::size_t>> days_from(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = day_from(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : day_from(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  std::vector<std::size_t> days;
  for (std::size_t day = *first;; day = (day + 1) % kDays.size()) {
    days.push_back(day);
    if (day == *last) return days;
  }
}

}  // namespace

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text.size() >= 2 && text.size() <= 15 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<calendar::OpeningHours> hours_from_lines(const std::vector<std::string>& lines) {
  calendar::OpeningHoursSettings settings;
  for (const std::string& line : lines) {
    const auto wrong = [&] {
      return fail(ErrorCode::kInvalid,
                  fmt::format("\"{:.40}\" is no line like \"mon-fri 09:00-18:00\" or "
                              "\"holidays closed\"",
                              line));
    };
    const auto space = line.find(' ');
    if (space == std::string::npos) return wrong();
    const std::string_view who = std::string_view(line).substr(0, space);
    const std::string_view when = std::string_view(line).substr(space + 1);
    calendar::DayHours hours;
    if (when != "closed") {
      const auto interval = calendar::parse_interval(when);
      if (!interval) return wrong();
      hours.push_back(*interval);
    }
    const auto add = [&](calendar::DayHours& to) {
      to.insert(to.end(), hours.begin(), hours.end());
    };
    if (who == "holidays") {
      if (!settings.holidays) settings.holidays.emplace();
      add(*settings.holidays);
      continue;
    }
    const auto days = days_from(who);
    if (!days) return wrong();
    for (const std::size_t day : *days) add(settings.week[day]);
  }
  auto hours = calendar::OpeningHours::make(settings);
  if (hours && !hours->ever_opens())
    return fail(ErrorCode::kInvalid,
                "the desk would never be open: name its days too, e.g. \"mon-fri 09:00-18:00\", or "
                "\"sun-sat 00:00-24:00\" for all of them");
  return hours;
}

void read_desk(JsonInput& input, const FloorParts& floor, DeskPart& desk) {
  routing::Desk& routing = desk.routing;
  if (const auto name = input.optional_text("name", 200)) desk.name = *name;
  if (desk.name.empty()) input.refuse("name", "is missing");
  if (const auto id = input.optional_text("organisation_id"))
    routing.organisation = OrganisationId(*id);
  if (!floor.organisations.contains(routing.organisation))
    input.refuse("organisation_id", "there is no such organisation");
  if (const auto id = input.optional_text("group_id")) routing.group = GroupId(*id);
  if (!floor.groups.contains(routing.group)) input.refuse("group_id", "there is no such group");
  read_numbers(input, floor, desk);
  read_name(input, "answer", routing.answer);
  read_name(input, "callback", routing.callback);
  if (const auto flag = input.optional_flag("recorded")) desk.recorded = *flag;
  if (const auto flag = input.optional_flag("announce_place")) routing.announce_place = *flag;
  if (const auto lines = input.optional_texts("hours")) {
    auto hours = lines->empty() ? calendar::OpeningHours::always() : hours_from_lines(*lines);
    if (hours)
      routing.hours = std::move(*hours);
    else
      input.refuse("hours", hours.error().message);
  }
  for (std::size_t i = 0; i < kSounds; ++i)
    if (const auto text = input.optional_text(name_of(static_cast<Sound>(i)), kMostText))
      desk.texts[i] = *text;
}

}  // namespace madoguchi::centre
