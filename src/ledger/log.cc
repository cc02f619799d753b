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
  return edge;
}

// The folder as it was left, if it leads to what was signed last; else everything again from the
// entries, which must lead there.
Result<Log::Edge> Log::recover(const std::optional<SignedHead>& kept) {
  if (auto right = check_shown(kept); !right) return tl::unexpected<Error>(right.error());
  if (!kept) return Edge{};
  auto read = read_edge(kept->size);
  if (read && read->root() == kept->root) return read;
  Edge again;
  if (auto extended = extend(again, kept->size); !extended)
    return tl::unexpected<Error>(extended.error());
  if (again.root() != kept->root)
    return fail(ErrorCode::kCorrupt,
                fmt::format("log {}: the first {} entries in the database are not those that were "
                            "signed; nothing more is signed until a backup is restored",
                            id_, kept->size));
  return again;
}

Result<void> Log::put(const TileName& tile, ByteView bytes, DurableFiles& files) {
  if (auto put = files.put(folder_ / path_of(tile), bytes); !put) return put;
  if (files.waiting() < kFilesAtOnce) return {};
  return files.commit();
}

Result<void> Log::add(Edge& edge, const StoredEntry& entry, DurableFiles& files) {
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
  edge.rows[0].push_back(leaf);
  if (edge.rows[0].size() < kTileWidth) return {};
  const TileName bundle{TileKind::kEntries, 0, index / kTileWidth, kTileWidth};
  if (auto done = put(bundle, edge.bundle, files); !done) return done;
  filled_.push_back(bundle);
  edge.bundle.clear();
  for (unsigned level = 0; edge.rows[level].size() == kTileWidth; ++level) {
    const TileName tile{TileKind::kHashes, level, index >> ((level + 1) * kTileHeight), kTileWidth};
    if (auto done = put(tile, encode_hashes(edge.rows[level]), files); !done) return done;
    filled_.push_back(tile);
    if (level + 1 == edge.rows.size()) edge.rows.emplace_back();
    edge.rows[level + 1].push_back(perfect_root(edge.rows[level]));
    edge.rows[level].clear();
  }
  return {};
}

Result<void> Log::put_partials(const Edge& edge, DurableFiles& files) {
  const std::uint64_t size = edge.size;
  for (unsigned level = 0; level < edge.rows.size(); ++level) {
    if (edge.rows[level].empty()) continue;
    const TileName tile{TileKind::kHashes, level, size >> ((level + 1) * kTileHeight),
                        edge.rows[level].size()};
    // A row that did not grow has its file already.
    std::error_code error;
    if (level > 0 && std::filesystem::exists(folder_ / path_of(tile), error)) continue;
    if (auto done = put(tile, encode_hashes(edge.rows[level]), files); !done) return done;
  }
  if (edge.bundle.empty()) return {};
  const TileName bundle{TileKind::kEntries, 0, size / kTileWidth, size % kTileWidth};
  return put(bundle, edge.bundle, files);
}

Result<void> Log::extend(Edge& edge, std::uint64_t size) {
  DurableFiles files;
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
      if (auto added = add(edge, entry, files); !added) return added;
  }
  if (auto done = put_partials(edge, files); !done) return done;
  return files.commit();
}

Result<SignedHead> Log::stage(const std::optional<SignedHead>& kept, std::uint64_t size) {
  if (!edge_) {
    auto recovered = recover(kept);
    if (!recovered) return tl::unexpected<Error>(recovered.error());
    edge_ = std::move(*recovered);
  }
  if (kept && size < kept->size)
    return fail(ErrorCode::kCorrupt,
                fmt::format("log {}: {} entries were signed, the database has {} only; restore the "
                            "newest backup of it",
                            id_, kept->size, size));
  if (size > edge_->size)
    if (auto extended = extend(*edge_, size); !extended) {
      edge_.reset();  // memory is ahead of the folder: begin again from what was signed
      return tl::unexpected<Error>(extended.error());
    }
  return SignedHead{id_, edge_->size, edge_->root()};
}

Note Log::sign(const SignedHead& head, Time now) const {
  return sign_checkpoint({signer_.verifier().name, head.size, head.root}, signer_, now);
}

Result<void> Log::show(const SignedHead& head, const Note& note) {
  if (auto done = write_durably(folder_ / kCheckpoint, as_bytes(note.bytes())); !done) return done;
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
