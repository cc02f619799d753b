// Tiles, bundles and their paths, and proofs of any shape.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "ledger/proof.h"
#include "ledger/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace madoguchi;
  using namespace madoguchi::ledger;
  const ByteView view(bytes, size);
  if (const auto tile = parse_tile_path(as_text(view)))
    if (path_of(*tile) != as_text(view)) std::abort();
  if (size < 17) return 0;
  const std::uint64_t width = bytes[0] + std::uint64_t{1};
  if (const auto entries = decode_bundle(view.subspan(1), width)) {
    Bytes again;
    for (const ByteView entry : *entries) add_to_bundle(again, entry);
    if (!std::equal(again.begin(), again.end(), view.begin() + 1, view.end())) std::abort();
  }
  static_cast<void>(decode_hashes(view.subspan(1), width));
  std::uint64_t one = 0;
  std::uint64_t other = 0;
  std::memcpy(&one, bytes + 1, sizeof one);
  std::memcpy(&other, bytes + 9, sizeof other);
  static_cast<void>(width_at(one, bytes[0] % 64, other));
  Proof proof;
  for (ByteView rest = view.subspan(17); rest.size() >= Hash{}.size();
       rest = rest.subspan(Hash{}.size())) {
    Hash hash{};
    std::copy_n(rest.begin(), hash.size(), hash.begin());
    proof.push_back(hash);
  }
  const Hash root = leaf_hash(view);
  static_cast<void>(verify_inclusion(one, other, root, proof, root));
  static_cast<void>(verify_consistency(one, other, root, root, proof));
  return 0;
}
