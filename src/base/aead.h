// Authenticated encryption, with nothing to choose wrongly at the call: XChaCha20-Poly1305 for what
// is stored, in a form that commits to its key; AES-GCM for what browsers (WebCrypto) sealed.
// Pure; any thread. Keys come as views so that they can stay in a Secret.
//
// What opens with one key must not open with another: XChaCha20-Poly1305 alone does not promise
// that, and a store with a key per person needs it. seal_committed() therefore derives the cipher's
// key and a 32-byte commitment from key and nonce (BLAKE2b, 64 bytes out) and stores the
// commitment:
//
//   nonce (24) | commitment (32) | ciphertext (as long as the plain text) | tag (16)
//
// `associated` is where the value belongs (organisation, subject, field, key version), encoded so
// that no two places have the same bytes: Associated below does it. A value that was moved does not
// open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"

namespace madoguchi {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadNonceBytes = 24;
inline constexpr std::size_t kAeadTagBytes = 16;
inline constexpr std::size_t kCommitmentBytes = 32;
inline constexpr std::size_t kCommittedOverhead =
    kAeadNonceBytes + kCommitmentBytes + kAeadTagBytes;  // 72

// Associated data out of parts, each with its length in front.
class Associated {
 public:
  explicit Associated(std::string_view what) { add(what); }
  Associated& add(std::string_view part);
  Associated& add(std::uint64_t number);
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

// Fresh nonce each time. The key has kAeadKeyBytes (CHECK: keys are our own).
Bytes seal_committed(ByteView key, ByteView associated, ByteView plain, Entropy& entropy);
// kCorrupt: changed, moved, cut short, or another key. The message names neither key nor value.
Result<Bytes> open_committed(ByteView key, ByteView associated, ByteView sealed);
// The same, into guarded memory; an empty plain text is kCorrupt here, since a key never is empty.
Result<Secret> open_committed_secret(ByteView key, ByteView associated, ByteView sealed);

// The cipher itself: 32-byte key, 24-byte nonce, else kInvalid; ciphertext and tag in one.
Result<Bytes> xchacha20_poly1305_seal(ByteView key, ByteView nonce, ByteView associated,
                                      ByteView plain);
Result<Bytes> xchacha20_poly1305_open(ByteView key, ByteView nonce, ByteView associated,
                                      ByteView sealed);

// AES-GCM with a 16-byte tag at the end. Keys of 16, 24 or 32 bytes, nonces of any length but 0
// (12 is the usual one).
Result<Bytes> aes_gcm_seal(ByteView key, ByteView nonce, ByteView associated, ByteView plain);
Result<Bytes> aes_gcm_open(ByteView key, ByteView nonce, ByteView associated, ByteView sealed);

}  // namespace madoguchi
