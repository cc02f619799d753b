#include "base/bytes.h"

#include <sodium.h>

#include <algorithm>

namespace madoguchi {

std::string to_hex(ByteView bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.empty()) return Bytes();
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes(text.size() / 2);
  std::size_t used = 0;
  const char* end = nullptr;
  if (sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &used, &end) !=
          0 ||
      end != text.data() + text.size())
    return std::nullopt;
  return bytes;
}

std::string to_base64(ByteView bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  // libsodium takes some bytes beyond ASCII for letters (it looks at signed characters).
  const auto beyond = [](char letter) { return static_cast<unsigned char>(letter) >= 0x80; };
  if (std::any_of(text.begin(), text.end(), beyond)) return std::nullopt;
  Bytes bytes(text.size() / 4 * 3 + 3);
  std::size_t used = 0;
  const char* end = nullptr;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &used, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  bytes.resize(used);
  return bytes;
}

}  // namespace madoguchi
