#include "ledger/tile.h"

#include <gtest/gtest.h>

#include <map>

#include "ledger/tile_nodes.h"

namespace madoguchi::ledger {
namespace {

TEST(TilePath, IsAsTheSpecificationSpellsIt) {
  const struct {
    TileName tile;
    const char* path;
  } rows[] = {
      {{TileKind::kHashes, 0, 0, 256}, "tile/0/000"},
      {{TileKind::kHashes, 1, 0, 1}, "tile/1/000.p/1"},
      {{TileKind::kHashes, 0, 1'234'067, 256}, "tile/0/x001/x234/067"},
      {{TileKind::kHashes, 63, 999, 255}, "tile/63/999.p/255"},
      {{TileKind::kEntries, 0, 1'000, 17}, "tile/entries/x001/000.p/17"},
      {{TileKind::kEntries, 0, 1'000'000'000, 256}, "tile/entries/x001/x000/x000/000"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(path_of(row.tile), row.path);
    const auto parsed = parse_tile_path(row.path);
    ASSERT_TRUE(parsed) << row.path;
    EXPECT_EQ(*parsed, row.tile);
  }
}

TEST(TilePath, HasOneSpellingOnly) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/0",
                           "tile/0/0000",
                           "tile/0/x000/000",
                           "tile/00/000",
                           "tile/64/000",
                           "tile/-1/000",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p/",
                           "tile/0/000/",
                           "tile/0/001/067",
                           "tile/0/x001/x067",
                           "tile/0/../000",
                           "tile/entries/../../checkpoint",
                           "/tile/0/000",
                           "tile/0/000.p/1/x",
                           "tile/0/x001/x234/x067/99999999999999999999",
                           "tile/0/1x2",
                           "tile/0/0x00/000"})
    EXPECT_FALSE(parse_tile_path(path)) << path;
}

TEST(TileWidth, FollowsTheSize) {
  EXPECT_EQ(width_at(0, 0, 0), 0U);
  EXPECT_EQ(width_at(255, 0, 0), 255U);
  EXPECT_EQ(width_at(256, 0, 0), 256U);
  EXPECT_EQ(width_at(256, 0, 1), 0U);
  EXPECT_EQ(width_at(256, 1, 0), 1U);
  EXPECT_EQ(width_at(70'000, 0, 273), 112U);
  EXPECT_EQ(width_at(70'000, 1, 1), 17U);
  EXPECT_EQ(width_at(70'000, 2, 0), 1U);
  EXPECT_EQ(width_at(70'000, 3, 0), 0U);
  EXPECT_EQ(width_at(~std::uint64_t{0}, 63, 0), 0U);
}

TEST(Bundle, HoldsEntriesOfEveryLength) {
  Bytes bundle;
  const std::string longest(kLongestEntry, 'x');
  for (const std::string_view entry :
       {std::string_view(""), std::string_view("a"), std::string_view(longest)})
    add_to_bundle(bundle, as_bytes(entry));
  EXPECT_EQ(to_hex(ByteView(bundle).first(6)), "0000000161ff");
  const auto entries = decode_bundle(bundle, 3);
  ASSERT_TRUE(entries);
  EXPECT_EQ(as_text((*entries)[1]), "a");
  EXPECT_EQ(as_text((*entries)[2]), longest);
  EXPECT_FALSE(decode_bundle(bundle, 2));
  EXPECT_FALSE(decode_bundle(bundle, 4));
  EXPECT_FALSE(decode_bundle(ByteView(bundle).first(bundle.size() - 1), 3));
  EXPECT_FALSE(decode_bundle(ByteView(bundle).first(4), 3));
}

class MapFetcher final : public Fetcher {
 public:
  Result<Bytes> fetch(std::string_view path, std::size_t) override {
    const auto found = files.find(std::string(path));
    if (found == files.end()) return fail(ErrorCode::kNotFound, "is not there");
    return found->second;
  }
  std::map<std::string, Bytes> files;
};

TEST(TileNodes, TakesTheFullTileWhereThePartialOneIsGone) {
  std::vector<Hash> leaves;
  Frontier of_five;
  for (int i = 0; i < 256; ++i) {
    leaves.push_back(leaf_hash(as_bytes(std::to_string(i))));
    if (i < 5) of_five.append(leaves.back());
  }
  MapFetcher from;
  from.files["tile/0/000"] = encode_hashes(leaves);
  TileNodes nodes(from, 5);
  EXPECT_EQ(root_of(5, nodes).value(), of_five.root());
  EXPECT_FALSE(nodes.node(0, 5));
  from.files["tile/0/000"].pop_back();
  TileNodes again(from, 5);
  const auto error = again.node(0, 0);
  ASSERT_FALSE(error);
  EXPECT_NE(error.error().message.find("tile/0/000"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::ledger
