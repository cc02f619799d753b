#include "vault/mandate_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>

namespace madoguchi::vault {
namespace {

using nlohmann::json;

constexpr std::size_t kLongest = 256 * 1024;

tl::unexpected<Error> wrong(std::string_view member, std::string_view what) {
  return fail(ErrorCode::kInvalid, fmt::format("{}: {}", member, what));
}

json json_of(const Rates& rates) {
  json out = json::object();
  const auto put = [&](const char* name, std::uint32_t rate) {
    if (rate != Rates::kUnlimited) out[name] = rate;
  };
  put("per_minute", rates.per_minute);
  put("per_hour", rates.per_hour);
  put("per_day", rates.per_day);
  return out;
}

Result<std::string> text_of(const json& in, const char* name) {
  const auto found = in.find(name);
  if (found == in.end() || !found->is_string()) return wrong(name, "a text is wanted");
  return found->get<std::string>();
}

Result<std::uint32_t> number_of(const json& in, const char* name, std::uint32_t absent) {
  const auto found = in.find(name);
  if (found == in.end()) return absent;
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() >= Rates::kUnlimited)
    return wrong(name, "a whole number from 0 is wanted");
  return found->get<std::uint32_t>();
}

Result<Rates> rates_of(const json& in, const char* name) {
  Rates rates;
  const auto found = in.find(name);
  if (found == in.end()) return rates;
  if (!found->is_object()) return wrong(name, "an object is wanted");
  for (auto [member, into] : {std::pair{"per_minute", &rates.per_minute},
                              {"per_hour", &rates.per_hour},
                              {"per_day", &rates.per_day}}) {
    const auto rate = number_of(*found, member, Rates::kUnlimited);
    if (!rate) return wrong(name, rate.error().message);
    *into = *rate;
  }
  return rates;
}

Result<Time> time_of(const json& in, const char* name) {
  const auto text = text_of(in, name);
  if (!text) return tl::unexpected<Error>(text.error());
  const auto time = parse_utc(*text);
  if (!time) return wrong(name, "a time like 2026-11-22T00:00:00Z is wanted");
  return *time;
}

// Calls `add` with each text of a list.
template <typename Add>
Result<void> texts_of(const json& in, const char* name, Add add) {
  const auto found = in.find(name);
  if (found == in.end() || !found->is_array()) return wrong(name, "a list of texts is wanted");
  for (const json& one : *found) {
    if (!one.is_string() || !is_valid_id(one.get_ref<const std::string&>()))
      return wrong(name, "each has 1 to 64 characters of A-Z a-z 0-9 _ . -");
    add(one.get<std::string>());
  }
  return {};
}

// ---- what people typed: a member or a name that is misspelt must not count for nothing

using Known = std::initializer_list<std::string_view>;

// Members of a wrong kind are passed over: whoever reads them names them.
Result<void> only(const json& in, std::string_view of, Known known) {
  if (!in.is_object()) return {};
  for (const auto& [name, value] : in.items())
    if (std::find(known.begin(), known.end(), name) == known.end())
      return wrong(fmt::format("{:.64}", name),
                   fmt::format("{} has no such member; it has {}", of, fmt::join(known, ", ")));
  return {};
}

Result<void> each_once(const json& in, const char* name) {
  const auto found = in.find(name);
  if (found == in.end() || !found->is_array()) return {};
  std::set<json> seen;
  for (const json& one : *found)
    if (one.is_string() && !seen.insert(one).second)
      return wrong(name, fmt::format("{:.64} stands there twice", one.get<std::string>()));
  return {};
}

Result<void> check_typed_limits(const json& in) {
  const json limits = in.value("limits", json::object());
  if (auto good = only(limits, "limits", {"by_operator", "on_desk", "in_all"}); !good) return good;
  if (!limits.is_object()) return {};
  for (const auto& [name, rates] : limits.items())
    if (auto good = only(rates, name, {"per_minute", "per_hour", "per_day"}); !good) return good;
  return {};
}

Result<void> check_typed_purpose(const json& in) {
  if (!in.is_object()) return {};
  if (auto good = only(in, "a purpose",
                       {"id", "name", "fields", "checks", "export_rows_per_day", "callers",
                        "playback", "cases"});
      !good)
    return good;
  if (auto good = each_once(in, "fields"); !good) return good;
  const auto callers = in.find("callers");
  if (callers == in.end() || !callers->is_object()) return {};
  for (const auto& [caller, terms] : callers->items()) {
    if (auto good = only(terms, "a caller", {"fields", "checks"}); !good) return good;
    if (!terms.is_object()) continue;
    if (auto good = each_once(terms, "fields"); !good) return good;
  }
  return {};
}

// Leap seconds are nobody's end of a mandate, and a year of one digit too few is a typing error.
Result<void> check_typed_times(const json& in) {
  constexpr std::size_t kSecond = 17;  // of 2026-11-22T00:00:00Z
  for (const char* name : {"begins", "ends", "retention"}) {
    const auto text = text_of(in, name);
    if (!text || !parse_utc(*text)) continue;
    if (std::string_view(*text).substr(kSecond, 2) == "60")
      return wrong(name, "a minute has seconds 00 to 59");
    if (*text < "2000" || *text >= "2200") return wrong(name, "a year from 2000 to 2199 is wanted");
  }
  return {};
}

Result<void> check_typed(const json& in) {
  if (auto good = only(in, "a mandate",
                       {"id", "version", "parent", "owners", "to", "desks", "purposes", "limits",
                        "pass_on", "begins", "ends", "retention", "at_end"});
      !good)
    return good;
  for (const char* name : {"owners", "desks"})
    if (auto good = each_once(in, name); !good) return good;
  if (auto good = check_typed_limits(in); !good) return good;
  const auto purposes = in.find("purposes");
  if (purposes != in.end() && purposes->is_array())
    for (const json& one : *purposes)
      if (auto good = check_typed_purpose(one); !good) return good;
  return check_typed_times(in);
}

// Of a member that stands there twice the last would count, and nobody would know.
class Members {
 public:
  bool operator()(int, json::parse_event_t event, const json& parsed) {
    if (event == json::parse_event_t::object_start) open_.emplace_back();
    if (event == json::parse_event_t::object_end && !open_.empty()) open_.pop_back();
    if (event == json::parse_event_t::key && !open_.empty() &&
        !open_.back().insert(parsed.get<std::string>()).second && twice.empty())
      twice = parsed.get<std::string>();
    return true;
  }
  std::string twice;

