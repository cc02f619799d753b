// The two ceremonies of passkeys, as the server checks them: making one (Web Authentication
// Level 2, 7.1) and signing in with one (7.2). What the browser sends is input: bounded, and every
// part of it checked against what was asked for. Attestation is not asked for, and a statement that
// comes all the same is not looked at: which maker's authenticator it is does not matter here.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace madoguchi::vault {

inline constexpr std::size_t kMostCredentialId = 1023;  // Level 2, 7.1, step 25
inline constexpr std::size_t kMostCeremonyBytes = 16 * 1024;

std::string to_base64url(ByteView bytes);                    // RFC 4648, 5, without padding
std::optional<Bytes> from_base64url(std::string_view text);  // strict: no padding, no spare bits

// What a ceremony must have happened for.
struct CeremonyPlace {
  std::string origin;                // of the vault's own page, "https://vault.example.jp"
  std::string relying_party;         // its host
  std::vector<std::string> holders;  // origins of the consoles that may hold the page in a frame
};

// Whether this challenge was ours, is fresh, and for this. Called with what the client signed.
using ChallengeCheck = std::function<bool(ByteView challenge)>;

struct MadePasskey {
  Bytes credential;
  Bytes public_key;  // COSE
  std::uint32_t sign_count = 0;
};

// kDenied says in one line what was not as it must be: for logs, never for answers.
Result<MadePasskey> check_registration(const CeremonyPlace& place, const ChallengeCheck& is_ours,
                                       ByteView client_data, ByteView attestation_object);

struct KnownPasskey {
  Bytes public_key;
  std::uint32_t sign_count = 0;
};
struct Assertion {
  Bytes client_data;
  Bytes authenticator_data;
  Bytes signature;
};

// The new sign count. kDenied as above; also when the count did not grow, as a copied
// authenticator's would not.
Result<std::uint32_t> check_assertion(const CeremonyPlace& place, const ChallengeCheck& is_ours,
                                      const KnownPasskey& known, const Assertion& assertion);

}  // namespace madoguchi::vault
