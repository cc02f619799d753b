// Turns chunks in clear into the bytes of a sealed recording file and keeps the file's digest.
// After start() nobody without the organisation's secret key can open what it gave out; it holds
// the stream's state only. Not thread-safe: one owner, one thread (the exchange's recording
// thread). Does no I/O.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/sealing.h"
#include "recording/digest.h"
#include "recording/format.h"

namespace madoguchi::recording {

class Sealer {
 public:
  // Draws a fresh file key and seals it to `to`. The header waits in header_bytes().
  Sealer(const Header& header, SealingSession& to, MonoTime now);
  ~Sealer();
  Sealer(Sealer&&) noexcept;
  Sealer& operator=(Sealer&&) noexcept;

  // The file's first bytes. Write them before any chunk.
  [[nodiscard]] ByteView header_bytes() const;

  // The file's next bytes for one chunk of ChunkBuilder; valid until the next call. No allocation
  // once the largest chunk was seen.
  ByteView seal_chunk(ByteView plain);

  // The last bytes: the end mark at `at` after the start. Nothing may be sealed after it.
  ByteView finish(Micros at);

  // Of all bytes given out so far, and their number.
  [[nodiscard]] Digest digest() const;
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  struct State;
  ByteView push(ByteView plain, unsigned char tag);

  std::unique_ptr<State> state_;
};

}  // namespace madoguchi::recording
