#include "vault/access/mandate.h"

#include <fmt/format.h>

#include <algorithm>

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostOwners = 200;
constexpr std::size_t kMostDesks = 500;
constexpr std::size_t kMostPurposes = 50;
constexpr std::size_t kMostFields = 200;
constexpr std::size_t kMostName = 200;
constexpr std::size_t kMostCallers = 20;

Result<void> check(const Purpose& purpose) {
  if (!is_valid_id(purpose.id))
    return fail(ErrorCode::kInvalid, "a purpose's id has 1 to 64 characters of A-Z a-z 0-9 _ . -");
  if (purpose.name.size() > kMostName)
    return fail(ErrorCode::kInvalid,
                fmt::format("purpose {}: its name has at most {} bytes", purpose.id, kMostName));
  if (purpose.fields.empty() || purpose.fields.size() > kMostFields)
    return fail(ErrorCode::kInvalid,
                fmt::format("purpose {}: names 1 to {} fields", purpose.id, kMostFields));
  for (const std::string& field : purpose.fields)
    if (!is_valid_id(field))
      return fail(ErrorCode::kInvalid,
                  fmt::format("purpose {}: a field's name is none", purpose.id));
  if (purpose.callers.size() > kMostCallers)
    return fail(ErrorCode::kInvalid,
                fmt::format("purpose {}: names at most {} callers", purpose.id, kMostCallers));
  for (const auto& [caller, terms] : purpose.callers) {
    if (!is_valid_id(caller) || terms.fields.empty())
      return fail(ErrorCode::kInvalid,
                  fmt::format("purpose {}: a caller has a name, and one or more of its fields",
                              purpose.id));
    for (const std::string& field : terms.fields)
      if (!purpose.fields.contains(field))
        return fail(ErrorCode::kInvalid,
                    fmt::format("purpose {}: caller {}: {} is none of the purpose's fields",
                                purpose.id, caller, field));
  }
  return {};
}

Result<void> check_times(const Mandate& mandate) {
  if (mandate.begins >= mandate.ends)
    return fail(ErrorCode::kInvalid, "ends: a mandate ends after it begins");
  if (mandate.retention < mandate.ends)
    return fail(ErrorCode::kInvalid, "retention: not before the end");
  return {};
}

Rates with_usual(const Rates& rates, const Rates& usual) {
  const auto named = [](std::uint32_t rate, std::uint32_t otherwise) {
    return rate == Rates::kUnlimited ? otherwise : rate;
  };
  return {named(rates.per_minute, usual.per_minute), named(rates.per_hour, usual.per_hour),
          named(rates.per_day, usual.per_day)};
}

}  // namespace

UseLimits least(const UseLimits& a, const UseLimits& b) {
  return {least(a.by_operator, b.by_operator), least(a.on_desk, b.on_desk),
          least(a.in_all, b.in_all)};
}

UseLimits with_usual(const UseLimits& limits, const UseLimits& usual) {
  return {with_usual(limits.by_operator, usual.by_operator),
          with_usual(limits.on_desk, usual.on_desk), with_usual(limits.in_all, usual.in_all)};
}

bool Mandate::is_about(const OrganisationId& owner) const {
  return std::find(owners.begin(), owners.end(), owner) != owners.end();
}

const Purpose* Mandate::purpose(const std::string& wanted) const {
  const auto found = std::find_if(purposes.begin(), purposes.end(),
                                  [&](const Purpose& p) { return p.id == wanted; });
  return found == purposes.end() ? nullptr : &*found;
}

Result<void> check(const Mandate& mandate) {
  if (mandate.id.empty() || mandate.to.empty() || mandate.version == 0)
    return fail(ErrorCode::kInvalid, "a mandate has an id, a version from 1, and who may act");
  if (mandate.parent == mandate.id)
    return fail(ErrorCode::kInvalid, "parent: a mandate isn't passed on from itself");
  if (mandate.owners.empty() || mandate.owners.size() > kMostOwners)
    return fail(ErrorCode::kInvalid, fmt::format("owners: 1 to {}", kMostOwners));
  if (mandate.desks.empty() || mandate.desks.size() > kMostDesks)
    return fail(ErrorCode::kInvalid, fmt::format("desks: 1 to {}", kMostDesks));
  if (mandate.purposes.empty() || mandate.purposes.size() > kMostPurposes)
    return fail(ErrorCode::kInvalid, fmt::format("purposes: 1 to {}", kMostPurposes));
  std::set<std::string> seen;
  for (const Purpose& purpose : mandate.purposes) {
    if (auto good = check(purpose); !good) return good;
    if (!seen.insert(purpose.id).second)
      return fail(ErrorCode::kInvalid, fmt::format("purpose {} stands there twice", purpose.id));
  }
  return check_times(mandate);
}

Result<void> check_not_over(const Mandate& mandate, Time now) {
  if (mandate.ends > now) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("ends: {} is over already, and a mandate ends after now; one that is to "
                          "end at once is taken back by its owner",
                          format_utc(mandate.ends)));
}

}  // namespace madoguchi::vault
