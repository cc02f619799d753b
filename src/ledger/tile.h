// How a log lies in files (C2SP tlog-tiles): hashes in tiles of 256 × 32 bytes, entries in bundles
// of 256, each with a path of its own, so that any web server or folder can serve a log and a
// reader fetches only what it needs. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ledger/hash.h"

namespace madoguchi::ledger {

inline constexpr unsigned kTileHeight = 8;
inline constexpr std::uint64_t kTileWidth = 256;
inline constexpr unsigned kHighestTile = 63;
inline constexpr std::size_t kLongestEntry = 65'535;
inline constexpr std::size_t kLargestBundle = kTileWidth * (kLongestEntry + 2);

enum class TileKind { kHashes, kEntries };

// One resource of a log. A width below 256 is the right edge of the tree at some size.
struct TileName {
  TileKind kind = TileKind::kHashes;
  unsigned level = 0;  // of hashes: each stands for 256^level entries; of entries always 0
  std::uint64_t number = 0;
  std::uint64_t width = kTileWidth;  // 1 to 256

  friend auto operator<=>(const TileName&, const TileName&) = default;
};

// "tile/0/x001/x234/067", "tile/entries/000.p/17": relative to the log's prefix.
std::string path_of(const TileName& tile);
// kInvalid for every other spelling than path_of()'s.
Result<TileName> parse_tile_path(std::string_view path);

// How wide that tile is in a tree of this size: 0 (there is none) to 256.
std::uint64_t width_at(std::uint64_t size, unsigned level, std::uint64_t number);

// The right edge of a tree as tiles hold it: of each level the hashes of its unfinished tile.
using TileRows = std::vector<std::vector<Hash>>;
Frontier frontier_of_rows(std::uint64_t size, const TileRows& rows);

Bytes encode_hashes(std::span<const Hash> hashes);
// kCorrupt unless exactly `width` hashes.
Result<std::vector<Hash>> decode_hashes(ByteView tile, std::uint64_t width);

// Appends one entry, of at most kLongestEntry bytes (CHECK), to a bundle.
void add_to_bundle(Bytes& bundle, ByteView entry);
// Views into `bundle`. kCorrupt, naming the entry, unless exactly `width` entries.
Result<std::vector<ByteView>> decode_bundle(ByteView bundle, std::uint64_t width);

}  // namespace madoguchi::ledger
