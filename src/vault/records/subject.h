// People (and companies) as the vault's records know them: plain values, before they are sealed and
// after they were opened. What is personal is Personal<T> and prints as [redacted]. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/personal.h"

namespace madoguchi::vault {

// 48 bits of the record's number and 80 random bits, in the form of any other fresh id: it says
// where the record is without an index, and can't be guessed. Made by Records alone.
using SubjectId = Id<struct SubjectTag>;

// Data of a company is no personal data, and is marked so; it is sealed and logged all the same.
enum class SubjectKind { kPerson, kCompany };
std::string_view name_of(SubjectKind kind);

// Where a value came from. Rules of use hang on this: a telephone given for one purpose is not for
// another. No personal data: words of the client ("web form 2024", "contract").
struct Provenance {
  std::string source;       // what it was taken from
  std::string given_for;    // the purpose it was given for
  std::string obtained_on;  // "2024-05-31"
  std::string obtained_by;  // by whom it was taken down; may be empty

  friend bool operator==(const Provenance&, const Provenance&) = default;
};

enum class LineHolder { kUnknown, kHolder, kUser };  // contract holder, or who uses the line
std::string_view name_of(LineHolder holder);

// What belongs to one telephone number beside its digits. The kind of line follows from the number
// (core/numbering.h), unless the client says otherwise.
struct TelephoneDetails {
  LineHolder holder = LineHolder::kUnknown;
  std::string line_kind;              // "fixed", "mobile", …; empty: as the numbering plan says
  std::vector<std::string> refusals;  // uses the person refused, in the client's words: "sales"

  friend bool operator==(const TelephoneDetails&, const TelephoneDetails&) = default;
};

enum class Standing { kSelfDeclared, kVerified };

// One value of one field. `field` is a name of the organisation's schema; a field that repeats has
// values 1, 2, …
struct FieldValue {
  std::string field;
  std::uint8_t number = 1;
  Personal<std::string> text;  // as given; normal forms are made where they are needed
  Standing standing = Standing::kSelfDeclared;
  std::optional<Provenance> provenance;         // where it differs from the subject's own
  std::optional<TelephoneDetails> telephone{};  // of fields of the kind "telephone"

  friend bool operator==(const FieldValue&, const FieldValue&) = default;
};

struct Subject {
  SubjectKind kind = SubjectKind::kPerson;
  Provenance provenance;
  std::vector<FieldValue> values;
};

// What a value says when it is shown without being opened.
struct MaskedValue {
  std::string field;
  std::uint8_t number = 1;
  std::string shown;  // "090-••••-1234"
  // Of telephones, what tells how one may be used without telling which one it is.
  std::string line_kind{};
  std::vector<std::string> refusals{};  // the client's own words: read before they are shown
};

}  // namespace madoguchi::vault
