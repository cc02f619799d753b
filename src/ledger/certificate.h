// A certificate of destruction: what was destroyed, for which mandates and when, with the log's own
// entries of it and their proofs beneath. It is checked with the log's key alone, years later and
// without us: the entry "destroyed" carries the digest of the body. Pure; any thread.
//
// Canonical JSON:
//   {"certificate":{"begun_at":"…","destroyed":"subject_keys","destruction":"01…","done_at":"…",
//    "keys":4711,"mandates":[{…},…],"owner":"sakura","owner_name":"…"},
//    "entries":[{"entry":{…},"proof":"c2sp.org/tlog-proof@v1\n…"},…],
//    "format":"madoguchi.destruction.1","key":"<the log's, as the vault says it>","size":4711}
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/proof_file.h"

namespace madoguchi::ledger {

inline constexpr std::size_t kMostCertificate = std::size_t{1} << 20;

struct Certificate {
  std::string body;  // canonical JSON
  std::string key;
  std::uint64_t size = 0;         // of the tree that every proof leads to
  std::vector<ProofFile> proofs;  // begun first, destroyed last

  // kInvalid: the body is no canonical JSON, or a proof has no entry.
  [[nodiscard]] Result<std::string> text() const;
  // kInvalid says which member is not as it must be.
  static Result<Certificate> parse(std::string_view text);
};

// Is this text meant to be one?
[[nodiscard]] bool is_certificate(std::string_view text);

// Hex; what the entry "destroyed" has of the body.
std::string certificate_digest(std::string_view body);

// That the entries are in the log, belong to this destruction, and that the last one is of this
// very body. Gives the checkpoint that it leads to.
Result<SignedCheckpoint> verify_certificate(const Certificate& certificate, const VerifierKey& log,
                                            std::span<const VerifierKey> witnesses);

}  // namespace madoguchi::ledger
