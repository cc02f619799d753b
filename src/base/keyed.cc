#include "base/keyed.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>

#include "base/check.h"

namespace madoguchi {
namespace {

constexpr std::size_t kLeastTag = 16;
constexpr std::size_t kMostWrapped = std::size_t{64} * 1024;
constexpr std::size_t kSemiblock = 8;

// HMAC over parts, wiped when it goes.
class Hmac {
 public:
  explicit Hmac(ByteView key) {
    CHECK(sodium_init() >= 0);
    crypto_auth_hmacsha256_init(&state_, key.data(), key.size());
  }
  ~Hmac() { sodium_memzero(&state_, sizeof state_); }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  Hmac& add(ByteView part) {
    crypto_auth_hmacsha256_update(&state_, part.data(), part.size());
    return *this;
  }
  Mac finish() {
    Mac mac{};
    crypto_auth_hmacsha256_final(&state_, mac.data());
    return mac;
  }

 private:
  crypto_auth_hmacsha256_state state_{};
};

void expand(ByteView key, ByteView salt, ByteView info, std::span<std::uint8_t> out) {
  Mac extracted = Hmac(salt).add(key).finish();
  Mac block{};
  std::size_t done = 0;
  for (std::uint8_t count = 1; done < out.size(); ++count) {
    Hmac hmac(extracted);
    if (count > 1) hmac.add(block);
    block = hmac.add(info).add({&count, 1}).finish();
    const std::size_t take = std::min(block.size(), out.size() - done);
    std::copy_n(block.begin(), take, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += take;
  }
  sodium_memzero(extracted.data(), extracted.size());
  sodium_memzero(block.data(), block.size());
}

const EVP_CIPHER* wrap_of(ByteView key) {
  switch (key.size()) {
    case 16:
      return EVP_aes_128_wrap_pad();
    case 24:
      return EVP_aes_192_wrap_pad();
    case 32:
      return EVP_aes_256_wrap_pad();
  }
  return nullptr;
}

// Bytes written into `out`, or -1.
int run_wrap(ByteView wrapping_key, ByteView in, std::uint8_t* out, int encrypt) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  CHECK(context != nullptr);
  EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  int written = 0;
  int rest = 0;
  const bool done =
      EVP_CipherInit_ex(context, wrap_of(wrapping_key), nullptr, wrapping_key.data(), nullptr,
                        encrypt) == 1 &&
      EVP_CipherUpdate(context, out, &written, in.data(), static_cast<int>(in.size())) == 1 &&
      EVP_CipherFinal_ex(context, out + written, &rest) == 1;
  EVP_CIPHER_CTX_free(context);
  return done ? written + rest : -1;
}

}  // namespace

Mac hmac_sha256(ByteView key, ByteView message) {
  return Hmac(key).add(message).finish();
}

bool hmac_sha256_matches(ByteView key, ByteView message, ByteView tag) {
  const Mac mac = hmac_sha256(key, message);
  if (tag.size() < kLeastTag || tag.size() > mac.size()) return false;
  return sodium_memcmp(mac.data(), tag.data(), tag.size()) == 0;
}

bool equal_in_constant_time(ByteView one, ByteView other) {
  return one.size() == other.size() && sodium_memcmp(one.data(), other.data(), one.size()) == 0;
}

Result<Bytes> hkdf_sha256(ByteView key, ByteView salt, ByteView info, std::size_t size) {
  if (size == 0 || size > kHkdfMost)
    return fail(ErrorCode::kInvalid, "HKDF-SHA256 gives 1 to 8160 bytes");
  Bytes out(size);
  expand(key, salt, info, out);
  return out;
}

Result<Secret> derive_secret(ByteView key, ByteView salt, std::string_view purpose,
                             std::size_t size) {
  if (size == 0 || size > kHkdfMost)
    return fail(ErrorCode::kInvalid, "HKDF-SHA256 gives 1 to 8160 bytes");
  return Secret(size,
                [&](std::span<std::uint8_t> into) { expand(key, salt, as_bytes(purpose), into); });
}

Result<Bytes> aes_kwp_wrap(ByteView wrapping_key, ByteView key) {
  if (wrap_of(wrapping_key) == nullptr)
    return fail(ErrorCode::kInvalid, "an AES key has 16, 24 or 32 bytes");
  if (key.empty() || key.size() > kMostWrapped)
    return fail(ErrorCode::kInvalid, "AES-KWP here wraps 1 to 65536 bytes");
  Bytes wrapped(key.size() + 2 * kSemiblock + kSemiblock);
  const int written = run_wrap(wrapping_key, key, wrapped.data(), 1);
  ENSURE(written > 0);
  wrapped.resize(static_cast<std::size_t>(written));
  return wrapped;
}

Result<Secret> aes_kwp_unwrap(ByteView wrapping_key, ByteView wrapped) {
  if (wrap_of(wrapping_key) == nullptr)
    return fail(ErrorCode::kInvalid, "an AES key has 16, 24 or 32 bytes");
  const auto refuse = [] {
    return fail(ErrorCode::kCorrupt,
                "a wrapped key does not open: it was changed, or wrapped under another key");
  };
  if (wrapped.size() < 2 * kSemiblock || wrapped.size() % kSemiblock != 0 ||
      wrapped.size() > kMostWrapped + 2 * kSemiblock)
    return refuse();
  int written = -1;
  const Secret padded(wrapped.size(), [&](std::span<std::uint8_t> into) {
    written = run_wrap(wrapping_key, wrapped, into.data(), 0);
  });
  if (written <= 0) return refuse();
  return Secret::copy_of(padded.reveal().first(static_cast<std::size_t>(written)));
}

}  // namespace madoguchi
