#include "store/vault/sqlite_record_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>

#include "store/sole_owner.h"
#include "store/vault/sqlite_file.h"
#include "store/vault/sqlite_record_rows.h"

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

constexpr std::size_t kReaders = 4;
constexpr int kReaderCache = 16 * 1024;

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::kCorrupt, "the store of records is damaged; restore a backup");
}

template <std::size_t Size>
bool copy_exactly(ByteView from, std::array<std::uint8_t, Size>& into) {
  if (from.size() != Size) return false;
  std::copy(from.begin(), from.end(), into.begin());
  return true;
}

// Calls `each` for every row.
template <typename Each>
Result<void> every(SqliteQuery& query, Each&& each) {
  for (;;) {
    const auto row = query.step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return {};
    if (auto done = each(); !done) return done;
  }
}

class SqliteRecordStore final : public vault::RecordStore {
 public:
  SqliteRecordStore(FileLock owner, std::string path, std::unique_ptr<SqliteFile> writer,
                    std::vector<std::unique_ptr<SqliteFile>> readers)
      : owner_(std::move(owner)),
        path_(std::move(path)),
        writer_(std::move(writer)),
        readers_(std::move(readers)) {}

  Result<void> load() {
    auto rows = writer_->query("SELECT number, id FROM record_organisations");
    return every(rows, [&]() -> Result<void> {
      learn(rows.integer(0), rows.text(1));
      return {};
    });
  }

  Result<void> commit(const OrganisationId& organisation, const RecordAct& act) override {
    return write(organisation, [&](std::int64_t number) -> Result<void> {
      for (const RecordRow& row : act.records)
        if (auto put = put_record(row, number, act.check_revisions); !put) return put;
      if (auto put = put_marks(number, act.marks); !put) return put;
      if (auto put = drop(number, act.marks_gone); !put) return put;
      for (const DocumentRow& row : act.documents)
        if (auto put = put_document(*writer_, row); !put) return put;
      return act.import ? put_import(*writer_, *act.import, number) : Result<void>();
    });
  }

  Result<RecordNumber> highest_number() override {
    return one_number("SELECT COALESCE(MAX(number), 0) FROM records");
  }

  Result<std::optional<RecordRow>> record(RecordNumber number) override {
    return read([&](SqliteFile& file) -> Result<std::optional<RecordRow>> {
      auto found = file.query(
          "SELECT tail, organisation, company, revision, sealed FROM records WHERE number = ?");
      found.bind(1, signed_of(number));
      const auto row = found.step();
      if (!row) return tl::unexpected<Error>(row.error());
      if (!*row) return std::optional<RecordRow>();
      RecordRow record;
      record.number = number;
      record.organisation = id_of(found.integer(1));
      if (!copy_exactly(found.bytes(0), record.tail) || record.organisation.empty())
        return damaged();
      record.kind =
          found.integer(2) != 0 ? vault::SubjectKind::kCompany : vault::SubjectKind::kPerson;
      record.revision = found.integer(3);
      const ByteView sealed = found.bytes(4);
      record.sealed.assign(sealed.begin(), sealed.end());
      return std::optional(std::move(record));
    });
  }

  Result<std::vector<RecordNumber>> numbers(RecordNumber from, RecordNumber to,
                                            std::size_t most) override {
    return read([&](SqliteFile& file) -> Result<std::vector<RecordNumber>> {
      auto found = file.query(
          "SELECT number FROM records WHERE number BETWEEN ? AND ? ORDER BY number LIMIT ?");
      found.bind(1, signed_of(from)).bind(2, signed_of(to)).bind(3, signed_of(most));
      return numbers_of(found);
    });
  }

