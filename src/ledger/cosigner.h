// The log's side of witnessing: brings each new checkpoint to the witnesses that an owner named,
// and puts their cosignatures under it. Owned by whoever publishes, on its thread. A witness that
// is away or refuses holds nothing up: the checkpoint stands without its cosignature, and
// `troubles` says so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

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
};

struct WitnessAddress {
  std::string prefix;  // URL; "/add-checkpoint" is put behind it
  VerifierKey key;     // of kCosignature
};

class Cosigner {
 public:
  // `poster` outlives it.
  Cosigner(std::vector<WitnessAddress> witnesses, Poster& poster)
      : witnesses_(std::move(witnesses)), poster_(poster) {}

  // The note with the cosignatures that could be had, in the order of the witnesses. Proofs are
  // made from the tiles behind `tiles`. nullopt: none.
  std::optional<Note> cosign(const Note& checkpoint, Fetcher& tiles);

  // Of the last cosign(): one line for each witness that did not cosign.
  [[nodiscard]] const std::vector<std::string>& troubles() const { return troubles_; }

 private:
  Result<NoteSignature> ask(std::size_t which, const Checkpoint& checkpoint, const Note& note,
                            Fetcher& tiles);

  const std::vector<WitnessAddress> witnesses_;
  Poster& poster_;
  // By witness and origin: the size it cosigned last, as far as we know.
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> sizes_;
  std::vector<std::string> troubles_;
};

}  // namespace madoguchi::ledger
