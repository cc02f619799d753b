#include "vault/access/mandates.h"

#include <algorithm>

namespace madoguchi::vault {
namespace {

constexpr std::size_t kDeepest = 16;

std::set<std::string> common(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::set<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

// Callers that both name, with what both give them.
std::map<std::string, CallerTerms> common(const std::map<std::string, CallerTerms>& a,
                                          const std::map<std::string, CallerTerms>& b) {
  std::map<std::string, CallerTerms> both;
  for (const auto& [caller, mine] : a) {
    const auto theirs = b.find(caller);
    if (theirs == b.end()) continue;
    CallerTerms terms{common(mine.fields, theirs->second.fields),
                      std::max(mine.checks, theirs->second.checks)};
    if (!terms.fields.empty()) both.emplace(caller, std::move(terms));
  }
  return both;
}

}  // namespace

std::vector<Charge> AccessGrant::charges(const OperatorId& who, const DeskId& desk) const {
  std::vector<Charge> charges;
  for (const ChainLink& link : chain) {
    charges.push_back({{"operator", link.id.text(), who.text()}, link.limits.by_operator});
    charges.push_back({{"desk", link.id.text(), desk.text()}, link.limits.on_desk});
    charges.push_back({{"mandate", link.id.text(), ""}, link.limits.in_all});
  }
  return charges;
}

const Mandate* Mandates::Entry::signed_by(const OrganisationId& owner) const {
  const auto mine = signatures.find(owner);
  return mine == signatures.end() ? nullptr : &versions[mine->second.back().version - 1];
}

const Mandate* Mandates::newest(const MandateId& id) const {
  const auto found = mandates_.find(id);
  return found == mandates_.end() ? nullptr : &found->second.versions.back();
}

Result<void> Mandates::may_put(const Mandate& mandate) const {
  if (auto good = check(mandate); !good) return good;
  const Mandate* before = newest(mandate.id);
  if (mandate.version != (before == nullptr ? 1 : before->version + 1))
    return fail(ErrorCode::kConflict, "version: another one came in between; read it again");
  if (before != nullptr && (before->owners != mandate.owners || before->parent != mandate.parent ||
                            before->to != mandate.to))
    return fail(ErrorCode::kInvalid, "owners, parent and who may act stay; make a new mandate");
  if (mandate.parent.empty()) return {};
  const Mandate* parent = newest(mandate.parent);
  if (parent == nullptr) return fail(ErrorCode::kInvalid, "parent: there is no such mandate");
  for (const OrganisationId& owner : mandate.owners)
    if (!parent->is_about(owner))
      return fail(ErrorCode::kInvalid, "owners: the parent is not about each of them");
  return {};
}

void Mandates::put(const Mandate& mandate) {
  mandates_[mandate.id].versions.push_back(mandate);
}

Result<void> Mandates::may_sign(const Signature& signature) const {
  const auto found = mandates_.find(signature.mandate);
  if (found == mandates_.end() || signature.version == 0 ||
      signature.version > found->second.versions.size())
    return fail(ErrorCode::kNotFound, "there is no such mandate or version");
  const Entry& entry = found->second;
  if (!entry.versions[signature.version - 1].is_about(signature.owner))
    return fail(ErrorCode::kDenied, "the mandate is not about this organisation's people");
  if (entry.revocations.contains(signature.owner))
    return fail(ErrorCode::kConflict, "it was revoked; allowing it again takes a new mandate");
  const auto mine = entry.signatures.find(signature.owner);
  if (mine != entry.signatures.end() && mine->second.back().version >= signature.version)
    return fail(ErrorCode::kConflict, "this version, or a later one, is signed already");
  return {};
}

void Mandates::sign(const Signature& signature) {
  mandates_[signature.mandate].signatures[signature.owner].push_back(signature);
}

Result<void> Mandates::may_revoke(const Revocation& revocation) const {
  const auto found = mandates_.find(revocation.mandate);
  if (found == mandates_.end()) return fail(ErrorCode::kNotFound, "there is no such mandate");
  if (!found->second.versions.back().is_about(revocation.owner))
    return fail(ErrorCode::kDenied, "the mandate is not about this organisation's people");
  if (found->second.revocations.contains(revocation.owner))
    return fail(ErrorCode::kConflict, "it is revoked already");
  return {};
}

void Mandates::revoke(const Revocation& revocation) {
  mandates_[revocation.mandate].revocations.emplace(revocation.owner, revocation);
}

Allowed<const Mandate*> Mandates::standing(const MandateId& id, const OrganisationId& owner,
                                           Time now) const {
  const auto found = mandates_.find(id);
  if (found == mandates_.end() || !found->second.versions.back().is_about(owner))
    return refuse(Denial::kBrokenChain);
  const Entry& entry = found->second;
  if (entry.revocations.contains(owner)) return refuse(Denial::kRevoked);
  const Mandate* version = entry.signed_by(owner);
  if (version == nullptr) return refuse(Denial::kNotSigned);
  if (now < version->begins) return refuse(Denial::kNotBegun);
  if (now >= version->ends) return refuse(Denial::kEnded);
  return version;
}

Allowed<std::vector<const Mandate*>> Mandates::chain(const MandateId& leaf,
                                                     const OrganisationId& owner, Time now) const {
  std::vector<const Mandate*> links;
  for (MandateId at = leaf; !at.empty();) {
    if (links.size() == kDeepest) return refuse(Denial::kBrokenChain);
    const auto link = standing(at, owner, now);
    if (!link) return refuse(link.error());
    if (!links.empty() && (*link)->pass_on == PassOn::kForbidden)
      return refuse(Denial::kBrokenChain);
    links.push_back(*link);
    at = (*link)->parent;
  }
  std::reverse(links.begin(), links.end());
  return links;
}

Allowed<AccessGrant> Mandates::granted(const MandateId& leaf, const MandateAsk& ask,
                                       Time now) const {
  const auto links = chain(leaf, ask.owner, now);
  if (!links) return refuse(links.error());
  const bool on_desk = ask.use == MandateUse::kOnDesk;
  const bool theirs = !on_desk || ask.called == ask.owner ||
                      std::any_of(links->begin(), links->end(),
                                  [&](const Mandate* link) { return link->to == ask.called; });
  if (!theirs) return refuse(Denial::kOtherNumber);
  const std::string wanted = ask.purpose.empty() ? links->back()->purposes.front().id : ask.purpose;
  AccessGrant grant;
  grant.ends = Time::max();
  for (const Mandate* link : *links) {
    if (on_desk && !link->desks.contains(ask.desk)) return refuse(Denial::kOtherDesk);
    const Purpose* purpose = link->purpose(wanted);
    if (purpose == nullptr) return refuse(Denial::kNoPurpose);
    if (grant.chain.empty()) {
      grant.purpose = *purpose;
    } else {
      grant.purpose.fields = common(grant.purpose.fields, purpose->fields);
      grant.purpose.checks = std::max(grant.purpose.checks, purpose->checks);
      grant.purpose.export_rows_per_day =
          std::min(grant.purpose.export_rows_per_day, purpose->export_rows_per_day);
      grant.purpose.callers = common(grant.purpose.callers, purpose->callers);
      grant.purpose.playback = grant.purpose.playback && purpose->playback;
      grant.purpose.cases = grant.purpose.cases && purpose->cases;
    }
    grant.ends = std::min(grant.ends, link->ends);
    grant.chain.push_back({link->id, link->version, link->to, link->limits});
  }
  const bool none = !on_desk && grant.purpose.export_rows_per_day == 0;
  if (grant.purpose.fields.empty() || none) return refuse(Denial::kNoPurpose);
  return grant;
}

Allowed<AccessGrant> Mandates::ask(const MandateAsk& ask, Time now) const {
  Denial furthest = Denial::kNoMandate;
  for (const auto& [id, entry] : mandates_) {
    const Mandate& newest = entry.versions.back();
    if (newest.to != ask.actor || !newest.is_about(ask.owner)) continue;
    auto grant = granted(id, ask, now);
    if (grant) return grant;
    furthest = std::max(furthest, grant.error());
  }
  return refuse(furthest);
}

std::vector<OrganisationId> Mandates::owners(const MandateAsk& ask, Time now) const {
  std::set<OrganisationId> found;
  for (const auto& [id, entry] : mandates_) {
    if (entry.versions.back().to != ask.actor) continue;
    for (const OrganisationId& owner : entry.versions.back().owners) {
      MandateAsk one = ask;
      one.owner = owner;
      if (granted(id, one, now)) found.insert(owner);
    }
  }
  return {found.begin(), found.end()};
}

std::vector<Purpose> Mandates::purposes(const MandateAsk& ask, Time now) const {
  std::vector<Purpose> found;
  const auto known = [&](const std::string& id) {
    return std::any_of(found.begin(), found.end(), [&](const Purpose& p) { return p.id == id; });
  };
  for (const auto& [id, entry] : mandates_) {
    if (entry.versions.back().to != ask.actor) continue;
    for (const auto& [owner, signatures] : entry.signatures)
      for (const Purpose& purpose : entry.signed_by(owner)->purposes) {
        if (known(purpose.id)) continue;
        MandateAsk one = ask;
        one.owner = owner;
        one.purpose = purpose.id;
        if (const auto grant = granted(id, one, now)) found.push_back(grant->purpose);
      }
  }
  return found;
}

bool Mandates::unbroken(const MandateId& id, const OrganisationId& owner, Time now) const {
  return chain(id, owner, now).has_value();
}

bool Mandates::concerns(const OrganisationId& organisation, Time now) const {
  for (const auto& [id, entry] : mandates_) {
    const Mandate& newest = entry.versions.back();  // its parties are those of all versions
    if (newest.to != organisation && !newest.is_about(organisation)) continue;
    for (const auto& [owner, signatures] : entry.signatures)
      if (now < entry.signed_by(owner)->ends) return true;
  }
  return false;
}

bool Mandates::names_desk(const DeskId& desk, const OrganisationId& owner) const {
  return std::any_of(mandates_.begin(), mandates_.end(), [&](const auto& one) {
    const std::vector<Mandate>& versions = one.second.versions;
    return (owner.empty() || versions.back().is_about(owner)) &&
           std::any_of(versions.begin(), versions.end(),
                       [&](const Mandate& version) { return version.desks.contains(desk); });
  });
}

std::string_view state_of(const Mandates::Entry& entry, const OrganisationId& owner, Time now) {
  if (entry.revocations.contains(owner)) return "revoked";
  const Mandate* standing = entry.signed_by(owner);
  if (standing == nullptr) return "draft";
  return now < standing->begins ? "not_begun" : now < standing->ends ? "in_force" : "ended";
}

std::optional<Time> Mandates::next_change(Time now) const {
  std::optional<Time> next;
  for (const auto& [id, entry] : mandates_)
    for (const auto& [owner, signatures] : entry.signatures)
      for (const Time at : {entry.signed_by(owner)->begins, entry.signed_by(owner)->ends})
        if (at > now && (!next || at < *next)) next = at;
  return next;
}

}  // namespace madoguchi::vault
