#include "wire/role_files.h"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace madoguchi::wire {
namespace {

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* one) const { Free(one); }
};
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE, X509_STORE_free>>;
using Check = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX, X509_STORE_CTX_free>>;
using File = std::unique_ptr<FILE, decltype(&fclose)>;
using Chain = std::vector<Certificate>;  // its own first, then those of whom it comes

File opened(const std::filesystem::path& file) {
  return {fopen(file.c_str(), "r"), fclose};
}

Chain certificates_of(const std::filesystem::path& file) {
  Chain chain;
  const File in = opened(file);
  if (!in) return chain;
  while (Certificate one{PEM_read_X509(in.get(), nullptr, nullptr, nullptr)})
    chain.push_back(std::move(one));
  return chain;
}

// A key under a passphrase is none: OpenSSL would ask for it at the terminal.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* /*unused*/) {
  return -1;
}

Key key_of(const std::filesystem::path& file) {
  const File in = opened(file);
  return Key(in ? PEM_read_PrivateKey(in.get(), nullptr, no_passphrase, nullptr) : nullptr);
}

std::string common_name(X509* certificate) {
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data();
}

bool comes_from(const Chain& own, const Chain& authorities) {
  const Store store(X509_STORE_new());
  for (const Certificate& one : authorities) X509_STORE_add_cert(store.get(), one.get());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
  STACK_OF(X509)* between = sk_X509_new_null();
  for (std::size_t i = 1; i < own.size(); ++i) sk_X509_push(between, own[i].get());
  const Check check(X509_STORE_CTX_new());
  const bool good = X509_STORE_CTX_init(check.get(), store.get(), own[0].get(), between) == 1 &&
                    X509_verify_cert(check.get()) == 1;
  sk_X509_free(between);
  return good;
}

}  // namespace

Result<void> check_role_files(const TlsFiles& files, std::string_view role) {
  const auto wrong = [&](std::string_view key, const std::filesystem::path& file,
                         const std::string& cause) {
    return fail(ErrorCode::kInvalid, fmt::format("rpc.{}: {} {}; `madoguchi up` makes one in tls/",
                                                 key, file.string(), cause));
  };
  const Chain authorities = certificates_of(files.authority);
  if (authorities.empty()) return wrong("authority", files.authority, "is no readable certificate");
  const Chain own = certificates_of(files.certificate);
  if (own.empty()) return wrong("certificate", files.certificate, "is no readable certificate");
  if (const std::string is = common_name(own[0].get()); is != role)
    return wrong("certificate", files.certificate,
                 fmt::format("is of the role \"{}\", not \"{}\"", is, role));
  if (!comes_from(own, authorities))
    return wrong("certificate", files.certificate,
                 fmt::format("was not made by the authority of {}", files.authority.string()));
  const Key key = key_of(files.key);
  if (!key) return wrong("key", files.key, "is no readable key without a passphrase");
  if (X509_check_private_key(own[0].get(), key.get()) != 1)
    return wrong("key", files.key, fmt::format("is not the key of {}", files.certificate.string()));
  return {};
}

}  // namespace madoguchi::wire
