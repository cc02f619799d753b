// One subject's record as bytes: each field sealed on its own under the subject's key
// (XChaCha20-Poly1305, random nonce), bound to organisation, subject, field and key generation, so
// that a field moved elsewhere does not open. The record commits to its key once, for all fields:
// a record and its commitment open with one key only.
//
//   1 format | 1 kind | 4 generation | 32 commitment | 2 count |
//   count × (2 field number | 1 value number | 4 length | 24 nonce | ciphertext | 16 tag)
//
// Big-endian. Pure but for the entropy passed in; any thread. What a field's plain bytes are says
// field_codec.h. Stored bytes are input: whatever they are, the answer is kCorrupt at worst.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"
#include "vault/records/record_store.h"
#include "vault/records/schema.h"
#include "vault/records/subject.h"

namespace madoguchi::vault {

inline constexpr std::uint16_t kProvenanceField = 0xFFFF;
inline constexpr std::uint32_t kFirstGeneration = 1;

// A subject's key for as long as one record is worked on. In ordinary memory, wiped at the end:
// guarded pages would cost more than all the sealing.
class SubjectKey {
 public:
  static SubjectKey fresh(Entropy& entropy);
  static Result<SubjectKey> of(ByteView bytes);
  SubjectKey(const SubjectKey&) = delete;
  SubjectKey(SubjectKey&& other) noexcept;
  ~SubjectKey();
  [[nodiscard]] ByteView reveal() const { return bytes_; }

 private:
  SubjectKey() = default;
  std::array<std::uint8_t, 32> bytes_{};
};

SubjectId subject_id(RecordNumber number, const IdTail& tail);
struct SubjectParts {
  RecordNumber number = 0;
  IdTail tail{};
};
// kNotFound for what was never such an id: asking with a wrong one tells nothing more.
Result<SubjectParts> parts_of(const SubjectId& subject);

// The subject's key for the key store, and back. kCorrupt: changed, moved, or another key.
SubjectKeyRow wrap_subject_key(const SubjectKey& key, const OrganisationId& organisation,
                               RecordNumber number, std::string_view subject, std::uint32_t version,
                               ByteView organisation_key, Entropy& entropy);
Result<SubjectKey> unwrap_subject_key(const SubjectKeyRow& row, std::string_view subject,
                                      ByteView organisation_key);

// Where a record belongs; views must outlive the call.
struct RecordPlace {
  std::string_view organisation;
  std::string_view subject;
};

struct PlainField {
  const FieldSpec* spec = nullptr;  // null: provenance
  std::uint8_t number = 1;
  ByteView bytes;
};

// One record being written; fields are sealed as they are added. Bytes of fields that stay as they
// are can be copied over from an opened one.
class RecordWriter {
 public:
  RecordWriter(const RecordPlace& place, const SubjectKey& key, SubjectKind kind,
               std::uint32_t generation);
  void add(const PlainField& field, Entropy& entropy);
  void copy(std::uint16_t field, std::uint8_t number, ByteView sealed);
  [[nodiscard]] Bytes finish() &&;

 private:
  const RecordPlace place_;
  const SubjectKey& key_;
  const std::uint32_t generation_;
  std::uint16_t count_ = 0;
  Bytes out_;
};

// A stored record, looked at. Views point into the bytes it was parsed from.
class RecordReader {
 public:
  struct Field {
    std::uint16_t field = 0;
    std::uint8_t number = 1;
    ByteView sealed;
  };

  static Result<RecordReader> parse(ByteView record);

  [[nodiscard]] SubjectKind kind() const { return kind_; }
  [[nodiscard]] std::uint32_t generation() const { return generation_; }
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

  // Once before open(): kCorrupt when the record was sealed with another key.
  [[nodiscard]] Result<void> fits(const SubjectKey& key) const;
  [[nodiscard]] Result<Bytes> open(const Field& field, std::string_view field_name,
                                   const RecordPlace& place, const SubjectKey& key) const;

 private:
  SubjectKind kind_ = SubjectKind::kPerson;
  std::uint32_t generation_ = kFirstGeneration;
  ByteView commitment_;
  std::vector<Field> fields_;
};

inline constexpr std::string_view kProvenanceName = "provenance";

// Documents: one sealed text under the same key, bound to its own id and version.
Bytes seal_document(ByteView text, const RecordPlace& place, std::string_view document,
                    std::int64_t version, const SubjectKey& key, Entropy& entropy);
Result<Bytes> open_document(ByteView sealed, const RecordPlace& place, std::string_view document,
                            std::int64_t version, const SubjectKey& key);

}  // namespace madoguchi::vault
