// Behind Server: the part that depends on the server library, compiled once for plain and once for
// TLS connections (those two files are slow to compile; keep all else out of them). Internal.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "web/server.h"

namespace madoguchi::web {

class Engine {
 public:
  virtual ~Engine() = default;
  virtual Result<void> start() = 0;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  [[nodiscard]] virtual ServerCounters counters() const = 0;
};

std::unique_ptr<Engine> make_plain_engine(const ServerSettings& settings, Routes routes);
std::unique_ptr<Engine> make_tls_engine(const ServerSettings& settings, Routes routes);

}  // namespace madoguchi::web
