#include "store/vault/postgres_record_store.h"

#include <algorithm>

#include "store/vault/postgres_link.h"

namespace madoguchi::store {
namespace {

using vault::DocumentRow;
using vault::ErasureRow;
using vault::ImportRow;
using vault::Mark;
using vault::MarkRow;
using vault::RecordAct;
using vault::RecordNumber;
using vault::RecordPlaceRow;
using vault::RecordRow;
using Ask = PostgresLink::Ask;

constexpr std::int64_t kOwnerLock = 0x7265636f72647374;  // any number of our own choosing

constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS record_schemas (organisation_id TEXT PRIMARY KEY, json TEXT NOT "
    "NULL)",
    "CREATE TABLE IF NOT EXISTS records (number BIGINT PRIMARY KEY, tail BYTEA NOT NULL, "
    "organisation_id TEXT NOT NULL, company INTEGER NOT NULL, revision BIGINT NOT NULL, sealed "
    "BYTEA NOT NULL)",
    "CREATE TABLE IF NOT EXISTS record_marks (organisation_id TEXT NOT NULL, mark BYTEA NOT NULL, "
    "record BIGINT NOT NULL, PRIMARY KEY (organisation_id, mark, record))",
    "CREATE TABLE IF NOT EXISTS record_documents (document TEXT NOT NULL, version BIGINT NOT NULL, "
    "record BIGINT NOT NULL, kind TEXT NOT NULL, author TEXT NOT NULL, written_us BIGINT NOT NULL, "
    "draft INTEGER NOT NULL, sealed BYTEA NOT NULL, PRIMARY KEY (document, version))",
    "CREATE INDEX IF NOT EXISTS record_documents_by_record ON record_documents (record)",
    "CREATE TABLE IF NOT EXISTS record_erasures (record BIGINT NOT NULL, mark BYTEA NOT NULL, "
    "at_us BIGINT NOT NULL, PRIMARY KEY (mark, record))",
    "CREATE TABLE IF NOT EXISTS record_imports (import_id TEXT PRIMARY KEY, organisation_id TEXT "
    "NOT NULL, digest TEXT NOT NULL, terms TEXT NOT NULL, state TEXT NOT NULL, bytes BIGINT NOT "
    "NULL, lines BIGINT NOT NULL, rows BIGINT NOT NULL, bad_rows BIGINT NOT NULL, log_bytes BIGINT "
    "NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, began_us BIGINT NOT NULL, ended_us "
    "BIGINT NOT NULL)",
    "ALTER TABLE record_imports ADD COLUMN IF NOT EXISTS changed BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE record_imports ADD COLUMN IF NOT EXISTS unchanged BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE record_imports ADD COLUMN IF NOT EXISTS fed TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE IF NOT EXISTS record_cursors (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
};

std::uint64_t unsigned_at(const PostgresRows& rows, std::size_t row, std::size_t column) {
  return static_cast<std::uint64_t>(rows.integer(row, column));
}
std::string flag(bool value) {
  return value ? "1" : "0";
}
tl::unexpected<Error> damaged() {
  return fail(ErrorCode::kCorrupt, "the store of records is damaged; restore a backup");
}
template <typename T>
Result<void> nothing(const Result<T>& result) {
  if (!result) return tl::unexpected<Error>(result.error());
  return {};
}
template <std::size_t Size>
bool copy_exactly(const Bytes& from, std::array<std::uint8_t, Size>& into) {
  if (from.size() != Size) return false;
  std::copy(from.begin(), from.end(), into.begin());
  return true;
}

Result<void> put_records(const Ask& ask, const std::string& organisation, const RecordAct& act) {
  if (act.check_revisions) {
    for (const RecordRow& row : act.records) {
      const auto updated = ask(
          "UPDATE records SET revision = $1::bigint, sealed = $2::bytea WHERE number = $3::bigint "
          "AND revision = $1::bigint - 1",
          {pg(row.revision), pg(ByteView(row.sealed)), pg(row.number)});
      if (!updated) return nothing(updated);
      if (updated->affected != 1)
        return fail(ErrorCode::kConflict, "the record was changed meanwhile; read it again");
    }
    return {};
  }
  if (act.records.empty()) return {};
  PostgresArray numbers, tails, companies, revisions, sealed;
  for (const RecordRow& row : act.records) {
    numbers.add(row.number);
    tails.add(ByteView(row.tail));
    companies.add(std::int64_t{row.kind == vault::SubjectKind::kCompany});
    revisions.add(row.revision);
    sealed.add(ByteView(row.sealed));
  }
  return nothing(
      ask("INSERT INTO records (number, tail, organisation_id, company, revision, sealed) SELECT "
          "number, tail, $6, company, revision, sealed FROM unnest($1::bigint[], $2::bytea[], "
          "$3::integer[], $4::bigint[], $5::bytea[]) AS fresh (number, tail, company, revision, "
          "sealed) ON CONFLICT (number) DO UPDATE SET tail = excluded.tail, organisation_id = "
          "excluded.organisation_id, company = excluded.company, revision = excluded.revision, "
          "sealed = excluded.sealed",
          {numbers.text(), tails.text(), companies.text(), revisions.text(), sealed.text(),
           organisation}));
}

Result<void> change_marks(const Ask& ask, const std::string& organisation,
                          std::span<const MarkRow> rows, const char* sql) {
  if (rows.empty()) return {};
  PostgresArray marks, numbers;
  for (const MarkRow& row : rows) {
    marks.add(ByteView(row.mark));
    numbers.add(row.number);
  }
  return nothing(ask(sql, {organisation, marks.text(), numbers.text()}));
}
constexpr const char* kPutMarks =
    "INSERT INTO record_marks (organisation_id, mark, record) SELECT $1, mark, record FROM "
    "unnest($2::bytea[], $3::bigint[]) AS fresh (mark, record) ON CONFLICT DO NOTHING";
constexpr const char* kDropMarks =
    "DELETE FROM record_marks USING unnest($2::bytea[], $3::bigint[]) AS gone (mark, record) WHERE "
    "organisation_id = $1 AND record_marks.mark = gone.mark AND record_marks.record = gone.record";

Result<void> put_document(const Ask& ask, const DocumentRow& row) {
  return nothing(
      ask("INSERT INTO record_documents (document, version, record, kind, author, written_us, "
          "draft, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (document, version) "
          "DO UPDATE SET written_us = excluded.written_us, draft = excluded.draft, kind = "
          "excluded.kind, sealed = excluded.sealed",
          {row.document, pg(row.version), pg(row.number), row.kind, row.author,
           pg(to_micros(row.written)), flag(row.draft), pg(ByteView(row.sealed))}));
}

Result<void> put_import(const Ask& ask, const std::string& organisation, const ImportRow& row) {
  return nothing(ask(
      "INSERT INTO record_imports (import_id, organisation_id, digest, terms, state, bytes, "
      "lines, rows, bad_rows, log_bytes, first, last, began_us, ended_us, changed, unchanged, "
      "fed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON "
      "CONFLICT (import_id) DO UPDATE SET fed = excluded.fed, changed = excluded.changed, "
      "unchanged = "
      "excluded.unchanged, "
      "state = excluded.state, bytes = excluded.bytes, lines = excluded.lines, rows = "
      "excluded.rows, bad_rows = excluded.bad_rows, log_bytes = excluded.log_bytes, first = "
      "excluded.first, last = excluded.last, ended_us = excluded.ended_us",
      {row.import_id, organisation, row.digest, row.terms, row.state, pg(row.bytes), pg(row.lines),
       pg(row.rows), pg(row.bad_rows), pg(row.log_bytes), pg(row.first), pg(row.last),
       pg(to_micros(row.began)), pg(to_micros(row.ended)), pg(row.changed), pg(row.unchanged),
       row.fed}));
}

DocumentRow document_of(const PostgresRows& rows, std::size_t at) {
  DocumentRow row;
  row.document = rows.text(at, 0);
  row.version = rows.integer(at, 1);
  row.number = unsigned_at(rows, at, 2);
  row.kind = rows.text(at, 3);
  row.author = rows.text(at, 4);
  row.written = time_from_micros(rows.integer(at, 5));
  row.draft = rows.integer(at, 6) != 0;
  return row;
}

class PostgresRecordStore final : public vault::RecordStore {
 public:
  PostgresRecordStore(std::unique_ptr<PostgresLink> writer, std::unique_ptr<PostgresLink> reader,
                      std::string side_folder)
      : writer_(std::move(writer)),
        reader_(std::move(reader)),
        side_folder_(std::move(side_folder)) {}

