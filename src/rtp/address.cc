#include "rtp/address.h"

#include <arpa/inet.h>

namespace madoguchi::rtp {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Address Address::v4(std::array<std::uint8_t, 4> network_order_ip, std::uint16_t port) {
  Address address;
  std::memcpy(address.ip.data(), kMapped.data(), kMapped.size());
  std::memcpy(address.ip.data() + kMapped.size(), network_order_ip.data(), network_order_ip.size());
  address.port = port;
  return address;
}

Address Address::v4(std::uint32_t host_order_ip, std::uint16_t port) {
  return v4(std::array<std::uint8_t, 4>{static_cast<std::uint8_t>(host_order_ip >> 24),
                                        static_cast<std::uint8_t>(host_order_ip >> 16),
                                        static_cast<std::uint8_t>(host_order_ip >> 8),
                                        static_cast<std::uint8_t>(host_order_ip)},
            port);
}

Address Address::v6(std::array<std::uint8_t, 16> network_order_ip, std::uint16_t port) {
  Address address;
  address.ip = network_order_ip;
  address.port = port;
  return address;
}

std::optional<Address> Address::parse(std::string_view ip, std::uint16_t port) {
  const std::string text(ip.substr(0, INET6_ADDRSTRLEN));
  if (text.size() != ip.size()) return std::nullopt;
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, text.c_str(), four.data()) == 1) return v4(four, port);
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, text.c_str(), sixteen.data()) == 1) return v6(sixteen, port);
  return std::nullopt;
}

bool Address::is_v4() const {
  return std::memcmp(ip.data(), kMapped.data(), kMapped.size()) == 0;
}

std::array<std::uint8_t, 4> Address::v4_bytes() const {
  return {ip[12], ip[13], ip[14], ip[15]};
}

bool Address::is_unspecified() const {
  const std::size_t start = is_v4() ? kMapped.size() : 0;
  for (std::size_t i = start; i < ip.size(); ++i)
    if (ip[i] != 0) return false;
  return true;
}

bool Address::is_loopback() const {
  static constexpr std::array<std::uint8_t, 16> kLoopback{0, 0, 0, 0, 0, 0, 0, 0,
                                                          0, 0, 0, 0, 0, 0, 0, 1};
  return is_v4() ? ip[12] == 127 : ip == kLoopback;
}

bool Address::is_link_local() const {
  return is_v4() ? ip[12] == 169 && ip[13] == 254 : ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

std::string Address::ip_text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    inet_ntop(AF_INET, ip.data() + kMapped.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, ip.data(), text.data(), text.size());
  }
  return text.data();
}

std::string Address::text() const {
  const std::string number = std::to_string(port);
  return is_v4() ? ip_text() + ":" + number : "[" + ip_text() + "]:" + number;
}

}  // namespace madoguchi::rtp
