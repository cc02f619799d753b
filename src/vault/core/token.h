// Keys in a PKCS#11 token that the master key is derived from: HMAC-SHA256 under a secret that the
// token made and never gives out. docs/decisions/master-key-token.md says why this and not
// wrapping. The functions here run the token's module in a child process of their own, so that
// foreign code never shares memory with the vault's keys, may need files and devices that the vault
// itself is denied, and may crash or hang: call them before the process confines itself and before
// it has threads.
//
// A key that was replaced is followed by others of its name: "k", "k.2", "k.3". Which of them
// counts the database says.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace madoguchi::vault {

// What the token's HMAC is of; the database's salt goes in afterwards (docs/decisions).
inline constexpr std::string_view kTokenContext = "madoguchi master key 1";
// More keys of one name than these are refused: some must be left over.
inline constexpr std::size_t kMostTokenKeys = 16;

struct TokenPlace {
  std::filesystem::path module;    // the shared library that speaks PKCS#11
  std::string label;               // of the token
  std::filesystem::path pin_file;  // mode 0600; its first line is the user's PIN
  std::string key;                 // label of the first key in it
};

// What one of the keys gives for kTokenContext.
struct TokenSecret {
  std::string key;
  Secret secret;
};

// Of every key of that name, by number; empty of one that gives nothing (cut off while it was made)
// beside others that do. A label that stands more than once in the token, made by two hosts at
// once, stands as often here: the database says which counts. Errors are a line that begins with
// the setting it is about. kNotFound: module, token or key is not there; kInvalid: the PIN is
// wrong, or the key could be carried off; kUnavailable: the token does not do its work.
Result<std::vector<TokenSecret>> token_secrets(const TokenPlace& place);

// Makes the first key in the token; kConflict when there is one of that name already.
Result<void> make_token_key(const TokenPlace& place);

}  // namespace madoguchi::vault
