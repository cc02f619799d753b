// Ed25519 signatures (RFC 8032), by libsodium alone: libraries disagree about keys and signatures
// at the edges, so the project has one verifier. Secret keys stay in guarded memory. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace madoguchi {

using SigningPublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;
inline constexpr std::size_t kSigningSeedBytes = 32;

// False for keys and signatures of other lengths, of small order, or not in canonical form.
[[nodiscard]] bool ed25519_verify(ByteView public_key, ByteView message, ByteView signature);

class SigningKey {
 public:
  // kInvalid unless kSigningSeedBytes. The seed is what is kept (wrapped).
  static Result<SigningKey> of_seed(ByteView seed);
  static SigningKey fresh();

  [[nodiscard]] const SigningPublicKey& public_key() const { return public_key_; }
  [[nodiscard]] ByteView seed() const { return secret_.reveal().first(kSigningSeedBytes); }
  [[nodiscard]] Signature sign(ByteView message) const;

 private:
  SigningKey() = default;
  Secret secret_;  // libsodium's form: seed, then public key
  SigningPublicKey public_key_{};
};

}  // namespace madoguchi
