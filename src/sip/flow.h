// Where a message came from or goes to: transport, the socket of ours, the address of theirs, and
// for streams the connection. Small values; no sockets here, the process around the engines owns
// those.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace madoguchi::sip {

enum class Transport : std::uint8_t { kUdp, kTcp, kTls };

constexpr bool is_reliable(Transport transport) {
  return transport != Transport::kUdp;
}
std::string_view name_of(Transport transport);                   // "UDP", as in a Via
std::optional<Transport> transport_from(std::string_view name);  // without regard to case
constexpr std::uint16_t default_port(Transport transport) {
  return transport == Transport::kTls ? 5061 : 5060;
}

// IPv4 or IPv6. An IPv4-mapped IPv6 address ("::ffff:192.0.2.1") is the IPv4 address.
class IpAddress {
 public:
  IpAddress() = default;  // none
  // Numbers only, never a name to look up; an IPv6 address with or without brackets.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress v4(const std::array<std::uint8_t, 4>& bytes);
  static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);

  [[nodiscard]] bool empty() const { return kind_ == Kind::kNone; }
  [[nodiscard]] bool is_v4() const { return kind_ == Kind::kV4; }
  [[nodiscard]] bool is_v6() const { return kind_ == Kind::kV6; }
  // Network order; of an IPv4 address the first four count.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  [[nodiscard]] std::string text() const;      // "192.0.2.1", "2001:db8::1"
  [[nodiscard]] std::string uri_host() const;  // an IPv6 address in brackets

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  enum class Kind : std::uint8_t { kNone, kV4, kV6 };
  std::array<std::uint8_t, 16> bytes_{};
  Kind kind_ = Kind::kNone;
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  // "192.0.2.1:5060" or "[2001:db8::1]:5060".
  static std::optional<Endpoint> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// Given by the process to each stream connection, never used twice; 0 is none.
using ConnectionId = std::uint64_t;

struct Flow {
  Transport transport = Transport::kUdp;
  std::uint16_t socket = 0;  // index of the listening socket of ours it came in by or leaves by
  Endpoint remote;
  ConnectionId connection =
      0;  // streams only; 0 asks the process to find or open a connection to `remote`

  friend auto operator<=>(const Flow&, const Flow&) = default;
};

}  // namespace madoguchi::sip

template <>
struct std::hash<madoguchi::sip::Endpoint> {
  std::size_t operator()(const madoguchi::sip::Endpoint& endpoint) const noexcept {
    const auto& bytes = endpoint.address.bytes();
    return std::hash<std::string_view>{}(
               {reinterpret_cast<const char*>(bytes.data()), bytes.size()}) ^
           (endpoint.port * 0x9e3779b97f4a7c15ULL);
  }
};
