// What a value must be beyond being found by it, when it comes in: by a file, by the owner's
// correction or otherwise. Stored values are not held against it again. Says why without the value:
// a sentence for reports, and a word that a page has its own sentence for. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "vault/records/schema.h"

namespace madoguchi::vault {

enum class ValueFault {
  kNothing,   // is empty, holds nothing but signs, or is too long
  kControls,  // control characters; line ends where a value is one line
  kNotKana,
  kNoDate,
  kFuture,
  kNoPostalCode,
  kNoTelephone,
  kNoMail,
};
// "not_kana"
std::string_view name_of(ValueFault fault);
// "is not written in kana"
std::string_view sentence_of(ValueFault fault);

// Of the text as it is given.
std::optional<ValueFault> fault_as_written(const FieldSpec& field, std::string_view text);
// Of its normal form (normalise.h).
std::optional<ValueFault> fault_as_meant(const FieldSpec& field, std::string_view form, Time now);
// Of a text that has no normal form.
ValueFault fault_without_form(FieldKind kind);

}  // namespace madoguchi::vault
