// Whether what a drafted mandate names is there: organisations, fields of its owners' people, kinds
// of callers, and as many fields as answers must match. A name that is misspelt would give nothing,
// and its owner would sign it believing that it does. Desks are the centre's and not known here.
#pragma once

#include "base/result.h"
#include "vault/access/mandate.h"
#include "vault/caller_rules.h"
#include "vault/records/records.h"
#include "vault/registry.h"

namespace madoguchi::vault {

struct MandateNames {
  const Registry& registry;
  Records* records = nullptr;  // null: this vault has none, and fields are not looked up
  const CallerRules& callers;
};

// kInvalid or kNotFound, with the name that is none; or why records can't be read.
Result<void> check_names(const Mandate& mandate, const MandateNames& known);

}  // namespace madoguchi::vault