 private:
  std::vector<std::set<std::string>> open_;
};

// ---- reading

Result<void> read_callers(const json& in, Purpose& purpose) {
  const auto callers = in.find("callers");
  if (callers == in.end()) return {};
  if (!callers->is_object()) return wrong("callers", "an object is wanted");
  for (const auto& [caller, given] : callers->items()) {
    if (!given.is_object()) return wrong("callers", "an object of objects is wanted");
    CallerTerms terms;
    if (auto good = texts_of(given, "fields",
                             [&](std::string field) { terms.fields.insert(std::move(field)); });
        !good)
      return wrong("callers", good.error().message);
    const auto checks = number_of(given, "checks", 0);
    if (!checks) return wrong("callers", checks.error().message);
    terms.checks = *checks;
    purpose.callers.emplace(caller, std::move(terms));
  }
  return {};
}

json json_of(const std::map<std::string, CallerTerms>& callers) {
  json out = json::object();
  for (const auto& [caller, terms] : callers)
    out[caller] = {{"fields", terms.fields}, {"checks", terms.checks}};
  return out;
}

Result<Purpose> purpose_of(const json& in) {
  if (!in.is_object()) return wrong("purposes", "a list of objects is wanted");
  Purpose purpose;
  auto id = text_of(in, "id");
  if (!id) return tl::unexpected<Error>(id.error());
  purpose.id = std::move(*id);
  auto name = text_of(in, "name");
  if (!name) return tl::unexpected<Error>(name.error());
  purpose.name = std::move(*name);
  const auto fields =
      texts_of(in, "fields", [&](std::string field) { purpose.fields.insert(std::move(field)); });
  if (!fields) return tl::unexpected<Error>(fields.error());
  const auto checks = number_of(in, "checks", 0);
  if (!checks) return tl::unexpected<Error>(checks.error());
  purpose.checks = *checks;
  const auto rows = number_of(in, "export_rows_per_day", 0);
  if (!rows) return tl::unexpected<Error>(rows.error());
  purpose.export_rows_per_day = *rows;
  if (auto good = read_callers(in, purpose); !good) return tl::unexpected<Error>(good.error());
  const auto playback = in.find("playback");
  if (playback != in.end() && !playback->is_boolean()) return wrong("playback", "true or false");
  purpose.playback = playback != in.end() && playback->get<bool>();
  const auto cases = in.find("cases");
  if (cases != in.end() && !cases->is_boolean()) return wrong("cases", "true or false");
  purpose.cases = cases != in.end() && cases->get<bool>();
  return purpose;
}

Result<void> read_names(const json& in, Mandate& mandate) {
  const auto id = text_of(in, "id");
  if (!id) return tl::unexpected<Error>(id.error());
  const auto to = text_of(in, "to");
  if (!to) return tl::unexpected<Error>(to.error());
  const std::string parent =
      in.value("parent", json("")).is_string() ? in.value("parent", "") : "?";
  if (!is_valid_id(*id)) return wrong("id", "1 to 64 characters of A-Z a-z 0-9 _ . -");
  if (!is_valid_id(*to)) return wrong("to", "an organisation's id is wanted");
  if (!parent.empty() && !is_valid_id(parent)) return wrong("parent", "a mandate's id is wanted");
  mandate.id = MandateId(*id);
  mandate.to = OrganisationId(*to);
  mandate.parent = MandateId(parent);
  const auto version = number_of(in, "version", 1);
  if (!version) return tl::unexpected<Error>(version.error());
  mandate.version = *version;
  if (auto good = texts_of(in, "owners",
                           [&](std::string one) { mandate.owners.emplace_back(std::move(one)); });
      !good)
    return good;
  return texts_of(in, "desks", [&](std::string one) { mandate.desks.emplace(std::move(one)); });
}

Result<void> read_limits(const json& in, Mandate& mandate) {
  const json limits = in.value("limits", json::object());
  if (!limits.is_object()) return wrong("limits", "an object is wanted");
  for (auto [name, into] : {std::pair{"by_operator", &mandate.limits.by_operator},
                            {"on_desk", &mandate.limits.on_desk},
                            {"in_all", &mandate.limits.in_all}}) {
    const auto rates = rates_of(limits, name);
    if (!rates) return tl::unexpected<Error>(rates.error());
    *into = *rates;
  }
  return {};
}

Result<void> read_times(const json& in, Mandate& mandate) {
  for (auto [name, into] : {std::pair{"begins", &mandate.begins},
                            {"ends", &mandate.ends},
                            {"retention", &mandate.retention}}) {
    const auto time = time_of(in, name);
    if (!time) return tl::unexpected<Error>(time.error());
    *into = *time;
  }
  const auto at_end = text_of(in, "at_end");
  if (!at_end) return tl::unexpected<Error>(at_end.error());
  if (*at_end != "returned" && *at_end != "destroyed")
    return wrong("at_end", "returned or destroyed");
  mandate.at_end = *at_end == "returned" ? AtEnd::kReturned : AtEnd::kDestroyed;
  return {};
}

}  // namespace

