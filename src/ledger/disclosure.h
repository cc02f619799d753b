// What one person, through the owner of the data, is given of the log: every entry about them, each
// with its proof, and the key that shows which entries are theirs. The file is checked with the
// log's key alone, without a network and without us. Beside the whole log it also shows that no
// entry under its salt key was left out. Pure; any thread.
//
// What it can't show: that salt key and subject are those of the person who was given it. A log
// names nobody, so that is the word of the owner who gave it (docs/decisions/the-log.md).
//
// Canonical JSON:
//   {"entries":[{"entry":{…},"proof":"c2sp.org/tlog-proof@v1\n…"},…],"format":"madoguchi.looked.1",
//    "key":"<the log's, as the vault says it>","made_at":"…","made_by":"oku","owner":"sakura",
//    "salt_key":"<base64>","size":4711,"subject":"…"}
//
// "entry" repeats, readable, what the proof carries. Whoever has the salt key finds this person's
// entries in the log, later ones too; it says nothing about anyone else.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/keyed.h"
#include "base/result.h"
#include "ledger/entry.h"
#include "ledger/proof_file.h"

namespace madoguchi::ledger {

inline constexpr std::size_t kMostDisclosure = std::size_t{64} << 20;
inline constexpr std::size_t kMostDisclosed = 20'000;

struct Disclosure {
  Time made_at;
  std::string made_by;
  std::string owner;
  std::string subject;
  Mac salt_key{};
  std::string key;
  std::uint64_t size = 0;  // of the tree that every proof leads to
  std::vector<ProofFile> proofs;

  // kInvalid: a proof without its entry.
  [[nodiscard]] Result<std::string> text() const;
  // kInvalid says which member or entry is not as it must be.
  static Result<Disclosure> parse(std::string_view text);
};

// Is this text meant to be a disclosure, not a proof of one entry?
[[nodiscard]] bool is_disclosure(std::string_view text);

struct ProvenDisclosure {
  SignedCheckpoint checkpoint;  // of the first proof; the others are for the same size
  std::vector<std::pair<std::uint64_t, std::string>> entries;
};

// That the file is of this log, that there is an entry, and that every one is in the log and about
// the subject. kInvalid names the entry.
Result<ProvenDisclosure> verify_disclosure(const Disclosure& disclosure, const VerifierKey& log,
                                           std::span<const VerifierKey> witnesses);

}  // namespace madoguchi::ledger
