#include "base/sealing.h"

#include <sodium.h>

#include <algorithm>

#include "base/check.h"

namespace madoguchi {
static_assert(kSealBytes ==
              crypto_box_PUBLICKEYBYTES + crypto_box_NONCEBYTES + crypto_box_MACBYTES);
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
  return SealingSession(to).seal(plain, MonoTime{});
}

void SealingSession::begin(MonoTime now) {
  ready();
  SealSecretKey secret{};
  crypto_box_keypair(ours_.data(), secret.data());
  // Fails for keys of small order only, which no honest vault gives out; then the shared key is a
  // random one, and nobody opens what is sealed.
  if (crypto_box_beforenm(shared_.data(), to_.data(), secret.data()) != 0)
    randombytes_buf(shared_.data(), shared_.size());
  sodium_memzero(secret.data(), secret.size());
  began_ = now;
  open_ = true;
}

void SealingSession::forget() {
  sodium_memzero(shared_.data(), shared_.size());
  open_ = false;
}

void SealingSession::forget_old(MonoTime now) {
  if (open_ && now - began_ >= kLife) forget();
}

std::optional<MonoTime> SealingSession::ends() const {
  return open_ ? std::optional(began_ + kLife) : std::nullopt;
}

Bytes SealingSession::seal(ByteView plain, MonoTime now) {
  forget_old(now);
  if (!open_) begin(now);
  Bytes sealed(plain.size() + kSealBytes);
  std::copy(ours_.begin(), ours_.end(), sealed.begin());
  std::uint8_t* nonce = sealed.data() + ours_.size();
  randombytes_buf(nonce, crypto_box_NONCEBYTES);
  crypto_box_easy_afternm(nonce + crypto_box_NONCEBYTES, plain.data(), plain.size(), nonce,
                          shared_.data());
  return sealed;
}

std::optional<SealPublicKey> session_of(ByteView sealed) {
  if (sealed.size() < kSealBytes) return std::nullopt;
  SealPublicKey session;
  std::copy_n(sealed.begin(), session.size(), session.begin());
  return session;
}

std::optional<SealSharedKey> shared_key(const SealPublicKey& session, ByteView secret_key) {
  ready();
  SealSharedKey shared{};
  if (secret_key.size() != crypto_box_SECRETKEYBYTES ||
      crypto_box_beforenm(shared.data(), session.data(), secret_key.data()) != 0)
    return std::nullopt;
  return shared;
}

Result<Bytes> unseal_with(ByteView sealed, const SealSharedKey& shared) {
  const auto bad = [] {
    return fail(ErrorCode::kCorrupt, "sealed bytes do not open with this key");
  };
  if (sealed.size() < kSealBytes) return bad();
  const ByteView nonce = sealed.subspan(crypto_box_PUBLICKEYBYTES, crypto_box_NONCEBYTES);
  const ByteView box = sealed.subspan(crypto_box_PUBLICKEYBYTES + crypto_box_NONCEBYTES);
  Bytes plain(sealed.size() - kSealBytes);
  if (crypto_box_open_easy_afternm(plain.data(), box.data(), box.size(), nonce.data(),
                                   shared.data()) != 0)
    return bad();
  return plain;
}

Result<Bytes> unseal(ByteView sealed, const SealKeyPair& keys) {
  const auto session = session_of(sealed);
  auto shared = session ? shared_key(*session, keys.secret_key) : std::nullopt;
  if (!shared) return fail(ErrorCode::kCorrupt, "sealed bytes do not open with this key");
  auto plain = unseal_with(sealed, *shared);
  sodium_memzero(shared->data(), shared->size());
  return plain;
}

std::array<std::uint8_t, 32> sha256(ByteView bytes) {
  std::array<std::uint8_t, 32> digest{};
  crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
  return digest;
}

// Each call asks for some twenty small numbers (ids, tags, branches); a system call for every one
// of them would cost more than the numbers. What was given out is wiped from the store.
void SystemEntropy::fill(void* bytes, std::size_t count) {
  struct Store {
    std::array<std::uint8_t, 1024> bytes{};
    std::size_t left = 0;
  };
  static thread_local Store store;
  ready();
  if (count > 64) return randombytes_buf(bytes, count);
  if (store.left < count) {
    randombytes_buf(store.bytes.data(), store.bytes.size());
    store.left = store.bytes.size();
  }
  store.left -= count;
  std::copy_n(store.bytes.data() + store.left, count, static_cast<std::uint8_t*>(bytes));
  sodium_memzero(store.bytes.data() + store.left, count);
}

}  // namespace madoguchi
