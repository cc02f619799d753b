// Public keys of ECDSA on P-256 with SHA-256 (FIPS 186-5), which browsers and authenticators sign
// with: the one place that reads their points and checks their signatures. Immutable; any thread.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

struct evp_pkey_st;

namespace madoguchi {

class P256PublicKey {
 public:
  // The uncompressed point of 65 bytes (SEC 1, 2.3.3). kInvalid: another form, or no point of the
  // curve.
  static Result<P256PublicKey> of_point(ByteView point);

  // r and s of 32 bytes each, as WebCrypto signs (IEEE P1363).
  [[nodiscard]] bool verifies(ByteView message, ByteView signature) const;
  // In DER (RFC 3279, 2.2.3), as authenticators sign.
  [[nodiscard]] bool verifies_der(ByteView message, ByteView signature) const;

 private:
  explicit P256PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace madoguchi
