#include "base/id.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace madoguchi {

bool is_valid_id(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

std::string fresh_id_text(Time now, Entropy& entropy) {
  static constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  auto stamp = static_cast<std::uint64_t>(ms.count());
  std::string text(26, '0');
  for (int i = 9; i >= 0; --i, stamp >>= 5)
    text[static_cast<std::size_t>(i)] = kAlphabet[stamp & 31];
  std::array<std::uint8_t, 16> random{};  // one byte a character: 5 of its 8 bits are used
  entropy.fill(random.data(), random.size());
  for (std::size_t i = 0; i < random.size(); ++i) text[10 + i] = kAlphabet[random[i] & 31];
  return text;
}

}  // namespace madoguchi
