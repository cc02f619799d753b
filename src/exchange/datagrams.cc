#include "exchange/datagrams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sip/message.h"

namespace madoguchi::exchange {
namespace {

constexpr std::size_t kBatch = 32;
constexpr int kKernelBuffer = 4 << 20;  // a burst of some thousand calls

}  // namespace

struct Datagrams::Buffers {
  std::array<std::array<char, sip::kMaxMessageBytes>, kBatch> bytes;
  std::array<sockaddr_storage, kBatch> from;
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> heads;
};

sockaddr_storage to_sockaddr(const sip::Endpoint& endpoint, socklen_t& size) {
  sockaddr_storage storage{};
  const auto& bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    std::memcpy(&v4->sin_addr, bytes.data(), 4);
    size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    std::memcpy(&v6->sin6_addr, bytes.data(), 16);
    size = sizeof *v6;
  }
  return storage;
}

sip::Endpoint to_endpoint(const sockaddr_storage& address) {
  sip::Endpoint endpoint;
  if (address.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4->sin_addr, bytes.size());
    endpoint.address = sip::IpAddress::v4(bytes);
    endpoint.port = ntohs(v4->sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6->sin6_addr, bytes.size());
    endpoint.address = sip::IpAddress::v6(bytes);
    endpoint.port = ntohs(v6->sin6_port);
  }
  return endpoint;
}

Datagrams::Datagrams(int fd) : fd_(fd), buffers_(std::make_unique<Buffers>()) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    buffers_->parts[i] = {buffers_->bytes[i].data(), buffers_->bytes[i].size()};
    buffers_->heads[i] = {};
  }
}

Datagrams::~Datagrams() {
  ::close(fd_);
}

Result<std::unique_ptr<Datagrams>> Datagrams::bind(const sip::Endpoint& at) {
  const int family = at.address.is_v4() ? AF_INET : AF_INET6;
  const int fd = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return fail(ErrorCode::kUnavailable, fmt::format("UDP socket: {}", std::strerror(errno)));
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kKernelBuffer, sizeof kKernelBuffer);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kKernelBuffer, sizeof kKernelBuffer);
  // "[::]" is all of IPv6 and nothing of IPv4, which has a socket of its own: peers are known by
  // the addresses that settings name.
  const int only = 1;
  if (family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  socklen_t size = 0;
  const sockaddr_storage address = to_sockaddr(at, size);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    const int why = errno;
    ::close(fd);
    return fail(ErrorCode::kConflict,
                fmt::format("SIP over UDP cannot listen at {}: {}", at.text(), std::strerror(why)));
  }
  return std::unique_ptr<Datagrams>(new Datagrams(fd));
}

std::uint16_t Datagrams::port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  return to_endpoint(address).port;
}

bool Datagrams::receive(
    std::size_t most,
    const std::function<void(const sip::Endpoint& from, std::string bytes)>& take) {
  for (std::size_t taken = 0; taken < most;) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      msghdr& head = buffers_->heads[i].msg_hdr;
      head.msg_name = &buffers_->from[i];
      head.msg_namelen = sizeof buffers_->from[i];
      head.msg_iov = &buffers_->parts[i];
      head.msg_iovlen = 1;
    }
    const int count = ::recvmmsg(fd_, buffers_->heads.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (count <= 0) return false;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const std::size_t size = buffers_->heads[i].msg_len;
      take(to_endpoint(buffers_->from[i]), std::string(buffers_->bytes[i].data(), size));
      std::memset(buffers_->bytes[i].data(), 0, size);  // a caller's number would stay in it
    }
    taken += static_cast<std::size_t>(count);
    if (static_cast<std::size_t>(count) < kBatch) return false;
  }
  return true;
}

void Datagrams::queue(const sip::Endpoint& to, std::string bytes, std::uint64_t origin) {
  out_.push_back({to, std::move(bytes), origin});
}

void Datagrams::flush(const std::function<void(std::uint64_t origin)>& failed) {
  std::array<sockaddr_storage, kBatch> to{};
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> heads{};
  for (std::size_t at = 0; at < out_.size();) {
    const std::size_t count = std::min(kBatch, out_.size() - at);
    for (std::size_t i = 0; i < count; ++i) {
      Outgoing& outgoing = out_[at + i];
      socklen_t size = 0;
      to[i] = to_sockaddr(outgoing.to, size);
      parts[i] = {outgoing.bytes.data(), outgoing.bytes.size()};
      heads[i] = {};
      heads[i].msg_hdr.msg_name = &to[i];
      heads[i].msg_hdr.msg_namelen = size;
      heads[i].msg_hdr.msg_iov = &parts[i];
      heads[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(fd_, heads.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    if (sent > 0) {
      at += static_cast<std::size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    // A full buffer is a lost datagram, which SIP sends again; anything else is the target's fault.
    if (errno != EAGAIN && errno != ENOBUFS) failed(out_[at].origin);
    ++at;
  }
  out_.clear();
}

}  // namespace madoguchi::exchange
