// A bound, non-blocking UDP socket, owned by one thread at a time (movable between them).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "rtp/address.h"
#include "rtp/packet.h"

struct sockaddr_storage;

namespace madoguchi::exchange {

class UdpSocket {
 public:
  UdpSocket() = default;
  ~UdpSocket();
  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;

  // Port 0 lets the machine choose. kConflict when the port is taken, kInvalid when `ip` is no IP
  // address, kUnavailable otherwise. `buffer_bytes` of 0 leaves the kernel's default.
  static Result<UdpSocket> bind(const std::string& ip, std::uint16_t port, int buffer_bytes = 0);

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] bool is_v4() const { return v4_; }

  // A second socket on this one's port for datagrams to and from `peer` alone, which the kernel
  // carries more cheaply: it keeps the way there. What all others send still comes to this one.
  // Nothing when the kernel refuses. Datagrams of others may wait in it from the moment of its
  // making: look at whom they are from.
  [[nodiscard]] std::optional<UdpSocket> twin_connected_to(const rtp::Address& peer) const;

  // Size of the datagram, nothing when none waits.
  std::optional<std::size_t> receive(rtp::MutableBytes into, rtp::Address& from);
  // Throws away what waits.
  void discard();
  // False when the kernel refused it (buffer full, no route).
  bool send(ByteView datagram, const rtp::Address& to);
  // To the peer of a connected socket.
  bool send(ByteView datagram);

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
  bool v4_ = true;
};

// Between our addresses and the kernel's; to_kernel gives the length, 0 when an IPv6 address can't
// be reached from an IPv4 socket.
unsigned to_kernel(const rtp::Address& address, bool v4_socket, sockaddr_storage& out);
rtp::Address from_kernel(const sockaddr_storage& in);

}  // namespace madoguchi::exchange
