// Who an export is made for: a name and an X25519 public key in one line of text, which the
// recipient sends to whoever asks for the export; the secret half stays in a file of the
// recipient's own.
//
//   <name>+<first 4 bytes of SHA-256(name | 0x0A | key), hex>+<base64 of the 32 bytes>
//
// A mistyped letter is noticed by the middle part, which is also what people compare. Values; files
// are touched by make and read alone.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sealing.h"

namespace madoguchi::vault {

struct RecipientKey {
  std::string name;  // 1 to 64 characters, as ids are
  SealPublicKey key{};

  [[nodiscard]] std::string fingerprint() const;  // 8 hex digits
  [[nodiscard]] std::string text() const;
  // kInvalid, saying what is wrong with it.
  static Result<RecipientKey> parse(std::string_view text);
};

struct RecipientSecret {
  std::string name;
  SealKeyPair keys;

  [[nodiscard]] RecipientKey public_half() const { return {name, keys.public_key}; }
};

// Makes a pair and writes it to `file` (0600), which must not exist yet.
Result<RecipientSecret> make_recipient(const std::filesystem::path& file, const std::string& name);
// kDenied when others may read the file.
Result<RecipientSecret> read_recipient(const std::filesystem::path& file);

}  // namespace madoguchi::vault
