#include "base/p256.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>

namespace madoguchi {
namespace {

constexpr std::size_t kPoint = 65;
constexpr std::size_t kHalf = 32;
constexpr std::uint8_t kUncompressed = 4;
constexpr std::size_t kMostDer = 80;

struct Free {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <typename T>
using Held = std::unique_ptr<T, Free>;

tl::unexpected<Error> no_point() {
  return fail(ErrorCode::kInvalid, "the public key is no point of P-256");
}

// Empty: no memory.
Bytes der_of(ByteView signature) {
  const Held<ECDSA_SIG> both(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(signature.data(), kHalf, nullptr);
  BIGNUM* s = BN_bin2bn(signature.data() + kHalf, kHalf, nullptr);
  if (!both || r == nullptr || s == nullptr || ECDSA_SIG_set0(both.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  Bytes der(kMostDer);
  std::uint8_t* to = der.data();
  const int size = i2d_ECDSA_SIG(both.get(), &to);
  der.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return der;
}

}  // namespace

Result<P256PublicKey> P256PublicKey::of_point(ByteView point) {
  if (point.size() != kPoint || point.front() != kUncompressed) return no_point();
  std::array<char, 11> curve{"prime256v1"};
  Bytes copy(point.begin(), point.end());  // OpenSSL's parameters point to what may be changed
  std::array<OSSL_PARAM, 3> parts{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy.data(), copy.size()),
      OSSL_PARAM_construct_end()};
  const Held<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parts.data()) != 1)
    return no_point();
  std::shared_ptr<EVP_PKEY> key(made, EVP_PKEY_free);
  const Held<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return no_point();
  return P256PublicKey(std::move(key));
}

bool P256PublicKey::verifies(ByteView message, ByteView signature) const {
  return signature.size() == 2 * kHalf && verifies_der(message, der_of(signature));
}

bool P256PublicKey::verifies_der(ByteView message, ByteView signature) const {
  const Held<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return context && !signature.empty() &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace madoguchi
