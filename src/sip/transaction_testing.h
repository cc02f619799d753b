// For tests only: entropy from a seed.
#pragma once

#include <cstdint>
#include <random>

#include "base/id.h"

namespace madoguchi::sip {

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : generator_(seed) {}
  void fill(void* bytes, std::size_t count) override {
    auto* at = static_cast<std::uint8_t*>(bytes);
    for (std::size_t i = 0; i < count; ++i) at[i] = static_cast<std::uint8_t>(generator_());
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace madoguchi::sip
