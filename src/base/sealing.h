// Sealing to a public key: whoever seals cannot read it back (libsodium's crypto_box_seal: X25519,
// XSalsa20-Poly1305). The exchange seals callers' numbers to the vault this way.
// Also the machine's Entropy. Thread-safe.
#pragma once

#include <array>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"

namespace madoguchi {

using SealPublicKey = std::array<std::uint8_t, 32>;
using SealSecretKey = std::array<std::uint8_t, 32>;

struct SealKeyPair {
  SealPublicKey public_key{};
  SealSecretKey secret_key{};
};

SealKeyPair fresh_seal_key_pair();

// The sealed form is 48 bytes longer than the plain one.
Bytes seal(ByteView plain, const SealPublicKey& to);

// kCorrupt when the bytes were not sealed to this key.
Result<Bytes> unseal(ByteView sealed, const SealKeyPair& keys);

// SHA-256.
std::array<std::uint8_t, 32> sha256(ByteView bytes);

class SystemEntropy final : public Entropy {
 public:
  void fill(void* bytes, std::size_t count) override;
};

}  // namespace madoguchi
