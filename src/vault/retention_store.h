// What carrying out the mandates' retention needs kept: rows and changes beside those of
// vault_store.h, committed by the same acts. No personal data.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "vault/access/ids.h"

namespace madoguchi::vault {

using DestructionId = Id<struct DestructionTag>;

// Something that was said about one owner's retention under one version of a mandate.
struct RetentionRow {
  OrganisationId owner;
  MandateId mandate;
  std::uint32_t version = 1;
  std::string word;  // "warned", "held", "waits", "waived"
  OperatorId by;     // empty: the vault itself
  Time at;
};

struct DestructionRow {
  DestructionId id;
  OrganisationId owner;
  bool done = false;
  std::string certificate;  // its body, canonical JSON; without "done_at" until it is done
};

struct PutRetention {  // in place of what was said with that word before
  RetentionRow row;
};
struct PutDestruction {  // in place of the row of that id
  DestructionRow row;
};

using RetentionChange = std::variant<PutRetention, PutDestruction>;

struct RetentionImage {
  std::vector<RetentionRow> words;
  std::vector<DestructionRow> destructions;  // in the order of their ids, which is that of time
};

}  // namespace madoguchi::vault
