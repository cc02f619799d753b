// Reads the part of CBOR (RFC 8949) that authenticators write: integers, byte and text strings,
// arrays and maps, of definite length. Lengths longer than they need be are read as well, since
// some password managers write them. Bounded: whatever else comes is kInvalid, and nothing is
// allocated for what is only promised. Pure; views into the bytes that were given.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace madoguchi::vault {

class CborReader {
 public:
  explicit CborReader(ByteView bytes) : rest_(bytes) {}

  Result<std::int64_t> integer();
  Result<ByteView> bytes();
  Result<std::string_view> text();
  // How many pairs follow, or items.
  Result<std::size_t> map();
  Result<std::size_t> array();
  // One whole item, whatever it is.
  Result<void> skip() { return skip(0); }

  [[nodiscard]] bool at_text() const { return major() == kText; }
  [[nodiscard]] ByteView rest() const { return rest_; }

 private:
  static constexpr unsigned kUnsigned = 0;
  static constexpr unsigned kNegative = 1;
  static constexpr unsigned kBytes = 2;
  static constexpr unsigned kText = 3;
  static constexpr unsigned kArray = 4;
  static constexpr unsigned kMap = 5;
  static constexpr unsigned kSimple = 7;

  [[nodiscard]] unsigned major() const { return rest_.empty() ? 8 : rest_.front() >> 5; }
  Result<std::uint64_t> head(unsigned wanted);
  Result<ByteView> string(unsigned wanted);
  Result<std::size_t> count(unsigned wanted, std::size_t least_each);
  Result<void> skip(int depth);

  ByteView rest_;
};

}  // namespace madoguchi::vault
