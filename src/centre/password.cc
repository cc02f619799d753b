#include "centre/password.h"

#include <sodium.h>

#include "base/check.h"

namespace madoguchi::centre {

Result<std::string> hash_password(const Personal<std::string>& password) {
  CHECK(sodium_init() >= 0);
  const std::string& text = password.reveal();
  std::size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  if (characters < kLeastPassword || text.size() > kMostPassword)
    return fail(ErrorCode::kInvalid, "password: needs 10 characters or more, 200 bytes at most");
  std::string hash(crypto_pwhash_STRBYTES, '\0');
  if (crypto_pwhash_str_alg(hash.data(), text.data(), text.size(),
                            crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(ErrorCode::kExhausted, "no memory for a password's hash: try again");
  hash.resize(hash.find('\0'));
  return hash;
}

bool password_fits(const std::string& hash, const Personal<std::string>& password) {
  CHECK(sodium_init() >= 0);
  const std::string& text = password.reveal();
  if (text.size() > kMostPassword || hash.size() >= crypto_pwhash_STRBYTES) return false;
  return crypto_pwhash_str_verify(hash.c_str(), text.data(), text.size()) == 0;
}

const std::string& nobodys_hash() {
  static const std::string hash =
      hash_password(Personal<std::string>("nobody has this password")).value_or("");
  return hash;
}

}  // namespace madoguchi::centre
