// The algorithms and the server side; digest_client.cc has the other.
#include "sip/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace madoguchi::sip {
namespace {

constexpr std::size_t kSignatureBytes = 16;
constexpr std::size_t kNonceSize =
    16 + 16 + 2 * kSignatureBytes;  // serial, time, signature, all hex
constexpr std::uint32_t kWindow = 64;

std::string hex16(std::uint64_t number) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = kHex[(number >> (60 - 4 * i)) & 15];
  return out;
}

std::optional<std::uint64_t> from_hex16(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// nc is exactly eight hex digits (RFC 7616, 3.4).
std::optional<std::uint32_t> parse_nonce_count(std::string_view text) {
  if (text.size() != 8) return std::nullopt;
  const auto number = from_hex16(text);
  if (!number || *number == 0) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

// What credentials say, unquoted.
struct Claim {
  std::string user, nonce, uri, response, cnonce, nc;
  DigestAlgorithm algorithm = DigestAlgorithm::kMd5;
  bool qop_auth = false;
};

// nullopt: malformed, or it wants what was never offered (-sess, auth-int).
std::optional<Claim> read_claim(const AuthValue& value) {
  Claim claim;
  claim.user = value.param("username").value_or("");
  claim.nonce = value.param("nonce").value_or("");
  claim.uri = value.param("uri").value_or("");
  claim.response = value.param("response").value_or("");
  claim.cnonce = value.param("cnonce").value_or("");
  claim.nc = value.param("nc").value_or("");
  const auto algorithm = digest_algorithm_from(value.param("algorithm").value_or("MD5"));
  const auto qop = value.param("qop");
  if (!algorithm || claim.user.empty() || claim.nonce.empty() || claim.uri.empty())
    return std::nullopt;
  claim.algorithm = *algorithm;
  claim.qop_auth = qop.has_value();
  if (qop && (!iequals(*qop, "auth") || claim.cnonce.empty() || !parse_nonce_count(claim.nc)))
    return std::nullopt;
  return claim;
}

std::string expected_response(const Claim& claim, std::string_view ha1, std::string_view method) {
  const std::string ha2 =
      digest_hex(claim.algorithm, std::string(method).append(":").append(claim.uri));
  std::string text(ha1);
  text.append(":").append(claim.nonce).append(":");
  if (claim.qop_auth) text.append(claim.nc).append(":").append(claim.cnonce).append(":auth:");
  text.append(ha2);
  return digest_hex(claim.algorithm, text);
}

// RFC 7616, 3.4.6: the URI that was signed must be the one that is asked for.
bool names_target(const std::string& uri, const Uri& target) {
  if (uri == target.text()) return true;
  const auto signed_uri = Uri::parse(uri);
  return signed_uri && signed_uri->equivalent(target);
}

}  // namespace

std::string_view name_of(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::kMd5:
      return "MD5";
    case DigestAlgorithm::kSha256:
      return "SHA-256";
  }
  return "MD5";
}

std::optional<DigestAlgorithm> digest_algorithm_from(std::string_view name) {
  if (iequals(name, "MD5")) return DigestAlgorithm::kMd5;
  if (iequals(name, "SHA-256")) return DigestAlgorithm::kSha256;
  return std::nullopt;
}

std::string digest_hex(DigestAlgorithm algorithm, std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const EVP_MD* kind = algorithm == DigestAlgorithm::kMd5 ? EVP_md5() : EVP_sha256();
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, kind, nullptr) != 1) return {};
  return to_hex(ByteView(digest.data(), size));
}

DigestSecret DigestSecret::of(std::string_view user, std::string_view realm,
                              std::string_view password) {
  std::string text(user);
  text.append(":").append(realm).append(":").append(password);
  DigestSecret secret{digest_hex(DigestAlgorithm::kMd5, text),
                      digest_hex(DigestAlgorithm::kSha256, text)};
  OPENSSL_cleanse(text.data(), text.size());
  return secret;
}

DigestAuthenticator::DigestAuthenticator(DigestServerOptions options, Entropy& entropy)
    : options_(std::move(options)), key_(32) {
  entropy.fill(key_.data(), key_.size());
}

std::string DigestAuthenticator::sign(std::string_view text) const {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  return to_hex(ByteView(mac.data(), kSignatureBytes));
}

std::string DigestAuthenticator::make_nonce(MonoTime now, std::string_view audience) {
  std::string nonce = hex16(next_serial_++);
  nonce.append(hex16(static_cast<std::uint64_t>(now.time_since_epoch().count())));
  return nonce.append(sign(std::string(nonce).append(audience)));
}

std::optional<DigestAuthenticator::Nonce> DigestAuthenticator::read_nonce(
    std::string_view text, std::string_view audience) const {
  if (text.size() != kNonceSize) return std::nullopt;
  const std::string signed_text = std::string(text.substr(0, 32)).append(audience);
  if (!same_secret(sign(signed_text), text.substr(32))) return std::nullopt;
  const auto serial = from_hex16(text.substr(0, 16));
  const auto micros = from_hex16(text.substr(16, 16));
  if (!serial || !micros) return std::nullopt;
  return Nonce{*serial, MonoTime(Micros(static_cast<Micros::rep>(*micros)))};
}

