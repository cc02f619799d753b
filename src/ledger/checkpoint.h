// A checkpoint (C2SP tlog-checkpoint): origin, size and root of a log at a moment, as the text of a
// signed note. Extension lines are refused: ours has none, and one that nobody reads would be a
// place to hide things in. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/hash.h"
#include "ledger/note.h"

namespace madoguchi::ledger {

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;  // below 2^63
  Hash root{};

  [[nodiscard]] std::string text() const;
  // kInvalid names the line.
  static Result<Checkpoint> parse(std::string_view text);

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// A decimal number without sign or leading zeros, below 2^63.
Result<std::uint64_t> parse_size(std::string_view text);

// A checkpoint whose log's signature was checked.
struct SignedCheckpoint {
  Checkpoint checkpoint;
  Note note;
  std::vector<CheckedSignature> cosignatures;  // by the witnesses that were asked for
};

// kInvalid: no note, no checkpoint, another origin than the key's name, or a signature that is
// missing or wrong.
Result<SignedCheckpoint> open_checkpoint(std::string_view bytes, const VerifierKey& log,
                                         std::span<const VerifierKey> witnesses);

// Signs a checkpoint as the log.
Note sign_checkpoint(const Checkpoint& checkpoint, const NoteSigner& log, Time at);

}  // namespace madoguchi::ledger
