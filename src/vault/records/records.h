// The records of all client organisations: sealed, found by exact value, opened field by field. The
// vault owns one; any thread. It decides nothing about who may: access (src/vault/access) and the
// log come before read(), compare() and find() are called.
//
// Promises: what add(), correct(), erase() and put_document() returned without an error is durable.
// Keys are durable before what they seal. Values leave only as Personal. kCorrupt when a stored
// value was changed, or moved from another field, subject, organisation or key. After kUnavailable
// the act may have been kept; correct() and erase() are safe to repeat, an add() that was kept but
// not answered leaves a record that a customer number finds (unique fields refuse a second one).
//
// Errors name subjects, fields and rows, never values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/keyed.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "vault/core/numbering.h"
#include "vault/records/organisation_keys.h"
#include "vault/records/schema.h"
#include "vault/records/subject.h"
#include "vault/records/value_check.h"

namespace madoguchi::vault {

class Erasures;
class Importer;
class RecordStore;
class SubjectKeyStore;
class RecordSealer;

using DocumentId = Id<struct DocumentTag>;

struct Sought {
  std::string field;  // a field that is indexed
  Personal<std::string> value;
};

struct Found {
  std::vector<SubjectId> subjects;
  bool more = false;  // there are more than were asked for: ask for something narrower
};

struct OpenedSubject {
  SubjectKind kind = SubjectKind::kPerson;
  std::int64_t revision = 0;
  std::vector<FieldValue> values;        // those asked for that there are
  std::optional<Provenance> provenance;  // when "provenance" was asked for
};

enum class Comparison { kMatch, kNoMatch, kNothingStored };

// Records by their place: those made by one import lie side by side.
struct RecordRange {
  std::uint64_t first = 1;
  std::uint64_t last = (std::uint64_t{1} << 48) - 1;
};

// Changes of one subject. Values replace those of the same field and number; `gone` names
// "telephone" (all of them), "telephone.1" or "telephone.2".
struct Correction {
  std::vector<FieldValue> values;
  std::vector<std::string> gone;
};

// Sealed free text about a subject: a note, minutes, a mail. Titles are words of ours ("note").
struct DocumentVersion {
  DocumentId document;
  std::int64_t version = 1;
  std::string kind;
  std::string author;  // an operator's id
  Time written;
  bool draft = false;  // the next version by the same author takes its place
};
struct OpenedDocument {
  DocumentVersion about;
  Personal<std::string> text;
};

// A key for one purpose, made from a subject's key and gone with it. In ordinary memory, wiped at
// the end.
class DerivedKey {
 public:
  explicit DerivedKey(const Mac& bytes) : bytes_(bytes) {}
  DerivedKey(const DerivedKey&) = delete;
  DerivedKey(DerivedKey&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  ~DerivedKey() { wipe(bytes_); }
  [[nodiscard]] ByteView reveal() const { return bytes_; }

 private:
  Mac bytes_;
};

// The purpose of the key that a log's entries about a subject are salted with.
inline constexpr std::string_view kSaltPurpose = "madoguchi.subject-salt.2";

class Records {
 public:
  // All outlive the records.
  struct Parts {
    RecordStore& store;
    SubjectKeyStore& keys;
    OrganisationKeys& organisation_keys;
    Erasures& erasures;
    const Clock& clock;
    Entropy& entropy;
    const NumberingPlan& plan;
    // For messages: which database is which.
    std::string records_shown = "the database of records";
    std::string keys_shown = "the database of subjects' keys";
  };

  // Replays erasures that a restored backup does not know, and collects keys whose record was never
  // kept. kInvalid, nothing changed, when one of the two databases is older than the other.
  static Result<std::unique_ptr<Records>> open(const Parts& parts);
  ~Records();

  // Notes beside the keys that their records are kept. To be called now and then: what was added
  // since, a start with older records could take for something that was cut off.
  Result<void> settle();

  // ---- the schema

  [[nodiscard]] Result<std::shared_ptr<const Schema>> schema(const OrganisationId& organisation);
  Result<void> put_field(const OrganisationId& organisation, FieldSpec field);

  // ---- subjects

  // kInvalid: unknown field, too long, or no such value (value_check.h). kConflict: a unique value
  // is another subject's.
  Result<SubjectId> add(const OrganisationId& organisation, const Subject& subject);
  // As add(), of values whose text is another than before; what is stored otherwise stays.
  // kConflict also when `revision` is given and the record has another one. `tell` is called when
  // nothing but the store can fail any more; what it refuses does not happen.
  Result<void> correct(const OrganisationId& organisation, const SubjectId& subject,
                       const Correction& correction,
                       std::optional<std::int64_t> revision = std::nullopt,
                       const std::function<Result<void>()>& tell = {});

  // Why add() and correct() take no such text for the field, as they would say it; nothing: they
  // do.
  [[nodiscard]] Result<std::optional<ValueFault>> fault_of(const OrganisationId& organisation,
                                                           std::string_view field,
                                                           const Personal<std::string>& text);
  // Whether the two are one value, however each is written. kInvalid: no such field.
  [[nodiscard]] Result<bool> is_same(const OrganisationId& organisation, std::string_view field,
                                     const Personal<std::string>& a,
                                     const Personal<std::string>& b);

