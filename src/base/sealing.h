// Sealing to a public key: whoever seals cannot read it back (X25519, XSalsa20-Poly1305, by
// libsodium's crypto_box with a key pair made for the occasion). The exchange seals callers'
// numbers to the vault and recordings' keys to organisations this way. Also the machine's Entropy.
// Functions are thread-safe, objects are not.
//
//   sealed = 32 bytes: the occasion's public key, 24 bytes: nonce, the box (16 bytes longer)
//
// The X25519 work of one sealing is 0.1 ms. A SealingSession does it once for all that is sealed
// within its life; that much longer could whoever takes over the process's memory read back what it
// sealed, which is what is passing in that very second.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"

namespace madoguchi {

using SealPublicKey = std::array<std::uint8_t, 32>;
using SealSecretKey = std::array<std::uint8_t, 32>;

struct SealKeyPair {
  SealPublicKey public_key{};
  SealSecretKey secret_key{};
};

SealKeyPair fresh_seal_key_pair();

inline constexpr std::size_t kSealBytes = 32 + 24 + 16;  // longer than the plain form

Bytes seal(ByteView plain, const SealPublicKey& to);

// Seals to one key, sharing the X25519 work among what comes within a second.
class SealingSession {
 public:
  static constexpr Micros kLife = std::chrono::seconds(1);

  explicit SealingSession(const SealPublicKey& to) : to_(to) {}
  ~SealingSession() { forget(); }
  SealingSession(const SealingSession&) = delete;
  SealingSession& operator=(const SealingSession&) = delete;

  Bytes seal(ByteView plain, MonoTime now);
  // Wipes what could read back what was sealed, once its life is over. When that will be, if there
  // is something to wipe.
  void forget_old(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> ends() const;
  [[nodiscard]] const SealPublicKey& to() const { return to_; }

 private:
  void begin(MonoTime now);
  void forget();

  const SealPublicKey to_;
  bool open_ = false;
  MonoTime began_{};
  SealPublicKey ours_{};
  std::array<std::uint8_t, 32> shared_{};
};

// kCorrupt when the bytes were not sealed to this key.
Result<Bytes> unseal(ByteView sealed, const SealKeyPair& keys);

// Unsealing in two steps, for whoever opens many of one session: the key that it shares with the
// secret one, then the box. nullopt, kCorrupt as above.
using SealSharedKey = std::array<std::uint8_t, 32>;
std::optional<SealPublicKey> session_of(ByteView sealed);
std::optional<SealSharedKey> shared_key(const SealPublicKey& session, ByteView secret_key);
Result<Bytes> unseal_with(ByteView sealed, const SealSharedKey& shared);

// SHA-256.
std::array<std::uint8_t, 32> sha256(ByteView bytes);

class SystemEntropy final : public Entropy {
 public:
  void fill(void* bytes, std::size_t count) override;
};

}  // namespace madoguchi
