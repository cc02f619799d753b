#include "ledger/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "base/check.h"

namespace madoguchi::ledger {
namespace {

constexpr std::uint8_t kLeafPrefix = 0;
constexpr std::uint8_t kNodePrefix = 1;

// OpenSSL's SHA-256 uses the processor's own instructions, several times faster than libsodium's;
// fetching the algorithm and making a context once a thread keeps short messages cheap.
struct Sha256 {
  EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  Sha256() { CHECK(method != nullptr && context != nullptr); }
  ~Sha256() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(method);
  }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  Hash hash(ByteView prefix, ByteView one, ByteView other) const {
    Hash digest{};
    unsigned size = 0;
    const bool done = EVP_DigestInit_ex2(context, method, nullptr) == 1 &&
                      EVP_DigestUpdate(context, prefix.data(), prefix.size()) == 1 &&
                      EVP_DigestUpdate(context, one.data(), one.size()) == 1 &&
                      EVP_DigestUpdate(context, other.data(), other.size()) == 1 &&
                      EVP_DigestFinal_ex(context, digest.data(), &size) == 1;
    CHECK(done && size == digest.size());
    return digest;
  }
};

const Sha256& sha256_of_this_thread() {
  thread_local const Sha256 hasher;
  return hasher;
}

}  // namespace

Hash leaf_hash(ByteView entry) {
  return sha256_of_this_thread().hash({&kLeafPrefix, 1}, entry, {});
}

Hash node_hash(const Hash& left, const Hash& right) {
  return sha256_of_this_thread().hash({&kNodePrefix, 1}, left, right);
}

Hash empty_root() {
  return sha256_of_this_thread().hash({}, {}, {});
}

Hash perfect_root(std::span<const Hash> hashes) {
  CHECK(std::has_single_bit(hashes.size()));
  if (hashes.size() == 1) return hashes[0];
  std::vector<Hash> row(hashes.begin(), hashes.end());
  for (std::size_t count = row.size(); count > 1; count /= 2)
    for (std::size_t i = 0; i < count / 2; ++i) row[i] = node_hash(row[2 * i], row[2 * i + 1]);
  return row[0];
}

std::string to_base64(const Hash& hash) {
  return madoguchi::to_base64(ByteView(hash));
}

std::optional<Hash> hash_from_base64(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != Hash{}.size()) return std::nullopt;
  Hash hash{};
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

Frontier::Frontier(std::uint64_t size, std::vector<Hash> subtrees)
    : size_(size), subtrees_(std::move(subtrees)) {
  CHECK(static_cast<std::size_t>(std::popcount(size)) == subtrees_.size());
}

void Frontier::append(const Hash& leaf) {
  Hash top = leaf;
  for (std::uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {
    top = node_hash(subtrees_.back(), top);
    subtrees_.pop_back();
  }
  subtrees_.push_back(top);
  ++size_;
}

Hash Frontier::root() const {
  if (subtrees_.empty()) return empty_root();
  Hash root = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i-- > 0;) root = node_hash(subtrees_[i], root);
  return root;
}

}  // namespace madoguchi::ledger