  // Subjects for whom every one of `all_of` holds. A compound of the schema is used where one fits.
  // kInvalid: a field that is not indexed, or a value that can't be read as one.
  [[nodiscard]] Result<Found> find(const OrganisationId& organisation,
                                   const std::vector<Sought>& all_of, std::size_t most = 50);

  // Whether such a subject is there; costs no decryption.
  [[nodiscard]] Result<bool> exists(const OrganisationId& organisation, const SubjectId& subject);

  // Who is in that range, in the order of being taken in, at most `most`.
  [[nodiscard]] Result<std::vector<SubjectId>> subjects(const OrganisationId& organisation,
                                                        const RecordRange& range, std::size_t most);
  // kNotFound unless that import is done.
  [[nodiscard]] Result<RecordRange> imported(const OrganisationId& organisation,
                                             const std::string& import_id);

  // `fields` as the mandate names them ("telephone" gives every number); "provenance" is one.
  [[nodiscard]] Result<OpenedSubject> read(const OrganisationId& organisation,
                                           const SubjectId& subject,
                                           const std::vector<std::string>& fields);
  // The same for showing without opening; of fields that are stored.
  [[nodiscard]] Result<std::vector<MaskedValue>> masked(const OrganisationId& organisation,
                                                        const SubjectId& subject,
                                                        const std::vector<std::string>& fields);
  // Which fields have values; no decryption.
  [[nodiscard]] Result<std::vector<std::string>> stored_fields(const OrganisationId& organisation,
                                                               const SubjectId& subject);
  // HMAC-SHA256(the subject's key, purpose): the same for as long as the subject is there, through
  // rotations; kNotFound once it is erased, and then nobody can make it again.
  [[nodiscard]] Result<DerivedKey> derived_key(const OrganisationId& organisation,
                                               const SubjectId& subject, std::string_view purpose);
  // Whether the typed value is one of the field's, tolerant of variants, never showing which.
  // kInvalid when what was typed can't be read as such a value at all.
  [[nodiscard]] Result<Comparison> compare(const OrganisationId& organisation,
                                           const SubjectId& subject, std::string_view field,
                                           const Personal<std::string>& typed);

  // Destroys the subject's key, then the ciphertext, marks and documents. Traces in logs and free
  // pages of the key store are gone when this returns. Repeatable; kNotFound when there never was
  // one.
  Result<void> erase(const OrganisationId& organisation, const SubjectId& subject);

  // ---- documents

  // A new document when `document` is empty or unknown, else its next version. Gives what was kept.
  Result<DocumentVersion> put_document(const OrganisationId& organisation, const SubjectId& subject,
                                       const DocumentId& document, std::string_view kind,
                                       std::string_view author, const Personal<std::string>& text,
                                       bool draft);
  // Newest version of each, newest first.
  [[nodiscard]] Result<std::vector<DocumentVersion>> documents(const OrganisationId& organisation,
                                                               const SubjectId& subject);
  // Version 0: the newest.
  [[nodiscard]] Result<OpenedDocument> read_document(const OrganisationId& organisation,
                                                     const SubjectId& subject,
                                                     const DocumentId& document,
                                                     std::int64_t version = 0);

  // ---- keys

  // Makes a new data key for the organisation; rewrap() then moves its subjects over, while
  // everything goes on.
  Result<void> begin_rotation(const OrganisationId& organisation);
  // Looks at up to `most` keys and wraps those of older versions again. True when none is left.
  // Where it stands is durable.
  Result<bool> rewrap(const OrganisationId& organisation, std::size_t most = 4096);
  // Makes a new key for the marks that people are found by; reindex() then makes everybody's marks
  // anew, while searches find by either. False, nothing made, while an import of theirs is under
  // way or unfinished: it goes on with the marks it began with. New imports wait meanwhile.
  Result<bool> begin_reindex(const OrganisationId& organisation);
  // The same without a new key, for records whose marks are older than the newest one: reindex()
  // makes everybody's anew under it. False while an import is unfinished.
  Result<bool> mark_anew(const OrganisationId& organisation);
  // Whether every import of theirs is done or withdrawn.
  [[nodiscard]] Result<bool> imports_are_over(const OrganisationId& organisation);
  // Looks at up to `most` people, bounded as rewrap() is. True when all are found by the new marks.
  Result<bool> reindex(const OrganisationId& organisation, std::size_t most = 512);
  // How many subjects of the organisation have a key. Looks at every key.
  [[nodiscard]] Result<std::uint64_t> count_keys(const OrganisationId& organisation);
  // Destroys the keys of all subjects of the organisation, bounded as rewrap() is. True when done.
  Result<bool> destroy_all(const OrganisationId& organisation, std::size_t most = 4096);

 private:
  friend class Importer;
  explicit Records(const Parts& parts);
  struct State;
  std::unique_ptr<State> state_;
  bool opened_ = false;  // whole
};

}  // namespace madoguchi::vault
