// Sizes and the magic of the sealed file (see format.h), shared by Sealer and Reader.
#pragma once

#include <sodium.h>

#include <string_view>

#include "base/sealing.h"

namespace madoguchi::recording {

inline constexpr std::string_view kMagic = "MADOREC";
inline constexpr std::size_t kFileKeyBytes = crypto_secretstream_xchacha20poly1305_KEYBYTES;
inline constexpr std::size_t kStreamNonceBytes = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
inline constexpr std::size_t kSealOverhead = crypto_secretstream_xchacha20poly1305_ABYTES;
inline constexpr std::size_t kSealedKeyBytes = kFileKeyBytes + kSealBytes;
inline constexpr std::size_t kLengthBytes = 4;
static_assert(kSealedKeyBytes == 104 && kStreamNonceBytes == 24 && kSealOverhead == 17);

}  // namespace madoguchi::recording
