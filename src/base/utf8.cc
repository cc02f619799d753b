#include "base/utf8.h"

namespace madoguchi {

bool is_clean_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at < end) {
    const unsigned char c = *at;
    if (c < 0x80) {
      if (c == 0) return false;
      ++at;
      continue;
    }
    const int more = c >= 0xC2 && c <= 0xDF   ? 1
                     : (c & 0xF0) == 0xE0     ? 2
                     : c >= 0xF0 && c <= 0xF4 ? 3
                                              : 0;
    if (more == 0 || end - at <= more) return false;
    // RFC 3629, section 4: the second byte's range depends on the first.
    const unsigned char second = at[1];
    const unsigned char least = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    const unsigned char most = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (second < least || second > most) return false;
    for (int i = 2; i <= more; ++i)
      if ((at[i] & 0xC0) != 0x80) return false;
    at += more + 1;
  }
  return true;
}

bool is_clean_line(std::string_view text) {
  if (!is_clean_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return false;
    // U+0080 to U+009F, U+2028, U+2029; clean text has the bytes that belong to these.
    if (c == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return false;
    const std::string_view separator = text.substr(i, 3);
    if (separator == "\xE2\x80\xA8" || separator == "\xE2\x80\xA9") return false;
  }
  return true;
}

}  // namespace madoguchi
