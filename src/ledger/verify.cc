#include "ledger/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/entry.h"
#include "ledger/tile_nodes.h"

namespace madoguchi::ledger {
namespace {

constexpr std::uint64_t kProgressEvery = 65'536;

// Carries a finding, or an error that is none, out of the depths.
struct Trouble {
  std::optional<Finding> finding;
  std::optional<Error> error;
};
using Step = tl::expected<void, Trouble>;

tl::unexpected<Trouble> found(FaultyPart part, std::string where, std::string what,
                              std::optional<std::uint64_t> entry = std::nullopt) {
  return tl::unexpected<Trouble>(
      Trouble{Finding{part, std::move(where), std::move(what), entry}, std::nullopt});
}

// What could not be fetched: a server that is away is no fault of the log.
tl::unexpected<Trouble> not_fetched(const TileName& tile, const Error& error) {
  if (error.code == ErrorCode::kUnavailable)
    return tl::unexpected<Trouble>(Trouble{std::nullopt, error});
  const std::string path = path_of(tile);
  const std::string prefix = path + ": ";
  std::string what = error.message;
  if (what.starts_with(prefix)) what.erase(0, prefix.size());
  return found(
      FaultyPart::kTile, path,
      error.code == ErrorCode::kNotFound ? "is missing, though the checkpoint covers it" : what);
}

std::string entry_place(std::uint64_t index, const TileName& bundle) {
  return fmt::format("entry {} ({})", index, path_of(bundle));
}

// Computes the tree anew, one bundle after another.
class Audit {
 public:
  // `again`: a checkpoint of an earlier time, whose entries are read once more; may be null.
  Audit(Fetcher& from, const VerifyRequest& request, const Checkpoint& checkpoint,
        const Checkpoint* again)
      : from_(from), request_(request), checkpoint_(checkpoint), again_(again) {}

  Step begin_at(const Checkpoint& old);
  Step run();
  void tell(VerifyReport& report) const;

 private:
  Step bundle(std::uint64_t number);
  Step passes_old_root(std::uint64_t number, std::span<const Hash> computed);
  void read(std::uint64_t index, const TileName& bundle, std::string_view entry);
  Step blame(const TileName& bundle, std::span<const Hash> computed, std::span<const Hash> listed);
  Step close_rows(std::uint64_t index);
  Step check_row(unsigned level, std::uint64_t number);
  Result<std::vector<Hash>> listed(unsigned level, std::uint64_t number, std::uint64_t width) {
    return fetch_hashes(from_, level, number, width);
  }

