// SHA-256 fed piece by piece, with the processor's own instructions where it has them. One owner,
// one thread.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "recording/format.h"

namespace madoguchi::recording {

class RunningDigest {
 public:
  RunningDigest();
  ~RunningDigest();
  RunningDigest(RunningDigest&&) noexcept;
  RunningDigest& operator=(RunningDigest&&) noexcept;

  void add(ByteView bytes);
  // Of all bytes added so far; more may be added after.
  [[nodiscard]] Digest value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace madoguchi::recording
