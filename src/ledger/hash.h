// The hashes of the Merkle tree (RFC 9162, 2.1.1; SHA-256). Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace madoguchi::ledger {

using Hash = std::array<std::uint8_t, 32>;

Hash leaf_hash(ByteView entry);                       // SHA-256(0x00 | entry)
Hash node_hash(const Hash& left, const Hash& right);  // SHA-256(0x01 | left | right)
Hash empty_root();                                    // SHA-256("")

// Root of a perfect tree over these hashes; their count is a power of two (CHECK).
Hash perfect_root(std::span<const Hash> hashes);

std::string to_base64(const Hash& hash);
std::optional<Hash> hash_from_base64(std::string_view text);  // strict: 44 characters

// The right edge of a growing tree: the roots of its perfect subtrees, largest first. 64 hashes at
// most, whatever the size.
class Frontier {
 public:
  Frontier() = default;
  // The perfect subtrees of a tree of this size, largest first, one for each bit set (CHECK).
  Frontier(std::uint64_t size, std::vector<Hash> subtrees);

  void append(const Hash& leaf);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Hash root() const;
  [[nodiscard]] const std::vector<Hash>& subtrees() const { return subtrees_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> subtrees_;
};

}  // namespace madoguchi::ledger