  Result<std::vector<RecordPlaceRow>> places(const OrganisationId& organisation, RecordNumber from,
                                             RecordNumber to, std::size_t most) override {
    const std::int64_t number = number_of(organisation);
    return read([&](SqliteFile& file) -> Result<std::vector<RecordPlaceRow>> {
      auto found = file.query(
          "SELECT number, tail FROM records WHERE number BETWEEN ? AND ? AND organisation = ? "
          "ORDER BY number LIMIT ?");
      found.bind(1, signed_of(from)).bind(2, signed_of(to)).bind(3, number);
      found.bind(4, signed_of(most));
      std::vector<RecordPlaceRow> rows;
      auto all = every(found, [&]() -> Result<void> {
        RecordPlaceRow& row = rows.emplace_back();
        row.number = unsigned_of(found.integer(0));
        return copy_exactly(found.bytes(1), row.tail) ? Result<void>() : damaged();
      });
      if (!all) return tl::unexpected<Error>(all.error());
      return rows;
    });
  }

  Result<std::vector<RecordNumber>> marked(const OrganisationId& organisation, const Mark& mark,
                                           std::size_t most) override {
    const std::int64_t number = number_of(organisation);
    return read([&](SqliteFile& file) -> Result<std::vector<RecordNumber>> {
      auto found = file.query(
          "SELECT record FROM record_marks WHERE organisation = ? AND mark = ? ORDER BY record "
          "LIMIT ?");
      found.bind(1, number).bind(2, ByteView(mark)).bind(3, signed_of(most));
      return numbers_of(found);
    });
  }

  Result<std::vector<bool>> known(const OrganisationId& organisation,
                                  std::span<const Mark> marks) override {
    const std::int64_t number = number_of(organisation);
    return read([&](SqliteFile& file) -> Result<std::vector<bool>> {
      std::vector<bool> there;
      there.reserve(marks.size());
      for (const Mark& mark : marks) {
        auto found =
            file.query("SELECT 1 FROM record_marks WHERE organisation = ? AND mark = ? LIMIT 1");
        found.bind(1, number).bind(2, ByteView(mark));
        const auto row = found.step();
        if (!row) return tl::unexpected<Error>(row.error());
        there.push_back(*row);
      }
      return there;
    });
  }

  Result<bool> any_marks(const OrganisationId& organisation) override {
    const std::int64_t number = number_of(organisation);
    return read([&](SqliteFile& file) -> Result<bool> {
      auto found = file.query("SELECT 1 FROM record_marks WHERE organisation = ? LIMIT 1");
      found.bind(1, number);
      return found.step();
    });
  }

  Result<void> add_marks(const OrganisationId& organisation,
                         std::span<const MarkRow> sorted) override {
    return write(organisation, [&](std::int64_t number) { return put_marks(number, sorted); });
  }

  Result<void> erase(const OrganisationId& organisation, std::span<const ErasureRow> erasures,
                     const std::optional<std::vector<MarkRow>>& marks) override {
    const auto work = [&](std::int64_t number) -> Result<void> {
      for (const ErasureRow& erasure : erasures)
        if (auto done = erase_one(erasure, number, !marks); !done) return done;
      return marks ? drop(number, *marks) : Result<void>();
    };
    auto done = organisation.empty() ? write_any(work) : write(organisation, work);
    if (!done) return done;
    const std::lock_guard lock(writer_mutex_);
    return writer_->empty_log();
  }

  Result<bool> drop_marks(const OrganisationId& organisation, std::size_t most) override {
    bool none_left = false;
    auto done = write(organisation, [&](std::int64_t number) -> Result<void> {
      auto gone = writer_->query(
          "DELETE FROM record_marks WHERE organisation = ?1 AND (mark, record) IN "
          "(SELECT mark, record FROM record_marks WHERE organisation = ?1 LIMIT ?2)");
      gone.bind(1, number).bind(2, signed_of(most));
      auto run = gone.run();
      none_left = static_cast<std::size_t>(writer_->changes()) < most;
      return run;
    });
    if (!done) return tl::unexpected<Error>(done.error());
    return none_left;
  }

