#include "vault/page_keys/page_key.h"

#include "base/sealing.h"

namespace madoguchi::vault {

Result<P256PublicKey> page_key_of(std::string_view text) {
  const auto point = from_base64(text);
  if (!point) return fail(ErrorCode::kInvalid, "the page's key is no base64");
  return P256PublicKey::of_point(*point);
}

std::string thumbprint_of(std::string_view text) {
  return to_hex(sha256(as_bytes(text)));
}

}  // namespace madoguchi::vault
