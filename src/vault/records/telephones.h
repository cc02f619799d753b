// What a record's telephones carry beside their digits. Pure; any thread.
#pragma once

#include <string>

#include "base/time.h"
#include "vault/core/numbering.h"
#include "vault/records/records.h"
#include "vault/records/schema.h"
#include "vault/records/subject.h"

namespace madoguchi::vault {

// "mobile": as the client says, or else as the numbering plan does; empty where neither knows.
std::string line_kind_of(const FieldValue& value, const NumberingPlan& plan, Time now);

// Says of each telephone all that is known: its line, and where it came from, though that be where
// the whole record came from (`record.provenance`).
void tell_whole(OpenedSubject& record, const Schema& schema, const NumberingPlan& plan, Time now);

}  // namespace madoguchi::vault
