// Whether the ports that a deployment wants are free, asked before its processes are started, so
// that `madoguchi up` can say itself which one is taken and where to change it. Blocking, one
// thread; nothing stays bound.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace madoguchi::app {

struct WantedPort {
  enum class Kind { kUdp, kTcp };
  Kind kind = Kind::kTcp;
  std::string address;  // an IP address
  std::uint16_t port = 0;
  std::string what;    // "consoles"
  std::string option;  // of `madoguchi up`, "--web-port"
  std::string file;    // settings that name it
  std::string key;     // "web.port"
};

enum class Start { kFirst, kLater };

// kInvalid where two of them are the same: neither would come free by waiting.
Result<void> check_different(const std::vector<WantedPort>& ports, Start start);

// kInvalid for the first that can't be had: one line with what to do about it, which is an option
// at the first start and a setting later.
Result<void> check_free(const std::vector<WantedPort>& ports, Start start);

}  // namespace madoguchi::app