bool DigestAuthenticator::is_current(const Nonce& nonce, MonoTime now) const {
  return now - nonce.issued <= options_.nonce_life &&
         (nonce.serial > floor_ || used_.contains(nonce.serial));
}

void DigestAuthenticator::forget_old(MonoTime now) {
  while (!used_.empty() && (used_.size() > options_.max_nonces ||
                            now - used_.begin()->second.issued > options_.nonce_life)) {
    floor_ = std::max(floor_, used_.begin()->first);
    used_.erase(used_.begin());
  }
}

bool DigestAuthenticator::note_use(const Nonce& nonce, std::uint32_t count, MonoTime now) {
  const auto [at, fresh] = used_.try_emplace(nonce.serial, Use{count, 0, nonce.issued});
  Use& use = at->second;
  bool accepted = fresh;
  if (!fresh && count > use.highest) {
    const std::uint32_t step = count - use.highest;
    use.below = step < kWindow ? use.below << step : 0;
    if (step <= kWindow) use.below |= std::uint64_t{1} << (step - 1);
    use.highest = count;
    accepted = true;
  } else if (!fresh && count < use.highest && use.highest - count <= kWindow) {
    // Datagrams overtake each other: a lower count is good once.
    const std::uint64_t bit = std::uint64_t{1} << (use.highest - count - 1);
    accepted = (use.below & bit) == 0;
    use.below |= bit;
  }
  forget_old(now);
  return accepted;
}

DigestAuthenticator::Outcome DigestAuthenticator::check(const Message& request, Header header,
                                                        const Lookup& lookup, MonoTime now,
                                                        std::string_view audience) {
  Outcome outcome;
  for (const std::string_view field : request.values(header)) {
    const auto value = AuthValue::parse(field);
    if (!value) return {Verdict::kMalformed, {}};
    if (!value->is_digest() || value->param("realm") != options_.realm) continue;
    const auto claim = read_claim(*value);
    if (!claim) return {Verdict::kMalformed, {}};
    outcome.user = claim->user;
    const bool offered =
        claim->algorithm == DigestAlgorithm::kMd5 ? options_.offer_md5 : options_.offer_sha256;
    const auto nonce = read_nonce(claim->nonce, audience);
    if (!offered || !nonce) {
      // Also a nonce of before our restart: the phone may just try again.
      outcome.verdict = offered ? Verdict::kStale : Verdict::kNoCredentials;
      return outcome;
    }
    if (!names_target(claim->uri, request.target())) return {Verdict::kMalformed, claim->user};
    // An unknown user costs the same work and gets the same answer as a wrong password.
    const auto secret = lookup(claim->user).value_or(DigestSecret{});
    const std::string& ha1 = secret.ha1(claim->algorithm);
    const std::string expected =
        expected_response(*claim, ha1.empty() ? "unknown" : ha1, request.method_name());
    const bool right = !ha1.empty() && !expected.empty() && same_secret(expected, claim->response);
    if (!right) {
      outcome.verdict = Verdict::kRefused;
    } else if (!is_current(*nonce, now)) {
      outcome.verdict = Verdict::kStale;
    } else {
      // Without qop (RFC 2069) there is no count: such a nonce is good for one request.
      const std::uint32_t count = claim->qop_auth ? *parse_nonce_count(claim->nc) : 1;
      outcome.verdict = note_use(*nonce, count, now) ? Verdict::kAccepted : Verdict::kStale;
    }
    return outcome;
  }
  return outcome;
}

namespace {

// baresip before 2 (libre before 2) gives up at a challenge whose algorithm it does not know,
// instead of taking the next one as RFC 8760, 2.4 wants it.
bool stumbles_over_sha256(const Message& request) {
  const auto agent = request.first("User-Agent");
  return agent && (agent->starts_with("baresip v0.") || agent->starts_with("baresip v1."));
}

}  // namespace

Message DigestAuthenticator::challenge(const Message& request, Header header, bool stale,
                                       MonoTime now, std::string_view audience) {
  const bool proxy = header == Header::kProxyAuthorization;
  Message response = Message::response_to(request, proxy ? 407 : 401);
  const Header with = proxy ? Header::kProxyAuthenticate : Header::kWwwAuthenticate;
  const std::string nonce = make_nonce(now, audience);
  for (const DigestAlgorithm algorithm : {DigestAlgorithm::kMd5, DigestAlgorithm::kSha256}) {
    const bool offered =
        algorithm == DigestAlgorithm::kMd5
            ? options_.offer_md5
            : options_.offer_sha256 && !(options_.offer_md5 && stumbles_over_sha256(request));
    if (!offered) continue;
    std::string value = "Digest realm=" + quote(options_.realm);
    value.append(", nonce=\"").append(nonce).append("\", qop=\"auth\", algorithm=");
    value.append(name_of(algorithm));
    if (stale) value.append(", stale=true");
    response.add(with, value);
  }
  return response;
}

}  // namespace madoguchi::sip