  Fetcher& from_;
  const VerifyRequest& request_;
  const Checkpoint& checkpoint_;
  const Checkpoint* again_;
  std::uint64_t size_ = 0;
  TileRows rows_{1};  // of each level the hashes of its unfinished tile, as computed
  std::uint64_t checked_ = 0;
  std::uint64_t foreign_ = 0;
  std::uint64_t unreadable_ = 0;
  std::optional<Finding> first_unreadable_;
};

Step rewritten(const Checkpoint& old) {
  return found(FaultyPart::kHistory, "tiles",
               fmt::format("the first {} entries are not those of the checkpoint seen before: "
                           "the log was rewritten, or shows a fork",
                           old.size));
}

// What was verified last time is not read again: its right edge is taken from the tiles, and must
// lead to the root that was signed then.
Step Audit::begin_at(const Checkpoint& old) {
  rows_.clear();
  for (unsigned level = 0; (old.size >> (level * kTileHeight)) != 0; ++level) {
    const std::uint64_t number = old.size >> ((level + 1) * kTileHeight);
    const std::uint64_t width = width_at(old.size, level, number);
    rows_.emplace_back();
    if (width == 0) continue;
    // As wide as the tree is now, so that the file that is asked for exists.
    const TileName tile{TileKind::kHashes, level, number,
                        width_at(checkpoint_.size, level, number)};
    auto hashes = listed(level, number, tile.width);
    if (!hashes) return not_fetched(tile, hashes.error());
    hashes->resize(width);
    rows_.back() = std::move(*hashes);
  }
  if (rows_.empty()) rows_.emplace_back();
  size_ = old.size;
  if (frontier_of_rows(size_, rows_).root() != old.root) return rewritten(old);
  return {};
}

// Where the log ended last time, the tree must have the root that was signed then.
Step Audit::passes_old_root(std::uint64_t number, std::span<const Hash> computed) {
  if (again_ == nullptr || again_->size <= size_) return {};
  const std::uint64_t inside = again_->size - number * kTileWidth;
  if (inside > computed.size()) return {};
  Frontier then = frontier_of_rows(size_, rows_);
  for (const Hash& leaf :
       computed.first(static_cast<std::size_t>(inside)).subspan(then.size() % kTileWidth))
    then.append(leaf);
  if (then.root() != again_->root) return rewritten(*again_);
  return {};
}

void Audit::read(std::uint64_t index, const TileName& bundle, std::string_view entry) {
  ++checked_;
  const auto form = form_of(entry);
  if (!form) {
    // It is in the tree all the same, so the tree is looked at to the end.
    if (unreadable_++ == 0)
      first_unreadable_ =
          Finding{FaultyPart::kEntry, entry_place(index, bundle), form.error().message, index};
    return;
  }
  if (*form == EntryForm::kForeign) ++foreign_;
  if (request_.seen) request_.seen(index, entry);
}

void Audit::tell(VerifyReport& report) const {
  report.checked = checked_;
  report.foreign = foreign_;
  report.unreadable = unreadable_;
  report.finding = first_unreadable_;
  if (report.finding)
    report.finding->what +=
        fmt::format("; {} of {} entries read are no canonical JSON, what they say is unknown",
                    unreadable_, checked_);
}

// The bundle and its tile differ: the checkpoint's tree says which of the two is wrong.
Step Audit::blame(const TileName& bundle, std::span<const Hash> computed,
                  std::span<const Hash> listed) {
  const auto differ = std::mismatch(computed.begin(), computed.end(), listed.begin());
  const auto offset = static_cast<std::size_t>(differ.first - computed.begin());
  const std::uint64_t index = bundle.number * kTileWidth + offset;
  const TileName tile{TileKind::kHashes, 0, bundle.number, bundle.width};
  bool tile_is_wrong = false;
  if (bundle.width == kTileWidth) {
    const std::uint64_t above = bundle.number / kTileWidth;
    const auto parents = this->listed(1, above, width_at(checkpoint_.size, 1, above));
    tile_is_wrong = parents && perfect_root(computed) == (*parents)[bundle.number % kTileWidth];
  } else {
    Frontier whole = frontier_of_rows(size_, rows_);
    for (const Hash& leaf : computed.subspan(whole.size() % kTileWidth)) whole.append(leaf);
    tile_is_wrong = whole.root() == checkpoint_.root;
  }
  if (tile_is_wrong)
    return found(FaultyPart::kTile, path_of(tile),
                 fmt::format("its hash {} is not that of entry {}", offset, index), index);
  return found(FaultyPart::kEntry, entry_place(index, bundle),
               "is not the entry that the log's tree has there: it was changed, put in, or one "
               "before it was removed",
               index);
}

Step Audit::check_row(unsigned level, std::uint64_t number) {
  const TileName tile{TileKind::kHashes, level, number, rows_[level].size()};
  const auto hashes = listed(level, number, tile.width);
  if (!hashes) return not_fetched(tile, hashes.error());
  const auto differ = std::mismatch(hashes->begin(), hashes->end(), rows_[level].begin());
  if (differ.first == hashes->end()) return {};
  return found(FaultyPart::kTile, path_of(tile),
               fmt::format("its hash {} is not the one computed from the entries beneath",
                           differ.first - hashes->begin()));
}

// Level 0 of this tile is checked; whatever it completes above is, too.
Step Audit::close_rows(std::uint64_t index) {
  for (unsigned level = 0; rows_[level].size() == kTileWidth; ++level) {
    if (level > 0)
      if (auto right = check_row(level, index >> ((level + 1) * kTileHeight)); !right) return right;
    if (level + 1 == rows_.size()) rows_.emplace_back();
    rows_[level + 1].push_back(perfect_root(rows_[level]));
    rows_[level].clear();
  }
  return {};
}

Step Audit::bundle(std::uint64_t number) {
  const std::uint64_t width = width_at(checkpoint_.size, 0, number);
  const TileName name{TileKind::kEntries, 0, number, width};
  const auto bytes = fetch_bundle(from_, number, width);
  if (!bytes) return not_fetched(name, bytes.error());
  const auto entries = decode_bundle(*bytes, width);
  if (!entries) return found(FaultyPart::kTile, path_of(name), entries.error().message);
  const auto hashes = listed(0, number, width);
  if (!hashes) return not_fetched({TileKind::kHashes, 0, number, width}, hashes.error());

  const auto known = static_cast<std::size_t>(size_ % kTileWidth);
  std::vector<Hash> computed(rows_[0].begin(), rows_[0].end());
  for (std::size_t i = known; i < width; ++i) computed.push_back(leaf_hash((*entries)[i]));
  if (computed != *hashes) return blame(name, computed, *hashes);
  if (auto right = passes_old_root(number, computed); !right) return right;
  for (std::size_t i = known; i < width; ++i)
    read(number * kTileWidth + i, name, as_text((*entries)[i]));
  rows_[0] = std::move(computed);
  size_ = number * kTileWidth + width;
  return close_rows(number * kTileWidth + width - 1);
}

Step Audit::run() {
  std::uint64_t told = 0;
  while (size_ < checkpoint_.size) {
    if (auto right = bundle(size_ / kTileWidth); !right) return right;
    if (request_.progress && size_ - told >= kProgressEvery) {
      told = size_;
      request_.progress(told);
    }
  }
  for (unsigned level = 1; level < rows_.size(); ++level)
    if (!rows_[level].empty())
      if (auto right = check_row(level, checkpoint_.size >> ((level + 1) * kTileHeight)); !right)
        return right;
  if (frontier_of_rows(size_, rows_).root() != checkpoint_.root)
    return found(FaultyPart::kTree, "checkpoint line 3",
                 fmt::format("the root of the {} entries is another one: the checkpoint is not of "
                             "this log's entries",
                             checkpoint_.size));
  return {};
}

Finding checkpoint_finding(const Error& error) {
  return {FaultyPart::kCheckpoint, "checkpoint", error.message, std::nullopt};
}

std::optional<Finding> missing_witness(const SignedCheckpoint& checkpoint,
                                       const std::vector<VerifierKey>& witnesses) {
  for (const VerifierKey& witness : witnesses) {
    const bool there =
        std::any_of(checkpoint.cosignatures.begin(), checkpoint.cosignatures.end(),
                    [&](const CheckedSignature& one) {
                      return one.key.name == witness.name && one.key.hash() == witness.hash();
                    });
    if (!there)
      return checkpoint_finding(
          {ErrorCode::kInvalid, fmt::format("is not cosigned by the witness {}", witness.name)});
  }
  return std::nullopt;
}

// nullopt: the new one may follow the old one.
std::optional<Finding> broken_history(const Checkpoint& old, const Checkpoint& now) {
  if (now.size < old.size)
    return Finding{FaultyPart::kHistory, "checkpoint line 2",
                   fmt::format("the log has {} entries, it had {} before: it was cut, or an old "
                               "state is shown",
                               now.size, old.size),
                   std::nullopt};
  if (now.size == old.size && now.root != old.root)
    return Finding{FaultyPart::kHistory, "checkpoint line 3",
                   fmt::format("another root than before for the same {} entries: the log shows "
                               "a fork",
                               now.size),
                   std::nullopt};
  return std::nullopt;
}

}  // namespace

std::string_view name_of(FaultyPart part) {
  switch (part) {
    case FaultyPart::kCheckpoint:
      return "checkpoint";
    case FaultyPart::kTile:
      return "tile";
    case FaultyPart::kEntry:
      return "entry";
    case FaultyPart::kTree:
      return "tree";
    case FaultyPart::kHistory:
      return "history";
  }
  return "";
}

Result<VerifyReport> verify_log(Fetcher& from, const VerifyRequest& request) {
  VerifyReport report;
  std::optional<SignedCheckpoint> old;
  if (request.remembered) {
    auto opened = open_checkpoint(*request.remembered, request.log, {});
    if (!opened)
      return fail(ErrorCode::kInvalid,
                  "the checkpoint remembered from last time: " + opened.error().message);
    old = std::move(*opened);
  }
  const auto bytes = from.fetch("checkpoint", kMostNoteBytes);
  if (!bytes && bytes.error().code != ErrorCode::kCorrupt)
    return tl::unexpected<Error>(bytes.error());
  auto opened = bytes ? open_checkpoint(as_text(*bytes), request.log, request.witnesses)
                      : Result<SignedCheckpoint>(tl::unexpected<Error>(bytes.error()));
  if (!opened) {
    report.finding = checkpoint_finding(opened.error());
    return report;
  }
  report.checkpoint = std::move(*opened);
  const Checkpoint& checkpoint = report.checkpoint->checkpoint;
  report.finding = missing_witness(*report.checkpoint, request.witnesses);
  if (!report.finding && old) report.finding = broken_history(old->checkpoint, checkpoint);
  if (report.finding) return report;

  if (old) report.known = old->checkpoint.size;
  const bool whole = !old || report.known <= request.again;
  Audit audit(from, request, checkpoint, old && whole ? &old->checkpoint : nullptr);
  Step step;
  if (!whole) {
    report.from = report.known;
    step = audit.begin_at(old->checkpoint);
  }
  if (step) step = audit.run();
  audit.tell(report);
  report.tree_is_right = step.has_value();
  if (!step) {
    if (step.error().error) return tl::unexpected<Error>(*step.error().error);
    report.finding = step.error().finding;
  }
  return report;
}

}  // namespace madoguchi::ledger
