#include "base/signing.h"

#include <sodium.h>

#include "base/check.h"

namespace madoguchi {

bool ed25519_verify(ByteView public_key, ByteView message, ByteView signature) {
  if (public_key.size() != crypto_sign_PUBLICKEYBYTES || signature.size() != crypto_sign_BYTES)
    return false;
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     public_key.data()) == 0;
}

Result<SigningKey> SigningKey::of_seed(ByteView seed) {
  if (seed.size() != kSigningSeedBytes)
    return fail(ErrorCode::kInvalid, "a signing key's seed has 32 bytes");
  SigningKey key;
  key.secret_ = Secret(crypto_sign_SECRETKEYBYTES, [&](std::span<std::uint8_t> into) {
    crypto_sign_seed_keypair(key.public_key_.data(), into.data(), seed.data());
  });
  return key;
}

SigningKey SigningKey::fresh() {
  auto key = of_seed(Secret::random(kSigningSeedBytes).reveal());
  CHECK(key.has_value());
  return std::move(*key);
}

Signature SigningKey::sign(ByteView message) const {
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                       secret_.reveal().data());
  return signature;
}

}  // namespace madoguchi
