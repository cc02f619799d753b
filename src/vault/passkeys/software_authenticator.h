// For tests: an authenticator in software, with a P-256 key of its own. Linked into test programs
// only.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

#include "base/sealing.h"
#include "vault/passkeys/ceremony.h"

namespace madoguchi::vault {

class SoftwareAuthenticator {
 public:
  SoftwareAuthenticator() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free) {}

  // What a test may want to be otherwise.
  std::string origin = "https://vault.example";
  std::string site = "vault.example";
  std::string more;  // of the client's data, as ,"topOrigin":"…"
  std::uint8_t flags = 0x05;
  std::uint32_t count = 0;
  Bytes credential = Bytes(16, 0xC1);

  [[nodiscard]] Bytes client(const std::string& type, ByteView challenge) const {
    const std::string text = R"({"type":")" + type + R"(","challenge":")" +
                             to_base64url(challenge) + R"(","origin":")" + origin + "\"" + more +
                             "}";
    return Bytes(text.begin(), text.end());
  }
  [[nodiscard]] Bytes header(std::uint8_t with) const {
    const auto hash = sha256(as_bytes(site));
    Bytes data(hash.begin(), hash.end());
    data.push_back(static_cast<std::uint8_t>(flags | with));
    for (int shift = 24; shift >= 0; shift -= 8)
      data.push_back(static_cast<std::uint8_t>(count >> shift));
    return data;
  }
  [[nodiscard]] Bytes cose() const {
    Bytes x = coordinate(OSSL_PKEY_PARAM_EC_PUB_X);
    Bytes y = coordinate(OSSL_PKEY_PARAM_EC_PUB_Y);
    Bytes key{0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20};
    key.insert(key.end(), x.begin(), x.end());
    key.insert(key.end(), {0x22, 0x58, 0x20});
    key.insert(key.end(), y.begin(), y.end());
    return key;
  }
  [[nodiscard]] Bytes attested() const {
    Bytes data = header(0x40);
    data.insert(data.end(), 16, 0);  // AAGUID
    data.push_back(static_cast<std::uint8_t>(credential.size() >> 8));
    data.push_back(static_cast<std::uint8_t>(credential.size()));
    data.insert(data.end(), credential.begin(), credential.end());
    const Bytes key = cose();
    data.insert(data.end(), key.begin(), key.end());
    return data;
  }
  // {"fmt": "none", "attStmt": {}, "authData": …}
  [[nodiscard]] static Bytes attestation(const Bytes& data) {
    const std::string begin(
        "\xA3\x63"
        "fmt\x64none\x67"
        "attStmt\xA0\x68"
        "authData\x59");
    Bytes object(begin.begin(), begin.end());
    object.push_back(static_cast<std::uint8_t>(data.size() >> 8));
    object.push_back(static_cast<std::uint8_t>(data.size()));
    object.insert(object.end(), data.begin(), data.end());
    return object;
  }
  [[nodiscard]] Bytes signature(const Bytes& authenticator, const Bytes& client_data) const {
    Bytes message = authenticator;
    const auto hash = sha256(client_data);
    message.insert(message.end(), hash.begin(), hash.end());
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    std::size_t size = 128;
    Bytes made(size);
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    EVP_DigestSign(context.get(), made.data(), &size, message.data(), message.size());
    made.resize(size);
    return made;
  }
  [[nodiscard]] Assertion assertion(ByteView challenge) const {
    Assertion made{client("webauthn.get", challenge), header(0), {}};
    made.signature = signature(made.authenticator_data, made.client_data);
    return made;
  }

 private:
  [[nodiscard]] Bytes coordinate(const char* name) const {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &number);
    Bytes bytes(32);
    BN_bn2binpad(number, bytes.data(), 32);
    BN_free(number);
    return bytes;
  }
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

}  // namespace madoguchi::vault
