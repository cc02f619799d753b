// SHA-256 of bytes as they come, and how many they were. Copies go on by themselves. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace madoguchi::vault {

class RunningDigest {
 public:
  RunningDigest();
  RunningDigest(const RunningDigest& other);
  RunningDigest& operator=(const RunningDigest& other);
  ~RunningDigest();

  void add(ByteView bytes);
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // Of all so far; more may follow.
  [[nodiscard]] std::string hex() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::uint64_t bytes_ = 0;
};

}  // namespace madoguchi::vault
