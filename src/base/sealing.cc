#include "base/sealing.h"

#include <sodium.h>

#include "base/check.h"

namespace madoguchi {
namespace {

void ready() {
  CHECK(sodium_init() >= 0);
}

}  // namespace

SealKeyPair fresh_seal_key_pair() {
  ready();
  SealKeyPair keys;
  crypto_box_keypair(keys.public_key.data(), keys.secret_key.data());
  return keys;
}

Bytes seal(ByteView plain, const SealPublicKey& to) {
  ready();
  Bytes sealed(plain.size() + crypto_box_SEALBYTES);
  crypto_box_seal(sealed.data(), plain.data(), plain.size(), to.data());
  return sealed;
}

Result<Bytes> unseal(ByteView sealed, const SealKeyPair& keys) {
  ready();
  const auto bad = [] {
    return fail(ErrorCode::kCorrupt, "sealed bytes do not open with this key");
  };
  if (sealed.size() < crypto_box_SEALBYTES) return bad();
  Bytes plain(sealed.size() - crypto_box_SEALBYTES);
  if (crypto_box_seal_open(plain.data(), sealed.data(), sealed.size(), keys.public_key.data(),
                           keys.secret_key.data()) != 0)
    return bad();
  return plain;
}

std::array<std::uint8_t, 32> sha256(ByteView bytes) {
  std::array<std::uint8_t, 32> digest{};
  crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
  return digest;
}

void SystemEntropy::fill(void* bytes, std::size_t count) {
  ready();
  randombytes_buf(bytes, count);
}

}  // namespace madoguchi
