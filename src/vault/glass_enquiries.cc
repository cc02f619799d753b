#include "vault/glass_enquiries.h"

#include <fmt/format.h>

#include "vault/glass_people_json.h"

namespace madoguchi::vault {
namespace {

web::Response as_file(std::string text, std::string_view type, const std::string& name) {
  web::Response response;
  response.body = std::move(text);
  response.content_type = type;
  response.headers.emplace_back("Content-Disposition",
                                fmt::format("attachment; filename=\"{}\"", name));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

// Nothing: the field is missing, or a member is not of its kind.
std::optional<WantedValue> wanted_in(const Json& body) {
  using IsOfKind = bool (Json::*)() const noexcept;
  bool right = true;
  const auto member = [&](const char* name, IsOfKind is) -> const Json* {
    const auto found = body.find(name);
    if (found == body.end()) return nullptr;
    right = right && (*found.*is)();
    return right ? &*found : nullptr;
  };
  const auto text = [&](const char* name) -> std::optional<std::string> {
    const Json* found = member(name, &Json::is_string);
    return found == nullptr ? std::nullopt : std::optional(found->get<std::string>());
  };
  WantedValue wanted;
  wanted.field = text("field").value_or("");
  if (auto value = text("text")) wanted.text = Personal<std::string>(*std::move(value));
  wanted.given_for = text("given_for");
  if (const Json* gone = member("gone", &Json::is_boolean)) wanted.gone = gone->get<bool>();
  if (const Json* verified = member("verified", &Json::is_boolean))
    wanted.verified = verified->get<bool>();
  if (const Json* number = member("number", &Json::is_number_unsigned)) {
    right = right && number->get<std::uint64_t>() <= 99;
    wanted.number = number->get<std::uint8_t>();
  }
  if (const Json* refusals = member("refusals", &Json::is_array)) {
    wanted.refusals.emplace();
    for (const Json& one : *refusals) {
      right = right && one.is_string();
      if (right) wanted.refusals->push_back(one.get<std::string>());
    }
  }
  return right && !wanted.field.empty() ? std::optional(std::move(wanted)) : std::nullopt;
}

}  // namespace

GlassDoor::Work GlassEnquiries::for_owner(Work work) {
  return [this, work](const web::Request& request, const Visitor& visitor) {
    const auto place = parts_.authority.place_of(visitor.who);
    if (!place || place->role != StaffRole::kOwner)
      return web::error_response(403, "denied", "this page is the owner's");
    if (parts_.enquiries == nullptr) return glass_away();
    return (this->*work)(request, {visitor.who, place->organisation});
  };
}

void GlassEnquiries::add_to(web::Routes& routes) {
  using web::Method;
  const auto get = [&](std::string path, Work work) {
    routes.add({Method::kGet, std::move(path), parts_.door.reading(for_owner(work))});
  };
  const auto post = [&](std::string path, Work work) {
    routes.add({Method::kPost, std::move(path), parts_.door.changing(for_owner(work))});
  };
  get("/api/owner/searchable", &GlassEnquiries::searchable);
  post("/api/owner/search", &GlassEnquiries::search);
  post("/api/owner/looked", &GlassEnquiries::looked);
  post("/api/owner/disclosure", &GlassEnquiries::disclose);
  post("/api/owner/correct", &GlassEnquiries::correct);
  post("/api/owner/erase", &GlassEnquiries::erase);
  get("/api/owner/entries/{index}/proof", &GlassEnquiries::prove);
}

web::Response GlassEnquiries::searchable(const web::Request&, const OwnersPerson& asker) {
  const Names names(parts_.registry, parts_.records);
  return shown(
      {{"fields", names.fields({asker.owner}, [](const FieldSpec& f) { return f.indexed; })},
       {"every", names.fields({asker.owner}, [](const FieldSpec&) { return true; })}});
}

web::Response GlassEnquiries::search(const web::Request& request, const OwnersPerson& asker) {
  const auto body = body_of(request);
  const auto all_of = body ? sought_in(*body) : std::nullopt;
  if (!all_of) return malformed("send all_of: a list of field and value");
  const auto found = parts_.enquiries->search(asker, *all_of);
  if (!found) return declined_answer(found.error());
  return shown(json_of(*found, {parts_.registry, parts_.records}));
}

web::Response GlassEnquiries::looked(const web::Request& request, const OwnersPerson& asker) {
  const auto body = body_of(request);
  const auto subject = body ? id_in<SubjectId>(*body, "subject") : std::nullopt;
  if (!subject) return malformed("send a subject");
  const auto looked = parts_.enquiries->looked(asker, *subject);
  if (!looked) return declined_answer(looked.error());
  Json list = Json::array();
  for (const LookedEntry& one : looked->entries)
    list.push_back({{"index", one.index}, {"entry", Json::parse(one.entry, nullptr, false)}});
  return shown({{"entries", std::move(list)}, {"size", looked->size}});
}

web::Response GlassEnquiries::disclose(const web::Request& request, const OwnersPerson& asker) {
  const auto body = body_of(request);
  const auto subject = body ? id_in<SubjectId>(*body, "subject") : std::nullopt;
  if (!subject) return malformed("send a subject");
  const auto made = parts_.enquiries->disclose(asker, *subject);
  if (!made) return declined_answer(made.error());
  auto text = made->text();
  if (!text) return failed(text.error());
  return as_file(*std::move(text), "application/json",
                 fmt::format("looked-{}.json", subject->text()));
}

// The page has a sentence of its own for each fault of a value.
web::Response GlassEnquiries::correction_declined(const OwnersPerson& asker,
                                                  const WantedValue& wanted, const Declined& why) {
  const Error* error = std::get_if<Error>(&why);
  const auto fault = error != nullptr && error->code == ErrorCode::kInvalid
                         ? parts_.enquiries->fault_of(asker, wanted)
                         : std::nullopt;
  return fault ? web::error_response(400, name_of(*fault), error->message) : declined_answer(why);
}

web::Response GlassEnquiries::correct(const web::Request& request, const OwnersPerson& asker) {
  const auto body = body_of(request);
  const auto subject = body ? id_in<SubjectId>(*body, "subject") : std::nullopt;
  const auto reason = body ? text_in(*body, "reason") : std::nullopt;
  const auto wanted = body ? wanted_in(*body) : std::nullopt;
  if (!subject || !reason || !wanted)
    return malformed("send subject, reason, field, number, and what the value is to be");
  const auto corrected = parts_.enquiries->correct(asker, *subject, *wanted, *reason);
  if (!corrected) return correction_declined(asker, *wanted, corrected.error());
  return shown({{"outcome", *corrected}});
}

web::Response GlassEnquiries::erase(const web::Request& request, const OwnersPerson& asker) {
  const auto body = body_of(request);
  const auto subject = body ? id_in<SubjectId>(*body, "subject") : std::nullopt;
  const auto reason = body ? text_in(*body, "reason") : std::nullopt;
  if (!subject || !reason) return malformed("send subject and reason");
  const auto erased = parts_.enquiries->erase(asker, *subject, *reason);
  if (!erased) return declined_answer(erased.error());
  return shown({{"erased", true}});
}

web::Response GlassEnquiries::prove(const web::Request& request, const OwnersPerson& asker) {
  const auto index = ledger::parse_size(request.param("index"));
  if (!index) return malformed("name an entry by its index");
  if (parts_.logs == nullptr) return glass_away();
  const auto proof = parts_.logs->prove(asker.owner.text(), *index);
  if (!proof) return failed(proof.error());
  return as_file(proof->text(), "text/plain; charset=utf-8",
                 fmt::format("{}-{}.tlog-proof", asker.owner.text(), *index));
}

}  // namespace madoguchi::vault
