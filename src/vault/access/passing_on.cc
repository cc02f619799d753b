#include "vault/access/passing_on.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

namespace madoguchi::vault {
namespace {

constexpr std::size_t kLongestId = 64;

Result<void> wider(std::string_view what) {
  return fail(ErrorCode::kInvalid, fmt::format("{}: is more than the mandate it comes from", what));
}

bool within(const Rates& rates, const Rates& parents) {
  return least(rates, parents) == rates;
}

bool subset(const std::set<std::string>& fields, const std::set<std::string>& parents) {
  return std::includes(parents.begin(), parents.end(), fields.begin(), fields.end());
}

bool within(const CallerTerms& terms, const Purpose& purpose, const CallerTerms& parents,
            const Purpose& given) {
  return subset(terms.fields, parents.fields) &&
         std::max(terms.checks, purpose.checks) >= std::max(parents.checks, given.checks);
}

Result<void> check_purpose(const Purpose& purpose, const Mandate& parent) {
  const Purpose* given = parent.purpose(purpose.id);
  if (given == nullptr) return wider(fmt::format("purpose {}", purpose.id));
  if (!subset(purpose.fields, given->fields))
    return wider(fmt::format("fields of purpose {}", purpose.id));
  if (purpose.checks < given->checks) return wider(fmt::format("checks of {}", purpose.id));
  if (purpose.export_rows_per_day > given->export_rows_per_day)
    return wider(fmt::format("export_rows_per_day of {}", purpose.id));
  for (const auto& [caller, terms] : purpose.callers) {
    const auto parents = given->callers.find(caller);
    if (parents == given->callers.end() || !within(terms, purpose, parents->second, *given))
      return wider(fmt::format("callers of {}", purpose.id));
  }
  if (purpose.playback && !given->playback) return wider(fmt::format("playback of {}", purpose.id));
  if (purpose.cases && !given->cases) return wider(fmt::format("cases of {}", purpose.id));
  return {};
}

// The owners' logs, which anyone may read, name it before an owner has agreed to anything: it is
// called by what it comes from and whom it is for.
Result<void> check_id(const Mandate& mandate) {
  const std::string given =
      fmt::format("{}.{}", mandate.parent.text(), mandate.to.text()).substr(0, kLongestId);
  const std::string& id = mandate.id.text();
  const bool numbered = id.size() > given.size() + 1 && id.size() <= given.size() + 3 &&
                        id.starts_with(given + ".") &&
                        id.find_first_not_of("0123456789", given.size() + 1) == std::string::npos;
  if (id == given || numbered) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("id: {}, perhaps with a number behind it (.2)", given));
}

}  // namespace

Result<void> check_narrower(const Mandate& mandate, const Mandate& parent) {
  if (parent.pass_on == PassOn::kForbidden)
    return fail(ErrorCode::kDenied, "parent: this mandate may not be passed on");
  if (mandate.to == parent.to || parent.is_about(mandate.to))
    return fail(ErrorCode::kInvalid, "to: whoever has it already is passed nothing");
  if (!std::includes(parent.desks.begin(), parent.desks.end(), mandate.desks.begin(),
                     mandate.desks.end()))
    return wider("desks");
  for (const Purpose& purpose : mandate.purposes)
    if (auto narrow = check_purpose(purpose, parent); !narrow) return narrow;
  if (!within(mandate.limits.by_operator, parent.limits.by_operator) ||
      !within(mandate.limits.on_desk, parent.limits.on_desk) ||
      !within(mandate.limits.in_all, parent.limits.in_all))
    return wider("limits");
  if (mandate.begins < parent.begins) return wider("begins");
  if (mandate.ends > parent.ends) return wider("ends");
  if (mandate.retention > parent.retention) return wider("retention");
  return {};
}

Result<void> may_pass_on(const Mandates& mandates, const Mandate& mandate,
                         const OrganisationId& organisation, Time now) {
  const auto found = mandates.all().find(mandate.parent);
  if (found == mandates.all().end() || found->second.versions.back().to != organisation)
    return fail(ErrorCode::kDenied, "parent: your organisation was given no such mandate");
  if (mandate.owners.empty())
    return fail(ErrorCode::kInvalid, "owners: whose people it is about is wanted");
  for (const OrganisationId& owner : mandate.owners) {
    if (!mandates.unbroken(mandate.parent, owner, now))
      return fail(ErrorCode::kDenied,
                  fmt::format("parent: no unbroken chain leads to it from {} now", owner.text()));
    const Signature& last = found->second.signatures.at(owner).back();
    if (auto narrow = check_narrower(mandate, found->second.versions[last.version - 1]); !narrow)
      return narrow;
  }
  if (mandates.newest(mandate.id) != nullptr) return {};
  return check_id(mandate);
}

}  // namespace madoguchi::vault
