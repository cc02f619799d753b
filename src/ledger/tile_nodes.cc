#include "ledger/tile_nodes.h"

#include <fmt/format.h>

namespace madoguchi::ledger {
namespace {

constexpr std::size_t kMostTiles = 512;
constexpr std::size_t kTileBytes = kTileWidth * Hash{}.size();

tl::unexpected<Error> about(const TileName& tile, const Error& error) {
  const std::string path = path_of(tile);
  // A folder's own error names the path already.
  if (error.message.find(path) != std::string::npos) return tl::unexpected<Error>(error);
  return fail(error.code, fmt::format("{}: {}", path, error.message));
}

// Takes the full tile's beginning where the partial one has been cleared away.
Result<Bytes> fetch_tile(Fetcher& from, TileName& tile, std::size_t most) {
  auto bytes = from.fetch(path_of(tile), most);
  if (bytes || bytes.error().code != ErrorCode::kNotFound || tile.width == kTileWidth) return bytes;
  const TileName full{tile.kind, tile.level, tile.number, kTileWidth};
  auto instead = from.fetch(path_of(full), most);
  if (!instead) return bytes;
  tile = full;
  return instead;
}

}  // namespace

Result<std::vector<Hash>> fetch_hashes(Fetcher& from, unsigned level, std::uint64_t number,
                                       std::uint64_t width) {
  TileName tile{TileKind::kHashes, level, number, width};
  const auto bytes = fetch_tile(from, tile, kTileBytes);
  if (!bytes) return about(tile, bytes.error());
  auto hashes = decode_hashes(*bytes, tile.width);
  if (!hashes) return about(tile, hashes.error());
  hashes->resize(width);
  return hashes;
}

Result<Bytes> fetch_bundle(Fetcher& from, std::uint64_t number, std::uint64_t width) {
  TileName tile{TileKind::kEntries, 0, number, width};
  auto bytes = fetch_tile(from, tile, kLargestBundle);
  if (!bytes) return about(tile, bytes.error());
  if (tile.width == width) return bytes;
  const auto entries = decode_bundle(*bytes, tile.width);
  if (!entries) return about(tile, entries.error());
  const ByteView last = (*entries)[width - 1];
  bytes->resize(static_cast<std::size_t>(last.data() + last.size() - bytes->data()));
  return bytes;
}

Result<Hash> TileNodes::node(unsigned level, std::uint64_t index) {
  const unsigned tile_level = level / kTileHeight;
  const unsigned within = level % kTileHeight;
  const std::uint64_t first = index << within;  // hash of the tile row where the subtree begins
  const std::uint64_t number = first / kTileWidth;
  const auto offset = static_cast<std::size_t>(first % kTileWidth);
  const std::size_t count = std::size_t{1} << within;
  const std::uint64_t width = width_at(size_, tile_level, number);
  if (offset + count > width)
    return fail(ErrorCode::kInvalid, "a node beyond the tree was asked for");
  auto found = tiles_.find({tile_level, number});
  if (found == tiles_.end()) {
    auto hashes = fetch_hashes(from_, tile_level, number, width);
    if (!hashes) return tl::unexpected<Error>(hashes.error());
    if (tiles_.size() >= kMostTiles) tiles_.clear();
    found = tiles_.emplace(std::pair(tile_level, number), std::move(*hashes)).first;
  }
  return perfect_root(std::span(found->second).subspan(offset, count));
}

}  // namespace madoguchi::ledger
