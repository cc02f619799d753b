// What is derived from keys: HMAC-SHA256 (RFC 2104), HKDF-SHA256 (RFC 5869), and keys wrapped under
// keys with AES-KWP (RFC 5649), the form that PKCS#11 tokens understand. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace madoguchi {

using Mac = std::array<std::uint8_t, 32>;

// Keys of any length.
Mac hmac_sha256(ByteView key, ByteView message);
// In constant time; `tag` may be cut to no less than 16 bytes.
[[nodiscard]] bool hmac_sha256_matches(ByteView key, ByteView message, ByteView tag);

// Equal lengths and bytes, in time that does not tell where they differ.
[[nodiscard]] bool equal_in_constant_time(ByteView one, ByteView other);

inline constexpr std::size_t kHkdfMost = 255 * 32;
// kInvalid beyond kHkdfMost bytes, or for none.
Result<Bytes> hkdf_sha256(ByteView key, ByteView salt, ByteView info, std::size_t size);
// The same into guarded memory: a key for one purpose out of a key that encrypts nothing itself.
Result<Secret> derive_secret(ByteView key, ByteView salt, std::string_view purpose,
                             std::size_t size = 32);

// `wrapping_key` has 16, 24 or 32 bytes; `key` 1 to 64 Ki, else kInvalid.
Result<Bytes> aes_kwp_wrap(ByteView wrapping_key, ByteView key);
// kCorrupt: changed, or wrapped under another key.
Result<Secret> aes_kwp_unwrap(ByteView wrapping_key, ByteView wrapped);

}  // namespace madoguchi
