#include "ledger/proof.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/shared_vectors.h"

namespace madoguchi::ledger {
namespace {

Hash leaf(std::uint64_t number) {
  return leaf_hash(as_bytes("entry " + std::to_string(number)));
}

// RFC 9162's definitions (2.1.1, 2.1.3.1, 2.1.4.1) as they stand, over a list: slow and plain, to
// hold the real ones against.
using Leaves = std::span<const Hash>;
std::size_t split(std::size_t n) {
  std::size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
Hash mth(Leaves d) {
  if (d.empty()) return empty_root();
  if (d.size() == 1) return d[0];
  const std::size_t k = split(d.size());
  return node_hash(mth(d.first(k)), mth(d.subspan(k)));
}
Proof path(std::size_t m, Leaves d) {
  if (d.size() <= 1) return {};
  const std::size_t k = split(d.size());
  Proof proof = m < k ? path(m, d.first(k)) : path(m - k, d.subspan(k));
  proof.push_back(m < k ? mth(d.subspan(k)) : mth(d.first(k)));
  return proof;
}
Proof subproof(std::size_t m, Leaves d, bool whole) {
  if (m == d.size()) return whole ? Proof{} : Proof{mth(d)};
  const std::size_t k = split(d.size());
  Proof proof = m <= k ? subproof(m, d.first(k), whole) : subproof(m - k, d.subspan(k), false);
  proof.push_back(m <= k ? mth(d.subspan(k)) : mth(d.first(k)));
  return proof;
}

class ListNodes final : public NodeSource {
 public:
  explicit ListNodes(std::vector<Hash> leaves) : leaves_(std::move(leaves)) {}
  Result<Hash> node(unsigned level, std::uint64_t index) override {
    const std::size_t count = std::size_t{1} << level;
    EXPECT_LE((index + 1) * count, leaves_.size());
    return perfect_root(std::span(leaves_).subspan(index * count, count));
  }

 private:
  std::vector<Hash> leaves_;
};

// Known from Python: h = lambda b: hashlib.sha256(b).hexdigest(), over leaves of b"" and b"\x00".
TEST(Hashes, AreThoseOfRfc9162) {
  EXPECT_EQ(to_hex(empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(leaf_hash({})),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  const Bytes zero{0};
  EXPECT_EQ(to_hex(node_hash(leaf_hash({}), leaf_hash(zero))),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

TEST(Proofs, AreThoseOfRfc9162ForEverySizeTo70) {
  std::vector<Hash> leaves;
  Frontier frontier;
  for (std::size_t size = 1; size <= 70; ++size) {
    leaves.push_back(leaf(size));
    frontier.append(leaves.back());
    const Hash root = mth(leaves);
    EXPECT_EQ(frontier.root(), root);
    ListNodes nodes(leaves);
    EXPECT_EQ(root_of(size, nodes).value(), root);
    EXPECT_EQ(frontier_of(size, nodes)->subtrees(), frontier.subtrees());
    for (std::size_t index = 0; index < size; ++index) {
      const Proof proof = inclusion_proof(index, size, nodes).value();
      EXPECT_EQ(proof, path(index, leaves));
      EXPECT_TRUE(verify_inclusion(index, size, leaves[index], proof, root));
    }
    for (std::size_t old = 1; old <= size; ++old) {
      const Proof proof = consistency_proof(old, size, nodes).value();
      EXPECT_EQ(proof, subproof(old, leaves, true));
      EXPECT_TRUE(verify_consistency(old, size, mth(Leaves(leaves).first(old)), root, proof));
    }
  }
}

TEST(Proofs, NothingElseVerifies) {
  std::vector<Hash> leaves;
  for (std::size_t i = 0; i < 21; ++i) leaves.push_back(leaf(i));
  ListNodes nodes(leaves);
  const Hash root = mth(leaves);
  const Hash old_root = mth(Leaves(leaves).first(13));
  const Proof in = inclusion_proof(7, 21, nodes).value();
  const Proof grew = consistency_proof(13, 21, nodes).value();
  for (std::size_t i = 0; i < std::max(in.size(), grew.size()); ++i) {
    Proof changed = in;
    changed[std::min(i, in.size() - 1)][i] ^= 1;
    EXPECT_FALSE(verify_inclusion(7, 21, leaves[7], changed, root));
    changed = grew;
    changed[std::min(i, grew.size() - 1)][i] ^= 1;
    EXPECT_FALSE(verify_consistency(13, 21, old_root, root, changed));
  }
  EXPECT_FALSE(verify_inclusion(8, 21, leaves[7], in, root));
  EXPECT_FALSE(verify_inclusion(7, 22, leaves[7], Proof(in.begin(), in.end() - 1), root));
  EXPECT_FALSE(verify_inclusion(21, 21, leaves[7], in, root));
  EXPECT_FALSE(verify_consistency(12, 21, old_root, root, grew));
  EXPECT_FALSE(verify_consistency(21, 13, root, old_root, grew));
  Proof longer = grew;
  longer.push_back(root);
  EXPECT_FALSE(verify_consistency(13, 21, old_root, root, longer));
}

// ---- transparency-dev/merkle's vectors, read in place

using Json = nlohmann::json;

std::optional<Hash> hash_at(const Json& json, const char* name) {
  const auto bytes = from_base64(json.at(name).get<std::string>());
  Hash hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

// nullopt where one of them is no hash at all: what our types do not even hold.
std::optional<Proof> proof_at(const Json& json) {
  Proof proof;
  if (json.at("proof").is_null()) return proof;
  for (const Json& one : json.at("proof")) {
    const auto hash = hash_from_base64(one.get<std::string>());
    if (!hash) return std::nullopt;
    proof.push_back(*hash);
  }
  return proof;
}

template <typename Check>
int run_folder(const std::filesystem::path& folder, Check accepts) {
  int cases = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    const Json test = Json::parse(in);
    ++cases;
    EXPECT_EQ(accepts(test), !test.at("wantErr").get<bool>()) << file.path();
  }
  return cases;
}

TEST(MerkleVectors, Inclusion) {
  const auto folder = shared_vectors() / "merkle/testdata/inclusion";
  REQUIRE_VECTORS(folder);
  EXPECT_EQ(run_folder(folder,
                       [](const Json& test) {
                         const auto leaf = hash_at(test, "leafHash");
                         const auto root = hash_at(test, "root");
                         const auto proof = proof_at(test);
                         return leaf && root && proof &&
                                verify_inclusion(test.at("leafIdx").get<std::uint64_t>(),
                                                 test.at("treeSize").get<std::uint64_t>(), *leaf,
                                                 *proof, *root)
                                    .has_value();
                       }),
            98);
}

// Roots there are sometimes no hashes ("don't care"); only whether they are equal matters then.
Hash some_root(const Json& json, const char* name) {
  const auto hash = hash_at(json, name);
  return hash ? *hash : leaf_hash(as_bytes(json.at(name).get<std::string>()));
}

// Size 0 is refused, as this set's files (and Go's sumdb/tlog) say; other implementations accept
// the one case "sizes-are-equal-zero-and-proof-is-empty".
TEST(MerkleVectors, Consistency) {
  const auto folder = shared_vectors() / "merkle/testdata/consistency";
  REQUIRE_VECTORS(folder);
  EXPECT_EQ(run_folder(folder,
                       [](const Json& test) {
                         const auto proof = proof_at(test);
                         return proof && verify_consistency(test.at("size1").get<std::uint64_t>(),
                                                            test.at("size2").get<std::uint64_t>(),
                                                            some_root(test, "root1"),
                                                            some_root(test, "root2"), *proof)
                                             .has_value();
                       }),
            98);
}

}  // namespace
}  // namespace madoguchi::ledger
