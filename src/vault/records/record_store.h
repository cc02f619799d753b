// What the records need kept, as rows, and the two interfaces of whoever keeps them
// (src/store/vault): RecordStore for sealed records, marks and documents, SubjectKeyStore for the
// subjects' wrapped keys. They are two databases so that keys can have backups of their own, kept
// for a short time: an old backup of the records then says nothing about erased people.
//
// Both: any thread; what was written without an error is durable; after kUnavailable it may have
// been kept all the same, and every call is safe to repeat. Nothing here is in clear but ids, times
// and counts.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/records/subject.h"

namespace madoguchi::vault {

using RecordNumber = std::uint64_t;  // from 1; the first 48 bits of a SubjectId
using IdTail = std::array<std::uint8_t, 10>;
using Mark = std::array<std::uint8_t, 16>;

inline constexpr RecordNumber kMostRecords = (RecordNumber{1} << 48) - 1;

struct RecordRow {
  RecordNumber number = 0;
  IdTail tail{};
  OrganisationId organisation;
  SubjectKind kind = SubjectKind::kPerson;
  std::int64_t revision = 1;
  Bytes sealed;
};

struct RecordPlaceRow {
  RecordNumber number = 0;
  IdTail tail{};
};

struct MarkRow {
  Mark mark{};
  RecordNumber number = 0;

  friend auto operator<=>(const MarkRow&, const MarkRow&) = default;
};

struct DocumentRow {
  std::string document;
  std::int64_t version = 1;
  RecordNumber number = 0;
  std::string kind;
  std::string author;
  Time written;
  bool draft = false;
  Bytes sealed;
};

// That somebody was erased: which record it was, without the id that others may have noted.
struct ErasureRow {
  RecordNumber number = 0;
  Mark mark{};
  Time at;

  friend bool operator==(const ErasureRow&, const ErasureRow&) = default;
};

// Where an import stands. Between "running" and "done" nobody is given its people.
namespace import_state {
inline constexpr std::string_view kRunning = "running";
inline constexpr std::string_view kIndexing = "indexing";
inline constexpr std::string_view kDone = "done";
inline constexpr std::string_view kWithdrawing = "withdrawing";  // goes on until it is withdrawn
inline constexpr std::string_view kWithdrawn = "withdrawn";      // none of its records is left
}  // namespace import_state

// How far an import came. One row an import; changed in the transaction that adds its records.
struct ImportRow {
  std::string import_id;
  OrganisationId organisation;
  std::string digest;       // SHA-256 of the file, hex
  std::string terms;        // SHA-256 of mapping, provenance, strictness and update, hex
  std::string state;        // one of import_state
  std::uint64_t bytes = 0;  // of the file, taken in
  std::uint64_t lines = 0;  // up to there
  std::uint64_t rows = 0;   // imported: people who came in
  std::uint64_t bad_rows = 0;
  std::uint64_t changed = 0;    // of an update: people who were there, whose record it changed
  std::uint64_t unchanged = 0;  // or who were as the file says
  std::uint64_t log_bytes = 0;  // of the file of marks
  RecordNumber first = 0;       // of the records made: first and last
  RecordNumber last = 0;
  Time began;
  Time ended;
  std::string fed;  // SHA-256 of `bytes` bytes, hex; empty: none yet, or by an earlier version
};

// One act on the records' store. Everything in it is durable together.
struct RecordAct {
  std::vector<RecordRow> records;  // new, or in place of the row of that number
  // Of `records`: kConflict unless the stored row has the revision before it. For acts on one.
  bool check_revisions = false;
  std::vector<MarkRow> marks;
  std::vector<MarkRow> marks_gone;
  std::vector<DocumentRow> documents;
  std::optional<ImportRow> import;
};

class RecordStore {
 public:
  virtual ~RecordStore() = default;

  virtual Result<void> commit(const OrganisationId& organisation, const RecordAct& act) = 0;

