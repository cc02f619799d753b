#include "base/aead.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>

#include "base/check.h"
#include "base/gcm_nonce.h"

namespace madoguchi {
namespace {

constexpr std::string_view kCommitPurpose = "madoguchi.committed.1";
constexpr std::size_t kGcmMostNonce = 128;  // of OpenSSL's

// The cipher's key in the first half, the commitment in the second; wiped when it goes.
struct Committed {
  std::array<std::uint8_t, kAeadKeyBytes + kCommitmentBytes> bytes{};

  Committed(ByteView key, ByteView nonce) {
    CHECK(key.size() == kAeadKeyBytes && nonce.size() == kAeadNonceBytes);
    crypto_generichash_state state;
    crypto_generichash_init(&state, key.data(), key.size(), bytes.size());
    crypto_generichash_update(&state, as_bytes(kCommitPurpose).data(), kCommitPurpose.size());
    crypto_generichash_update(&state, nonce.data(), nonce.size());
    crypto_generichash_final(&state, bytes.data(), bytes.size());
    sodium_memzero(&state, sizeof state);
  }
  ~Committed() { sodium_memzero(bytes.data(), bytes.size()); }
  Committed(const Committed&) = delete;
  Committed& operator=(const Committed&) = delete;

  [[nodiscard]] const std::uint8_t* cipher_key() const { return bytes.data(); }
  [[nodiscard]] const std::uint8_t* commitment() const { return bytes.data() + kAeadKeyBytes; }
};

tl::unexpected<Error> does_not_open() {
  return fail(ErrorCode::kCorrupt,
              "sealed bytes do not open: they were changed, moved, or sealed with another key");
}

// Writes sealed.size() - kCommittedOverhead bytes; false when it does not open.
bool open_into(ByteView key, ByteView associated, ByteView sealed, std::span<std::uint8_t> plain) {
  const ByteView nonce = sealed.first(kAeadNonceBytes);
  const Committed derived(key, nonce);
  if (sodium_memcmp(derived.commitment(), sealed.data() + kAeadNonceBytes, kCommitmentBytes) != 0)
    return false;
  const ByteView body = sealed.subspan(kAeadNonceBytes + kCommitmentBytes);
  return crypto_aead_xchacha20poly1305_ietf_decrypt(
             plain.data(), nullptr, nullptr, body.data(), body.size(), associated.data(),
             associated.size(), nonce.data(), derived.cipher_key()) == 0;
}

struct CipherContext {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  CipherContext() { CHECK(context != nullptr); }
  ~CipherContext() { EVP_CIPHER_CTX_free(context); }
  CipherContext(const CipherContext&) = delete;
  CipherContext& operator=(const CipherContext&) = delete;
};

const EVP_CIPHER* gcm_of(ByteView key) {
  switch (key.size()) {
    case 16:
      return EVP_aes_128_gcm();
    case 24:
      return EVP_aes_192_gcm();
    case 32:
      return EVP_aes_256_gcm();
  }
  return nullptr;
}

// The cipher's block of zeros; the key has a size that gcm_of() knows.
Result<GcmBlock> hash_key_of(ByteView key) {
  const CipherContext cipher;
  const EVP_CIPHER* kind = key.size() == 16   ? EVP_aes_128_ecb()
                           : key.size() == 24 ? EVP_aes_192_ecb()
                                              : EVP_aes_256_ecb();
  const GcmBlock zeros{};
  GcmBlock block{};
  int written = 0;
  if (EVP_EncryptInit_ex(cipher.context, kind, nullptr, key.data(), nullptr) != 1 ||
      EVP_EncryptUpdate(cipher.context, block.data(), &written, zeros.data(), 16) != 1 ||
      block == zeros)
    return fail(ErrorCode::kInternal, "AES-GCM could not be started");
  return block;
}

enum class Direction { kOpen = 0, kSeal = 1 };

Result<void> begin_gcm(const CipherContext& cipher, Direction direction, ByteView key,
                       ByteView nonce, ByteView associated, std::size_t text) {
  const EVP_CIPHER* kind = gcm_of(key);
  if (kind == nullptr) return fail(ErrorCode::kInvalid, "an AES key has 16, 24 or 32 bytes");
  if (nonce.empty()) return fail(ErrorCode::kInvalid, "an AES-GCM nonce has at least 1 byte");
  if (text > INT_MAX || associated.size() > INT_MAX)
    return fail(ErrorCode::kInvalid, "too much for one AES-GCM message");
  const int encrypt = static_cast<int>(direction);
  GcmBlock brief;
  if (nonce.size() > kGcmMostNonce) {
    const auto hash_key = hash_key_of(key);
    if (!hash_key) return tl::unexpected<Error>(hash_key.error());
    brief = short_gcm_nonce(*hash_key, nonce);
    nonce = brief;
  }
  int written = 0;
  const bool begun =
      EVP_CipherInit_ex(cipher.context, kind, nullptr, nullptr, nullptr, encrypt) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.context, EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(nonce.size()),
                          nullptr) == 1 &&
      EVP_CipherInit_ex(cipher.context, nullptr, nullptr, key.data(), nonce.data(), encrypt) == 1 &&
      (associated.empty() || EVP_CipherUpdate(cipher.context, nullptr, &written, associated.data(),
                                              static_cast<int>(associated.size())) == 1);
  if (!begun) return fail(ErrorCode::kInternal, "AES-GCM could not be started");
  return {};
}

}  // namespace

