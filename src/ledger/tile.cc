#include "ledger/tile.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

#include "base/check.h"

namespace madoguchi::ledger {
namespace {

tl::unexpected<Error> no_tile(std::string_view path) {
  return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no path of a tile", path.substr(0, 80)));
}

// Decimal without sign or leading zeros.
std::optional<std::uint64_t> plain_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size() ||
      (text.size() > 1 && text[0] == '0'))
    return std::nullopt;
  return number;
}

std::string grouped(std::uint64_t number) {
  std::string path = fmt::format("{:03}", number % 1000);
  for (number /= 1000; number != 0; number /= 1000)
    path = fmt::format("x{:03}/{}", number % 1000, path);
  return path;
}

}  // namespace

std::string path_of(const TileName& tile) {
  std::string path =
      tile.kind == TileKind::kEntries ? "tile/entries/" : fmt::format("tile/{}/", tile.level);
  path += grouped(tile.number);
  if (tile.width != kTileWidth) path += fmt::format(".p/{}", tile.width);
  return path;
}

Result<TileName> parse_tile_path(std::string_view path) {
  constexpr std::string_view kPrefix = "tile/";
  if (path.size() > 64 || !path.starts_with(kPrefix)) return no_tile(path);
  std::string_view rest = path.substr(kPrefix.size());
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return no_tile(path);
  TileName tile;
  const std::string_view level = rest.substr(0, slash);
  if (level == "entries") {
    tile.kind = TileKind::kEntries;
  } else {
    const auto number = plain_number(level);
    if (!number || *number > kHighestTile) return no_tile(path);
    tile.level = static_cast<unsigned>(*number);
  }
  rest.remove_prefix(slash + 1);
  if (const auto partial = rest.find(".p/"); partial != std::string_view::npos) {
    const auto width = plain_number(rest.substr(partial + 3));
    if (!width || *width == 0 || *width >= kTileWidth) return no_tile(path);
    tile.width = *width;
    rest = rest.substr(0, partial);
  }
  std::string digits;
  for (const char letter : rest)
    if (letter != 'x' && letter != '/') digits += letter;
  digits.erase(0,
               std::min(digits.find_first_not_of('0'), digits.size() - (digits.empty() ? 0 : 1)));
  const auto number = plain_number(digits);
  if (!number) return no_tile(path);
  tile.number = *number;
  // One spelling alone is right, and path_of() knows it.
  if (path_of(tile) != path) return no_tile(path);
  return tile;
}

std::uint64_t width_at(std::uint64_t size, unsigned level, std::uint64_t number) {
  const unsigned shift = level * kTileHeight;
  const std::uint64_t hashes = shift >= 64 ? 0 : size >> shift;
  const std::uint64_t full = hashes / kTileWidth;
  if (number < full) return kTileWidth;
  return number == full ? hashes % kTileWidth : 0;
}

Frontier frontier_of_rows(std::uint64_t size, const TileRows& rows) {
  std::vector<Hash> subtrees;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    std::span<const Hash> rest(*row);
    while (!rest.empty()) {
      const std::size_t half = std::bit_floor(rest.size());
      subtrees.push_back(perfect_root(rest.first(half)));
      rest = rest.subspan(half);
    }
  }
  return Frontier(size, std::move(subtrees));
}

Bytes encode_hashes(std::span<const Hash> hashes) {
  Bytes tile;
  tile.reserve(hashes.size() * Hash{}.size());
  for (const Hash& hash : hashes) tile.insert(tile.end(), hash.begin(), hash.end());
  return tile;
}

Result<std::vector<Hash>> decode_hashes(ByteView tile, std::uint64_t width) {
  if (tile.size() != width * Hash{}.size())
    return fail(ErrorCode::kCorrupt, fmt::format("has {} bytes where {} hashes take {}",
                                                 tile.size(), width, width * Hash{}.size()));
  std::vector<Hash> hashes(width);
  for (std::size_t i = 0; i < hashes.size(); ++i)
    std::copy_n(tile.begin() + static_cast<std::ptrdiff_t>(i * Hash{}.size()), Hash{}.size(),
                hashes[i].begin());
  return hashes;
}

void add_to_bundle(Bytes& bundle, ByteView entry) {
  CHECK(entry.size() <= kLongestEntry);
  bundle.push_back(static_cast<std::uint8_t>(entry.size() >> 8));
  bundle.push_back(static_cast<std::uint8_t>(entry.size()));
  bundle.insert(bundle.end(), entry.begin(), entry.end());
}

Result<std::vector<ByteView>> decode_bundle(ByteView bundle, std::uint64_t width) {
  std::vector<ByteView> entries;
  entries.reserve(width);
  while (!bundle.empty()) {
    if (entries.size() == width)
      return fail(ErrorCode::kCorrupt, fmt::format("has more than its {} entries", width));
    if (bundle.size() < 2)
      return fail(ErrorCode::kCorrupt,
                  fmt::format("ends within the length of its entry {}", entries.size()));
    const std::size_t length = (std::size_t{bundle[0]} << 8) | bundle[1];
    if (bundle.size() - 2 < length)
      return fail(ErrorCode::kCorrupt, fmt::format("ends within its entry {}", entries.size()));
    entries.push_back(bundle.subspan(2, length));
    bundle = bundle.subspan(2 + length);
  }
  if (entries.size() != width)
    return fail(ErrorCode::kCorrupt,
                fmt::format("has {} entries where there must be {}", entries.size(), width));
  return entries;
}

}  // namespace madoguchi::ledger
