// Mandates as JSON, in the form that docs/openapi-glass.yaml calls Mandate: what the administrator
// and the owner's page send and read, and what the store keeps. Times are RFC 3339 in UTC; a rate
// that is absent is no limit. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "vault/access/mandate.h"

namespace madoguchi::vault {

std::string to_json(const Mandate& mandate);
// What people typed is held to more than what the vault itself wrote, perhaps long ago: no member
// that is unknown or stands there twice, no name twice, no time that nobody means.
enum class MandateText { kTyped, kKept };
// kInvalid, naming the member.
Result<Mandate> mandate_from_json(std::string_view json, MandateText from = MandateText::kTyped);

}  // namespace madoguchi::vault
