// One file of records going into one organisation: rows are parsed and sealed on worker threads as
// their bytes come, and written by one thread in their order. Every act of writing is durable and
// says how far the file came, and the digest of its bytes up to there, so whatever stops it, the
// same file continues there, no other does, and nothing comes in twice. What is found by (marks)
// waits, sorted, for the end: until then nobody finds the new records, and a strict import that
// meets a bad row takes all of them away again.
//
// An update also changes who is there (found by the field that is unique): workers look them up and
// compare (import_update.h), the writer keeps each batch of changes in the same act, with their
// marks and how far the file came. Who is changed is told to the log before. Since nothing can take
// a change back, a strict update is fed twice: first to be checked alone.
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
  bool update = false;      // people who are there are changed, not refused
  bool check_only = false;  // rows are looked at, nothing is kept or told to the log
};

struct BadRow {
  std::uint64_t line = 0;
  std::string reason;
};

// What became of one row of an update.
struct RowTold {
  enum class Outcome { kAdded, kChanged, kUnchanged, kRefused };
  std::uint64_t line = 0;
  Outcome outcome = Outcome::kAdded;
  std::string what;  // the fields that were changed, or the reason
};
std::string_view name_of(RowTold::Outcome outcome);

// Somebody whose record an update is about to change.
struct ChangedPerson {
  SubjectId subject;
  std::vector<std::string> fields;
  DerivedKey salt;  // for the log's entry
};

struct ImportStanding {
  std::string import_id;
  std::uint64_t bytes = 0;  // of the file, durable
  std::uint64_t lines = 0;
  std::uint64_t rows = 0;  // imported
  std::uint64_t bad_rows = 0;
  std::uint64_t changed = 0;  // of an update: people who were there
  std::uint64_t unchanged = 0;
  bool update = false;
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
  // Of an update: each row, in the order of the file.
  std::function<void(const std::vector<RowTold>&)> rows{};
  // Entries in the organisation's log about those whose records are changed next, all in one act.
  // What it refuses does not happen. What was cut off right after it is told again.
  std::function<Result<void>(const std::string& import_id, std::span<const ChangedPerson>)>
      changing{};
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
  // kInvalid: source, purpose or day is told neither for all rows nor in a column; an update
  // without the column that people are found by. kConflict: this file is in already (an update may
  // be), was begun under other terms, or another import is not finished.
  static Result<std::unique_ptr<Importer>> begin(Records& records, ImportTerms terms,
                                                 ImportCallbacks callbacks,
                                                 const ImportOptions& options = {});
  // What was not finished can be continued.
  ~Importer();
  Importer(const Importer&) = delete;

  // The next bytes of the file, from its first one on: what is in already is held against what came
  // then. An error is final: what was written stays to be continued. kConflict: other bytes.
  Result<void> feed(ByteView bytes);
  // After the last byte: waits for everything, builds the index. kInvalid when strict and a row was
  // bad: then nothing of the file is left. An import of no row counts as withdrawn. kConflict: the
  // bytes were not those of `terms.digest`; it is not done.
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
