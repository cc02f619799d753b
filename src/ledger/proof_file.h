// An offline proof (C2SP tlog-proof): one entry's place in a log, with the checkpoint that it leads
// to, in a file that can be kept for years and checked with the log's key alone. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/proof.h"

namespace madoguchi::ledger {

inline constexpr std::size_t kMostProofFile = kMostNoteBytes + std::size_t{128} * 1024;

// The entry itself travels in `extra` in our files, so that the file needs nothing beside it.
struct ProofFile {
  std::optional<Bytes> extra;
  std::uint64_t index = 0;
  Proof proof;
  std::string checkpoint;  // the signed note

  [[nodiscard]] std::string text() const;
  // kInvalid names the line.
  static Result<ProofFile> parse(std::string_view text);
};

struct ProvenEntry {
  std::uint64_t index = 0;
  SignedCheckpoint checkpoint;
};

// That `entry` is at the file's index in the tree of its checkpoint, signed by the log and by every
// one of `witnesses`. kInvalid says what is not so.
Result<ProvenEntry> verify_proof_file(const ProofFile& file, ByteView entry, const VerifierKey& log,
                                      std::span<const VerifierKey> witnesses);

}  // namespace madoguchi::ledger
