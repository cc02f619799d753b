// Which fields the records of one organisation have: the standard ones (data/record-fields.toml)
// and the client's own. Immutable; a change makes another schema with a higher version. Names and
// labels are no personal data. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace madoguchi::vault {

// How a value is normalised before it is compared or marked.
enum class FieldKind {
  kText,
  kName,        // kanji: variants and spaces don't matter
  kKana,        // any kana, any width
  kDate,        // 1980-01-02, 1980/1/2, 昭和55年1月2日
  kPostalCode,  // seven digits
  kAddress,     // 丁目, 番地, 号 and hyphens don't matter
  kTelephone,
  kMail,
  kIdentifier,  // letters and digits; width, case, spaces and hyphens don't matter
};
std::string_view name_of(FieldKind kind);

// What is shown of a value that was not opened.
enum class Masking {
  kWhole,      // ••••
  kTelephone,  // 090-••••-1234
  kInitial,    // 山•
  kTail,       // •••• 4321
  kYear,       // 1980-••-••
  kMail,       // t•••@•••.jp
  kNone,       // shown: not about a person's privacy
};

struct FieldSpec {
  std::uint16_t number = 0;  // stands in sealed records instead of the name; never used again
  std::string name;          // "telephone": 1 to 40 of a-z 0-9 _
  FieldKind kind = FieldKind::kText;
  Masking masking = Masking::kWhole;
  bool indexed = false;  // found by exact value
  bool unique = false;   // one subject per value within an organisation: the customer number
  bool repeats = false;
  bool past = false;  // a day that is over, or today: of birth
  std::string label_ja;
  std::string label_en;
  std::vector<std::string> headers;  // names of columns that mean it, as people write them

  friend bool operator==(const FieldSpec&, const FieldSpec&) = default;
};

// Values of several fields marked together: "name_kana+birth_date".
struct CompoundSpec {
  std::string name;
  std::vector<std::string> fields;

  friend bool operator==(const CompoundSpec&, const CompoundSpec&) = default;
};

// Names of columns that are a further value of a field ("telephone.2") or say something about the
// subject ("@source"), as people write them.
struct ColumnHint {
  std::string target;
  std::vector<std::string> headers;

  friend bool operator==(const ColumnHint&, const ColumnHint&) = default;
};

inline constexpr std::uint16_t kFirstOwnField = 1000;  // numbers of a client's own fields

class Schema {
 public:
  static const Schema& standard();
  static Result<Schema> from_toml(std::string_view toml, std::string file_name);
  static Result<Schema> from_json(std::string_view json);
  [[nodiscard]] std::string to_json() const;

  // The same with one more field, numbered here. kInvalid, kConflict (the name is taken).
  [[nodiscard]] Result<Schema> with(FieldSpec field) const;

  [[nodiscard]] const std::vector<FieldSpec>& fields() const { return fields_; }
  [[nodiscard]] const std::vector<CompoundSpec>& compounds() const { return compounds_; }
  [[nodiscard]] const std::vector<ColumnHint>& columns() const { return columns_; }
  [[nodiscard]] std::int64_t version() const { return version_; }
  // Null when there is none.
  [[nodiscard]] const FieldSpec* find(std::string_view name) const;
  [[nodiscard]] const FieldSpec* find(std::uint16_t number) const;

 private:
  [[nodiscard]] Result<void> check() const;

  std::int64_t version_ = 1;
  std::vector<FieldSpec> fields_;
  std::vector<CompoundSpec> compounds_;
  std::vector<ColumnHint> columns_;
};

}  // namespace madoguchi::vault