  virtual Result<RecordNumber> highest_number() = 0;
  virtual Result<std::optional<RecordRow>> record(RecordNumber number) = 0;
  // Those of `from` … `to` that there are, at most `most`, ascending.
  virtual Result<std::vector<RecordNumber>> numbers(RecordNumber from, RecordNumber to,
                                                    std::size_t most) = 0;
  // The same for one organisation. May look at every row of that range.
  virtual Result<std::vector<RecordPlaceRow>> places(const OrganisationId& organisation,
                                                     RecordNumber from, RecordNumber to,
                                                     std::size_t most) = 0;
  virtual Result<std::vector<RecordNumber>> marked(const OrganisationId& organisation,
                                                   const Mark& mark, std::size_t most) = 0;
  // Which of `marks` are there; in their order.
  virtual Result<std::vector<bool>> known(const OrganisationId& organisation,
                                          std::span<const Mark> marks) = 0;
  virtual Result<bool> any_marks(const OrganisationId& organisation) = 0;
  // Ascending, for speed. Those that are there already stay.
  virtual Result<void> add_marks(const OrganisationId& organisation,
                                 std::span<const MarkRow> sorted) = 0;

  // Takes the records, their documents and `marks` away and notes the erasures; traces in free
  // pages and the write-ahead log go too. Without `marks`: all marks of those numbers, found by
  // looking at every one of the organisation. An empty organisation: only what is noted.
  virtual Result<void> erase(const OrganisationId& organisation,
                             std::span<const ErasureRow> erasures,
                             const std::optional<std::vector<MarkRow>>& marks) = 0;
  // All marks of an organisation whose keys were destroyed. Bounded; true when none is left.
  virtual Result<bool> drop_marks(const OrganisationId& organisation, std::size_t most) = 0;
  virtual Result<std::vector<ErasureRow>> erasures() = 0;
  virtual Result<std::optional<std::string>> schema(const OrganisationId& organisation) = 0;
  virtual Result<void> put_schema(const OrganisationId& organisation, const std::string& json) = 0;

  // Without their sealed bytes; newest first.
  virtual Result<std::vector<DocumentRow>> documents(RecordNumber number) = 0;
  // Version 0: the newest.
  virtual Result<std::optional<DocumentRow>> document(const std::string& document,
                                                      std::int64_t version) = 0;

  // In the order of their beginning.
  virtual Result<std::vector<ImportRow>> imports(const OrganisationId& organisation) = 0;

  // Small numbers that outlive a restart: where a slow walk over everything stands.
  virtual Result<std::uint64_t> cursor(const std::string& name) = 0;
  virtual Result<void> set_cursor(const std::string& name, std::uint64_t value) = 0;

  // Where files that belong to the store may be put: marks of an import that waits for its end.
  [[nodiscard]] virtual std::string side_folder() const = 0;
};

inline constexpr std::size_t kWrappedKeyBytes = 104;

struct SubjectKeyRow {
  RecordNumber number = 0;
  OrganisationId organisation;
  std::uint32_t version = 0;  // of the organisation's key that it is wrapped under
  std::array<std::uint8_t, kWrappedKeyBytes> wrapped{};
};

class SubjectKeyStore {
 public:
  virtual ~SubjectKeyStore() = default;

  // In place of what was there. Ascending numbers are fast. With them goes settle(settled).
  virtual Result<void> put(std::span<const SubjectKeyRow> keys, RecordNumber settled) = 0;
  // The same for keys that are there still: one that was destroyed meanwhile stays so.
  virtual Result<void> replace(std::span<const SubjectKeyRow> keys) = 0;
  virtual Result<std::optional<SubjectKeyRow>> key(RecordNumber number) = 0;
  virtual Result<RecordNumber> highest_number() = 0;

  // Every key below that number had its record (or had it once): one that is without, now, misses
  // it. Never goes down. 0: nobody ever said.
  virtual Result<void> settle(RecordNumber settled) = 0;
  virtual Result<RecordNumber> settled() = 0;

  struct Page {
    std::vector<SubjectKeyRow> keys;
    RecordNumber next = 0;  // where the walk goes on; 0: it is over
  };
  // Looks at `most` places from `from` on.
  virtual Result<Page> walk(RecordNumber from, std::size_t most) = 0;

  // Overwrites the keys where they are, notes `erasures`, and returns when neither database file
  // nor write-ahead log holds them.
  virtual Result<void> destroy(std::span<const RecordNumber> numbers,
                               std::span<const ErasureRow> erasures) = 0;
  virtual Result<std::vector<ErasureRow>> erasures() = 0;
};

}  // namespace madoguchi::vault
