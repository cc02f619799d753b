// Text as code points, for whatever looks at single characters here. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace madoguchi::vault {

// What is no UTF-8 becomes U+FFFD.
std::u32string code_points(std::string_view utf8);
std::string utf8_of(std::u32string_view text);

// Compatibility forms joined (NFKC), hyphens of all kinds one, runs of spaces one space, none at
// the ends: what is left of a spelling when somebody types it again with care.
std::u32string retyped(std::u32string_view text);

[[nodiscard]] bool is_space_sign(char32_t c);

}  // namespace madoguchi::vault
