#include "vault/access/retention_terms.h"

#include <algorithm>
#include <tuple>

namespace madoguchi::vault {

std::vector<RetentionTerm> retention_terms(const Mandates& mandates) {
  std::vector<RetentionTerm> terms;
  for (const auto& [id, entry] : mandates.all()) {
    if (!entry.versions.back().parent.empty()) continue;
    for (const auto& [owner, signatures] : entry.signatures) {
      const Mandate& standing = entry.versions[signatures.back().version - 1];
      RetentionTerm& term =
          terms.emplace_back(RetentionTerm{id, standing.version, owner, standing.to,
                                           standing.at_end, standing.ends, standing.retention});
      const auto revoked = entry.revocations.find(owner);
      if (revoked != entry.revocations.end()) term.ends = std::min(term.ends, revoked->second.at);
    }
  }
  std::stable_sort(terms.begin(), terms.end(), [](const RetentionTerm& a, const RetentionTerm& b) {
    return std::tie(a.owner, a.retention) < std::tie(b.owner, b.retention);
  });
  return terms;
}

}  // namespace madoguchi::vault
