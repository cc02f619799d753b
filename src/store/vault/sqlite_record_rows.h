// The tables of the records in SQLite, and how rows of documents and imports are read and written.
// Private to sqlite_record_store.cc, which says what they are for.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "store/vault/sqlite_file.h"
#include "vault/records/record_store.h"

namespace madoguchi::store {

extern const char* const kRecordTables;
// To tables that an earlier version made.
Result<void> add_newer_columns(SqliteFile& file);
// Followed by a WHERE; import_of() reads what it gives.
extern const std::string_view kImportColumns;

inline std::int64_t signed_of(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
inline std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

// Without the sealed bytes.
vault::DocumentRow document_of(const SqliteQuery& row);
vault::ImportRow import_of(const SqliteQuery& row, const OrganisationId& organisation);

Result<void> put_document(SqliteFile& file, const vault::DocumentRow& row);
Result<void> put_import(SqliteFile& file, const vault::ImportRow& row, std::int64_t organisation);

}  // namespace madoguchi::store
