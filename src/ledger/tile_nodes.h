// The nodes of a tree of one size, read from its tiles; so proofs are made from what is published,
// by the log itself and by anyone else. One thread.
#pragma once

#include <map>
#include <vector>

#include "ledger/fetch.h"
#include "ledger/proof.h"
#include "ledger/tile.h"

namespace madoguchi::ledger {

// A tile of hashes in a tree of this size; where a partial one is gone because the full one has
// come, its beginning. Errors name the tile.
Result<std::vector<Hash>> fetch_hashes(Fetcher& from, unsigned level, std::uint64_t number,
                                       std::uint64_t width);
// The same for a bundle of entries.
Result<Bytes> fetch_bundle(Fetcher& from, std::uint64_t number, std::uint64_t width);

class TileNodes final : public NodeSource {
 public:
  // `from` outlives it. Tiles read are remembered, up to some hundred.
  TileNodes(Fetcher& from, std::uint64_t size) : from_(from), size_(size) {}
  Result<Hash> node(unsigned level, std::uint64_t index) override;

 private:
  Fetcher& from_;
  std::uint64_t size_;
  std::map<std::pair<unsigned, std::uint64_t>, std::vector<Hash>> tiles_;
};

}  // namespace madoguchi::ledger
