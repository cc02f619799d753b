#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/srtp.h>

#include <utility>

#include "rtp/dtls_identity_state.h"

namespace madoguchi::rtp {
namespace {

using Certificate = std::unique_ptr<X509, FreeOpenSsl>;
using Key = std::unique_ptr<EVP_PKEY, FreeOpenSsl>;

constexpr long kDay = 86400;
constexpr long kLongestCertificateList = 16 * 1024;
constexpr const char* kSrtpProfiles = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";

// RFC 8827, 6.5 demands the first; the others are for peers with an RSA certificate. AES-GCM alone:
// dtls.cc knows how long its records are at least.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

std::optional<Fingerprint> fingerprint_of(const X509* certificate) {
  Fingerprint fingerprint;
  unsigned int size = 0;
  if (certificate == nullptr ||
      X509_digest(certificate, EVP_sha256(), fingerprint.sha256.data(), &size) != 1 ||
      size != fingerprint.sha256.size())
    return std::nullopt;
  return fingerprint;
}

Certificate make_certificate(EVP_PKEY* key, Time now) {
  Certificate certificate(X509_new());
  if (!certificate) return nullptr;
  X509* made = certificate.get();
  // The name says nothing on purpose: the fingerprint is the identity.
  X509_NAME* name = X509_get_subject_name(made);
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return nullptr;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const bool whole =
      X509_set_version(made, X509_VERSION_3) == 1 &&
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), serial >> 1) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(made), seconds - kDay) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(made), seconds + 365 * kDay) != nullptr &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>("media"), -1, -1, 0) == 1 &&
      X509_set_issuer_name(made, name) == 1 && X509_set_pubkey(made, key) == 1 &&
      X509_sign(made, key, EVP_sha256()) != 0;
  return whole ? std::move(certificate) : nullptr;
}

// In place of the usual chain building: the fingerprint from SDP is all that counts (RFC 5763, 5).
int verify_fingerprint(X509_STORE_CTX* store, void* /*unused*/) {
  auto* connection =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* expectation = static_cast<DtlsExpectation*>(SSL_get_app_data(connection));
  const auto presented = fingerprint_of(X509_STORE_CTX_get0_cert(store));
  expectation->met =
      presented && CRYPTO_memcmp(presented->sha256.data(), expectation->peer.sha256.data(),
                                 presented->sha256.size()) == 0;
  expectation->refused = !expectation->met;
  if (expectation->met) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  return 0;
}

bool configure(SSL_CTX* context, X509* certificate, EVP_PKEY* key) {
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kLongestCertificateList);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify_fingerprint, nullptr);
  return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1 &&
         SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
         SSL_CTX_use_certificate(context, certificate) == 1 &&
         SSL_CTX_use_PrivateKey(context, key) == 1 &&
         // This one returns 0 on success.
         SSL_CTX_set_tlsext_use_srtp(context, kSrtpProfiles) == 0;
}

int hex_value(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

}  // namespace

std::string openssl_error(std::string_view what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text(what);
  text += ": ";
  text += reason == nullptr ? "no reason given" : reason;
  ERR_clear_error();
  return text;
}

std::optional<Fingerprint> Fingerprint::parse(std::string_view text) {
  Fingerprint fingerprint;
  if (text.size() != fingerprint.sha256.size() * 3 - 1) return std::nullopt;
  for (std::size_t i = 0; i < fingerprint.sha256.size(); ++i) {
    const int high = hex_value(text[i * 3]);
    const int low = hex_value(text[i * 3 + 1]);
    const bool separated = i * 3 + 2 == text.size() || text[i * 3 + 2] == ':';
    if (high < 0 || low < 0 || !separated) return std::nullopt;
    fingerprint.sha256[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return fingerprint;
}

std::string Fingerprint::text() const {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (const std::uint8_t byte : sha256) {
    if (!text.empty()) text += ':';
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

DtlsIdentity::DtlsIdentity(std::unique_ptr<State> state) : state_(std::move(state)) {}
DtlsIdentity::~DtlsIdentity() = default;
DtlsIdentity::DtlsIdentity(DtlsIdentity&&) noexcept = default;
DtlsIdentity& DtlsIdentity::operator=(DtlsIdentity&&) noexcept = default;

Result<DtlsIdentity> DtlsIdentity::create(Time now) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = key ? make_certificate(key.get(), now) : nullptr;
  const auto fingerprint = fingerprint_of(certificate.get());
  if (!fingerprint)
    return fail(ErrorCode::kInternal, openssl_error("dtls: no certificate could be made"));
  auto state = std::make_unique<State>();
  state->context.reset(SSL_CTX_new(DTLS_method()));
  if (!state->context || !configure(state->context.get(), certificate.get(), key.get()))
    return fail(ErrorCode::kInternal, openssl_error("dtls: OpenSSL refused our settings"));
  DtlsIdentity identity(std::move(state));
  identity.fingerprint_ = *fingerprint;
  return identity;
}

}  // namespace madoguchi::rtp
