#include "centre/floor_settings.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/sealing.h"
#include "routing/names.h"

namespace madoguchi::centre {
namespace {

using nlohmann::json;

json hours_json(const calendar::DayHours& hours) {
  json out = json::array();
  for (const auto& interval : hours) out.push_back(calendar::format_interval(interval));
  return out;
}

json hours_json(const calendar::OpeningHoursSettings& settings) {
  json week = json::array();
  for (const auto& day : settings.week) week.push_back(hours_json(day));
  json out = {{"zone", settings.zone}, {"week", week}};
  if (settings.holidays) out["holidays"] = hours_json(*settings.holidays);
  json exceptions = json::object();
  for (const auto& [day, hours] : settings.exceptions)
    exceptions[calendar::format_day(day)] = hours_json(hours);
  out["exceptions"] = exceptions;
  return out;
}

calendar::DayHours day_hours_from(const json& from) {
  calendar::DayHours hours;
  for (const auto& text : from) {
    const auto interval = calendar::parse_interval(text.get<std::string>());
    if (interval) hours.push_back(*interval);
  }
  return hours;
}

Result<calendar::OpeningHours> hours_from(const json& from) {
  calendar::OpeningHoursSettings settings;
  settings.zone = from.at("zone").get<std::string>();
  for (std::size_t day = 0; day < settings.week.size(); ++day)
    settings.week[day] = day_hours_from(from.at("week").at(day));
  if (from.contains("holidays")) settings.holidays = day_hours_from(from.at("holidays"));
  for (const auto& [day, hours] : from.at("exceptions").items())
    if (const auto date = calendar::parse_day(day))
      settings.exceptions[*date] = day_hours_from(hours);
  return calendar::OpeningHours::make(settings);
}

json sounds_json(const std::array<std::string, kSounds>& sounds) {
  json out = json::object();
  for (std::size_t i = 0; i < kSounds; ++i)
    if (!sounds[i].empty()) out[std::string(name_of(static_cast<Sound>(i)))] = sounds[i];
  return out;
}

void read_sounds(const json& from, std::array<std::string, kSounds>& into) {
  for (std::size_t i = 0; i < kSounds; ++i)
    into[i] = from.value(std::string(name_of(static_cast<Sound>(i))), std::string());
}

Result<DeskPart> desk_from(const FloorRow& row) {
  const json from = json::parse(row.body);
  DeskPart part;
  part.name = from.at("name").get<std::string>();
  part.shown_number = from.at("shown_number").get<std::string>();
  part.recorded = from.at("recorded").get<bool>();
  part.callback_offer_every = Micros(from.at("callback_offer_every_us").get<std::int64_t>());
  part.place_every = Micros(from.value("place_every_us", part.place_every.count()));
  part.place_text = from.value("place_text", std::string());
  read_sounds(from.at("texts"), part.texts);
  routing::Desk& desk = part.routing;
  desk.id = DeskId(row.id);
  desk.organisation = OrganisationId(from.at("organisation").get<std::string>());
  desk.group = GroupId(from.at("group").get<std::string>());
  desk.numbers = from.at("numbers").get<std::vector<std::string>>();
  desk.answer = routing::from_name<routing::AnswerMode>(from.at("answer").get<std::string>())
                    .value_or(routing::AnswerMode::kAtOnce);
  desk.callback =
      routing::from_name<routing::CallbackPolicy>(from.at("callback").get<std::string>())
          .value_or(routing::CallbackPolicy::kAsk);
  auto hours = hours_from(from.at("hours"));
  if (!hours) return tl::unexpected<Error>(hours.error());
  desk.hours = std::move(*hours);
  desk.ring_limit = Micros(from.at("ring_limit_us").get<std::int64_t>());
  desk.wrap_up_limit = Micros(from.at("wrap_up_limit_us").get<std::int64_t>());
  desk.wrap_up_end =
      routing::from_name<routing::WrapUpEnd>(from.at("wrap_up_end").get<std::string>())
          .value_or(routing::WrapUpEnd::kStay);
  desk.announce_place = from.at("announce_place").get<bool>();
  desk.promise_within = Micros(from.at("promise_within_us").get<std::int64_t>());
  desk.promise_repeat = Micros(from.at("promise_repeat_us").get<std::int64_t>());
  desk.promise_attempts = from.at("promise_attempts").get<int>();
  return part;
}

Result<void> take_row(const FloorRow& row, FloorParts& parts) {
  if (row.kind == "organisation") {
    const OrganisationId id(row.id);
    parts.organisations[id] = {id, json::parse(row.body).at("name").get<std::string>()};
  } else if (row.kind == "group") {
    const GroupId id(row.id);
    parts.groups[id] = {id, json::parse(row.body).at("name").get<std::string>()};
  } else if (row.kind == "desk") {
    auto desk = desk_from(row);
    if (!desk) return tl::unexpected<Error>(desk.error());
    parts.desks[DeskId(row.id)] = std::move(*desk);
  } else if (row.kind == "desk_prompts") {
    // Rows come by kind, so the desks are there already.
    const auto desk = parts.desks.find(DeskId(row.id));
    if (desk == parts.desks.end()) return {};
    const json from = json::parse(row.body);
    read_sounds(from.at("prompts"), desk->second.prompts);
    for (const auto& name : from.at("silenced"))
      for (std::size_t i = 0; i < kSounds; ++i)
        if (name == name_of(static_cast<Sound>(i))) desk->second.silenced[i] = true;
  }
  return {};
}

}  // namespace

std::string_view name_of(Sound sound) {
  switch (sound) {
    case Sound::kGreeting:
      return "greeting";
    case Sound::kNotice:
      return "notice";
    case Sound::kWaiting:
      return "waiting";
    case Sound::kHold:
      return "hold";
    case Sound::kClosed:
      return "closed";
    case Sound::kCallbackOffer:
      return "callback_offer";
    case Sound::kCallbackThanks:
      return "callback_thanks";
    case Sound::kCallbackDigits:
      return "callback_digits";
    case Sound::kUnrecorded:
      return "unrecorded";
    case Sound::kCallbackAnnouncement:
      return "callback_announcement";
  }
  return {};
}

std::string DeskPart::prompt_for(Sound sound, bool speech) const {
  const auto i = static_cast<std::size_t>(sound);
  if (silenced[i]) return {};
  if (!prompts[i].empty()) return prompts[i];
  if (sound == Sound::kWaiting && texts[i].empty()) return kWaitingTone;
  if (sound == Sound::kHold && texts[i].empty()) return kHoldTone;
  if (texts[i].empty() || !speech) return {};
  return spoken_prompt_id(texts[i]);
}

std::vector<Sound> DeskPart::unspoken(bool speech) const {
  std::vector<Sound> all;
  for (std::size_t i = 0; !speech && i < kSounds; ++i)
    if (!texts[i].empty() && !silenced[i] && prompts[i].empty())
      all.push_back(static_cast<Sound>(i));
  return all;
}

std::string DeskPart::words_for_place(std::size_t place) const {
  const auto at = place_text.find("{n}");
  if (at == std::string::npos) return {};
  return place_text.substr(0, at) + std::to_string(place) + place_text.substr(at + 3);
}

std::string spoken_prompt_id(const std::string& text) {
  return "spoken-" + to_hex(sha256(as_bytes(text))).substr(0, 24);
}

FloorRow to_row(const OrganisationPart& part) {
  return {"organisation", part.id.text(), json{{"name", part.name}}.dump()};
}

FloorRow to_row(const GroupPart& part) {
  return {"group", part.id.text(), json{{"name", part.name}}.dump()};
}

FloorRow to_row(const DeskPart& part) {
  const routing::Desk& desk = part.routing;
  const json body = {
      {"name", part.name},
      {"shown_number", part.shown_number},
      {"recorded", part.recorded},
      {"callback_offer_every_us", part.callback_offer_every.count()},
      {"place_every_us", part.place_every.count()},
      {"place_text", part.place_text},
      {"texts", sounds_json(part.texts)},
      {"organisation", desk.organisation.text()},
      {"group", desk.group.text()},
      {"numbers", desk.numbers},
      {"answer", routing::name_of(desk.answer)},
      {"callback", routing::name_of(desk.callback)},
      {"hours", hours_json(desk.hours.settings())},
      {"ring_limit_us", desk.ring_limit.count()},
      {"wrap_up_limit_us", desk.wrap_up_limit.count()},
      {"wrap_up_end", routing::name_of(desk.wrap_up_end)},
      {"announce_place", desk.announce_place},
      {"promise_within_us", desk.promise_within.count()},
      {"promise_repeat_us", desk.promise_repeat.count()},
      {"promise_attempts", desk.promise_attempts},
  };
  return {"desk", desk.id.text(), body.dump()};
}

FloorRow to_prompts_row(const DeskPart& part) {
  json silenced = json::array();
  for (std::size_t i = 0; i < kSounds; ++i)
    if (part.silenced[i]) silenced.push_back(name_of(static_cast<Sound>(i)));
  return {"desk_prompts", part.routing.id.text(),
          json{{"prompts", sounds_json(part.prompts)}, {"silenced", silenced}}.dump()};
}

Result<FloorParts> from_rows(const std::vector<FloorRow>& rows) {
  FloorParts parts;
  for (const FloorRow& row : rows) {
    Result<void> taken;
    try {
      taken = take_row(row, parts);
    } catch (const json::exception&) {
      taken = fail(ErrorCode::kCorrupt, "is not what was stored");
    }
    if (!taken)
      return fail(ErrorCode::kCorrupt,
                  fmt::format("{} {}: {}", row.kind, row.id, taken.error().message));
  }
  return parts;
}

Floor floor_for_flow(const FloorParts& parts, const std::vector<AccountRow>& accounts, bool speech,
                     const PlaceSounds& places) {
  Floor floor;
  for (const auto& [id, part] : parts.desks) {
    DeskSettings desk{part.routing, part.name, part.texts[0], {}, part.place_every, {}};
    desk.plan.greeting_prompt = part.prompt_for(Sound::kGreeting, speech);
    desk.plan.notice_prompt = part.prompt_for(Sound::kNotice, speech);
    desk.plan.waiting_prompt = part.prompt_for(Sound::kWaiting, speech);
    desk.plan.hold_prompt = part.prompt_for(Sound::kHold, speech);
    desk.plan.closed_prompt = part.prompt_for(Sound::kClosed, speech);
    desk.plan.callback_offer_prompt = part.prompt_for(Sound::kCallbackOffer, speech);
    desk.plan.callback_thanks_prompt = part.prompt_for(Sound::kCallbackThanks, speech);
    desk.plan.callback_digits_prompt = part.prompt_for(Sound::kCallbackDigits, speech);
    desk.plan.unrecorded_prompt = part.prompt_for(Sound::kUnrecorded, speech);
    desk.plan.callback_announcement_prompt = part.prompt_for(Sound::kCallbackAnnouncement, speech);
    desk.plan.own_phone_prompt = speech ? spoken_prompt_id(kOwnPhoneWords) : kWaitingTone;
    desk.plan.callback_offer_every = part.callback_offer_every;
    desk.plan.recorded = part.recorded;
    desk.plan.shown_number = part.shown_number;
    for (std::size_t place = 1; part.routing.announce_place && place <= kPlacesTold; ++place) {
      const auto given = places.find(place);
      const std::string words = speech ? part.words_for_place(place) : "";
      if (given == places.end() && words.empty()) break;
      desk.place_prompts.push_back(given != places.end() ? given->second : spoken_prompt_id(words));
    }
    floor.desks.push_back(std::move(desk));
  }
  for (const AccountRow& account : accounts)
    if (!account.operator_id.empty() && !account.disabled)
      floor.operators.push_back({account.operator_id, account.groups, account.own_phone});
  return floor;
}

}  // namespace madoguchi::centre
