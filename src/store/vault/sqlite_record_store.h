// Sealed records, marks, documents and imports in one SQLite file. One connection writes, a few
// read, so that an opening never waits for an import. Records are appended by number; marks are
// clustered by organisation, so that loading or adding to one client touches its part of the tree
// only. docs/decisions/records-store.md gives the reasons and figures.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "vault/records/record_store.h"

namespace madoguchi::store {

Result<std::unique_ptr<vault::RecordStore>> open_sqlite_record_store(
    const std::string& file, std::chrono::milliseconds busy_timeout, int cache_kibibytes);

}  // namespace madoguchi::store
