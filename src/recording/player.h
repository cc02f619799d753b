// Plays a sealed recording piece by piece: sound from any place of the call's time line, forwards
// at the cost of what is read, backwards at the cost of beginning anew. The time line is that of
// wav.h. Holds the sealed bytes and some seconds of sound, so its memory does not grow with what
// was played. The keys are lent for each call and not kept. Owned by the vault's Playbacks; one
// thread at a time.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/sealing.h"
#include "recording/format.h"
#include "recording/reader.h"
#include "recording/timeline.h"

namespace madoguchi::recording {

struct Outline {
  Header header;
  Ending ending = Ending::kNotReached;
  Micros length{0};
  std::uint64_t frames = 0;
  std::uint64_t lost = 0;   // holes in the sequence numbers
  std::vector<Mark> marks;  // without kEnd; at most 10,000
};

// Reads all of it once: what there is to hear, without the sound. kCorrupt as Reader.
Result<Outline> outline_of(ByteView file, const SealKeyPair& keys);

class Player {
 public:
  // kCorrupt as Reader; a file that is still being written plays as far as it went.
  static Result<Player> open(Bytes file, const SealKeyPair& keys);

  [[nodiscard]] const Outline& outline() const { return outline_; }

  // Samples (8 kHz, left and right in turn) from `from` on, at most a minute and not beyond the
  // end.
  Result<std::vector<std::int16_t>> take(Micros from, Micros span, const SealKeyPair& keys);

 private:
  // A way through the file from its start.
  struct Pass {
    Reader reader;
    Timeline timeline;
    const Chunk* pending = nullptr;  // read, its frames not yet on the time line
    Micros settled{0};               // before it nothing changes any more
    Micros at{0};                    // released up to here
    bool over = false;
  };
  Player(Bytes file, Outline outline) : file_(std::move(file)), outline_(std::move(outline)) {}
  static Result<void> read_on(Pass& pass);

  Bytes file_;
  Outline outline_;
  std::optional<Pass> pass_;
};

}  // namespace madoguchi::recording
