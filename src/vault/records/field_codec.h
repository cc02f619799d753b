// A field's value and a subject's provenance as the bytes that are sealed. One byte says what
// follows, so that the usual value costs one byte beside its text. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "vault/records/subject.h"

namespace madoguchi::vault {

inline constexpr std::size_t kMostRefusals = 100;  // of one telephone; more are not kept

// Appends; whoever owns the buffer wipes it.
void encode_value(const FieldValue& value, Bytes& out);
// Everything but the field's name and number. kCorrupt for what encode_value() never wrote.
Result<FieldValue> decode_value(ByteView bytes);

void encode_provenance(const Provenance& provenance, Bytes& out);
Result<Provenance> decode_provenance(ByteView bytes);

}  // namespace madoguchi::vault
