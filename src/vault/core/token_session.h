// One session with a PKCS#11 token, logged in, in the process that calls: see token.h for the
// process it should be. Used by one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "vault/core/token.h"

namespace madoguchi::vault {

class TokenSession {
 public:
  enum class Access { kUse, kChange };
  // Loads the module, finds the token by its label, and logs in.
  static Result<std::unique_ptr<TokenSession>> open(const TokenPlace& place, Access access);
  ~TokenSession();
  TokenSession(const TokenSession&) = delete;

  // Labels of the place's key and of those that followed it, in the order of their numbers.
  Result<std::vector<std::string>> keys();
  // The label that the next one of them would have; kExhausted when there are too many.
  Result<std::string> next_key();
  Result<Secret> hmac(const std::string& key, ByteView text);
  // As token_secrets().
  Result<std::vector<TokenSecret>> secrets();
  // kConflict when there is one of that label already.
  Result<void> make_key(const std::string& key);
  Result<void> destroy_key(const std::string& key);

 private:
  struct Parts;
  explicit TokenSession(const TokenPlace& place);
  std::unique_ptr<Parts> parts_;
};

}  // namespace madoguchi::vault
