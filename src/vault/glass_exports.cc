#include "vault/glass_exports.h"

#include <algorithm>

#include "vault/glass_answers.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostAsk = 1024 * 1024;  // values to select by

// The word before the colon is for the page, what follows for people.
web::Response declined(const Error& error) {
  const bool limit = error.code == ErrorCode::kExhausted && error.message.starts_with("limit:");
  if (!limit && error.code != ErrorCode::kDenied) return failed(error);
  const auto colon = error.message.find(": ");
  if (colon == std::string::npos) return failed(error);
  return web::error_response(limit ? 429 : 403, error.message.substr(0, colon),
                             error.message.substr(colon + 2));
}

Json list_of(const std::vector<Export>& exports, const Registry& registry) {
  const auto directory = registry.directory();
  const auto name = [&](const OrganisationId& id) {
    const Organisation* known = directory->find(id);
    return known == nullptr ? id.text() : known->name;
  };
  Json list = Json::array();
  for (const Export& one : exports) {
    Json shown = Json::parse(to_json(one));
    shown["owner_name"] = name(one.owner);
    shown["organisation_name"] = name(one.actor);
    // How many lines were invented is nobody's to know.
    shown.erase("lines");
    list.push_back(std::move(shown));
  }
  return list;
}

std::optional<std::vector<std::string>> texts_in(const Json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end()) return std::vector<std::string>();
  if (!found->is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const Json& one : *found) {
    if (!one.is_string()) return std::nullopt;
    texts.push_back(one.get<std::string>());
  }
  return texts;
}

std::optional<ExportSelection> selection_in(const Json& body) {
  const auto found = body.find("selection");
  if (found == body.end() || !found->is_object()) return std::nullopt;
  ExportSelection selection;
  if (found->contains("all")) return selection;
  if (auto import_id = text_in(*found, "import")) {
    selection.by = ExportSelection::By::kImport;
    selection.import_id = *std::move(import_id);
    return is_valid_id(selection.import_id) ? std::optional(selection) : std::nullopt;
  }
  auto field = text_in(*found, "field");
  const auto values = texts_in(*found, "values");
  if (!field || !is_valid_id(*field) || !values || values->empty()) return std::nullopt;
  selection.by = ExportSelection::By::kValues;
  selection.field = *std::move(field);
  for (const std::string& value : *values) selection.values.emplace_back(value);
  return selection;
}

}  // namespace

void GlassExports::add_to(web::Routes& routes) {
  using web::Method;
  using Plain = web::Response (GlassExports::*)(const Visitor&);
  using Full = web::Response (GlassExports::*)(const web::Request&, const Visitor&);
  GlassDoor& door = parts_.door;
  const auto plain = [this](Plain act) {
    return
        [this, act](const web::Request&, const Visitor& visitor) { return (this->*act)(visitor); };
  };
  const auto full = [this](Full act) {
    return [this, act](const web::Request& request, const Visitor& visitor) {
      return (this->*act)(request, visitor);
    };
  };
  const std::string owners = "/api/owner/exports";
  routes.add({Method::kGet, "/api/exports/terms", door.reading(plain(&GlassExports::terms))});
  routes.add({Method::kGet, "/api/exports", door.reading(plain(&GlassExports::mine))});
  routes.add({Method::kPost, "/api/exports", door.changing(full(&GlassExports::ask)), kMostAsk,
              "ask for fewer values at once, in several exports"});
  routes.add({Method::kGet, "/api/exports/{export}/file", door.reading(full(&GlassExports::file))});
  routes.add({Method::kGet, owners, door.reading(plain(&GlassExports::of_owner))});
  routes.add(
      {Method::kPost, owners + "/{export}/approve", door.changing(full(&GlassExports::approve))});
  routes.add(
      {Method::kPost, owners + "/{export}/refuse", door.changing(full(&GlassExports::refuse))});
}

