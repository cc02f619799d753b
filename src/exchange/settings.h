// The exchange's settings, read once at start from its own TOML file; a plain value afterwards.
// Every error is one line naming file, key and cause (base/config.h). Passwords in it are for
// carriers only; nobody logs a Settings.
//
//   data = "/var/lib/madoguchi/exchange"     # spool, tables, recordings, prompts
//   public_address = "192.0.2.1"             # what SIP and SDP tell the other side
//   allow_demo_calls = false
//   demo_caller = ""                         # the number that demo calls come from
//   [sip]      udp = ["0.0.0.0:5060"]  tcp = []  tls = []  tls_certificate = ""  tls_key = ""
//              country = "+81"               # what a leading 0 of a number called stands for
//   [sound]    bind = "0.0.0.0"  first_port = 20000  last_port = 29999  dead_after_s = 120
//   [browser]  bind = "0.0.0.0"  port = 3478  addresses = ["192.0.2.1"]
//   [rpc]      listen = "unix:/run/…/exchange.sock"  vault = "unix:/run/…/vault.sock"
//              authority = "…pem"  certificate = "…pem"  key = "…key"
//   [out]      permitted = ["+81"]  forbidden = ["+81990"]
//   [[trunk]]  name = "carrier"  addresses = ["198.51.100.0/24"]  trusted = true
//              target = "sip:sip.example.jp"  user = ""  password = ""  register = false
//              numbers = ["+81312345678"]    # empty: every number of the directory
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "sip/flow.h"
#include "sip/uri.h"

namespace madoguchi::exchange {

// "198.51.100.0/24", "2001:db8::/32" or one address.
struct AddressRange {
  sip::IpAddress base;
  int prefix_bits = 128;  // of the 32 or 128 of its family

  static Result<AddressRange> parse(std::string_view text);
  [[nodiscard]] bool contains(const sip::IpAddress& address) const;
};

struct TrunkSettings {
  std::string name;
  std::vector<AddressRange> addresses;  // from where its calls come
  bool trusted = false;                 // its P-Asserted-Identity is believed (RFC 3325)
  sip::Uri target;                      // where calls out go, and REGISTER; empty: none go out
  std::string user;                     // of its digest challenges and of the registered address
  std::string password;
  bool registers = false;
  std::vector<std::string> numbers;  // it may call these; empty: all of the directory
};

struct PermittedDestinations {
  std::vector<std::string> permitted;  // prefixes in E.164 with +
  std::vector<std::string> forbidden;  // prefixes within them that stay closed

  // `number` as the vault gives it: E.164, or national with a leading 0. Emergency and service
  // numbers (1xx) are never permitted, whatever the file says.
  [[nodiscard]] bool permits(std::string_view number, std::string_view country) const;
};

struct SipListen {
  sip::Transport transport = sip::Transport::kUdp;
  sip::Endpoint at;
};

struct Settings {
  std::filesystem::path data;
  std::string public_address;
  bool allow_demo_calls = false;
  std::string demo_caller;  // empty: withheld

  std::vector<SipListen> sip;
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  std::filesystem::path tls_authority;  // besides the system's, for carriers' certificates
  std::string country = "+81";
  std::chrono::seconds session_interval{1800};
  std::uint32_t new_calls_per_second = 1000;  // above: 503; a flood, no hotline

  std::string sound_bind;
  std::uint16_t sound_first_port = 20000;
  std::uint16_t sound_last_port = 29999;
  // The telephone of a caller of whom nothing is heard for this long is asked whether it is still
  // there; 0: never.
  std::chrono::seconds dead_after{120};

  std::string browser_bind;
  std::uint16_t browser_port = 0;
  std::vector<std::string> browser_addresses;

  std::string rpc_listen;
  std::string vault_address;
  std::filesystem::path rpc_authority, rpc_certificate, rpc_key;

  PermittedDestinations out;
  std::vector<TrunkSettings> trunks;

  static Result<Settings> from_file(const std::filesystem::path& file);
  static Result<Settings> from_config(Config config);
};

// The key that says where it listens: "sip.udp".
std::string_view listen_key(sip::Transport transport);

// E.164 with +, by the rule that the vault has too (base/telephone_number.h). What is no number
// ("taro") comes back unchanged.
std::string normal_number(std::string_view text, std::string_view country);

}  // namespace madoguchi::exchange
