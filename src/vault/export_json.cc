#include "vault/export_json.h"

#include <array>
#include <nlohmann/json.hpp>

namespace madoguchi::vault {
namespace {

using nlohmann::json;

constexpr std::array kStates = {ExportState::kAsked, ExportState::kApproved, ExportState::kMade,
                                ExportState::kRefused, ExportState::kExpired};

// Times that have not come are left out.
void put_time(json& out, const char* name, Time at) {
  if (at != Time()) out[name] = format_utc(at);
}
Time time_in(const json& in, const char* name) {
  const auto found = in.find(name);
  if (found == in.end() || !found->is_string()) return {};
  return parse_utc(found->get<std::string>()).value_or(Time());
}

}  // namespace

std::string_view name_of(ExportState state) {
  switch (state) {
    case ExportState::kAsked:
      return "asked";
    case ExportState::kApproved:
      return "approved";
    case ExportState::kMade:
      return "made";
    case ExportState::kRefused:
      return "refused";
    case ExportState::kExpired:
      return "expired";
  }
  return "";
}

std::string to_json(const Export& one) {
  json out = {{"export", one.id.text()},
              {"state", std::string(name_of(one.state))},
              {"owner", one.owner.text()},
              {"asked_by", one.asked_by.text()},
              {"organisation", one.actor.text()},
              {"purpose", one.purpose},
              {"mandate", one.mandate.text()},
              {"mandate_version", one.mandate_version},
              {"fields", one.fields},
              {"selection", one.selection},
              {"reason", one.reason},
              {"recipient", one.recipient},
              {"people", one.people},
              {"decided_by", one.decided_by.text()},
              {"refusal", one.refusal},
              {"written", one.written},
              {"lines", one.lines},
              {"file_sha256", one.file_sha256},
              {"file_bytes", one.file_bytes}};
  put_time(out, "asked_at", one.asked);
  put_time(out, "decided_at", one.decided);
  put_time(out, "made_at", one.made);
  put_time(out, "fetched_at", one.fetched);
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Export> export_from_json(std::string_view text) {
  const json in = json::parse(text, nullptr, false);
  const auto damaged = [] { return fail(ErrorCode::kCorrupt, "a stored export can't be read"); };
  if (!in.is_object()) return damaged();
  Export one;
  bool whole = true;
  const auto word = [&](const char* name) {
    const auto found = in.find(name);
    whole = whole && found != in.end() && found->is_string();
    return whole ? found->get<std::string>() : std::string();
  };
  const auto number = [&](const char* name) {
    const auto found = in.find(name);
    whole = whole && found != in.end() && found->is_number_unsigned();
    return whole ? found->get<std::uint64_t>() : 0;
  };
  one.id = ExportId(word("export"));
  const std::string state = word("state");
  bool known = false;
  for (const ExportState candidate : kStates)
    if (name_of(candidate) == state) {
      one.state = candidate;
      known = true;
    }
  one.owner = OrganisationId(word("owner"));
  one.asked_by = OperatorId(word("asked_by"));
  one.actor = OrganisationId(word("organisation"));
  one.purpose = word("purpose");
  one.mandate = MandateId(word("mandate"));
  one.mandate_version = static_cast<std::uint32_t>(number("mandate_version"));
  one.selection = word("selection");
  one.reason = word("reason");
  one.recipient = word("recipient");
  one.people = number("people");
  one.decided_by = OperatorId(word("decided_by"));
  one.refusal = word("refusal");
  one.written = number("written");
  one.lines = number("lines");
  one.file_sha256 = word("file_sha256");
  one.file_bytes = number("file_bytes");
  one.asked = time_in(in, "asked_at");
  one.decided = time_in(in, "decided_at");
  one.made = time_in(in, "made_at");
  one.fetched = time_in(in, "fetched_at");
  const auto fields = in.find("fields");
  if (!whole || !known || fields == in.end() || !fields->is_array()) return damaged();
  for (const json& field : *fields) {
    if (!field.is_string()) return damaged();
    one.fields.push_back(field.get<std::string>());
  }
  return one;
}

}  // namespace madoguchi::vault
