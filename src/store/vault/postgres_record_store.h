// Sealed records, marks, documents and imports in PostgreSQL, by the interface of the SQLite store:
// one connection writes, another reads. Many rows go as arrays in one statement.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "vault/records/record_store.h"

namespace madoguchi::store {

// `side_folder` is for files of imports under way.
Result<std::unique_ptr<vault::RecordStore>> open_postgres_record_store(
    const std::string& url, std::chrono::milliseconds lock_timeout,
    const std::filesystem::path& side_folder);

}  // namespace madoguchi::store