Associated& Associated::add(std::string_view part) {
  add(std::uint64_t{part.size()});
  bytes_.insert(bytes_.end(), part.begin(), part.end());
  return *this;
}

Associated& Associated::add(std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes_.push_back(static_cast<std::uint8_t>(number >> shift));
  return *this;
}

Bytes seal_committed(ByteView key, ByteView associated, ByteView plain, Entropy& entropy) {
  Bytes sealed(plain.size() + kCommittedOverhead);
  entropy.fill(sealed.data(), kAeadNonceBytes);
  const Committed derived(key, ByteView(sealed).first(kAeadNonceBytes));
  std::copy_n(derived.commitment(), kCommitmentBytes, sealed.begin() + kAeadNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      sealed.data() + kAeadNonceBytes + kCommitmentBytes, nullptr, plain.data(), plain.size(),
      associated.data(), associated.size(), nullptr, sealed.data(), derived.cipher_key());
  return sealed;
}

Result<Bytes> open_committed(ByteView key, ByteView associated, ByteView sealed) {
  if (sealed.size() < kCommittedOverhead) return does_not_open();
  Bytes plain(sealed.size() - kCommittedOverhead);
  if (!open_into(key, associated, sealed, plain)) return does_not_open();
  return plain;
}

Result<Secret> open_committed_secret(ByteView key, ByteView associated, ByteView sealed) {
  if (sealed.size() <= kCommittedOverhead) return does_not_open();
  bool right = false;
  Secret plain(sealed.size() - kCommittedOverhead, [&](std::span<std::uint8_t> into) {
    right = open_into(key, associated, sealed, into);
  });
  if (!right) return does_not_open();
  return plain;
}

Result<Bytes> xchacha20_poly1305_seal(ByteView key, ByteView nonce, ByteView associated,
                                      ByteView plain) {
  if (key.size() != kAeadKeyBytes || nonce.size() != kAeadNonceBytes)
    return fail(ErrorCode::kInvalid, "XChaCha20-Poly1305 takes a 32-byte key and a 24-byte nonce");
  Bytes sealed(plain.size() + kAeadTagBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data(), nullptr, plain.data(), plain.size(),
                                             associated.data(), associated.size(), nullptr,
                                             nonce.data(), key.data());
  return sealed;
}

Result<Bytes> xchacha20_poly1305_open(ByteView key, ByteView nonce, ByteView associated,
                                      ByteView sealed) {
  if (key.size() != kAeadKeyBytes || nonce.size() != kAeadNonceBytes)
    return fail(ErrorCode::kInvalid, "XChaCha20-Poly1305 takes a 32-byte key and a 24-byte nonce");
  if (sealed.size() < kAeadTagBytes) return does_not_open();
  Bytes plain(sealed.size() - kAeadTagBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, sealed.data(),
                                                 sealed.size(), associated.data(),
                                                 associated.size(), nonce.data(), key.data()) != 0)
    return does_not_open();
  return plain;
}

Result<Bytes> aes_gcm_seal(ByteView key, ByteView nonce, ByteView associated, ByteView plain) {
  const CipherContext cipher;
  if (auto begun = begin_gcm(cipher, Direction::kSeal, key, nonce, associated, plain.size());
      !begun)
    return tl::unexpected<Error>(begun.error());
  Bytes sealed(plain.size() + kAeadTagBytes);
  int written = 0;
  int rest = 0;
  const bool done =
      (plain.empty() || EVP_CipherUpdate(cipher.context, sealed.data(), &written, plain.data(),
                                         static_cast<int>(plain.size())) == 1) &&
      EVP_CipherFinal_ex(cipher.context, sealed.data() + written, &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.context, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes,
                          sealed.data() + plain.size()) == 1;
  ENSURE(done);
  return sealed;
}

Result<Bytes> aes_gcm_open(ByteView key, ByteView nonce, ByteView associated, ByteView sealed) {
  if (sealed.size() < kAeadTagBytes) return does_not_open();
  const ByteView body = sealed.first(sealed.size() - kAeadTagBytes);
  std::array<std::uint8_t, kAeadTagBytes> tag{};
  std::copy_n(sealed.end() - kAeadTagBytes, kAeadTagBytes, tag.begin());
  const CipherContext cipher;
  if (auto begun = begin_gcm(cipher, Direction::kOpen, key, nonce, associated, body.size()); !begun)
    return tl::unexpected<Error>(begun.error());
  Bytes plain(body.size() + 1);  // never a null pointer for OpenSSL
  int written = 0;
  int rest = 0;
  const bool right =
      (body.empty() || EVP_CipherUpdate(cipher.context, plain.data(), &written, body.data(),
                                        static_cast<int>(body.size())) == 1) &&
      EVP_CIPHER_CTX_ctrl(cipher.context, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) == 1 &&
      EVP_CipherFinal_ex(cipher.context, plain.data() + written, &rest) == 1;
  plain.resize(body.size());
  if (!right) {
    wipe(std::span(plain));
    return does_not_open();
  }
  return plain;
}

}  // namespace madoguchi
