// Turns a subject in clear into what is stored: checks every value, makes its normal forms and
// marks, seals it under a fresh key, wraps that key. Holds the keys of one organisation as they
// were when it was made, so it is replaced after a rotation. Immutable: any thread, which is how an
// import seals on several at once.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/core/numbering.h"
#include "vault/records/blind_index.h"
#include "vault/records/normalise.h"
#include "vault/records/organisation_keys.h"
#include "vault/records/record_store.h"
#include "vault/records/schema.h"
#include "vault/records/sealed_record.h"
#include "vault/records/subject.h"
#include "vault/records/value_check.h"

namespace madoguchi::vault {

inline constexpr std::size_t kMostValues = 200;  // of one subject

struct SealedSubject {
  RecordRow record;
  SubjectKeyRow key;
  std::vector<Mark> marks;         // ascending
  std::vector<Mark> unique_marks;  // of those, the ones that nobody else may have
};

class RecordSealer {
 public:
  RecordSealer(OrganisationId organisation, std::shared_ptr<const Schema> schema,
               VersionedKey data_key, std::shared_ptr<const BlindIndex> index,
               const NumberingPlan& plan);

  [[nodiscard]] const OrganisationId& organisation() const { return organisation_; }
  [[nodiscard]] const Schema& schema() const { return *schema_; }
  [[nodiscard]] const std::shared_ptr<const Schema>& shared_schema() const { return schema_; }
  [[nodiscard]] const VersionedKey& data_key() const { return data_key_; }
  [[nodiscard]] const BlindIndex& index() const { return *index_; }

  // kInvalid, naming the field: unknown, twice, empty, too long, not what its kind expects.
  Result<SealedSubject> seal(RecordNumber number, const Subject& subject, Time now,
                             Entropy& entropy) const;

  // The normal forms that marks are made of. What comes in now is also held against what such a
  // value must be (value_check.h); what is stored was when it came.
  enum class Values { kStored, kComeIn };
  Result<std::vector<BlindIndex::Form>> forms_of(std::span<const FieldValue> values, Time now,
                                                 Values are = Values::kStored) const;
  // Nothing: the text may come in as such a value.
  [[nodiscard]] std::optional<ValueFault> fault_of(const FieldSpec& field, std::string_view text,
                                                   Time now) const;
  [[nodiscard]] Result<std::string> form(const FieldSpec& field, std::string_view text,
                                         Time now) const;
  // Whether two texts are one value: how a name, an address or a text is written is what it says;
  // of the others, ways of writing one value are that value.
  [[nodiscard]] bool is_same(const FieldSpec& field, const std::string& a, const std::string& b,
                             Time now) const;
  [[nodiscard]] std::vector<Mark> unique_marks(std::span<const BlindIndex::Form> forms) const;
  // Of all values of a subject together; not of what each says.
  [[nodiscard]] Result<void> check(std::span<const FieldValue> values) const;

 private:
  [[nodiscard]] bool is_searched(const FieldSpec& field) const;

  const OrganisationId organisation_;
  const std::shared_ptr<const Schema> schema_;
  const VersionedKey data_key_;
  const std::shared_ptr<const BlindIndex> index_;
  const NumberingPlan& plan_;
};

// "telephone", "telephone.2"
std::string shown_name(std::string_view field, std::uint8_t number);
// Of either: "telephone".
std::string field_of(std::string_view shown_name);

}  // namespace madoguchi::vault
