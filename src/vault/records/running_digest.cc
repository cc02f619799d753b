#include "vault/records/running_digest.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"

namespace madoguchi::vault {

struct RunningDigest::Context {
  EVP_MD_CTX* handle = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(handle); }
};

RunningDigest::RunningDigest() : context_(std::make_unique<Context>()) {
  CHECK(context_->handle != nullptr &&
        EVP_DigestInit_ex(context_->handle, EVP_sha256(), nullptr) == 1);
}

RunningDigest::RunningDigest(const RunningDigest& other) : RunningDigest() {
  *this = other;
}

RunningDigest& RunningDigest::operator=(const RunningDigest& other) {
  if (this == &other) return *this;
  CHECK(EVP_MD_CTX_copy_ex(context_->handle, other.context_->handle) == 1);
  bytes_ = other.bytes_;
  return *this;
}

RunningDigest::~RunningDigest() = default;

void RunningDigest::add(ByteView bytes) {
  CHECK(EVP_DigestUpdate(context_->handle, bytes.data(), bytes.size()) == 1);
  bytes_ += bytes.size();
}

std::string RunningDigest::hex() const {
  const RunningDigest ended = *this;
  std::array<std::uint8_t, 32> digest{};
  CHECK(EVP_DigestFinal_ex(ended.context_->handle, digest.data(), nullptr) == 1);
  return to_hex(digest);
}

}  // namespace madoguchi::vault
