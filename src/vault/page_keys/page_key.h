// The public part of the key that a page of the glass made when somebody signed in there: P-256,
// the one curve whose keys every browser's WebCrypto makes so that they can't be read out (W3C Web
// Cryptography API, extractable false). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/p256.h"

namespace madoguchi::vault {

// base64 of the uncompressed point, as WebCrypto exports "raw". kInvalid: another form, or no point
// of the curve.
Result<P256PublicKey> page_key_of(std::string_view text);

// What a session is bound to: SHA-256 of the text, hex (as RFC 7638 does for keys in JSON).
std::string thumbprint_of(std::string_view text);

}  // namespace madoguchi::vault
