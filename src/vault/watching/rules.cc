#include "vault/watching/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/config.h"
#include "vault_data/watching.h"

namespace madoguchi::vault {
namespace {

constexpr std::pair<std::string_view, Measure> kMeasures[] = {
    {"people_in_call", Measure::kPeopleInCall},
    {"others_in_call", Measure::kOthersInCall},
    {"mismatches_in_call", Measure::kMismatchesInCall},
    {"mismatches", Measure::kMismatches},
    {"refusals", Measure::kRefusals},
    {"outside_hours", Measure::kOutsideHours},
    {"rise_own", Measure::kRiseOwn},
    {"rise_desk", Measure::kRiseDesk},
    {"canary", Measure::kCanary},
};

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

WatchRule read_rule(Config& table) {
  WatchRule rule;
  rule.id = table.text("id");
  if (!is_word(rule.id)) table.refuse("id", "must be a word of a-z, 0-9 and _");
  const std::string measure = table.text("measure");
  const auto* const known = std::find_if(std::begin(kMeasures), std::end(kMeasures),
                                         [&](const auto& one) { return one.first == measure; });
  if (known == std::end(kMeasures))
    table.refuse("measure", "is none that is known: " + measure);
  else
    rule.measure = known->second;
  rule.at_least = table.integer("at_least", 1, 1'000'000);
  rule.within = std::chrono::minutes(table.integer_or("within_minutes", 60, 1, 24 * 60));
  rule.times = table.integer_or("times", 1, 1, 1000);
  rule.spread = table.integer_or("spread", 0, 0, 100);
  rule.known_hours = table.integer_or("known_hours", 0, 0, 10'000);
  const auto severity = severity_named(table.text("severity"));
  if (severity)
    rule.severity = *severity;
  else
    table.refuse("severity", severity.error().message);
  rule.freezes = table.flag_or("freezes", false);
  if (rule.freezes && rule.severity != Severity::kSevere)
    table.refuse("freezes", "only what is severe freezes a ticket");
  rule.ja = table.text("ja");
  rule.en = table.text("en");
  return rule;
}

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kNotice:
      return "notice";
    case Severity::kWarning:
      return "warning";
    case Severity::kSevere:
      return "severe";
  }
  return "";
}

Result<Severity> severity_named(std::string_view name) {
  for (const Severity severity : {Severity::kNotice, Severity::kWarning, Severity::kSevere})
    if (name == name_of(severity)) return severity;
  return fail(ErrorCode::kInvalid, "must be notice, warning or severe");
}

const WatchRules& WatchRules::built_in() {
  static const WatchRules rules = [] {
    auto built_in = from_text(kWatching, "data/watching.toml");
    CHECK(built_in.has_value());
    return std::move(*built_in);
  }();
  return rules;
}

Result<WatchRules> WatchRules::from_file(const std::filesystem::path& file) {
  auto config = Config::from_file(file);
  if (!config) return tl::unexpected<Error>(config.error());
  return read(*config);
}

Result<WatchRules> WatchRules::from_text(std::string_view toml, std::string file_name) {
  auto config = Config::from_text(toml, std::move(file_name));
  if (!config) return tl::unexpected<Error>(config.error());
  return read(*config);
}

Result<WatchRules> WatchRules::read(Config& config) {
  WatchRules rules;
  config.table("source").text_or("checked", "");
  rules.habit_ = std::chrono::hours(24 * config.table("habit").integer_or("days", 28, 1, 366));
  if (config.has("hours")) {
    Config hours = config.table("hours");
    rules.hours_ = calendar::OpeningHours::from_config(hours);
  }
  for (Config& table : config.tables("desk")) {
    const auto desk = DeskId::parse(table.text("desk"));
    auto hours = calendar::OpeningHours::from_config(table);
    if (!desk)
      table.refuse("desk", desk.error().message);
    else if (!rules.desks_.emplace(*desk, std::move(hours)).second)
      table.refuse("desk", "stands here twice");
  }
  for (Config& table : config.tables("rule")) {
    WatchRule rule = read_rule(table);
    if (rules.find(rule.id) != nullptr) table.refuse("id", "stands here twice");
    rules.rules_.push_back(std::move(rule));
  }
  if (auto known = config.finish(); !known) return tl::unexpected<Error>(known.error());
  return rules;
}

const WatchRule* WatchRules::find(std::string_view id) const {
  const auto found = std::find_if(rules_.begin(), rules_.end(),
                                  [&](const WatchRule& rule) { return rule.id == id; });
  return found == rules_.end() ? nullptr : &*found;
}

const calendar::OpeningHours& WatchRules::hours(const DeskId& desk) const {
  const auto own = desks_.find(desk);
  return own == desks_.end() ? hours_ : own->second;
}

std::string say(std::string_view sentence, const AlarmFigures& figures) {
  const std::array<std::pair<std::string_view, std::string>, 5> values{{
      {"{count}", std::to_string(figures.count)},
      {"{limit}", std::to_string(figures.limit)},
      {"{usual}", fmt::format("{}.{}", figures.usual_tenths / 10, figures.usual_tenths % 10)},
      {"{minutes}", std::to_string(figures.minutes)},
      {"{time}", figures.local_time},
  }};
  std::string said(sentence);
  for (const auto& [name, value] : values)
    for (std::size_t at = said.find(name); at != std::string::npos; at = said.find(name, at))
      said.replace(at, name.size(), value);
  return said;
}

}  // namespace madoguchi::vault
