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

}  // namespace madoguchi
