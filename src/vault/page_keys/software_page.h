// For tests and benchmarks: what a page of the glass does with its key, outside any browser. One
// thread at a time.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <string>

#include "vault/page_keys/request_proof.h"

namespace madoguchi::vault {

class SoftwarePage {
 public:
  SoftwarePage() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free) {}

  // As it stands in its proofs.
  [[nodiscard]] std::string public_key() const {
    Bytes point(65);
    std::size_t size = 0;
    EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                    &size);
    if (size == 33) return {};  // compressed: never asked for
    return to_base64(point);
  }

  // What Madoguchi-Run said; the time goes on by the caller's clock.
  void learn(std::string_view run_header, Time now) {
    const std::size_t gap = run_header.find(' ');
    if (gap == std::string_view::npos) return;
    run_ = run_header.substr(0, gap);
    const auto milliseconds = std::stoll(std::string(run_header.substr(gap + 1)));
    ahead_ = time_from_micros(milliseconds * 1000) - now;
  }

  // A proof of its own for each call.
  [[nodiscard]] RequestProof proof(const AskedRequest& request, Time now) const {
    std::array<std::uint8_t, 16> name{};
    RAND_bytes(name.data(), static_cast<int>(name.size()));
    const auto milliseconds = to_micros(now + ahead_) / 1000;
    RequestProof made{run_, time_from_micros(milliseconds * 1000), to_hex(name), public_key(), {}};
    made.signature = signed_by_page(made.message(request));
    return made;
  }

 private:
  [[nodiscard]] Bytes signed_by_page(const std::string& message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    std::array<std::uint8_t, 80> der{};
    std::size_t size = der.size();
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    const ByteView text = as_bytes(message);
    EVP_DigestSign(context.get(), der.data(), &size, text.data(), text.size());
    const std::uint8_t* from = der.data();
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> both(
        d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(size)), ECDSA_SIG_free);
    Bytes signature(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), signature.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), signature.data() + 32, 32);
    return signature;
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::string run_ = "-";
  std::chrono::microseconds ahead_{0};
};

}  // namespace madoguchi::vault