  Result<std::vector<ErasureRow>> erasures() override {
    return read([&](SqliteFile& file) -> Result<std::vector<ErasureRow>> {
      std::vector<ErasureRow> rows;
      auto found = file.query("SELECT record, mark, at_us FROM record_erasures");
      auto all = every(found, [&]() -> Result<void> {
        ErasureRow row;
        row.number = unsigned_of(found.integer(0));
        row.at = time_from_micros(found.integer(2));
        if (!copy_exactly(found.bytes(1), row.mark)) return damaged();
        rows.push_back(row);
        return {};
      });
      if (!all) return tl::unexpected<Error>(all.error());
      return rows;
    });
  }

  Result<std::optional<std::string>> schema(const OrganisationId& organisation) override {
    const std::int64_t number = number_of(organisation);
    return read([&](SqliteFile& file) -> Result<std::optional<std::string>> {
      auto found = file.query("SELECT json FROM record_schemas WHERE organisation = ?");
      found.bind(1, number);
      const auto row = found.step();
      if (!row) return tl::unexpected<Error>(row.error());
      return *row ? std::optional(found.text(0)) : std::nullopt;
    });
  }

  Result<void> put_schema(const OrganisationId& organisation, const std::string& json) override {
    return write(organisation, [&](std::int64_t number) {
      auto put = writer_->query(
          "INSERT INTO record_schemas (organisation, json) VALUES (?, ?) ON CONFLICT "
          "(organisation) DO UPDATE SET json = excluded.json");
      put.bind(1, number).bind(2, std::string_view(json));
      return put.run();
    });
  }

  Result<std::vector<DocumentRow>> documents(RecordNumber number) override {
    return read([&](SqliteFile& file) -> Result<std::vector<DocumentRow>> {
      std::vector<DocumentRow> rows;
      auto found = file.query(
          "SELECT document, MAX(version), record, kind, author, written_us, draft FROM "
          "record_documents WHERE record = ? GROUP BY document ORDER BY written_us DESC");
      found.bind(1, signed_of(number));
      auto all = every(found, [&]() -> Result<void> {
        rows.push_back(document_of(found));
        return {};
      });
      if (!all) return tl::unexpected<Error>(all.error());
      return rows;
    });
  }

  Result<std::optional<DocumentRow>> document(const std::string& document,
                                              std::int64_t version) override {
    return read([&](SqliteFile& file) -> Result<std::optional<DocumentRow>> {
      auto found = file.query(
          "SELECT document, version, record, kind, author, written_us, draft, sealed FROM "
          "record_documents WHERE document = ?1 AND (?2 = 0 OR version = ?2) ORDER BY version "
          "DESC LIMIT 1");
      found.bind(1, std::string_view(document)).bind(2, version);
      const auto row = found.step();
      if (!row) return tl::unexpected<Error>(row.error());
      if (!*row) return std::optional<DocumentRow>();
      DocumentRow one = document_of(found);
      const ByteView sealed = found.bytes(7);
      one.sealed.assign(sealed.begin(), sealed.end());
      return std::optional(std::move(one));
    });
  }

  Result<std::vector<ImportRow>> imports(const OrganisationId& organisation) override {
    static const std::string kSql =
        std::string(kImportColumns) + "WHERE organisation = ? ORDER BY began_us, import_id";
    const std::int64_t number = number_of(organisation);
    return read([&](SqliteFile& file) -> Result<std::vector<ImportRow>> {
      std::vector<ImportRow> rows;
      auto found = file.query(kSql);
      found.bind(1, number);
      auto all = every(found, [&]() -> Result<void> {
        rows.push_back(import_of(found, organisation));
        return {};
      });
      if (!all) return tl::unexpected<Error>(all.error());
      return rows;
    });
  }

  Result<std::uint64_t> cursor(const std::string& name) override {
    return read([&](SqliteFile& file) -> Result<std::uint64_t> {
      auto found = file.query("SELECT value FROM record_cursors WHERE name = ?");
      found.bind(1, std::string_view(name));
      const auto row = found.step();
      if (!row) return tl::unexpected<Error>(row.error());
      return *row ? unsigned_of(found.integer(0)) : 0;
    });
  }