  Result<void> commit(const OrganisationId& organisation, const RecordAct& act) override {
    const std::string& id = organisation.text();
    return writer_->transact([&](const Ask& ask) -> Result<void> {
      if (auto put = put_records(ask, id, act); !put) return put;
      if (auto put = change_marks(ask, id, act.marks, kPutMarks); !put) return put;
      if (auto put = change_marks(ask, id, act.marks_gone, kDropMarks); !put) return put;
      for (const DocumentRow& row : act.documents)
        if (auto put = put_document(ask, row); !put) return put;
      return act.import ? put_import(ask, id, *act.import) : Result<void>();
    });
  }

  Result<RecordNumber> highest_number() override {
    const auto rows = reader_->ask("SELECT COALESCE(MAX(number), 0) FROM records");
    if (!rows) return tl::unexpected<Error>(rows.error());
    return unsigned_at(*rows, 0, 0);
  }

  Result<std::optional<RecordRow>> record(RecordNumber number) override {
    const auto rows = reader_->ask(
        "SELECT tail, organisation_id, company, revision, sealed FROM records WHERE number = $1",
        {pg(number)});
    if (!rows) return tl::unexpected<Error>(rows.error());
    if (rows->size() == 0) return std::optional<RecordRow>();
    RecordRow row;
    row.number = number;
    row.organisation = OrganisationId(rows->text(0, 1));
    row.kind =
        rows->integer(0, 2) != 0 ? vault::SubjectKind::kCompany : vault::SubjectKind::kPerson;
    row.revision = rows->integer(0, 3);
    row.sealed = rows->bytes(0, 4);
    if (!copy_exactly(rows->bytes(0, 0), row.tail)) return damaged();
    return std::optional(std::move(row));
  }

