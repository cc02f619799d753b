// For tests: a plain TCP connection that says exactly the bytes it is told, so that malformed
// requests can be sent. Every wait ends after ten seconds.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace madoguchi::web {

class TestClient {
 public:
  explicit TestClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~TestClient() { close(fd_); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  bool connected() const { return connected_; }

  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Reads until `mark` was seen; what was read so far when the other side closes.
  std::string hear_until(std::string_view mark) {
    while (heard_.find(mark) == std::string::npos && more()) {
    }
    const auto at = heard_.find(mark);
    const auto end = at == std::string::npos ? heard_.size() : at + mark.size();
    std::string out = heard_.substr(0, end);
    heard_.erase(0, end);
    return out;
  }

  // Everything up to the other side's close.
  std::string hear_all() {
    while (more()) {
    }
    return std::exchange(heard_, {});
  }

  std::string hear(std::size_t count) {
    while (heard_.size() < count && more()) {
    }
    std::string out = heard_.substr(0, count);
    heard_.erase(0, out.size());
    return out;
  }

  // One unfragmented text frame of a server (RFC 6455, 5.2); empty when the connection ended.
  std::string hear_frame() {
    const std::string head = hear(2);
    if (head.size() < 2) return {};
    std::uint64_t length = static_cast<unsigned char>(head[1]) & 0x7f;
    const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (extra > 0) {
      length = 0;
      for (const char c : hear(extra)) length = length << 8 | static_cast<unsigned char>(c);
    }
    return hear(length);
  }

  // A whole exchange on this connection: status line, headers and a body of Content-Length.
  std::string ask(const std::string& request) {
    if (!say(request)) return {};
    std::string answer = hear_until("\r\n\r\n");
    const auto at = answer.find("Content-Length: ");
    if (at != std::string::npos) answer += hear(std::stoul(answer.substr(at + 16)));
    return answer;
  }

 private:
  bool more() {
    char bytes[16384];
    const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    heard_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  bool connected_ = false;
  std::string heard_;
};

}  // namespace madoguchi::web
