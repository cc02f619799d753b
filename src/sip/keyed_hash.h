// SipHash-2-4 with 128-bit output: table keys that a sender of messages cannot make collide, and
// tags and branches that nobody else can foretell. Not for signing anything that outlives the
// process.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/id.h"

namespace madoguchi::sip {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  // 16 hex digits of the low half: enough for a tag or a branch.
  [[nodiscard]] std::string short_text() const;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

class KeyedHash {
 public:
  explicit KeyedHash(const std::array<std::uint8_t, 16>& key);
  explicit KeyedHash(Entropy& entropy);

  [[nodiscard]] Hash128 operator()(std::string_view bytes) const;

 private:
  void set_key(const std::array<std::uint8_t, 16>& key);

  std::uint64_t k0_ = 0;
  std::uint64_t k1_ = 0;
};

}  // namespace madoguchi::sip

template <>
struct std::hash<madoguchi::sip::Hash128> {
  std::size_t operator()(const madoguchi::sip::Hash128& hash) const noexcept { return hash.low; }
};