  Result<std::vector<RecordNumber>> numbers(RecordNumber from, RecordNumber to,
                                            std::size_t most) override {
    return numbers_of(reader_->ask(
        "SELECT number FROM records WHERE number BETWEEN $1 AND $2 ORDER BY number LIMIT $3",
        {pg(from), pg(to), pg(std::uint64_t{most})}));
  }
  Result<std::vector<RecordPlaceRow>> places(const OrganisationId& organisation, RecordNumber from,
                                             RecordNumber to, std::size_t most) override {
    const auto found = reader_->ask(
        "SELECT number, tail FROM records WHERE number BETWEEN $1 AND $2 AND organisation_id = $3 "
        "ORDER BY number LIMIT $4",
        {pg(from), pg(to), organisation.text(), pg(std::uint64_t{most})});
    if (!found) return tl::unexpected<Error>(found.error());
    std::vector<RecordPlaceRow> rows(found->size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].number = unsigned_at(*found, i, 0);
      if (!copy_exactly(found->bytes(i, 1), rows[i].tail)) return damaged();
    }
    return rows;
  }
  Result<std::vector<RecordNumber>> marked(const OrganisationId& organisation, const Mark& mark,
                                           std::size_t most) override {
    return numbers_of(reader_->ask(
        "SELECT record FROM record_marks WHERE organisation_id = $1 AND mark = $2 ORDER BY record "
        "LIMIT $3",
        {organisation.text(), pg(ByteView(mark)), pg(std::uint64_t{most})}));
  }

  Result<std::vector<bool>> known(const OrganisationId& organisation,
                                  std::span<const Mark> marks) override {
    PostgresArray all;
    for (const Mark& mark : marks) all.add(ByteView(mark));
    const auto rows = reader_->ask(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM record_marks WHERE organisation_id = $1 AND "
        "record_marks.mark = wanted.mark) THEN 1 ELSE 0 END FROM unnest($2::bytea[]) WITH "
        "ORDINALITY AS wanted (mark, place) ORDER BY place",
        {organisation.text(), all.text()});
    if (!rows) return tl::unexpected<Error>(rows.error());
    std::vector<bool> there;
    for (std::size_t i = 0; i < rows->size(); ++i) there.push_back(rows->integer(i, 0) != 0);
    return there;
  }

