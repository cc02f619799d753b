// One log: derives tiles and checkpoints from the entries that LogStore holds, into a folder that
// any web server may serve. Owned by Logs; one thread at a time.
//
// Promises: what the folder shows is whole at every moment (files are renamed into place). A
// checkpoint is signed only after its size and root were kept in the store, and only when the tree
// began with the one signed before; so after any crash, lost folder or restored backup the log
// either goes on as it was or refuses, saying why, and never shows two histories. Full tiles are
// forced to disk before anything is signed over them. Partial ones and the checkpoint are not,
// every second and for every log, as that would hold up the vault's own commits: after a crash of
// the machine they are made again, from the full ones and the store.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/checkpoint.h"
#include "ledger/files.h"
#include "ledger/log_store.h"
#include "ledger/tile.h"

namespace madoguchi::ledger {

class Log {
 public:
  // `folder` is this log's own; the signer's name is its origin. `store` outlives it.
  Log(std::string id, std::filesystem::path folder, NoteSigner signer, LogStore& store)
      : id_(std::move(id)), folder_(std::move(folder)), signer_(std::move(signer)), store_(store) {}

  // Each publication is three steps, so that many logs can share the second:
  // 1. tiles for the first `size` entries are written; the full ones among them are durable when
  //    the caller has committed `full`. kCorrupt: the store's entries are not those that were
  //    signed; nothing is signed any more until a person has mended that.
  // `kept` is what the store says was signed last (absent: nothing ever).
  Result<SignedHead> stage(const std::optional<SignedHead>& kept, std::uint64_t size,
                           DurableFiles& full);
  // After a commit that failed: the next stage() begins again from what was signed.
  void unstage() { edge_.reset(); }
  // 2. LogStore::keep_signed, by the caller.
  // 3. the checkpoint is signed, and shown (perhaps with cosignatures of witnesses under it);
  // partial
  //    tiles that full ones replaced go.
  [[nodiscard]] Note sign(const SignedHead& head, Time now) const;
  Result<void> show(const SignedHead& head, const Note& note);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const NoteSigner& signer() const { return signer_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  // Size of what is shown; 0 before the first checkpoint of this run.
  [[nodiscard]] std::uint64_t shown() const { return shown_; }

 private:
  // The right edge: of each level the hashes of its unfinished tile, and the unfinished bundle.
  struct Edge {
    std::uint64_t size = 0;
    TileRows rows;
    Bytes bundle;
    std::vector<std::size_t> written;  // of each row, how many its partial tile in the folder has

    [[nodiscard]] Hash root() const { return frontier_of_rows(size, rows).root(); }
  };

  Result<Edge> recover(const std::optional<SignedHead>& kept, DurableFiles& full);
  Result<Edge> read_edge(std::uint64_t size);
  [[nodiscard]] bool has_full_tiles(std::uint64_t size) const;
  Result<Edge> edge_of_full_tiles(std::uint64_t size);
  Result<void> check_shown(const std::optional<SignedHead>& kept);
  Result<void> extend(Edge& edge, std::uint64_t size, DurableFiles& full);
  Result<void> add(Edge& edge, const StoredEntry& entry, DurableFiles& full);
  Result<void> write_partials(Edge& edge);
  Result<void> put_full(const TileName& tile, ByteView bytes, DurableFiles& full);
  void clear_partials();

  std::string id_;
  std::filesystem::path folder_;
  NoteSigner signer_;
  LogStore& store_;
  std::optional<Edge> edge_;      // absent: to be recovered first
  std::vector<TileName> filled_;  // full tiles written since the last checkpoint
  std::uint64_t shown_ = 0;
};

}  // namespace madoguchi::ledger
