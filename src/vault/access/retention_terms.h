// What mandates say becomes of an owner's data: until when it is kept, and what then happens. Only
// mandates from the owners themselves count, each in the version that the owner signed last: who
// was passed one on keeps nothing of its own. A mandate that was taken back opens nothing any more,
// but its retention stands. Pure; any thread.
#pragma once

#include <chrono>
#include <vector>

#include "vault/access/mandates.h"

namespace madoguchi::vault {

// Between the warning and the first key.
inline constexpr std::chrono::hours kRetentionWarning{24 * 30};

struct RetentionTerm {
  MandateId mandate;
  std::uint32_t version = 1;
  OrganisationId owner;
  OrganisationId to;
  AtEnd at_end = AtEnd::kDestroyed;
  Time ends;       // of access: the owner's revocation where that came first
  Time retention;  // then keys go
};

// By owner, then by retention.
std::vector<RetentionTerm> retention_terms(const Mandates& mandates);

}  // namespace madoguchi::vault