  Result<bool> any_marks(const OrganisationId& organisation) override {
    const auto rows = reader_->ask("SELECT 1 FROM record_marks WHERE organisation_id = $1 LIMIT 1",
                                   {organisation.text()});
    if (!rows) return tl::unexpected<Error>(rows.error());
    return rows->size() > 0;
  }

  Result<void> add_marks(const OrganisationId& organisation,
                         std::span<const MarkRow> sorted) override {
    return writer_->transact(
        [&](const Ask& ask) { return change_marks(ask, organisation.text(), sorted, kPutMarks); });
  }

  Result<void> erase(const OrganisationId& organisation, std::span<const ErasureRow> erasures,
                     const std::optional<std::vector<MarkRow>>& marks) override {
    const std::string& id = organisation.text();
    return writer_->transact([&](const Ask& ask) -> Result<void> {
      for (const ErasureRow& row : erasures) {
        const std::string number = pg(row.number);
        if (!organisation.empty()) {
          if (auto gone = ask("DELETE FROM records WHERE number = $1 AND organisation_id = $2",
                              {number, id});
              !gone)
            return nothing(gone);
          if (auto gone = ask("DELETE FROM record_documents WHERE record = $1", {number}); !gone)
            return nothing(gone);
          if (!marks)
            if (auto gone =
                    ask("DELETE FROM record_marks WHERE organisation_id = $2 AND record = $1",
                        {number, id});
                !gone)
              return nothing(gone);
        }
        if (auto noted = ask("INSERT INTO record_erasures (record, mark, at_us) VALUES ($1, $2, "
                             "$3) ON CONFLICT DO NOTHING",
                             {number, pg(ByteView(row.mark)), pg(to_micros(row.at))});
            !noted)
          return nothing(noted);
      }
      return marks ? change_marks(ask, id, *marks, kDropMarks) : Result<void>();
    });
  }

  Result<bool> drop_marks(const OrganisationId& organisation, std::size_t) override {
    if (auto gone = nothing(writer_->ask("DELETE FROM record_marks WHERE organisation_id = $1",
                                         {organisation.text()}));
        !gone)
      return tl::unexpected<Error>(gone.error());
    return true;
  }

  Result<std::vector<ErasureRow>> erasures() override {
    const auto rows = reader_->ask("SELECT record, mark, at_us FROM record_erasures");
    if (!rows) return tl::unexpected<Error>(rows.error());
    std::vector<ErasureRow> all(rows->size());
    for (std::size_t i = 0; i < rows->size(); ++i) {
      all[i].number = unsigned_at(*rows, i, 0);
      all[i].at = time_from_micros(rows->integer(i, 2));
      if (!copy_exactly(rows->bytes(i, 1), all[i].mark)) return damaged();
    }
    return all;
  }

  Result<std::optional<std::string>> schema(const OrganisationId& organisation) override {
    const auto rows = reader_->ask("SELECT json FROM record_schemas WHERE organisation_id = $1",
                                   {organisation.text()});
    if (!rows) return tl::unexpected<Error>(rows.error());
    return rows->size() == 0 ? std::nullopt : std::optional(rows->text(0, 0));
  }
  Result<void> put_schema(const OrganisationId& organisation, const std::string& json) override {
    return nothing(
        writer_->ask("INSERT INTO record_schemas (organisation_id, json) VALUES ($1, $2) ON "
                     "CONFLICT (organisation_id) DO UPDATE SET json = excluded.json",
                     {organisation.text(), json}));
  }

