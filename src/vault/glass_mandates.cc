#include "vault/glass_mandates.h"

#include "vault/mandate_json.h"
#include "vault/mandate_links.h"
#include "vault/mandate_names.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostMandate = 256 * 1024;

}  // namespace

void GlassMandates::add_to(web::Routes& routes) {
  using web::Method;
  GlassDoor& door = parts_.door;
  routes.add({Method::kGet, "/api/mandates",
              door.reading(
                  [this](const web::Request&, const Visitor& visitor) { return list(visitor); })});
  routes.add({Method::kPost, "/api/mandates",
              door.changing([this](const web::Request& request, const Visitor& visitor) {
                return pass_on(request, visitor);
              }),
              kMostMandate});
}

web::Response GlassMandates::list(const Visitor& visitor) {
  const auto place = parts_.authority.place_of(visitor.who);
  if (!place || place->role != StaffRole::kSupervisor)
    return web::error_response(403, "denied", "this page is a supervisor's");
  const auto directory = parts_.registry.directory();
  Json given = Json::array();
  Json passed_on = Json::array();
  parts_.authority.with([&](Authority& authority, Time now) {
    const Mandates& mandates = authority.mandates();
    for (const auto& [id, entry] : mandates.all()) {
      const Mandate& newest = entry.versions.back();
      const Mandate* above = newest.parent.empty() ? nullptr : mandates.newest(newest.parent);
      if (newest.to == place->organisation)
        given.push_back(link_json(mandates, entry, *directory, now));
      else if (above != nullptr && above->to == place->organisation)
        passed_on.push_back(link_json(mandates, entry, *directory, now));
    }
  });
  Json organisations = Json::array();
  for (const auto& [id, organisation] : directory->organisations())
    organisations.push_back({{"id", id.text()}, {"name", organisation.name}});
  return shown({{"organisation", place->organisation.text()},
                {"given", std::move(given)},
                {"passed_on", std::move(passed_on)},
                {"organisations", std::move(organisations)}});
}

web::Response GlassMandates::pass_on(const web::Request& request, const Visitor& visitor) {
  const auto mandate = mandate_from_json(request.body);
  if (!mandate) return failed(mandate.error());
  if (auto named =
          check_names(*mandate, {parts_.registry, parts_.records, CallerRules::japanese()});
      !named)
    return failed(named.error());
  const auto drafted = parts_.authority.pass_on(*mandate, visitor.who);
  if (!drafted) return failed(drafted.error());
  return shown({{"mandate", mandate->id.text()}, {"version", mandate->version}});
}

}  // namespace madoguchi::vault