  Result<void> set_cursor(const std::string& name, std::uint64_t value) override {
    return write_any([&](std::int64_t) {
      auto put = writer_->query(
          "INSERT INTO record_cursors (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE "
          "SET value = excluded.value");
      put.bind(1, std::string_view(name)).bind(2, signed_of(value));
      return put.run();
    });
  }

  [[nodiscard]] std::string side_folder() const override {
    const auto folder = std::filesystem::path(path_).parent_path();
    return folder.empty() ? "." : folder.string();
  }

 private:
  void learn(std::int64_t number, const std::string& id) {
    const std::lock_guard lock(names_mutex_);
    numbers_[id] = number;
    ids_[number] = OrganisationId(id);
  }
  // 0: nothing was written about it yet.
  std::int64_t number_of(const OrganisationId& organisation) const {
    const std::lock_guard lock(names_mutex_);
    const auto found = numbers_.find(organisation.text());
    return found == numbers_.end() ? 0 : found->second;
  }
  OrganisationId id_of(std::int64_t number) const {
    const std::lock_guard lock(names_mutex_);
    const auto found = ids_.find(number);
    return found == ids_.end() ? OrganisationId() : found->second;
  }

  template <typename Work>
  Result<void> write_any(Work&& work) {
    const std::lock_guard lock(writer_mutex_);
    return writer_->transact([&] { return work(std::int64_t{0}); });
  }

  template <typename Work>
  Result<void> write(const OrganisationId& organisation, Work&& work) {
    const std::lock_guard lock(writer_mutex_);
    std::int64_t number = number_of(organisation);
    const bool fresh = number == 0;
    auto done = writer_->transact([&]() -> Result<void> {
      if (fresh) {
        auto insert =
            writer_->query("INSERT INTO record_organisations (id) VALUES (?) RETURNING number");
        insert.bind(1, std::string_view(organisation.text()));
        const auto row = insert.step();
        if (!row) return tl::unexpected<Error>(row.error());
        number = insert.integer(0);
        static_cast<void>(insert.step());
      }
      return work(number);
    });
    if (done && fresh) learn(number, organisation.text());
    return done;
  }

  // On one of the reading connections, the next one that is free.
  template <typename Work>
  std::invoke_result_t<Work&, SqliteFile&> read(Work&& work) {
    std::unique_ptr<SqliteFile> file;
    {
      std::unique_lock lock(readers_mutex_);
      reader_free_.wait(lock, [&] { return !readers_.empty(); });
      file = std::move(readers_.back());
      readers_.pop_back();
    }
    auto outcome = work(*file);
    {
      const std::lock_guard lock(readers_mutex_);
      readers_.push_back(std::move(file));
    }
    reader_free_.notify_one();
    return outcome;
  }

  static Result<std::vector<RecordNumber>> numbers_of(SqliteQuery& found) {
    std::vector<RecordNumber> numbers;
    auto all = every(found, [&]() -> Result<void> {
      numbers.push_back(unsigned_of(found.integer(0)));
      return {};
    });
    if (!all) return tl::unexpected<Error>(all.error());
    return numbers;
  }

  Result<std::uint64_t> one_number(std::string_view sql) {
    return read([&](SqliteFile& file) -> Result<std::uint64_t> {
      auto found = file.query(sql);
      const auto row = found.step();
      if (!row) return tl::unexpected<Error>(row.error());
      return unsigned_of(found.integer(0));
    });
  }

  Result<void> put_record(const RecordRow& row, std::int64_t organisation, bool check_revision) {
    if (check_revision) {
      auto update = writer_->query(
          "UPDATE records SET revision = ?1, sealed = ?2 WHERE number = ?3 AND revision = ?1 - 1");
      update.bind(1, row.revision).bind(2, ByteView(row.sealed)).bind(3, signed_of(row.number));
      auto done = update.run();
      if (done && writer_->changes() != 1)
        return fail(ErrorCode::kConflict, "the record was changed meanwhile; read it again");
      return done;
    }
    auto put = writer_->query(
        "INSERT OR REPLACE INTO records (number, tail, organisation, company, revision, sealed) "
        "VALUES (?, ?, ?, ?, ?, ?)");
    put.bind(1, signed_of(row.number))
        .bind(2, ByteView(row.tail))
        .bind(3, organisation)
        .bind(4, std::int64_t{row.kind == vault::SubjectKind::kCompany})
        .bind(5, row.revision)
        .bind(6, ByteView(row.sealed));
    return put.run();
  }

