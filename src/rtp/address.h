// An UDP address (IP and port) as a plain value: key of tables, field of events. The shells around
// the engines turn it into what their sockets want; nothing here resolves a name.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace madoguchi::rtp {

// IPv4 is held in its IPv6-mapped form (RFC 4291, 2.5.5.2), so that one comparison serves both.
struct Address {
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;  // host byte order

  static Address v4(std::uint32_t host_order_ip, std::uint16_t port);
  static Address v4(std::array<std::uint8_t, 4> network_order_ip, std::uint16_t port);
  static Address v6(std::array<std::uint8_t, 16> network_order_ip, std::uint16_t port);

  // "192.0.2.1" or "2001:db8::1", without port or brackets; nothing if it is neither.
  static std::optional<Address> parse(std::string_view ip, std::uint16_t port);

  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] std::array<std::uint8_t, 4> v4_bytes() const;  // meaningful if is_v4()
  [[nodiscard]] bool is_unspecified() const;                   // 0.0.0.0 or ::, whatever the port
  [[nodiscard]] bool is_loopback() const;                      // 127.0.0.0/8 or ::1
  [[nodiscard]] bool is_link_local() const;                    // 169.254.0.0/16 or fe80::/10
  [[nodiscard]] bool same_ip(const Address& other) const { return ip == other.ip; }
  [[nodiscard]] std::string ip_text() const;
  [[nodiscard]] std::string text() const;  // "192.0.2.1:4000", "[2001:db8::1]:4000"

  friend auto operator<=>(const Address&, const Address&) = default;
};

}  // namespace madoguchi::rtp

template <>
struct std::hash<madoguchi::rtp::Address> {
  std::size_t operator()(const madoguchi::rtp::Address& address) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, address.ip.data(), 8);
    std::memcpy(&low, address.ip.data() + 8, 8);
    // An attacker who collides these fills one bucket of a table that is bounded anyway.
    std::uint64_t mixed = high ^ (low + address.port * 0x9e3779b97f4a7c15ULL);
    mixed = (mixed ^ (mixed >> 32)) * 0xd6e8feb86659fd93ULL;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }
};
