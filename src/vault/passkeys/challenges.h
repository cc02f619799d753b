// Challenges for passkeys: single use, fresh for five minutes, and for one end only. Nothing is
// kept of those that are given out (anyone may ask for one): each carries its time and a code under
// a key that lives with the process; only those that were used are remembered until they are old.
// Any thread.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"
#include "base/keyed.h"
#include "base/secret.h"
#include "base/time.h"

namespace madoguchi::vault {

class Challenges {
 public:
  static constexpr std::chrono::minutes kFresh{5};

  explicit Challenges(Entropy& entropy);

  // `end` says what it may be used for: "sign in", or whose new passkey.
  [[nodiscard]] Bytes make(std::string_view end, Time now);
  // True once for each that make() gave for this end, while it is fresh.
  bool use(ByteView challenge, std::string_view end, Time now);

 private:
  [[nodiscard]] Mac code_of(ByteView begin, std::string_view end) const;

  Entropy& entropy_;
  Secret key_;
  std::mutex mutex_;                  // guards the next
  std::map<std::string, Time> used_;  // until when each must be remembered
};

}  // namespace madoguchi::vault
