// The vault's four uses of cryptography, in one place: wrapping keys and sealed fields
// (XChaCha20-Poly1305 with the place they belong to as associated data), opening what was sealed to
// the vault, keyed marks of numbers (HMAC-SHA256 cut to 128 bits), and keys derived from the master
// key (BLAKE2b). Pure but for the randomness of nonces; any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/personal.h"
#include "base/result.h"
#include "base/sealing.h"
#include "base/secret.h"

namespace madoguchi::vault {

inline constexpr std::size_t kKeyBytes = 32;

// What a wrapped value belongs to: a value moved to another row, kind or version does not open.
struct Place {
  std::string_view owner;  // organisation, or empty for the vault itself
  std::string_view kind;
  std::string_view name;  // version of a key, id of a row
};

// Base64 of nonce and ciphertext, fit for a text column.
std::string wrap(ByteView plain, const Secret& key, const Place& place);
// kCorrupt when it was changed, moved, or wrapped with another key.
Result<Secret> unwrap(std::string_view wrapped, const Secret& key, const Place& place);

// A key for one purpose; the master key itself encrypts nothing.
Secret derive(const Secret& master, std::string_view purpose);

// 26 characters of base 32 (128 bits), valid as an id: the same text gives the same mark under one
// key, and nothing about it without the key.
std::string keyed_mark(const Secret& key, std::string_view purpose, std::string_view text);

// The key of the sealing session opened last: what comes next is mostly of the same, and its X25519
// work is done. Thread-safe.
class LastSession {
 public:
  LastSession() = default;
  ~LastSession();
  LastSession(const LastSession&) = delete;
  LastSession& operator=(const LastSession&) = delete;

  std::optional<SealSharedKey> key_of(ByteView sealed, const Secret& secret_key);

 private:
  std::mutex mutex_;
  std::optional<SealPublicKey> session_;
  SealSharedKey shared_{};
};

// An X25519 pair whose secret half stays in guarded memory.
struct SealingKeys {
  SealPublicKey public_key{};
  Secret secret_key;
  std::unique_ptr<LastSession> last = std::make_unique<LastSession>();
};
SealingKeys fresh_sealing_keys();
// kInvalid unless 32 bytes.
Result<SealingKeys> sealing_keys_of(Secret secret_key);
// A number as it arrived. In ordinary memory: guarded pages would cost more than the decryption.
Result<Personal<std::string>> open_sealed(ByteView sealed, const SealingKeys& keys);

}  // namespace madoguchi::vault
