// One file of records going into one organisation: rows are parsed and sealed on worker threads as
// their bytes come, and written by one thread in their order. Every act of writing is durable and
// says how far the file came, so whatever stops it, the same file continues there and nothing comes
// in twice. What is found by (marks) waits, sorted, for the end: until then nobody finds the new
// records, and a strict import that meets a bad row takes all of them away again.
//
// Owned by one caller, who feeds it: feed() blocks while the writer is behind. Callbacks come from
// the writer's thread, one at a time, after what they tell of is durable. Reasons name fields and
// lines, never values.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "vault/records/file_text.h"
#include "vault/records/import_mapping.h"
#include "vault/records/record_store.h"
#include "vault/records/records.h"
#include "vault/records/row_splitter.h"
#include "vault/records/subject.h"

namespace madoguchi::vault {

// What is known of a file before it is taken in (import_survey.h finds it out).
struct ImportTerms {
  OrganisationId organisation;
  std::string digest;  // SHA-256 of the whole file, hex
  FileFormat format = FileFormat::kCsv;
  Encoding encoding = Encoding::kUtf8;
  std::vector<Column> columns;
  std::uint64_t first_offset = 0;  // after byte order mark and header
  std::uint64_t first_lines = 0;
  Provenance provenance;  // where no column says so
  bool strict = false;
};

struct BadRow {
  std::uint64_t line = 0;
  std::string reason;
};

struct ImportStanding {
  std::string import_id;
  std::uint64_t bytes = 0;  // of the file, durable
  std::uint64_t lines = 0;
  std::uint64_t rows = 0;  // imported
  std::uint64_t bad_rows = 0;
  std::uint64_t marks_left = 0;  // while indexing
  bool done = false;
  bool withdrawing = false;
  bool withdrawn = false;        // strict and a row was bad, no row was good, or it was asked for
  std::uint64_t taken_away = 0;  // records, by a withdrawal
};

struct ImportCallbacks {
  std::function<void(const std::vector<BadRow>&)> bad_rows;
  std::function<void(const ImportStanding&)> standing;
  // The entry in the organisation's log: before the first row is written, before the first record
  // of a withdrawal is taken away, and before the import counts as done or as withdrawn. What it
  // refuses does not happen.
  std::function<Result<void>(const ImportTerms&, const ImportStanding&)> note;
};

struct ImportOptions {
  std::size_t workers = 2;
  std::size_t batch_rows = 1024;
  std::size_t commit_batches = 8;  // sealed batches that are written together
};

// What the withdrawal of an import is asked with.
struct WithdrawalAsked {
  OrganisationId organisation;
  std::string import_id;
  bool finished_too = false;  // an import that is done; else only one that was cut off
  // Records between the import's own that came another way (an export's invented people) stay.
  std::function<bool(const SubjectId&)> came_otherwise{};
};

class Importer {
 public:
  // One import of an organisation at a time: one that was cut off goes on with its own file, or is
  // withdrawn; of which no row was taken yet gives way.
  //
  // kInvalid: source, purpose or day is told neither for all rows nor in a column. kConflict: this
  // file is in already, was begun under other terms, or another import is not finished.
  static Result<std::unique_ptr<Importer>> begin(Records& records, ImportTerms terms,
                                                 ImportCallbacks callbacks,
                                                 const ImportOptions& options = {});
  // What was not finished can be continued.
  ~Importer();
  Importer(const Importer&) = delete;

  // Where in the file feeding (again) begins.
  [[nodiscard]] std::uint64_t offset() const;

  // The next bytes of the file. An error is final: what was written stays to be continued.
  Result<void> feed(ByteView bytes);
  // After the last byte: waits for everything, builds the index. kInvalid when strict and a row was
  // bad: then nothing of the file is left. An import of no row counts as withdrawn.
  Result<ImportStanding> finish();

  // Takes an import's records away as an erasure does: the list of erasures, keys, ciphertext,
  // marks, documents. What is cut off goes on when it is asked for again. No import of the
  // organisation may be under way. kNotFound: there is none, or it was withdrawn. kConflict: it is
  // done and that was not asked for, or its records can't be told from others'.
  static Result<ImportStanding> withdraw(Records& records, const WithdrawalAsked& asked,
                                         const ImportCallbacks& callbacks);
  static Result<std::vector<ImportRow>> imports(Records& records,
                                                const OrganisationId& organisation);
  // `range` without the records of imports that are not done.
  static Result<std::vector<RecordRange>> finished(Records& records,
                                                   const OrganisationId& organisation,
                                                   const RecordRange& range);

 private:
  struct State;
  static Result<void> take_away(Records::State& records, const OrganisationId& organisation,
                                std::span<const RecordPlaceRow> places);
  explicit Importer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace madoguchi::vault
