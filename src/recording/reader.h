// Opens a sealed recording and gives its chunks in order. Works on the file's bytes in memory (map
// the file) and holds one chunk in clear at a time. Input may be anything: it answers kCorrupt,
// never crashes, and a file cut at any byte reads up to its last whole chunk. Owned by whoever
// exports (the vault). One thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/sealing.h"
#include "recording/format.h"

namespace madoguchi::recording {

// Needs no key; what it says is proved only once a chunk has opened. kCorrupt, or kInvalid for a
// version that this program does not know.
Result<Header> read_header(ByteView file);

enum class Ending : std::uint8_t {
  kNotReached,  // there is more to read
  kClean,       // the writer ended it
  kCutOff,      // the writer died, or the file was shortened
};

// Views point into the reader until its next call.
struct Chunk {
  Micros base{0};
  std::vector<Frame> frames;
  std::vector<Mark> marks;
};

class Reader {
 public:
  // kCorrupt when the file is none of ours or `keys` is not the pair that it was sealed to.
  static Result<Reader> open(ByteView file, const SealKeyPair& keys);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  [[nodiscard]] const Header& header() const;

  // The next chunk; nullptr at the end (ending() tells which). kCorrupt when bytes were changed:
  // nothing after that place can be read.
  Result<const Chunk*> next();
  [[nodiscard]] Ending ending() const;

 private:
  struct State;
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace madoguchi::recording
