#include "base/gcm_nonce.h"

#include <algorithm>

#include "base/check.h"

namespace madoguchi {
namespace {

// An element of GF(2^128) as SP 800-38D, 6.3 orders its bits: the first one is the highest of
// `high`.
struct Element {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  Element operator^(const Element& other) const { return {high ^ other.high, low ^ other.low}; }
};

constexpr Element kOne{std::uint64_t{1} << 63, 0};

std::uint64_t read_64(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

Element element_of(const GcmBlock& block) {
  return {read_64(block.data()), read_64(block.data() + 8)};
}

Element times(const Element& one, const Element& other) {
  constexpr std::uint64_t kReduction = std::uint64_t{0xe1} << 56;
  Element product;
  Element shifted = other;
  for (int i = 0; i < 128; ++i) {
    const std::uint64_t bit = (i < 64 ? one.high >> (63 - i) : one.low >> (127 - i)) & 1;
    product = product ^ Element { shifted.high&(0 - bit), shifted.low&(0 - bit) };
    const std::uint64_t over = shifted.low & 1;
    shifted.low = shifted.low >> 1 | shifted.high << 63;
    shifted.high = shifted.high >> 1 ^ (kReduction & (0 - over));
  }
  return product;
}

// x^(2^128 - 2), by Fermat.
Element inverse(const Element& of) {
  Element power = of;
  Element product = kOne;
  for (int i = 1; i < 128; ++i) {
    power = times(power, power);
    product = times(product, power);
  }
  return product;
}

}  // namespace

GcmBlock short_gcm_nonce(const GcmBlock& hash_key, ByteView nonce) {
  const Element key = element_of(hash_key);
  CHECK((key.high | key.low) != 0 && nonce.size() != 12);
  Element hash;
  for (std::size_t at = 0; at < nonce.size(); at += 16) {
    GcmBlock block{};
    const ByteView part = nonce.subspan(at, std::min<std::size_t>(16, nonce.size() - at));
    std::copy(part.begin(), part.end(), block.begin());
    hash = times(hash ^ element_of(block), key);
  }
  hash = times(hash ^ Element{0, std::uint64_t{nonce.size()} * 8}, key);
  // hash = ((short * key) ^ 128) * key, solved for the short one.
  const Element back = inverse(key);
  const Element found = times(times(hash, back) ^ Element{0, 128}, back);
  GcmBlock block;
  for (std::size_t i = 0; i < 8; ++i) {
    block[i] = static_cast<std::uint8_t>(found.high >> (56 - 8 * i));
    block[8 + i] = static_cast<std::uint8_t>(found.low >> (56 - 8 * i));
  }
  return block;
}

}  // namespace madoguchi
