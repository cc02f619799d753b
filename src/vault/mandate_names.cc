#include "vault/mandate_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "vault/records/sealer.h"

namespace madoguchi::vault {
namespace {

using Schemas = std::vector<std::shared_ptr<const Schema>>;

// Of one owner at least: the look-up of a common desk may name another's own field.
bool is_field(const Schemas& schemas, const std::string& field) {
  return field == kDocumentsField ||
         std::any_of(schemas.begin(), schemas.end(),
                     [&](const auto& one) { return one->find(field_of(field)) != nullptr; });
}

Result<void> check_fields(const Purpose& purpose, const Mandate& mandate, const Schemas& schemas) {
  for (const std::string& field : purpose.fields)
    if (!is_field(schemas, field))
      return fail(
          ErrorCode::kInvalid,
          fmt::format("purpose {}: there is no field {} (`madoguchi schema list {}` shows them)",
                      purpose.id, field, mandate.owners.front().text()));
  return {};
}

Result<void> check_answers(const Purpose& purpose, std::uint32_t checks, const Schemas& schemas) {
  std::size_t most = 0;
  for (const auto& schema : schemas)
    most = std::max(most, static_cast<std::size_t>(std::count_if(
                              schema->fields().begin(), schema->fields().end(),
                              [](const FieldSpec& one) { return one.kind != FieldKind::kText; })));
  if (checks <= most) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("purpose {}: checks: {} answers never match; {} fields can be checked",
                          purpose.id, checks, most));
}

}  // namespace

Result<void> check_names(const Mandate& mandate, const MandateNames& known) {
  if (auto to = known.registry.known(mandate.to.text()); !to)
    return fail(to.error().code, "to: " + to.error().message);
  for (const OrganisationId& owner : mandate.owners)
    if (auto found = known.registry.known(owner.text()); !found)
      return fail(found.error().code, "owners: " + found.error().message);
  for (const Purpose& purpose : mandate.purposes)
    for (const auto& [caller, terms] : purpose.callers)
      if (known.callers.find(caller) == nullptr) {
        std::string all;
        for (const CallerKind& one : known.callers.kinds())
          all += fmt::format("{}{}", all.empty() ? "" : ", ", one.id);
        return fail(ErrorCode::kInvalid,
                    fmt::format("purpose {}: caller {} is none of {}", purpose.id, caller, all));
      }
  if (known.records == nullptr) return {};
  Schemas schemas;
  for (const OrganisationId& owner : mandate.owners) {
    auto schema = known.records->schema(owner);
    if (!schema) return tl::unexpected<Error>(schema.error());
    schemas.push_back(*std::move(schema));
  }
  for (const Purpose& purpose : mandate.purposes) {
    if (auto good = check_fields(purpose, mandate, schemas); !good) return good;
    std::uint32_t checks = purpose.checks;
    for (const auto& [caller, terms] : purpose.callers) checks = std::max(checks, terms.checks);
    if (auto good = check_answers(purpose, checks, schemas); !good) return good;
  }
  return {};
}

}  // namespace madoguchi::vault
