#include "vault/passkeys/challenges.h"

#include <array>

namespace madoguchi::vault {
namespace {

constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kBegin = kTimeBytes + kNonceBytes;
constexpr std::size_t kMostUsed = 65'536;

}  // namespace

Challenges::Challenges(Entropy& entropy) : entropy_(entropy), key_(Secret::random(32)) {}

Mac Challenges::code_of(ByteView begin, std::string_view end) const {
  Bytes message(begin.begin(), begin.end());
  message.insert(message.end(), end.begin(), end.end());
  return hmac_sha256(key_.reveal(), message);
}

Bytes Challenges::make(std::string_view end, Time now) {
  Bytes challenge(kBegin);
  const auto until = static_cast<std::uint64_t>(to_micros(now + kFresh));
  for (std::size_t i = 0; i < kTimeBytes; ++i)
    challenge[i] = static_cast<std::uint8_t>(until >> (8 * (kTimeBytes - 1 - i)));
  entropy_.fill(challenge.data() + kTimeBytes, kNonceBytes);
  const Mac code = code_of(challenge, end);
  challenge.insert(challenge.end(), code.begin(), code.end());
  return challenge;
}

bool Challenges::use(ByteView challenge, std::string_view end, Time now) {
  if (challenge.size() != kBegin + sizeof(Mac)) return false;
  const ByteView begin = challenge.first(kBegin);
  if (!equal_in_constant_time(challenge.subspan(kBegin), code_of(begin, end))) return false;
  std::uint64_t micros = 0;
  for (std::size_t i = 0; i < kTimeBytes; ++i) micros = micros << 8 | begin[i];
  const Time until = time_from_micros(static_cast<std::int64_t>(micros));
  // A clock set back makes none fresh again that was old.
  if (now >= until || until - now > kFresh) return false;
  const std::lock_guard lock(mutex_);
  if (used_.size() >= kMostUsed)
    std::erase_if(used_, [&](const auto& one) { return one.second <= now; });
  if (used_.size() >= kMostUsed) return false;
  return used_.emplace(as_text(begin), until).second;
}

}  // namespace madoguchi::vault
