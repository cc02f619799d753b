// The log's side of witnessing: brings a checkpoint to one witness that an owner named, and gives
// back its cosignature. One thread at a time, which waits for the answer; owned by that witness's
// thread (ledger/witness_desk.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/fetch.h"

namespace madoguchi::ledger {

// Posts a body and gives back status, body. kUnavailable: nobody answered.
class Poster {
 public:
  virtual ~Poster() = default;
  struct Answer {
    int status = 0;
    std::string body;
  };
  virtual Result<Answer> post(const std::string& url, const std::string& body) = 0;
  // Any thread: nobody wants an answer any more; a post that waits for one ends soon.
  virtual void give_up() {}
};

struct WitnessAddress {
  std::string prefix;  // URL; "/add-checkpoint" is put behind it
  VerifierKey key;     // of kCosignature
};

class Cosigner {
 public:
  // `poster` outlives it.
  Cosigner(WitnessAddress witness, Poster& poster)
      : witness_(std::move(witness)), poster_(poster) {}

  // Proofs are made from the tiles behind `tiles`. kUnavailable: it is away or troubled itself;
  // kConflict: it has seen a history that this checkpoint does not follow; kDenied: it does not
  // want this log; kInvalid, kCorrupt: what it answered is no cosignature of its key.
  Result<NoteSignature> cosign(const Note& checkpoint, Fetcher& tiles);

 private:
  const WitnessAddress witness_;
  Poster& poster_;
  std::map<std::string, std::uint64_t> sizes_;  // by origin: what it cosigned last, as far as known
};

}  // namespace madoguchi::ledger
