#include "recording/digest.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace madoguchi::recording {
namespace {

// Looked up once: OpenSSL goes through all its providers each time otherwise.
const EVP_MD* sha256() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return found;
}

}  // namespace

struct RunningDigest::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

RunningDigest::RunningDigest() : state_(std::make_unique<State>()) {
  CHECK(state_->context != nullptr);
  CHECK(EVP_DigestInit_ex(state_->context, sha256(), nullptr) == 1);
}
RunningDigest::~RunningDigest() = default;
RunningDigest::RunningDigest(RunningDigest&&) noexcept = default;
RunningDigest& RunningDigest::operator=(RunningDigest&&) noexcept = default;

void RunningDigest::add(ByteView bytes) {
  CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Digest RunningDigest::value() const {
  const State copy;
  CHECK(copy.context != nullptr);
  CHECK(EVP_MD_CTX_copy_ex(copy.context, state_->context) == 1);
  Digest digest{};
  CHECK(EVP_DigestFinal_ex(copy.context, digest.data(), nullptr) == 1);
  return digest;
}

}  // namespace madoguchi::recording
