#include "sip/keyed_hash.h"

#include <bit>
#include <cstring>

namespace madoguchi::sip {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  std::uint64_t squeeze() {
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

std::uint64_t load_word(const char* bytes, std::size_t count) {
  std::array<unsigned char, 8> word{};
  std::memcpy(word.data(), bytes, count);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < word.size(); ++i) value |= std::uint64_t{word[i]} << (8 * i);
  return value;
}

}  // namespace

std::string Hash128::short_text() const {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = kHex[(low >> (60 - 4 * i)) & 15];
  return out;
}

KeyedHash::KeyedHash(const std::array<std::uint8_t, 16>& key) {
  set_key(key);
}

KeyedHash::KeyedHash(Entropy& entropy) {
  std::array<std::uint8_t, 16> key{};
  entropy.fill(key.data(), key.size());
  set_key(key);
}

void KeyedHash::set_key(const std::array<std::uint8_t, 16>& key) {
  k0_ = load_word(reinterpret_cast<const char*>(key.data()), 8);
  k1_ = load_word(reinterpret_cast<const char*>(key.data()) + 8, 8);
}

Hash128 KeyedHash::operator()(std::string_view bytes) const {
  State state{k0_ ^ 0x736f6d6570736575ULL, k1_ ^ 0x646f72616e646f6dULL ^ 0xeeULL,
              k0_ ^ 0x6c7967656e657261ULL, k1_ ^ 0x7465646279746573ULL};
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) state.absorb(load_word(bytes.data() + at, 8));
  const std::uint64_t length = std::uint64_t{bytes.size() & 0xff} << 56;
  state.absorb(length | load_word(bytes.data() + at, bytes.size() - at));
  Hash128 hash;
  state.v2 ^= 0xee;
  hash.low = state.squeeze();
  state.v1 ^= 0xdd;
  hash.high = state.squeeze();
  return hash;
}

}  // namespace madoguchi::sip