  Result<std::vector<DocumentRow>> documents(RecordNumber number) override {
    const auto rows = reader_->ask(
        "SELECT * FROM (SELECT DISTINCT ON (document) document, version, record, kind, author, "
        "written_us, draft FROM record_documents WHERE record = $1 ORDER BY document, version "
        "DESC) AS newest ORDER BY written_us DESC",
        {pg(number)});
    if (!rows) return tl::unexpected<Error>(rows.error());
    std::vector<DocumentRow> all;
    for (std::size_t i = 0; i < rows->size(); ++i) all.push_back(document_of(*rows, i));
    return all;
  }
  Result<std::optional<DocumentRow>> document(const std::string& document,
                                              std::int64_t version) override {
    const auto rows = reader_->ask(
        "SELECT document, version, record, kind, author, written_us, draft, sealed FROM "
        "record_documents WHERE document = $1 AND ($2::bigint = 0 OR version = $2::bigint) ORDER "
        "BY version DESC LIMIT 1",
        {document, pg(version)});
    if (!rows) return tl::unexpected<Error>(rows.error());
    if (rows->size() == 0) return std::optional<DocumentRow>();
    DocumentRow row = document_of(*rows, 0);
    row.sealed = rows->bytes(0, 7);
    return std::optional(std::move(row));
  }

  Result<std::vector<ImportRow>> imports(const OrganisationId& organisation) override {
    const auto rows = reader_->ask(
        "SELECT import_id, digest, terms, state, bytes, lines, rows, bad_rows, log_bytes, first, "
        "last, began_us, ended_us, changed, unchanged, fed FROM record_imports WHERE "
        "organisation_id = $1 ORDER BY began_us, import_id",
        {organisation.text()});
    if (!rows) return tl::unexpected<Error>(rows.error());
    std::vector<ImportRow> all;
    for (std::size_t i = 0; i < rows->size(); ++i) {
      const auto number = [&](std::size_t column) { return unsigned_at(*rows, i, column); };
      all.push_back({rows->text(i, 0), organisation, rows->text(i, 1), rows->text(i, 2),
                     rows->text(i, 3), number(4), number(5), number(6), number(7), number(13),
                     number(14), number(8), number(9), number(10),
                     time_from_micros(rows->integer(i, 11)), time_from_micros(rows->integer(i, 12)),
                     rows->text(i, 15)});
    }
    return all;
  }

  Result<std::uint64_t> cursor(const std::string& name) override {
    const auto rows = reader_->ask("SELECT value FROM record_cursors WHERE name = $1", {name});
    if (!rows) return tl::unexpected<Error>(rows.error());
    return rows->size() == 0 ? 0 : unsigned_at(*rows, 0, 0);
  }
  Result<void> set_cursor(const std::string& name, std::uint64_t value) override {
    return nothing(writer_->ask(
        "INSERT INTO record_cursors (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE "
        "SET value = excluded.value",
        {name, pg(value)}));
  }

  [[nodiscard]] std::string side_folder() const override { return side_folder_; }

 private:
  static Result<std::vector<RecordNumber>> numbers_of(const Result<PostgresRows>& rows) {
    if (!rows) return tl::unexpected<Error>(rows.error());
    std::vector<RecordNumber> all;
    for (std::size_t i = 0; i < rows->size(); ++i) all.push_back(unsigned_at(*rows, i, 0));
    return all;
  }

  const std::unique_ptr<PostgresLink> writer_;
  const std::unique_ptr<PostgresLink> reader_;
  const std::string side_folder_;
};

}  // namespace

Result<std::unique_ptr<vault::RecordStore>> open_postgres_record_store(
    const std::string& url, std::chrono::milliseconds lock_timeout,
    const std::filesystem::path& side_folder) {
  auto writer = PostgresLink::open(url, kOwnerLock, lock_timeout);
  if (!writer) return tl::unexpected<Error>(writer.error());
  for (const char* sql : kTables)
    if (auto made = (*writer)->ask(sql); !made) return tl::unexpected<Error>(made.error());
  // The lock is the writer's: a reader asks for none.
  auto reader = PostgresLink::open(url, 0, lock_timeout);
  if (!reader) return tl::unexpected<Error>(reader.error());
  return std::unique_ptr<vault::RecordStore>(std::make_unique<PostgresRecordStore>(
      std::move(*writer), std::move(*reader), side_folder.string()));
}

}  // namespace madoguchi::store
