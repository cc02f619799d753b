// Text from outside. Pure.
#pragma once

#include <string_view>

namespace madoguchi {

// Well-formed UTF-8 (no surrogates, nothing overlong) without NUL.
[[nodiscard]] bool is_clean_utf8(std::string_view text);

// The same, and one line: no control characters, no separators of lines or paragraphs.
[[nodiscard]] bool is_clean_line(std::string_view text);

}  // namespace madoguchi
