// The centre's store over SQLite or PostgreSQL: centre/centre_store.h says what it promises. Holds
// two connections, one that writes and one that reads beside it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "centre/centre_store.h"

namespace madoguchi::store {

// Opens and migrates. `url` as in store/database.h. Errors: kInvalid for a URL that makes no sense,
// kConflict when another centre has it open, else kUnavailable or kCorrupt.
Result<std::unique_ptr<centre::CentreStore>> open_centre_store(const std::string& url);

}  // namespace madoguchi::store