web::Response GlassExports::terms(const Visitor& visitor) {
  Json list = Json::array();
  const auto directory = parts_.registry.directory();
  for (const ExportTerms& one : parts_.exports.terms_for(visitor.who)) {
    const Organisation* owner = directory->find(one.owner);
    Json fields = Json::array();
    const auto schema = parts_.records.schema(one.owner);
    if (!schema) return failed(schema.error());
    for (const std::string& name : one.fields) {
      const FieldSpec* field = (*schema)->find(name);
      if (field == nullptr) continue;
      fields.push_back({{"name", name},
                        {"label_ja", field->label_ja},
                        {"label_en", field->label_en},
                        {"indexed", field->indexed}});
    }
    list.push_back({{"owner", one.owner.text()},
                    {"owner_name", owner == nullptr ? one.owner.text() : owner->name},
                    {"purpose", one.purpose},
                    {"purpose_name", one.purpose_name},
                    {"fields", std::move(fields)},
                    {"people_per_day", one.people_per_day}});
  }
  return shown({{"terms", std::move(list)}});
}

web::Response GlassExports::mine(const Visitor& visitor) {
  return shown({{"exports", list_of(parts_.exports.asked_by(visitor.who), parts_.registry)}});
}

web::Response GlassExports::ask(const web::Request& request, const Visitor& visitor) {
  const auto body = body_of(request);
  auto owner = body ? id_in<OrganisationId>(*body, "owner") : std::nullopt;
  auto purpose = body ? text_in(*body, "purpose") : std::nullopt;
  auto reason = body ? text_in(*body, "reason") : std::nullopt;
  const auto recipient = body ? text_in(*body, "recipient") : std::nullopt;
  if (!owner || !purpose || !reason || !recipient)
    return malformed("send owner, purpose, reason, recipient and selection");
  auto fields = texts_in(*body, "fields");
  auto selection = selection_in(*body);
  if (!fields || !selection)
    return malformed("send a selection: all, an import, or a field and values");
  auto key = RecipientKey::parse(*recipient);
  if (!key) return failed(key.error());
  const auto asked =
      parts_.exports.ask(visitor.who, {*std::move(owner), *std::move(purpose), *std::move(fields),
                                       *std::move(selection), *std::move(reason), *std::move(key)});
  if (!asked) return declined(asked.error());
  return shown(list_of({*asked}, parts_.registry)[0]);
}

web::Response GlassExports::file(const web::Request& request, const Visitor& visitor) {
  const auto id = ExportId::parse(request.param("export"));
  if (!id) return failed(id.error());
  auto bytes = parts_.exports.fetch(*id, visitor.who);
  if (!bytes) return declined(bytes.error());
  web::Response response;
  response.body = *std::move(bytes);
  response.content_type = "application/octet-stream";
  response.headers.emplace_back("Content-Disposition",
                                "attachment; filename=\"" + id->text() + ".export\"");
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

web::Response GlassExports::of_owner(const Visitor& visitor) {
  const auto place = parts_.authority.place_of(visitor.who);
  if (!place || place->role != StaffRole::kOwner)
    return web::error_response(403, "denied", "this page is the owner's");
  return shown(
      {{"exports", list_of(parts_.exports.of_owner(place->organisation), parts_.registry)}});
}

web::Response GlassExports::approve(const web::Request& request, const Visitor& visitor) {
  const auto id = ExportId::parse(request.param("export"));
  if (!id) return failed(id.error());
  const auto approved = parts_.exports.approve(*id, visitor.who);
  return approved ? shown(list_of({*approved}, parts_.registry)[0]) : declined(approved.error());
}

web::Response GlassExports::refuse(const web::Request& request, const Visitor& visitor) {
  const auto id = ExportId::parse(request.param("export"));
  if (!id) return failed(id.error());
  const auto body = body_of(request);
  const auto reason = body ? text_in(*body, "reason") : std::nullopt;
  if (!reason) return malformed("send a reason");
  const auto refused = parts_.exports.refuse(*id, visitor.who, *reason);
  return refused ? shown(list_of({*refused}, parts_.registry)[0]) : declined(refused.error());
}

}  // namespace madoguchi::vault
