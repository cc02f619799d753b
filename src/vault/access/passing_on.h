// Passing a mandate on: from a client's vendor to a sub-contractor, and further down. What is
// passed on is never more than what was given: not another desk, purpose or field, no higher limit,
// not a day longer. Every owner signs each link, so that it knows every sub-contractor by name.
// Pure.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "vault/access/mandates.h"

namespace madoguchi::vault {

// kDenied: the parent may not be passed on; kInvalid names what is wider than the parent.
Result<void> check_narrower(const Mandate& mandate, const Mandate& parent);

// The same against what each owner signed, for a draft by `organisation`. kDenied: it was not given
// the parent, or not by each of these owners, or the chain above is broken now; kInvalid too for a
// new one that is not called "<parent>.<to>", perhaps with a number behind it.
Result<void> may_pass_on(const Mandates& mandates, const Mandate& mandate,
                         const OrganisationId& organisation, Time now);

}  // namespace madoguchi::vault
