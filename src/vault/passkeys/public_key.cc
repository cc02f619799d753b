#include "vault/passkeys/public_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "base/signing.h"
#include "vault/passkeys/cbor.h"

namespace madoguchi::vault {
namespace {

// Labels of COSE keys (RFC 9052, 7.1; RFC 9053, 7; RFC 8230, 4).
constexpr std::int64_t kType = 1;
constexpr std::int64_t kAlgorithm = 3;
constexpr std::int64_t kTypeOkp = 1;
constexpr std::int64_t kTypeEc2 = 2;
constexpr std::int64_t kTypeRsa = 3;
constexpr std::int64_t kCurve = -1;  // of RSA keys: n
constexpr std::int64_t kX = -2;      // of RSA keys: e
constexpr std::int64_t kY = -3;
constexpr std::int64_t kP256 = 1;
constexpr std::int64_t kEd25519 = 6;

constexpr std::size_t kMostMembers = 8;
constexpr std::size_t kCoordinate = 32;
constexpr std::size_t kLeastModulus = 256;
constexpr std::size_t kMostModulus = 512;
constexpr std::size_t kMostExponent = 4;

tl::unexpected<Error> bad(const char* why) {
  return fail(ErrorCode::kInvalid, std::string("the passkey's public key ") + why);
}

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* build) const { OSSL_PARAM_BLD_free(build); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
template <typename T>
using Held = std::unique_ptr<T, Free>;

Held<EVP_PKEY> rsa_key(const Bytes& n, const Bytes& e) {
  const Held<BIGNUM> modulus(BN_bin2bn(n.data(), static_cast<int>(n.size()), nullptr));
  const Held<BIGNUM> exponent(BN_bin2bn(e.data(), static_cast<int>(e.size()), nullptr));
  const Held<OSSL_PARAM_BLD> build(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !build ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
    return nullptr;
  const Held<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(build.get()));
  const Held<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  Held<EVP_PKEY> key(made);
  const Held<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return key;
}

Result<P256PublicKey> p256_key(const Bytes& x, const Bytes& y) {
  Bytes point{4};  // uncompressed
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  return P256PublicKey::of_point(point);
}

struct Members {
  std::map<std::int64_t, std::int64_t> numbers;
  std::map<std::int64_t, Bytes> strings;

  [[nodiscard]] std::optional<std::int64_t> number(std::int64_t label) const {
    const auto found = numbers.find(label);
    return found == numbers.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] Bytes bytes(std::int64_t label) const {
    const auto found = strings.find(label);
    return found == strings.end() ? Bytes() : found->second;
  }
};

Result<Members> members_of(CborReader& reader) {
  const auto count = reader.map();
  if (!count) return tl::unexpected<Error>(count.error());
  if (*count > kMostMembers) return bad("has too many members");
  Members members;
  for (std::size_t i = 0; i < *count; ++i) {
    const auto label = reader.integer();
    if (!label) return tl::unexpected<Error>(label.error());
    if (members.numbers.contains(*label) || members.strings.contains(*label))
      return bad("has a member twice");
    CborReader ahead = reader;
    if (const auto number = ahead.integer()) {
      members.numbers[*label] = *number;
    } else {
      ahead = reader;
      const auto bytes = ahead.bytes();
      if (!bytes) return tl::unexpected<Error>(bytes.error());
      members.strings[*label] = Bytes(bytes->begin(), bytes->end());
    }
    reader = ahead;
  }
  return members;
}

bool is_modulus(const Bytes& n) {
  return n.size() >= kLeastModulus && n.size() <= kMostModulus && n.front() != 0 &&
         (n.back() & 1) == 1;
}

}  // namespace

Result<PasskeyPublicKey> PasskeyPublicKey::parse(ByteView cose) {
  std::size_t taken = 0;
  auto key = parse_first(cose, taken);
  if (key && taken != cose.size()) return bad("is followed by something");
  return key;
}

Result<PasskeyPublicKey> PasskeyPublicKey::parse_first(ByteView cose, std::size_t& taken) {
  CborReader reader(cose);
  const auto members = members_of(reader);
  if (!members) return tl::unexpected<Error>(members.error());
  taken = cose.size() - reader.rest().size();
  const auto type = members->number(kType);
  const auto algorithm = members->number(kAlgorithm);
  PasskeyPublicKey key;
  if (type == kTypeEc2 && algorithm == static_cast<std::int64_t>(PasskeyAlgorithm::kEs256) &&
      members->number(kCurve) == kP256) {
    key.algorithm_ = PasskeyAlgorithm::kEs256;
    auto point = p256_key(members->bytes(kX), members->bytes(kY));
    if (!point) return bad("is no point of P-256");
    key.p256_ = *std::move(point);
    return key;
  }
  if (type == kTypeOkp && algorithm == static_cast<std::int64_t>(PasskeyAlgorithm::kEdDsa) &&
      members->number(kCurve) == kEd25519) {
    key.algorithm_ = PasskeyAlgorithm::kEdDsa;
    key.first_ = members->bytes(kX);
    if (key.first_.size() != kCoordinate) return bad("is no Ed25519 key");
    return key;
  }
  if (type == kTypeRsa && algorithm == static_cast<std::int64_t>(PasskeyAlgorithm::kRs256)) {
    key.algorithm_ = PasskeyAlgorithm::kRs256;
    key.first_ = members->bytes(kCurve);
    key.second_ = members->bytes(kX);
    if (!is_modulus(key.first_) || key.second_.empty() || key.second_.size() > kMostExponent ||
        !rsa_key(key.first_, key.second_))
      return bad("is no RSA key of 2048 to 4096 bits");
    return key;
  }
  return bad("is of no kind that the vault takes (ES256, EdDSA, RS256)");
}

bool PasskeyPublicKey::verifies(ByteView message, ByteView signature) const {
  if (p256_) return p256_->verifies_der(message, signature);
  if (algorithm_ == PasskeyAlgorithm::kEdDsa) return ed25519_verify(first_, message, signature);
  const Held<EVP_PKEY> key = rsa_key(first_, second_);
  const Held<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace madoguchi::vault
