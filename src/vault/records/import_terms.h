// What an import is begun under, before anything of it is kept. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "vault/records/importer.h"

namespace madoguchi::vault {

// Equal terms give equal text: an import goes on only as it began.
std::string terms_digest(const ImportTerms& terms);

// The terms with the day as it is kept. kInvalid: source, purpose or day is told neither for all
// rows nor in a column, or the day is none.
Result<ImportTerms> checked(ImportTerms terms);

}  // namespace madoguchi::vault