std::string to_json(const Mandate& mandate) {
  json out = {{"id", mandate.id.text()},
              {"version", mandate.version},
              {"parent", mandate.parent.text()},
              {"to", mandate.to.text()},
              {"pass_on", mandate.pass_on == PassOn::kAllowed},
              {"begins", format_utc(mandate.begins)},
              {"ends", format_utc(mandate.ends)},
              {"retention", format_utc(mandate.retention)},
              {"at_end", mandate.at_end == AtEnd::kReturned ? "returned" : "destroyed"},
              {"limits",
               {{"by_operator", json_of(mandate.limits.by_operator)},
                {"on_desk", json_of(mandate.limits.on_desk)},
                {"in_all", json_of(mandate.limits.in_all)}}}};
  out["owners"] = json::array();
  for (const OrganisationId& owner : mandate.owners) out["owners"].push_back(owner.text());
  out["desks"] = json::array();
  for (const DeskId& desk : mandate.desks) out["desks"].push_back(desk.text());
  out["purposes"] = json::array();
  for (const Purpose& purpose : mandate.purposes)
    out["purposes"].push_back({{"id", purpose.id},
                               {"name", purpose.name},
                               {"fields", purpose.fields},
                               {"checks", purpose.checks},
                               {"export_rows_per_day", purpose.export_rows_per_day},
                               {"callers", json_of(purpose.callers)},
                               {"playback", purpose.playback},
                               {"cases", purpose.cases}});
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Mandate> mandate_from_json(std::string_view text, MandateText from) {
  if (text.size() > kLongest) return wrong("mandate", "too long");
  Members members;
  const json in = json::parse(text, std::ref(members), false);
  if (!in.is_object()) return wrong("mandate", "a JSON object is wanted");
  if (from == MandateText::kTyped) {
    if (!members.twice.empty())
      return wrong(fmt::format("{:.64}", members.twice), "stands there twice");
    if (auto good = check_typed(in); !good) return tl::unexpected<Error>(good.error());
  }
  Mandate mandate;
  if (auto good = read_names(in, mandate); !good) return tl::unexpected<Error>(good.error());
  if (auto good = read_limits(in, mandate); !good) return tl::unexpected<Error>(good.error());
  if (auto good = read_times(in, mandate); !good) return tl::unexpected<Error>(good.error());
  const auto purposes = in.find("purposes");
  if (purposes == in.end() || !purposes->is_array()) return wrong("purposes", "a list is wanted");
  for (const json& one : *purposes) {
    auto purpose = purpose_of(one);
    if (!purpose) return tl::unexpected<Error>(purpose.error());
    mandate.purposes.push_back(std::move(*purpose));
  }
  const auto pass_on = in.find("pass_on");
  if (pass_on != in.end() && !pass_on->is_boolean()) return wrong("pass_on", "true or false");
  if (pass_on != in.end() && pass_on->get<bool>()) mandate.pass_on = PassOn::kAllowed;
  if (auto good = check(mandate); !good) return tl::unexpected<Error>(good.error());
  return mandate;
}

}  // namespace madoguchi::vault
