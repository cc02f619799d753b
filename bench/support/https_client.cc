#include "bench/support/https_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/time.h"

namespace madoguchi::bench {
namespace {

SSL_CTX* shared_context() {
  static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  return context;
}

tl::unexpected<Error> broken(const char* doing) {
  return fail(ErrorCode::kUnavailable, fmt::format("HTTPS: {}", doing));
}

std::string header_of(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

struct HttpsClient::Connection {
  int fd = -1;
  SSL* ssl = nullptr;
  std::string pending;  // read, and not yet part of an answer
  ~Connection() {
    if (ssl != nullptr) SSL_free(ssl);
    if (fd >= 0) ::close(fd);
  }
};

HttpsClient::HttpsClient(std::uint16_t port, std::string host)
    : port_(port), authority_(fmt::format("{}:{}", std::move(host), port)) {}
HttpsClient::~HttpsClient() = default;
HttpsClient::HttpsClient(HttpsClient&&) noexcept = default;

Result<void> HttpsClient::connect() {
  auto fresh = std::make_unique<Connection>();
  fresh->fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port_);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fresh->fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    return broken("nobody listens");
  const int on = 1;
  ::setsockopt(fresh->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fresh->ssl = SSL_new(shared_context());
  SSL_set_fd(fresh->ssl, fresh->fd);
  if (SSL_connect(fresh->ssl) != 1) return broken("no handshake");
  connection_ = std::move(fresh);
  return {};
}

Result<HttpsAnswer> HttpsClient::read_answer() {
  std::string& text = connection_->pending;
  std::array<char, 16384> buffer{};
  for (;;) {
    const std::size_t head_end = text.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      const std::string head = text.substr(0, head_end + 2);
      const std::size_t length =
          std::strtoull(header_of(head, "Content-Length").c_str(), nullptr, 10);
      if (text.size() >= head_end + 4 + length) {
        HttpsAnswer answer{std::atoi(head.c_str() + 9), text.substr(head_end + 4, length)};
        const std::string cookie = header_of(head, "Set-Cookie");
        if (!cookie.empty()) cookie_ = cookie.substr(0, cookie.find(';'));
        run_ = header_of(head, "Madoguchi-Run");
        text.erase(0, head_end + 4 + length);
        return answer;
      }
    }
    const int got = SSL_read(connection_->ssl, buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) {
      connection_.reset();
      return broken("the connection ended amid an answer");
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Result<HttpsAnswer> HttpsClient::ask(const std::string& method, const std::string& path,
                                     const std::string& json, const std::string& ticket) {
  auto answer = ask_once(method, path, json, ticket);
  if (!answer || answer->status != 401 || run_.empty()) return answer;
  page_.learn(run_, SystemClock().now());
  return ask_once(method, path, json, ticket);
}

Result<HttpsAnswer> HttpsClient::ask_once(const std::string& method, const std::string& path,
                                          const std::string& json, const std::string& ticket) {
  const auto proof = page_.proof({method, authority_, path, ticket, "", json}, SystemClock().now());
  const std::string request = fmt::format(
      "{} {} HTTP/1.1\r\nHost: {}\r\nOrigin: https://{}\r\nCookie: {}\r\n{}"
      "Madoguchi-Proof: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      method, path, authority_, authority_, cookie_,
      ticket.empty() ? "" : "Madoguchi-Ticket: " + ticket + "\r\n", proof.header(), json.size(),
      json);
  // A server may have closed a connection that was quiet for long: then once more on a new one.
  for (const bool again : {true, false}) {
    const bool fresh = connection_ == nullptr;
    if (fresh)
      if (auto made = connect(); !made) return tl::unexpected<Error>(made.error());
    if (SSL_write(connection_->ssl, request.data(), static_cast<int>(request.size())) <= 0) {
      connection_.reset();
      if (fresh || !again) return broken("the request could not be sent");
      continue;
    }
    auto answer = read_answer();
    if (answer || fresh || !again) return answer;
  }
  return broken("no answer");
}

}  // namespace madoguchi::bench
