#include "ledger/proof.h"

#include <bit>

namespace madoguchi::ledger {
namespace {

tl::unexpected<Error> wrong(const char* why) {
  return fail(ErrorCode::kInvalid, why);
}

// Root over the entries [begin, end), of which `begin` is a multiple of the largest power of two
// not above their count.
Result<Hash> range_root(std::uint64_t begin, std::uint64_t end, NodeSource& nodes) {
  const std::uint64_t count = end - begin;
  if (count == 0) return empty_root();
  const auto top = static_cast<unsigned>(std::bit_width(count)) - 1;
  const std::uint64_t half = std::uint64_t{1} << top;
  auto left = nodes.node(top, begin >> top);
  if (!left || half == count) return left;
  auto right = range_root(begin + half, end, nodes);
  if (!right) return right;
  return node_hash(*left, *right);
}

// Where a tree over `count` > 1 entries splits: the largest power of two below the count.
std::uint64_t split_of(std::uint64_t count) {
  return std::bit_floor(count - 1);
}

Result<void> add_range(Proof& proof, std::uint64_t begin, std::uint64_t end, NodeSource& nodes) {
  auto root = range_root(begin, end, nodes);
  if (!root) return tl::unexpected<Error>(root.error());
  proof.push_back(*root);
  return {};
}

}  // namespace

Result<void> verify_inclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf,
                              std::span<const Hash> proof, const Hash& root) {
  if (index >= size) return wrong("the entry's index is not below the tree's size");
  std::uint64_t position = index;
  std::uint64_t last = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return wrong("the inclusion proof is too long");
    if ((position & 1) != 0 || position == last) {
      hash = node_hash(sibling, hash);
      while ((position & 1) == 0 && position != 0) {
        position >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    position >>= 1;
    last >>= 1;
  }
  if (last != 0) return wrong("the inclusion proof is too short");
  if (hash != root) return wrong("the inclusion proof leads to another root");
  return {};
}

Result<void> verify_consistency(std::uint64_t old_size, std::uint64_t new_size,
                                const Hash& old_root, const Hash& new_root,
                                std::span<const Hash> proof) {
  if (old_size == 0) return wrong("nothing can be shown about a tree of size 0");
  if (old_size > new_size) return wrong("the new tree is smaller than the old one");
  if (old_size == new_size) {
    if (!proof.empty()) return wrong("equal sizes need no consistency proof");
    if (old_root != new_root) return wrong("two different roots for the same size");
    return {};
  }
  // A perfect old tree is a node of the new one and is not repeated in the proof.
  std::size_t next = 0;
  if (!std::has_single_bit(old_size)) {
    if (proof.empty()) return wrong("the consistency proof is too short");
    next = 1;
  }
  std::uint64_t position = old_size - 1;
  std::uint64_t last = new_size - 1;
  while ((position & 1) != 0) {
    position >>= 1;
    last >>= 1;
  }
  Hash from_old = next == 1 ? proof[0] : old_root;
  Hash from_new = from_old;
  for (; next < proof.size(); ++next) {
    if (last == 0) return wrong("the consistency proof is too long");
    if ((position & 1) != 0 || position == last) {
      from_old = node_hash(proof[next], from_old);
      from_new = node_hash(proof[next], from_new);
      while ((position & 1) == 0 && position != 0) {
        position >>= 1;
        last >>= 1;
      }
    } else {
      from_new = node_hash(from_new, proof[next]);
    }
    position >>= 1;
    last >>= 1;
  }
  if (last != 0) return wrong("the consistency proof is too short");
  if (from_old != old_root) return wrong("the consistency proof leads to another old root");
  if (from_new != new_root) return wrong("the consistency proof leads to another new root");
  return {};
}

Result<Hash> root_of(std::uint64_t size, NodeSource& nodes) {
  return range_root(0, size, nodes);
}

Result<Frontier> frontier_of(std::uint64_t size, NodeSource& nodes) {
  std::vector<Hash> subtrees;
  std::uint64_t begin = 0;
  for (std::uint64_t rest = size; rest != 0;) {
    const auto top = static_cast<unsigned>(std::bit_width(rest)) - 1;
    auto node = nodes.node(top, begin >> top);
    if (!node) return tl::unexpected<Error>(node.error());
    subtrees.push_back(*node);
    begin += std::uint64_t{1} << top;
    rest -= std::uint64_t{1} << top;
  }
  return Frontier(size, std::move(subtrees));
}

Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, NodeSource& nodes) {
  if (index >= size) return wrong("the entry's index is not below the tree's size");
  // From the root down, so the proof is built back to front.
  Proof proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool left = index < middle;
    auto added =
        left ? add_range(proof, middle, end, nodes) : add_range(proof, begin, middle, nodes);
    if (!added) return tl::unexpected<Error>(added.error());
    (left ? end : begin) = middle;
  }
  return Proof(proof.rbegin(), proof.rend());
}

Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t new_size, NodeSource& nodes) {
  if (old_size == 0 || old_size > new_size)
    return wrong("a consistency proof is between a size of at least 1 and one not below it");
  Proof proof;
  if (old_size == new_size) return proof;
  std::uint64_t begin = 0;
  std::uint64_t end = new_size;
  while (end != old_size) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool left = old_size <= middle;
    auto added =
        left ? add_range(proof, middle, end, nodes) : add_range(proof, begin, middle, nodes);
    if (!added) return tl::unexpected<Error>(added.error());
    (left ? end : begin) = middle;
  }
  // What is left is the old tree's last perfect part; when it is the whole old tree, the verifier
  // has it already.
  if (begin != 0)
    if (auto added = add_range(proof, begin, end, nodes); !added)
      return tl::unexpected<Error>(added.error());
  return Proof(proof.rbegin(), proof.rend());
}

}  // namespace madoguchi::ledger
