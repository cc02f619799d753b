// A passkey's public key: COSE_Key (RFC 9053) as authenticators give it, and the check of a
// signature with it. ES256 (P-256), EdDSA (Ed25519) and RS256 (2048 to 4096 bits); nothing else.
// Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/p256.h"
#include "base/result.h"

namespace madoguchi::vault {

enum class PasskeyAlgorithm : std::int64_t { kEs256 = -7, kEdDsa = -8, kRs256 = -257 };
inline constexpr std::array kPasskeyAlgorithms{PasskeyAlgorithm::kEs256, PasskeyAlgorithm::kEdDsa,
                                               PasskeyAlgorithm::kRs256};

class PasskeyPublicKey {
 public:
  // kInvalid: no key of ours, a point that is not on the curve, or bytes after it.
  static Result<PasskeyPublicKey> parse(ByteView cose);
  // The same; how many bytes the key took, where more follow.
  static Result<PasskeyPublicKey> parse_first(ByteView cose, std::size_t& taken);

  [[nodiscard]] PasskeyAlgorithm algorithm() const { return algorithm_; }
  [[nodiscard]] bool verifies(ByteView message, ByteView signature) const;

 private:
  PasskeyPublicKey() = default;
  PasskeyAlgorithm algorithm_ = PasskeyAlgorithm::kEs256;
  std::optional<P256PublicKey> p256_;
  Bytes first_;   // Ed25519's key, or n
  Bytes second_;  // e
};

}  // namespace madoguchi::vault
