// One session with a PKCS#11 token, logged in, in the process that calls: see token.h for the
// process it should be. Used by one thread.
//
// While a session may change keys no other one on this machine can: the PIN's file is locked. Other
// hosts may reach the same token all the same, so nothing here destroys a key that somebody else
// made unless it is asked for by its label.
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
  // Loads the module, finds the token by its label, and logs in. kConflict: another session may
  // change keys.
  static Result<std::unique_ptr<TokenSession>> open(const TokenPlace& place, Access access);
  ~TokenSession();
  TokenSession(const TokenSession&) = delete;

  // Labels of the place's key and of those that followed it, in the order of their numbers, each
  // once.
  Result<std::vector<std::string>> keys();
  // The label that the next one of them would have; kExhausted when there are too many.
  Result<std::string> next_key();
  Result<Secret> hmac(const std::string& key, ByteView text);
  // As token_secrets().
  Result<std::vector<TokenSecret>> secrets();
  // kConflict when there is one of that label already, or somebody else makes one at the same time:
  // then neither is left, or the other's. Where a token does not show at once what another session
  // made, as SoftHSM, both may succeed: then two stand under this label, and the vault takes one.
  Result<void> make_key(const std::string& key);
  // Destroys what make_key() made here, and nothing else of its label.
  Result<void> take_back();
  // Every one of that label, for good. kNotFound: there is none; kUnavailable: the token forbids
  // it.
  Result<void> destroy_key(const std::string& key);

 private:
  struct Parts;
  explicit TokenSession(const TokenPlace& place);
  std::unique_ptr<Parts> parts_;
};

}  // namespace madoguchi::vault
