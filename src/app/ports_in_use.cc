#include "app/ports_in_use.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/deployment.h"

namespace madoguchi::app {
namespace {

// 0, or why it can't be bound.
int bind_error(const WantedPort& wanted) {
  const bool v6 = wanted.address.find(':') != std::string::npos;
  sockaddr_storage address{};
  socklen_t size = 0;
  bool parsed = false;
  if (v6) {
    auto* to = reinterpret_cast<sockaddr_in6*>(&address);
    to->sin6_family = AF_INET6;
    to->sin6_port = htons(wanted.port);
    parsed = inet_pton(AF_INET6, wanted.address.c_str(), &to->sin6_addr) == 1;
    size = sizeof *to;
  } else {
    auto* to = reinterpret_cast<sockaddr_in*>(&address);
    to->sin_family = AF_INET;
    to->sin_port = htons(wanted.port);
    parsed = inet_pton(AF_INET, wanted.address.c_str(), &to->sin_addr) == 1;
    size = sizeof *to;
  }
  if (!parsed) return EADDRNOTAVAIL;
  const bool tcp = wanted.kind == WantedPort::Kind::kTcp;
  const int fd =
      socket(v6 ? AF_INET6 : AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  // As our servers do: connections of the last run that the kernel still remembers do not matter.
  if (tcp) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  int error = bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 ? 0 : errno;
  if (error == 0 && tcp && listen(fd, 1) != 0) error = errno;
  close(fd);
  return error;
}

std::string why(int error) {
  if (error == EADDRINUSE) return "is taken by another program; stop it, or";
  if (error == EADDRNOTAVAIL) return "is no address of this machine;";
  if (error == EACCES) return "may not be used without more rights (ports below 1024);";
  return fmt::format("cannot be had ({});", std::strerror(error));
}

std::string named(const WantedPort& port, Start start) {
  return start == Start::kFirst ? port.option : fmt::format("{} in {}", port.key, port.file);
}

// Whether both can't be bound at once.
bool meet(const WantedPort& one, const WantedPort& other) {
  return one.port == other.port && one.kind == other.kind &&
         (one.address == other.address || is_everywhere(one.address) ||
          is_everywhere(other.address));
}

}  // namespace

Result<void> check_different(const std::vector<WantedPort>& ports, Start start) {
  for (std::size_t i = 0; i < ports.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (ports[i].port != 0 && meet(ports[i], ports[j]))
        return fail(
            ErrorCode::kInvalid,
            fmt::format("{} and {} are both {} {}: give one of them another",
                        named(ports[j], start), named(ports[i], start),
                        ports[i].kind == WantedPort::Kind::kTcp ? "TCP" : "UDP", ports[i].port));
  return {};
}

Result<void> check_free(const std::vector<WantedPort>& ports, Start start) {
  for (const WantedPort& wanted : ports) {
    const int error = wanted.port == 0 ? 0 : bind_error(wanted);
    if (error == 0) continue;
    const std::string instead =
        start == Start::kFirst
            ? fmt::format("give another with {}",
                          error == EADDRNOTAVAIL ? "--address" : named(wanted, start))
            : fmt::format("change {}", named(wanted, start));
    return fail(ErrorCode::kInvalid,
                fmt::format("{}:{} {} ({}) {} {}", wanted.address, wanted.port,
                            wanted.kind == WantedPort::Kind::kTcp ? "TCP" : "UDP", wanted.what,
                            why(error), instead));
  }
  return {};
}

}  // namespace madoguchi::app
