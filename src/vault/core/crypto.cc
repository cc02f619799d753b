#include "vault/core/crypto.h"

#include <sodium.h>

#include <array>
#include <cstring>

#include "base/check.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kMarkBytes = 16;

// Each part with its length in front, so that no two places have the same bytes.
std::string associated(const Place& place) {
  std::string bytes = "madoguchi.vault.1";
  for (const std::string_view part : {place.owner, place.kind, place.name}) {
    CHECK(part.size() < 256);
    bytes += static_cast<char>(part.size());
    bytes += part;
  }
  return bytes;
}

// Crockford's alphabet in lower case; 5 bits a character, the last one padded with zero bits.
std::string to_base32(ByteView bytes) {
  static constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string text;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += kAlphabet[(buffer >> bits) & 31];
    }
  }
  if (bits > 0) text += kAlphabet[(buffer << (5 - bits)) & 31];
  return text;
}

}  // namespace

std::string wrap(ByteView plain, const Secret& key, const Place& place) {
  CHECK(key.reveal().size() == kKeyBytes);
  const std::string data = associated(place);
  Bytes wrapped(kNonceBytes + plain.size() + kTagBytes);
  randombytes_buf(wrapped.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(wrapped.data() + kNonceBytes, nullptr, plain.data(),
                                             plain.size(), as_bytes(data).data(), data.size(),
                                             nullptr, wrapped.data(), key.reveal().data());
  return to_base64(wrapped);
}

Result<Secret> unwrap(std::string_view wrapped, const Secret& key, const Place& place) {
  CHECK(key.reveal().size() == kKeyBytes);
  const auto bytes = from_base64(wrapped);
  const auto refuse = [&] {
    return fail(ErrorCode::kCorrupt, std::string("a stored ") + std::string(place.kind) +
                                         " does not open: it was changed, or belongs to another "
                                         "master key");
  };
  if (!bytes || bytes->size() <= kNonceBytes + kTagBytes) return refuse();
  const std::string data = associated(place);
  bool right = false;
  Secret plain(bytes->size() - kNonceBytes - kTagBytes, [&](std::span<std::uint8_t> into) {
    right =
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            into.data(), nullptr, nullptr, bytes->data() + kNonceBytes, bytes->size() - kNonceBytes,
            as_bytes(data).data(), data.size(), bytes->data(), key.reveal().data()) == 0;
  });
  if (!right) return refuse();
  return plain;
}

Secret derive(const Secret& master, std::string_view purpose) {
  return {kKeyBytes, [&](std::span<std::uint8_t> into) {
            crypto_generichash(into.data(), into.size(), as_bytes(purpose).data(), purpose.size(),
                               master.reveal().data(), master.reveal().size());
          }};
}

std::string keyed_mark(const Secret& key, std::string_view purpose, std::string_view text) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.reveal().data(), key.reveal().size());
  crypto_auth_hmacsha256_update(&state, as_bytes(purpose).data(), purpose.size());
  const unsigned char between = 0;
  crypto_auth_hmacsha256_update(&state, &between, 1);
  crypto_auth_hmacsha256_update(&state, as_bytes(text).data(), text.size());
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> digest{};
  crypto_auth_hmacsha256_final(&state, digest.data());
  sodium_memzero(&state, sizeof state);
  return to_base32(ByteView(digest).first(kMarkBytes));
}

SealingKeys fresh_sealing_keys() {
  auto keys = sealing_keys_of(Secret::random(kKeyBytes));
  CHECK(keys.has_value());
  return std::move(*keys);
}

Result<SealingKeys> sealing_keys_of(Secret secret_key) {
  if (secret_key.reveal().size() != crypto_box_SECRETKEYBYTES)
    return fail(ErrorCode::kInvalid, "a sealing key has 32 bytes");
  SealingKeys keys;
  crypto_scalarmult_base(keys.public_key.data(), secret_key.reveal().data());
  keys.secret_key = std::move(secret_key);
  return keys;
}

LastSession::~LastSession() {
  sodium_memzero(shared_.data(), shared_.size());
}

std::optional<SealSharedKey> LastSession::key_of(ByteView sealed, const Secret& secret_key) {
  const auto session = session_of(sealed);
  if (!session) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (session_ == session) return shared_;
  const auto shared = shared_key(*session, secret_key.reveal());
  if (!shared) return std::nullopt;
  session_ = session;
  shared_ = *shared;
  return shared;
}

Result<Personal<std::string>> open_sealed(ByteView sealed, const SealingKeys& keys) {
  const auto shared = keys.last->key_of(sealed, keys.secret_key);
  if (!shared) return fail(ErrorCode::kCorrupt, "sealed bytes are too short or not of a session");
  const auto plain = unseal_with(sealed, *shared);
  if (!plain) return fail(ErrorCode::kCorrupt, "sealed bytes do not open with the vault's key");
  return Personal<std::string>(std::string(as_text(*plain)));
}

}  // namespace madoguchi::vault
