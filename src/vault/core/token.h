// A key in a PKCS#11 token that the master key is derived from: HMAC-SHA256 under a secret that the
// token made and never gives out. docs/decisions/master-key-token.md says why this and not
// wrapping. Both functions run the token's module in a child process of their own, so that foreign
// code never shares memory with the vault's keys, may need files and devices that the vault itself
// is denied, and may crash or hang: call them before the process confines itself and before it has
// threads.
#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace madoguchi::vault {

struct TokenPlace {
  std::filesystem::path module;    // the shared library that speaks PKCS#11
  std::string label;               // of the token
  std::filesystem::path pin_file;  // mode 0600; its first line is the user's PIN
  std::string key;                 // label of the key in it
};

// HMAC-SHA256 of `context` under the token's key. Every error is one line that begins with the
// setting it is about. kNotFound: module, token or key is not there; kInvalid: the PIN is wrong, or
// the key is one that could be carried off; kUnavailable: the token does not do its work.
Result<Secret> token_secret(const TokenPlace& place, ByteView context);

// Makes the key in the token; kConflict when there is one of that name already.
Result<void> make_token_key(const TokenPlace& place);

}  // namespace madoguchi::vault
