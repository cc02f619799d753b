#include "vault/passkeys/ceremony.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/keyed.h"
#include "base/sealing.h"
#include "vault/passkeys/cbor.h"
#include "vault/passkeys/public_key.h"

namespace madoguchi::vault {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kHash = 32;
constexpr std::size_t kHeader = 37;  // RP id hash, flags, sign count
constexpr std::size_t kAaguid = 16;
constexpr std::uint8_t kUserPresent = 0x01;
constexpr std::uint8_t kUserVerified = 0x04;
constexpr std::uint8_t kAttested = 0x40;
constexpr std::uint8_t kExtensions = 0x80;

tl::unexpected<Error> denied(std::string why) {
  return fail(ErrorCode::kDenied, std::move(why));
}

std::string member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

// 7.1, steps 5 to 10; 7.2, steps 9 to 14.
Result<void> check_client(const CeremonyPlace& place, const ChallengeCheck& is_ours,
                          ByteView client_data, std::string_view type) {
  if (client_data.size() > kMostCeremonyBytes) return denied("the client's data are too long");
  const Json client = Json::parse(client_data.begin(), client_data.end(), nullptr, false);
  if (!client.is_object()) return denied("the client's data are no JSON object");
  if (member(client, "type") != type) return denied("it is of another ceremony");
  if (member(client, "origin") != place.origin) return denied("it was made at another origin");
  const auto holder = client.find("topOrigin");
  if (holder != client.end() &&
      (!holder->is_string() || std::find(place.holders.begin(), place.holders.end(),
                                         holder->get<std::string>()) == place.holders.end()))
    return denied("it was made in a frame of another site");
  const auto across = client.find("crossOrigin");
  if (across != client.end() &&
      (!across->is_boolean() || (across->get<bool>() && place.holders.empty())))
    return denied("it was made in a frame of another site");
  const auto challenge = from_base64url(member(client, "challenge"));
  if (!challenge || !is_ours(*challenge))
    return denied("its challenge is not ours, or used, or old");
  return {};
}

struct AuthenticatorData {
  std::uint8_t flags = 0;
  std::uint32_t sign_count = 0;
  ByteView rest;
};

// 6.1; 7.1, steps 13 to 15; 7.2, steps 15 to 17.
Result<AuthenticatorData> check_authenticator(const CeremonyPlace& place, ByteView bytes) {
  if (bytes.size() < kHeader) return denied("the authenticator's data are cut off");
  const auto wanted = sha256(as_bytes(place.relying_party));
  if (!equal_in_constant_time(bytes.first(kHash), wanted)) return denied("it is for another site");
  AuthenticatorData data;
  data.flags = bytes[kHash];
  for (std::size_t i = 0; i < 4; ++i) data.sign_count = data.sign_count << 8 | bytes[kHash + 1 + i];
  data.rest = bytes.subspan(kHeader);
  if ((data.flags & kUserPresent) == 0) return denied("nobody was present");
  if ((data.flags & kUserVerified) == 0) return denied("the person was not verified");
  return data;
}

Result<void> skip_extensions(std::uint8_t flags, ByteView rest) {
  CborReader reader(rest);
  if ((flags & kExtensions) != 0)
    if (auto skipped = reader.skip(); !skipped) return skipped;
  if (!reader.rest().empty()) return denied("the authenticator's data are followed by something");
  return {};
}

Result<MadePasskey> attested(const AuthenticatorData& data) {
  if ((data.flags & kAttested) == 0) return denied("it brings no new passkey");
  if (data.rest.size() < kAaguid + 2) return denied("the new passkey is cut off");
  const std::size_t size = std::size_t{data.rest[kAaguid]} << 8 | data.rest[kAaguid + 1];
  const ByteView after = data.rest.subspan(kAaguid + 2);
  if (size == 0 || size > kMostCredentialId || size > after.size())
    return denied("the new passkey's id is cut off, or too long");
  MadePasskey made;
  made.sign_count = data.sign_count;
  made.credential.assign(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(size));
  const ByteView key = after.subspan(size);
  std::size_t taken = 0;
  if (const auto parsed = PasskeyPublicKey::parse_first(key, taken); !parsed)
    return denied(parsed.error().message);
  made.public_key.assign(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(taken));
  if (auto rest = skip_extensions(data.flags, key.subspan(taken)); !rest)
    return denied(rest.error().message);
  return made;
}

// The "authData" of an attestation object; its statement is passed over.
Result<ByteView> authenticator_data_in(ByteView object) {
  if (object.size() > kMostCeremonyBytes) return denied("the attestation is too long");
  CborReader reader(object);
  const auto members = reader.map();
  if (!members) return tl::unexpected<Error>(members.error());
  std::optional<ByteView> found;
  for (std::size_t i = 0; i < *members; ++i) {
    const auto name = reader.text();
    if (!name) return tl::unexpected<Error>(name.error());
    if (*name == "authData" && !found) {
      const auto bytes = reader.bytes();
      if (!bytes) return tl::unexpected<Error>(bytes.error());
      found = *bytes;
    } else if (auto skipped = reader.skip(); !skipped) {
      return tl::unexpected<Error>(skipped.error());
    }
  }
  if (!found || !reader.rest().empty()) return denied("the attestation is not whole");
  return *found;
}

}  // namespace

std::string to_base64url(ByteView bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  std::string standard(text);
  if (standard.find_first_of("+/=") != std::string::npos) return std::nullopt;
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  while (standard.size() % 4 != 0) standard += '=';
  auto bytes = from_base64(standard);
  if (!bytes || to_base64url(*bytes) != text) return std::nullopt;
  return bytes;
}

Result<MadePasskey> check_registration(const CeremonyPlace& place, const ChallengeCheck& is_ours,
                                       ByteView client_data, ByteView attestation_object) {
  const auto object = authenticator_data_in(attestation_object);
  if (!object) return denied(object.error().message);
  const auto data = check_authenticator(place, *object);
  if (!data) return tl::unexpected<Error>(data.error());
  auto made = attested(*data);
  if (!made) return made;
  if (auto right = check_client(place, is_ours, client_data, "webauthn.create"); !right)
    return tl::unexpected<Error>(right.error());
  return made;
}

Result<std::uint32_t> check_assertion(const CeremonyPlace& place, const ChallengeCheck& is_ours,
                                      const KnownPasskey& known, const Assertion& assertion) {
  const auto key = PasskeyPublicKey::parse(known.public_key);
  if (!key) return tl::unexpected<Error>(key.error());
  const auto data = check_authenticator(place, assertion.authenticator_data);
  if (!data) return tl::unexpected<Error>(data.error());
  if ((data->flags & kAttested) != 0) return denied("it brings a new passkey");
  if (auto rest = skip_extensions(data->flags, data->rest); !rest)
    return denied(rest.error().message);
  Bytes message = assertion.authenticator_data;
  const auto hash = sha256(assertion.client_data);
  message.insert(message.end(), hash.begin(), hash.end());
  if (!key->verifies(message, assertion.signature)) return denied("the signature is wrong");
  // 7.2, step 21: zero on both sides is an authenticator that does not count.
  if ((data->sign_count != 0 || known.sign_count != 0) && data->sign_count <= known.sign_count)
    return denied("its count did not grow: it may be a copy");
  // Last, so that only what is right in all else uses a challenge up.
  if (auto right = check_client(place, is_ours, assertion.client_data, "webauthn.get"); !right)
    return tl::unexpected<Error>(right.error());
  return data->sign_count;
}

}  // namespace madoguchi::vault
