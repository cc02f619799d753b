// One session with a PKCS#11 token, logged in, in the process that calls: see token.h for the
// process it should be. Used by one thread.
#pragma once

#include <memory>

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

  Result<Secret> hmac(ByteView text);
  Result<void> make_key();

 private:
  struct Parts;
  explicit TokenSession(const TokenPlace& place);
  std::unique_ptr<Parts> parts_;
};

}  // namespace madoguchi::vault
