// What is shown of a value that was not opened. Says as little as the field's masking allows: an
// unreadable value is masked whole. Pure.
#pragma once

#include <string>
#include <string_view>

#include "vault/records/schema.h"

namespace madoguchi::vault {

std::string masked(Masking masking, std::string_view text);

}  // namespace madoguchi::vault
