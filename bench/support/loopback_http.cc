#include "bench/support/loopback_http.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace madoguchi::bench {
namespace {

std::string answer_of(std::uint16_t port, const std::string& request) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 &&
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    std::array<char, 16384> buffer{};
    for (ssize_t got = 0; (got = recv(fd, buffer.data(), buffer.size(), 0)) > 0;)
      answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(fd);
  return answer;
}

std::string between(const std::string& text, const std::string& start, const std::string& end) {
  const std::size_t from = text.find(start);
  if (from == std::string::npos) return {};
  const std::size_t begin = from + start.size();
  return text.substr(begin, text.find(end, begin) - begin);
}

}  // namespace

Result<std::string> LoopbackHttp::request(const std::string& method, const std::string& path,
                                          const std::string& json) {
  const std::string answer = answer_of(
      port_,
      fmt::format(
          "{} {} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nCookie: {}\r\n"
          "X-Csrf-Token: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
          method, path, port_, cookie_, csrf_token_, json.size(), json));
  const std::size_t body = answer.find("\r\n\r\n");
  if (answer.compare(0, 10, "HTTP/1.1 2") != 0 || body == std::string::npos)
    return fail(ErrorCode::kDenied, fmt::format("{} {}: {}", method, path, answer.substr(0, 600)));
  if (const std::string cookie = between(answer, "madoguchi_session=", ";"); !cookie.empty())
    cookie_ = "madoguchi_session=" + cookie;
  return answer.substr(body + 4);
}

Result<void> LoopbackHttp::sign_in(const std::string& name, const std::string& password) {
  const auto body = request("POST", "/api/v1/session",
                            fmt::format(R"({{"name":"{}","password":"{}"}})", name, password));
  if (!body) return tl::unexpected<Error>(body.error());
  csrf_token_ = between(*body, "\"csrf_token\":\"", "\"");
  return {};
}

}  // namespace madoguchi::bench
