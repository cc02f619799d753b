#include "store/vault/sqlite_record_rows.h"

namespace madoguchi::store {

using vault::DocumentRow;
using vault::ImportRow;

const char* const kRecordTables = R"(
CREATE TABLE IF NOT EXISTS record_organisations (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS record_schemas (organisation INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
  number INTEGER PRIMARY KEY, tail BLOB NOT NULL, organisation INTEGER NOT NULL,
  company INTEGER NOT NULL, revision INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS record_marks (
  organisation INTEGER NOT NULL, mark BLOB NOT NULL, record INTEGER NOT NULL,
  PRIMARY KEY (organisation, mark, record)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record_documents (
  document TEXT NOT NULL, version INTEGER NOT NULL, record INTEGER NOT NULL, kind TEXT NOT NULL,
  author TEXT NOT NULL, written_us INTEGER NOT NULL, draft INTEGER NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (document, version));
CREATE INDEX IF NOT EXISTS record_documents_by_record ON record_documents (record);
CREATE TABLE IF NOT EXISTS record_erasures (
  record INTEGER NOT NULL, mark BLOB NOT NULL, at_us INTEGER NOT NULL, PRIMARY KEY (mark, record))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record_imports (
  import_id TEXT PRIMARY KEY, organisation INTEGER NOT NULL, digest TEXT NOT NULL,
  terms TEXT NOT NULL, state TEXT NOT NULL, bytes INTEGER NOT NULL, lines INTEGER NOT NULL,
  rows INTEGER NOT NULL, bad_rows INTEGER NOT NULL, log_bytes INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, began_us INTEGER NOT NULL,
  ended_us INTEGER NOT NULL, changed INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0, fed TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS record_imports_by_file ON record_imports (organisation, digest);
CREATE TABLE IF NOT EXISTS record_cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL)
  WITHOUT ROWID;
PRAGMA user_version = 1;
)";

namespace {

struct NewerColumn {
  std::string_view name;
  const char* add;
};
constexpr NewerColumn kNewerColumns[] = {
    {"changed", "ALTER TABLE record_imports ADD COLUMN changed INTEGER NOT NULL DEFAULT 0"},
    {"unchanged", "ALTER TABLE record_imports ADD COLUMN unchanged INTEGER NOT NULL DEFAULT 0"},
    {"fed", "ALTER TABLE record_imports ADD COLUMN fed TEXT NOT NULL DEFAULT ''"},
};

Result<bool> has_column(SqliteFile& file, std::string_view name) {
  auto columns = file.query("SELECT 1 FROM pragma_table_info('record_imports') WHERE name = ?");
  columns.bind(1, name);
  return columns.step();
}

}  // namespace

Result<void> add_newer_columns(SqliteFile& file) {
  for (const NewerColumn& column : kNewerColumns) {
    const auto there = has_column(file, column.name);
    if (!there) return tl::unexpected<Error>(there.error());
    if (*there) continue;
    if (auto added = file.execute(column.add); !added) return added;
  }
  return {};
}

const std::string_view kImportColumns =
    "SELECT import_id, digest, terms, state, bytes, lines, rows, bad_rows, log_bytes, first, last, "
    "began_us, ended_us, changed, unchanged, fed FROM record_imports ";

DocumentRow document_of(const SqliteQuery& row) {
  DocumentRow document;
  document.document = row.text(0);
  document.version = row.integer(1);
  document.number = unsigned_of(row.integer(2));
  document.kind = row.text(3);
  document.author = row.text(4);
  document.written = time_from_micros(row.integer(5));
  document.draft = row.integer(6) != 0;
  return document;
}

ImportRow import_of(const SqliteQuery& row, const OrganisationId& organisation) {
  ImportRow import;
  import.organisation = organisation;
  import.import_id = row.text(0);
  import.digest = row.text(1);
  import.terms = row.text(2);
  import.state = row.text(3);
  import.bytes = unsigned_of(row.integer(4));
  import.lines = unsigned_of(row.integer(5));
  import.rows = unsigned_of(row.integer(6));
  import.bad_rows = unsigned_of(row.integer(7));
  import.log_bytes = unsigned_of(row.integer(8));
  import.first = unsigned_of(row.integer(9));
  import.last = unsigned_of(row.integer(10));
  import.began = time_from_micros(row.integer(11));
  import.ended = time_from_micros(row.integer(12));
  import.changed = unsigned_of(row.integer(13));
  import.unchanged = unsigned_of(row.integer(14));
  import.fed = row.text(15);
  return import;
}

Result<void> put_document(SqliteFile& file, const DocumentRow& row) {
  auto put = file.query(
      "INSERT OR REPLACE INTO record_documents (document, version, record, kind, author, "
      "written_us, draft, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  put.bind(1, std::string_view(row.document))
      .bind(2, row.version)
      .bind(3, signed_of(row.number))
      .bind(4, std::string_view(row.kind))
      .bind(5, std::string_view(row.author))
      .bind(6, to_micros(row.written))
      .bind(7, std::int64_t{row.draft})
      .bind(8, ByteView(row.sealed));
  return put.run();
}

Result<void> put_import(SqliteFile& file, const ImportRow& row, std::int64_t organisation) {
  auto put = file.query(
      "INSERT OR REPLACE INTO record_imports (import_id, organisation, digest, terms, state, "
      "bytes, lines, rows, bad_rows, log_bytes, first, last, began_us, ended_us, changed, "
      "unchanged, fed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  put.bind(1, std::string_view(row.import_id))
      .bind(2, organisation)
      .bind(3, std::string_view(row.digest))
      .bind(4, std::string_view(row.terms))
      .bind(5, std::string_view(row.state))
      .bind(6, signed_of(row.bytes))
      .bind(7, signed_of(row.lines))
      .bind(8, signed_of(row.rows))
      .bind(9, signed_of(row.bad_rows))
      .bind(10, signed_of(row.log_bytes))
      .bind(11, signed_of(row.first))
      .bind(12, signed_of(row.last))
      .bind(13, to_micros(row.began))
      .bind(14, to_micros(row.ended))
      .bind(15, signed_of(row.changed))
      .bind(16, signed_of(row.unchanged))
      .bind(17, std::string_view(row.fed));
  return put.run();
}

}  // namespace madoguchi::store
