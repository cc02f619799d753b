#include "ledger/log.h"

#include <fmt/format.h>

#include <system_error>

#include "ledger/fetch.h"
#include "ledger/tile_nodes.h"

namespace madoguchi::ledger {
namespace {

constexpr std::size_t kEntriesAtOnce = 1'024;
constexpr std::size_t kFilesAtOnce = 64;
constexpr const char* kCheckpoint = "checkpoint";

}  // namespace

// What stands in the folder must be something that the store knows it signed.
Result<void> Log::check_shown(const std::optional<SignedHead>& kept) {
  const auto bytes = read_whole(folder_ / kCheckpoint, kMostNoteBytes);
  if (!bytes) {
    if (bytes.error().code == ErrorCode::kNotFound) return {};
    return tl::unexpected<Error>(bytes.error());
  }
  if (bytes->empty()) return {};  // the machine crashed before it was on the disk
  const auto opened = open_checkpoint(as_text(*bytes), signer_.verifier(), {});
  if (!opened)
    return fail(ErrorCode::kCorrupt,
                fmt::format("{}: {}; remove the folder to have it made again from the database",
                            (folder_ / kCheckpoint).string(), opened.error().message));
  const Checkpoint& shown = opened->checkpoint;
  const std::uint64_t kept_size = kept ? kept->size : 0;
  if (shown.size > kept_size || (shown.size == kept_size && kept && shown.root != kept->root))
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("log {}: a checkpoint of size {} is published, but the database knows of size "
                    "{} only: it is an older one; restore the newest backup of it",
                    id_, shown.size, kept_size));
  return {};
}

Result<Log::Edge> Log::read_edge(std::uint64_t size) {
  FolderFetcher from(folder_);
  Edge edge;
  for (unsigned level = 0; (size >> (level * kTileHeight)) != 0; ++level) {
    const std::uint64_t number = size >> ((level + 1) * kTileHeight);
    const std::uint64_t width = width_at(size, level, number);
    edge.rows.emplace_back();
    if (width == 0) continue;
    auto hashes = fetch_hashes(from, level, number, width);
    if (!hashes) return tl::unexpected<Error>(hashes.error());
    edge.rows.back() = std::move(*hashes);
  }
  if (const std::uint64_t width = size % kTileWidth; width != 0) {
    auto bundle = fetch_bundle(from, size / kTileWidth, width);
    if (!bundle) return tl::unexpected<Error>(bundle.error());
    const auto entries = decode_bundle(*bundle, width);
    if (!entries) return tl::unexpected<Error>(entries.error());
    for (std::size_t i = 0; i < entries->size(); ++i)
      if (leaf_hash((*entries)[i]) != edge.rows[0][i])
        return fail(ErrorCode::kCorrupt, fmt::format("log {}: its last bundle was changed", id_));
    edge.bundle = std::move(*bundle);
  }
  edge.size = size;
  for (const auto& row : edge.rows) edge.written.push_back(row.size());
  return edge;
}

// Every full tile of a tree of this size: a folder that lost some is not built upon.
bool Log::has_full_tiles(std::uint64_t size) const {
  const auto has = [this](const TileName& tile) {
    std::error_code error;
    return std::filesystem::file_size(folder_ / path_of(tile), error) > 0 && !error;
  };
  for (unsigned level = 0; (size >> ((level + 1) * kTileHeight)) != 0; ++level)
    for (std::uint64_t i = 0; i < size >> ((level + 1) * kTileHeight); ++i)
      if (!has({TileKind::kHashes, level, i, kTileWidth}) ||
          (level == 0 && !has({TileKind::kEntries, 0, i, kTileWidth})))
        return false;
  return true;
}

// Up to the last full tile of level 0.
Result<Log::Edge> Log::edge_of_full_tiles(std::uint64_t size) {
  if (!has_full_tiles(size))
    return fail(ErrorCode::kNotFound, fmt::format("log {}: tiles are missing", id_));
  FolderFetcher from(folder_);
  Edge edge;
  edge.size = size - size % kTileWidth;
  for (unsigned level = 0; (edge.size >> (level * kTileHeight)) != 0; ++level) {
    const std::uint64_t number = edge.size >> ((level + 1) * kTileHeight);
    const std::uint64_t width = width_at(edge.size, level, number);
    edge.rows.emplace_back();
    for (std::uint64_t i = 0; i < width; ++i) {
      const auto below = fetch_hashes(from, level - 1, number * kTileWidth + i, kTileWidth);
      if (!below) return tl::unexpected<Error>(below.error());
      edge.rows.back().push_back(perfect_root(*below));
    }
  }
  edge.written.resize(edge.rows.size());
  return edge;
}

// The folder as it was left, if it leads to what was signed last; else what a crash of the machine
// leaves, its full tiles, and the entries after them; else everything again from the entries, which
// must lead there.
Result<Log::Edge> Log::recover(const std::optional<SignedHead>& kept, DurableFiles& full) {
  if (auto right = check_shown(kept); !right) return tl::unexpected<Error>(right.error());
  if (!kept) return Edge{};
  auto read = read_edge(kept->size);
  if (read && read->root() == kept->root) return read;
  auto rest = edge_of_full_tiles(kept->size);
  if (rest && extend(*rest, kept->size, full) && rest->root() == kept->root) return rest;
  Edge again;
  if (auto extended = extend(again, kept->size, full); !extended)
    return tl::unexpected<Error>(extended.error());
  if (again.root() != kept->root)
    return fail(ErrorCode::kCorrupt,
                fmt::format("log {}: the first {} entries in the database are not those that were "
                            "signed; nothing more is signed until a backup is restored",
                            id_, kept->size));
  return again;
}

