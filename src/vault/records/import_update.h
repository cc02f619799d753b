// What a row of a client's newer file changes in the record of a person who is there already. The
// file's word replaces what differs, with the provenance the file states; it takes nothing away:
// what it leaves empty stays, a telephone that it does not name stays beside the one it does, and
// neither a refused use nor a check that was made is taken back. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "vault/records/import_mapping.h"
#include "vault/records/records.h"
#include "vault/records/sealer.h"

namespace madoguchi::vault {

struct RowDifference {
  Correction correction;            // of nothing: the record says all that the row says
  std::vector<std::string> fields;  // "address", "telephone.2"; in the order of the record
};

// `stored`: every value of the record, and its provenance. `given` passed RecordSealer::check() and
// forms_of(). kInvalid: of another kind (person, company), or a field has no place left.
Result<RowDifference> difference(const GivenRow& given, const OpenedSubject& stored,
                                 const RecordSealer& sealer, Time now);

}  // namespace madoguchi::vault
