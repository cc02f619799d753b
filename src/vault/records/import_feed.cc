// Importer: the file's bytes as they come, cut into rows, and held against what the file was when
// it was looked at and what an earlier try took in. The caller's thread.
#include <fmt/format.h>

#include <algorithm>

#include "vault/records/importer_state.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostBatchBytes = 4 * 1024 * 1024;

}  // namespace

Result<ByteView> Importer::State::pass_over(ByteView bytes) {
  if (fed.bytes() >= start) return bytes;
  const auto some =
      static_cast<std::size_t>(std::min<std::uint64_t>(start - fed.bytes(), bytes.size()));
  fed.add(bytes.first(some));
  if (fed.bytes() < start) return ByteView();
  fed_rows = fed;
  const bool same = row.fed.empty() || row.fed == fed.hex();
  if (same) return bytes.subspan(some);
  return fail(ErrorCode::kConflict,
              fmt::format("import {} took in other bytes than this file begins with (up to byte "
                          "{}; it was changed meanwhile): take it back with --withdraw {}, and "
                          "begin anew",
                          row.import_id, start, row.import_id));
}

void Importer::State::split(ByteView bytes) {
  splitter->feed(bytes);
  const std::uint64_t before = fed.bytes();
  const std::uint64_t ended = splitter->end_offset();
  const auto head = static_cast<std::size_t>(ended > before ? ended - before : 0);
  fed.add(bytes.first(head));
  if (head > 0) fed_rows = fed;
  fed.add(bytes.subspan(head));
}

Result<void> Importer::State::is_the_file() const {
  if (fed.hex() == terms.digest) return {};
  return fail(
      ErrorCode::kConflict,
      "this file was changed while it was taken in, and nothing of it counts yet: start the "
      "same import again; where it is another file now, take back first what came in "
      "(--list, --withdraw)");
}

Result<void> Importer::feed(ByteView bytes) {
  auto left = state_->pass_over(bytes);
  if (!left) return tl::unexpected<Error>(left.error());
  bytes = *left;
  RowSplitter& splitter = *state_->splitter;
  // In steps, so that a batch never grows far beyond its rows.
  constexpr std::size_t kStep = 64 * 1024;
  while (!bytes.empty()) {
    const std::size_t some = std::min(kStep, bytes.size());
    state_->split(bytes.first(some));
    bytes = bytes.subspan(some);
    if (splitter.ready() >= state_->options.batch_rows || splitter.ready_bytes() > kMostBatchBytes)
      if (auto handed = state_->hand_over(splitter.take()); !handed) return handed;
  }
  return {};
}

}  // namespace madoguchi::vault
