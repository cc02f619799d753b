// A blocking HTTP/1.1 client for benchmarks that set up a centre on this machine: plain HTTP, one
// request a connection, cookies and the CSRF token kept. Not for anything else.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace madoguchi::bench {

class LoopbackHttp {
 public:
  explicit LoopbackHttp(std::uint16_t port) : port_(port) {}

  // kDenied with the answer's text when the status is not 2xx.
  Result<std::string> request(const std::string& method, const std::string& path,
                              const std::string& json);
  // POST /api/v1/session.
  Result<void> sign_in(const std::string& name, const std::string& password);

 private:
  std::uint16_t port_;
  std::string cookie_;
  std::string csrf_token_;
};

}  // namespace madoguchi::bench
