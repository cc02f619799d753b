// AES-GCM takes nonces of any length, OpenSSL those of up to 128 bytes. A nonce that is not 12
// bytes long only ever counts by its GHASH (NIST SP 800-38D, 7.1, step 2), so for every long one
// there is a nonce of 16 bytes with the same one, which OpenSSL takes. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace madoguchi {

using GcmBlock = std::array<std::uint8_t, 16>;

// `hash_key`: the cipher's block of zeros under the key (not zero itself). The nonce has any length
// but 12. Its time depends on the nonce's length only.
GcmBlock short_gcm_nonce(const GcmBlock& hash_key, ByteView nonce);

}  // namespace madoguchi