Result<void> Log::put_full(const TileName& tile, ByteView bytes, DurableFiles& full) {
  if (auto put = full.put(folder_ / path_of(tile), bytes); !put) return put;
  if (full.waiting() < kFilesAtOnce) return {};
  return full.commit();
}

Result<void> Log::add(Edge& edge, const StoredEntry& entry, DurableFiles& full) {
  const std::uint64_t index = edge.size;
  const Hash leaf = leaf_hash(as_bytes(entry.entry));
  if (leaf != entry.leaf || entry.entry.size() > kLongestEntry)
    return fail(ErrorCode::kCorrupt,
                fmt::format("log {}: entry {} in the database was changed after it was written; "
                            "nothing more is signed until a backup is restored",
                            id_, index));
  ++edge.size;
  add_to_bundle(edge.bundle, as_bytes(entry.entry));
  if (edge.rows.empty()) edge.rows.emplace_back();
  edge.written.resize(edge.rows.size());
  edge.rows[0].push_back(leaf);
  if (edge.rows[0].size() < kTileWidth) return {};
  const TileName bundle{TileKind::kEntries, 0, index / kTileWidth, kTileWidth};
  if (auto done = put_full(bundle, edge.bundle, full); !done) return done;
  filled_.push_back(bundle);
  edge.bundle.clear();
  for (unsigned level = 0; edge.rows[level].size() == kTileWidth; ++level) {
    const TileName tile{TileKind::kHashes, level, index >> ((level + 1) * kTileHeight), kTileWidth};
    if (auto done = put_full(tile, encode_hashes(edge.rows[level]), full); !done) return done;
    filled_.push_back(tile);
    if (level + 1 == edge.rows.size()) edge.rows.emplace_back();
    edge.written.resize(edge.rows.size());
    edge.rows[level + 1].push_back(perfect_root(edge.rows[level]));
    edge.rows[level].clear();
    edge.written[level] = 0;
  }
  return {};
}

// Those that grew since they were written last.
Result<void> Log::write_partials(Edge& edge) {
  const auto write = [this](const TileName& tile, ByteView bytes) {
    return write_whole(folder_ / path_of(tile), bytes);
  };
  for (unsigned level = 0; level < edge.rows.size(); ++level) {
    const auto& row = edge.rows[level];
    if (row.empty() || row.size() == edge.written[level]) continue;
    const TileName tile{TileKind::kHashes, level, edge.size >> ((level + 1) * kTileHeight),
                        row.size()};
    if (auto done = write(tile, encode_hashes(row)); !done) return done;
    edge.written[level] = row.size();
  }
  if (edge.bundle.empty()) return {};
  return write({TileKind::kEntries, 0, edge.size / kTileWidth, edge.size % kTileWidth},
               edge.bundle);
}

Result<void> Log::extend(Edge& edge, std::uint64_t size, DurableFiles& full) {
  while (edge.size < size) {
    const std::uint64_t from = edge.size;
    const auto most =
        static_cast<std::size_t>(std::min<std::uint64_t>(kEntriesAtOnce, size - from));
    const auto entries = store_.entries(id_, from, most);
    if (!entries) return tl::unexpected<Error>(entries.error());
    if (entries->empty())
      return fail(ErrorCode::kCorrupt,
                  fmt::format("log {}: {} entries were signed, the database has {} only; restore "
                              "the newest backup of it",
                              id_, size, from));
    for (const StoredEntry& entry : *entries)
      if (auto added = add(edge, entry, full); !added) return added;
  }
  return write_partials(edge);
}

Result<SignedHead> Log::stage(const std::optional<SignedHead>& kept, std::uint64_t size,
                              DurableFiles& full) {
  if (!edge_) {
    auto recovered = recover(kept, full);
    if (!recovered) return tl::unexpected<Error>(recovered.error());
    edge_ = std::move(*recovered);
  }
  if (kept && size < kept->size)
    return fail(ErrorCode::kCorrupt,
                fmt::format("log {}: {} entries were signed, the database has {} only; restore the "
                            "newest backup of it",
                            id_, kept->size, size));
  if (size > edge_->size)
    if (auto extended = extend(*edge_, size, full); !extended) {
      edge_.reset();  // memory is ahead of the folder: begin again from what was signed
      return tl::unexpected<Error>(extended.error());
    }
  return SignedHead{id_, edge_->size, edge_->root()};
}

Note Log::sign(const SignedHead& head, Time now) const {
  return sign_checkpoint({signer_.verifier().name, head.size, head.root}, signer_, now);
}

Result<void> Log::show(const SignedHead& head, const Note& note) {
  if (auto done = write_whole(folder_ / kCheckpoint, as_bytes(note.bytes())); !done) return done;
  shown_ = head.size;
  clear_partials();
  return {};
}

// Their full tile is shown; readers of an older checkpoint take its beginning. Not being able to
// remove one does no harm.
void Log::clear_partials() {
  for (const TileName& tile : filled_) {
    std::filesystem::path folder = folder_ / path_of(tile);
    folder += ".p";
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  filled_.clear();
}

}  // namespace madoguchi::ledger
