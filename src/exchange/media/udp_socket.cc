#include "exchange/media/udp_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace madoguchi::exchange {

unsigned to_kernel(const rtp::Address& address, bool v4_socket, sockaddr_storage& out) {
  if (v4_socket) {
    if (!address.is_v4()) return 0;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    std::memcpy(&v4->sin_addr, address.ip.data() + 12, 4);
    return sizeof(sockaddr_in);
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
  std::memset(v6, 0, sizeof *v6);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(address.port);
  std::memcpy(&v6->sin6_addr, address.ip.data(), 16);
  return sizeof(sockaddr_in6);
}

rtp::Address from_kernel(const sockaddr_storage& in) {
  if (in.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&in);
    return rtp::Address::v4(ntohl(v4->sin_addr.s_addr), ntohs(v4->sin_port));
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&in);
  std::array<std::uint8_t, 16> ip{};
  std::memcpy(ip.data(), &v6->sin6_addr, 16);
  return rtp::Address::v6(ip, ntohs(v6->sin6_port));
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) ::close(fd_);
}
UdpSocket::UdpSocket(UdpSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), port_(other.port_), v4_(other.v4_) {}
UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  port_ = other.port_;
  v4_ = other.v4_;
  return *this;
}

Result<UdpSocket> UdpSocket::bind(const std::string& ip, std::uint16_t port, int buffer_bytes) {
  const auto address = rtp::Address::parse(ip, port);
  if (!address)
    return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no IP address to bind to", ip));
  UdpSocket made;
  made.v4_ = address->is_v4();
  made.fd_ = ::socket(made.v4_ ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made.fd_ < 0)
    return fail(ErrorCode::kUnavailable,
                fmt::format("no UDP socket to be had: {}", std::strerror(errno)));
  if (buffer_bytes > 0) {
    ::setsockopt(made.fd_, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    ::setsockopt(made.fd_, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
  }
  sockaddr_storage where{};
  socklen_t length = to_kernel(*address, made.v4_, where);
  if (::bind(made.fd_, reinterpret_cast<const sockaddr*>(&where), length) != 0) {
    const int why = errno;
    return fail(why == EADDRINUSE ? ErrorCode::kConflict : ErrorCode::kUnavailable,
                fmt::format("UDP {} port {} can't be bound: {}", ip, port, std::strerror(why)));
  }
  length = sizeof where;
  ::getsockname(made.fd_, reinterpret_cast<sockaddr*>(&where), &length);
  made.port_ = from_kernel(where).port;
  return made;
}

namespace {

bool share_port(int fd, int shared) {
  return ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared) == 0;
}

}  // namespace

std::optional<UdpSocket> UdpSocket::twin_connected_to(const rtp::Address& peer) const {
  sockaddr_storage here{};
  socklen_t here_length = sizeof here;
  sockaddr_storage there{};
  const socklen_t there_length = to_kernel(peer, v4_, there);
  if (there_length == 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr*>(&here), &here_length) != 0)
    return std::nullopt;
  UdpSocket twin;
  twin.v4_ = v4_;
  twin.port_ = port_;
  twin.fd_ = ::socket(v4_ ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (twin.fd_ < 0) return std::nullopt;
  // The port is shared for this moment only: nobody else of this user may join it later.
  const bool made =
      share_port(fd_, 1) && share_port(twin.fd_, 1) &&
      ::bind(twin.fd_, reinterpret_cast<const sockaddr*>(&here), here_length) == 0 &&
      ::connect(twin.fd_, reinterpret_cast<const sockaddr*>(&there), there_length) == 0;
  static_cast<void>(share_port(fd_, 0));
  static_cast<void>(share_port(twin.fd_, 0));
  if (!made) return std::nullopt;
  return twin;
}

std::optional<std::size_t> UdpSocket::receive(rtp::MutableBytes into, rtp::Address& from) {
  sockaddr_storage who;
  socklen_t length = sizeof who;
  const ssize_t got = ::recvfrom(fd_, into.data(), into.size(), MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&who), &length);
  if (got < 0) return std::nullopt;
  from = from_kernel(who);
  return static_cast<std::size_t>(got);
}

void UdpSocket::discard() {
  char first = 0;
  while (::recv(fd_, &first, sizeof first, MSG_DONTWAIT | MSG_TRUNC) >= 0) continue;
}

bool UdpSocket::send(ByteView datagram, const rtp::Address& to) {
  sockaddr_storage where;
  const socklen_t length = to_kernel(to, v4_, where);
  if (length == 0) return false;
  return ::sendto(fd_, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&where),
                  length) == static_cast<ssize_t>(datagram.size());
}

bool UdpSocket::send(ByteView datagram) {
  const auto once = [&] {
    return ::send(fd_, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
           static_cast<ssize_t>(datagram.size());
  };
  // "Port unreachable", said of an earlier datagram, is told to the next one.
  return once() || (errno == ECONNREFUSED && once());
}

}  // namespace madoguchi::exchange
