// An HTTP server with WebSocket on one address and port, with TLS or, for the machine itself alone,
// without. One thread of its own runs all handlers; start() returns when the port is bound. Bounded
// everywhere: connections, head and body sizes, time to send a request or finish a TLS handshake,
// unsent WebSocket bytes; what is too large is told so. Requests whose Host is not ours are refused
// (DNS rebinding), and so are WebSockets opened by another site's page.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "web/routes.h"

namespace madoguchi::web {

struct CertificateFiles {
  std::filesystem::path certificate;  // PEM, leaf first, then intermediates
  std::filesystem::path key;          // PEM
};

struct ServerSettings {
  std::string address = "127.0.0.1";  // an IP address
  std::uint16_t port = 0;             // 0: any free one, see Server::port()
  // Names by which we may be asked for, without port; "localhost", "127.0.0.1" and "[::1]" always
  // may when the address is a loopback one.
  std::vector<std::string> hosts;
  std::optional<CertificateFiles> certificate;  // absent: the address must be a loopback one

  // Sent with every response. The default lets a page load from its own site alone.
  std::string content_security_policy =
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
      "media-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
      "form-action 'self'; frame-ancestors 'none'";

  // Of which no more than half the files that the process may open. A browser has up to six.
  std::size_t most_connections = 4'096;
  std::chrono::seconds request_within{15};  // from the first byte we wait for to the last
  std::chrono::seconds response_within{30};
  // Of a request that is refused as too large, so that its sender hears the answer; within
  // request_within.
  std::size_t most_heard_out = 256 * 1024 * 1024;
  std::size_t most_unsent = 1024 * 1024;  // bytes per WebSocket
  std::chrono::milliseconds heartbeat_every{5'000};
  std::string heartbeat = R"({"type":"heartbeat"})";  // tells a client that the line is alive
};

struct ServerCounters {
  std::uint64_t requests = 0;
  std::uint64_t refused_host = 0;
  std::uint64_t refused_origin = 0;
  std::uint64_t malformed = 0;
  std::uint64_t too_large = 0;  // beyond what the server reads
  std::uint64_t sockets_opened = 0;
  std::uint64_t sockets_too_slow = 0;
};

class Engine;

class Server {
 public:
  // kInvalid: the settings (named), kUnavailable: the port is taken. `routes` is copied.
  static Result<std::unique_ptr<Server>> start(const ServerSettings& settings, Routes routes);
  ~Server();  // closes every connection and joins the thread
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] ServerCounters counters() const;

 private:
  explicit Server(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

}  // namespace madoguchi::web