  Result<void> put_marks(std::int64_t organisation, std::span<const MarkRow> marks) {
    auto put = writer_->query(
        "INSERT OR IGNORE INTO record_marks (organisation, mark, record) VALUES (?, ?, ?)");
    put.bind(1, organisation);
    for (const MarkRow& row : marks) {
      put.bind(2, ByteView(row.mark)).bind(3, signed_of(row.number));
      if (auto done = put.run(); !done) return done;
    }
    return {};
  }

  Result<void> drop(std::int64_t organisation, std::span<const MarkRow> marks) {
    for (const MarkRow& row : marks) {
      auto gone = writer_->query(
          "DELETE FROM record_marks WHERE organisation = ? AND mark = ? AND record = ?");
      gone.bind(1, organisation).bind(2, ByteView(row.mark)).bind(3, signed_of(row.number));
      if (auto done = gone.run(); !done) return done;
    }
    return {};
  }

  Result<void> erase_one(const ErasureRow& erasure, std::int64_t organisation, bool look) {
    const std::int64_t number = signed_of(erasure.number);
    if (organisation != 0) {
      auto record = writer_->query("DELETE FROM records WHERE number = ? AND organisation = ?");
      record.bind(1, number).bind(2, organisation);
      if (auto done = record.run(); !done) return done;
      auto documents = writer_->query("DELETE FROM record_documents WHERE record = ?");
      documents.bind(1, number);
      if (auto done = documents.run(); !done) return done;
      if (look) {
        auto marks =
            writer_->query("DELETE FROM record_marks WHERE organisation = ? AND record = ?");
        marks.bind(1, organisation).bind(2, number);
        if (auto done = marks.run(); !done) return done;
      }
    }
    auto note = writer_->query(
        "INSERT OR IGNORE INTO record_erasures (record, mark, at_us) VALUES (?, ?, ?)");
    note.bind(1, number).bind(2, ByteView(erasure.mark)).bind(3, to_micros(erasure.at));
    return note.run();
  }

  const FileLock owner_;
  const std::string path_;

  std::mutex writer_mutex_;  // guards the writer
  std::unique_ptr<SqliteFile> writer_;

  std::mutex readers_mutex_;  // guards the list of those that are free
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<SqliteFile>> readers_;

  mutable std::mutex names_mutex_;  // taken last; guards the next two
  std::map<std::string, std::int64_t> numbers_;
  std::map<std::int64_t, OrganisationId> ids_;
};

}  // namespace

Result<std::unique_ptr<vault::RecordStore>> open_sqlite_record_store(
    const std::string& path, std::chrono::milliseconds busy_timeout, int cache_kibibytes) {
  auto owner = sole_owner_of(path);
  if (!owner) return tl::unexpected<Error>(owner.error());
  auto writer = SqliteFile::open({path, SqliteUse::kWrite, busy_timeout, cache_kibibytes});
  if (!writer) return tl::unexpected<Error>(writer.error());
  if (auto made = (*writer)->execute(kRecordTables); !made)
    return tl::unexpected<Error>(made.error());
  if (auto added = add_newer_columns(**writer); !added) return tl::unexpected<Error>(added.error());
  std::vector<std::unique_ptr<SqliteFile>> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    auto reader = SqliteFile::open({path, SqliteUse::kRead, busy_timeout, kReaderCache});
    if (!reader) return tl::unexpected<Error>(reader.error());
    readers.push_back(std::move(*reader));
  }
  auto store = std::make_unique<SqliteRecordStore>(std::move(*owner), path, std::move(*writer),
                                                   std::move(readers));
  if (auto loaded = store->load(); !loaded) return tl::unexpected<Error>(loaded.error());
  return store;
}

}  // namespace madoguchi::store
