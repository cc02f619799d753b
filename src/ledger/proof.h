// Proofs over the Merkle tree (RFC 9162, 2.1.3 and 2.1.4): that an entry is in a tree, and that a
// tree only grew. Made from whoever knows the nodes, checked from the proof alone. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "ledger/hash.h"

namespace madoguchi::ledger {

using Proof = std::vector<Hash>;  // as they are used, an entry's sibling first

// More never stand in a proof of a tree of fewer than 2^63 entries.
inline constexpr std::size_t kLongestProof = 63;

// kInvalid when the proof does not lead from the leaf to the root.
Result<void> verify_inclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf,
                              std::span<const Hash> proof, const Hash& root);

// kInvalid when the proof does not show that the new tree begins with the old one. An old size of 0
// is refused, as nothing can be shown about it: ask only when something was seen before.
Result<void> verify_consistency(std::uint64_t old_size, std::uint64_t new_size,
                                const Hash& old_root, const Hash& new_root,
                                std::span<const Hash> proof);

// Knows the roots of the perfect subtrees of one tree: the one over the 2^level entries from
// index * 2^level on. Only asked for those that lie wholly within the tree.
class NodeSource {
 public:
  virtual ~NodeSource() = default;
  virtual Result<Hash> node(unsigned level, std::uint64_t index) = 0;
};

Result<Hash> root_of(std::uint64_t size, NodeSource& nodes);
Result<Frontier> frontier_of(std::uint64_t size, NodeSource& nodes);
// kInvalid unless index < size.
Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, NodeSource& nodes);
// kInvalid unless 0 < old_size <= new_size.
Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t new_size, NodeSource& nodes);

}  // namespace madoguchi::ledger
