#include "vault/page_keys/page_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>

#include "base/sealing.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kPoint = 65;
constexpr std::size_t kHalf = 32;
constexpr std::uint8_t kUncompressed = 4;
constexpr std::size_t kMostDer = 80;

struct FreeAll {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <typename T>
using Kept = std::unique_ptr<T, FreeAll>;

tl::unexpected<Error> bad() {
  return fail(ErrorCode::kInvalid, "the page's key is no point of P-256");
}

// What OpenSSL takes (RFC 3279, 2.2.3) of what WebCrypto makes; empty: no memory.
Bytes der_of(ByteView signature) {
  const Kept<ECDSA_SIG> both(ECDSA_SIG_new());
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

void PageKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<PageKey> PageKey::parse(std::string_view text) {
  auto point = from_base64(text);
  if (!point || point->size() != kPoint || point->front() != kUncompressed) return bad();
  std::array<char, 11> curve{"prime256v1"};
  const std::array<OSSL_PARAM, 3> parts{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point->data(), point->size()),
      OSSL_PARAM_construct_end()};
  const Kept<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY,
                        const_cast<OSSL_PARAM*>(parts.data())) != 1)
    return bad();
  Held key(made);
  const Kept<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return bad();
  return PageKey(std::move(key));
}

std::string PageKey::thumbprint(std::string_view text) {
  return to_hex(sha256(as_bytes(text)));
}

bool PageKey::verifies(ByteView message, ByteView signature) const {
  if (signature.size() != 2 * kHalf) return false;
  const Bytes der = der_of(signature);
  const Kept<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return !der.empty() && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), der.data(), der.size(), message.data(), message.size()) ==
             1;
}

}  // namespace madoguchi::vault
