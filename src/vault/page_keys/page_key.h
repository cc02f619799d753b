// The public part of the key that a page of the glass made when somebody signed in there: ECDSA on
// P-256 with SHA-256, the one signature that every browser's WebCrypto makes with keys that can't
// be read out (W3C Web Cryptography API, extractable false). Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct evp_pkey_st;

namespace madoguchi::vault {

class PageKey {
 public:
  // base64 of the uncompressed point (SEC 1, 2.3.3), as WebCrypto exports "raw". kInvalid: another
  // form, or no point of the curve.
  static Result<PageKey> parse(std::string_view text);

  // What a session is bound to: SHA-256 of the text, hex (as RFC 7638 does for keys in JSON).
  static std::string thumbprint(std::string_view text);

  // The signature is r and s of 32 bytes each, as WebCrypto makes it.
  [[nodiscard]] bool verifies(ByteView message, ByteView signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Held = std::unique_ptr<evp_pkey_st, Free>;
  explicit PageKey(Held key) : key_(std::move(key)) {}

  Held key_;
};

}  // namespace madoguchi::vault
