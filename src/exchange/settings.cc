#include "exchange/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/telephone_number.h"

namespace madoguchi::exchange {
namespace {

bool is_plus_and_digits(std::string_view text) {
  return text.size() >= 2 && text[0] == '+' &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void read_listen(Config& table, std::string_view key, sip::Transport transport,
                 std::vector<std::string> fallback, Settings& settings) {
  for (const std::string& text : table.texts_or(key, std::move(fallback))) {
    const auto at = sip::Endpoint::parse(text);
    if (at)
      settings.sip.push_back({transport, *at});
    else
      table.refuse(key, fmt::format("\"{}\" is not address:port", text));
  }
}

void check_address(Config& table, std::string_view key, const std::string& text) {
  if (!sip::IpAddress::parse(text))
    table.refuse(key, fmt::format("\"{}\" is not an IP address", text));
}

// One that others send to, which no address of many is ("0.0.0.0", "::", multicast, broadcast).
void check_told_address(Config& table, std::string_view key, const std::string& text) {
  check_address(table, key, text);
  const auto address = sip::IpAddress::parse(text);
  if (!address) return;
  const auto& bytes = address->bytes();
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  const bool unspecified = std::all_of(bytes.begin(), bytes.end(), is_zero);
  const bool of_many = address->is_v4() ? bytes[0] >= 224 : bytes[0] == 0xff;
  if (unspecified || of_many)
    table.refuse(key, fmt::format("{} is no address that others can send to: name the one of this "
                                  "machine, or of the router before it, that they reach",
                                  text));
}

void read_sip(Config table, Settings& settings) {
  read_listen(table, "udp", sip::Transport::kUdp, {"127.0.0.1:5060"}, settings);
  read_listen(table, "tcp", sip::Transport::kTcp, {}, settings);
  const std::size_t before_tls = settings.sip.size();
  read_listen(table, "tls", sip::Transport::kTls, {}, settings);
  settings.tls_certificate = table.path_or("tls_certificate", {});
  settings.tls_key = table.path_or("tls_key", {});
  settings.tls_authority = table.path_or("tls_authority", {});
  if (settings.sip.size() > before_tls &&
      (settings.tls_certificate.empty() || settings.tls_key.empty()))
    table.refuse("tls", "needs tls_certificate and tls_key");
  if (settings.sip.empty()) table.refuse("udp", "at least one of udp, tcp and tls must listen");
  settings.country = table.text_or("country", "+81");
  if (!is_plus_and_digits(settings.country) || settings.country.size() > 4)
    table.refuse("country", "must be + and a country code, \"+81\"");
  settings.session_interval =
      std::chrono::seconds(table.integer_or("session_interval_s", 1800, 0, 86'400));
  if (settings.session_interval.count() > 0 && settings.session_interval.count() < 90)
    table.refuse("session_interval_s", "must be 0 (none) or 90 and more (RFC 4028)");
  settings.new_calls_per_second =
      static_cast<std::uint32_t>(table.integer_or("new_calls_per_second", 1000, 1, 100'000));
}

void read_sound(Config table, Settings& settings) {
  settings.sound_bind = table.text_or("bind", settings.public_address);
  check_address(table, "bind", settings.sound_bind);
  settings.sound_first_port =
      static_cast<std::uint16_t>(table.integer_or("first_port", 20000, 1024, 65534));
  settings.sound_last_port =
      static_cast<std::uint16_t>(table.integer_or("last_port", 29999, 1025, 65535));
  if (settings.sound_first_port % 2 != 0) table.refuse("first_port", "must be even");
  if (settings.sound_last_port <= settings.sound_first_port)
    table.refuse("last_port", "must be greater than first_port");
  settings.dead_after = std::chrono::seconds(table.integer_or("dead_after_s", 120, 0, 86'400));
}

void read_browser(Config table, Settings& settings) {
  settings.browser_bind = table.text_or("bind", settings.public_address);
  check_address(table, "bind", settings.browser_bind);
  settings.browser_port = static_cast<std::uint16_t>(table.integer_or("port", 0, 0, 65535));
  settings.browser_addresses = table.texts_or("addresses", {settings.public_address});
  for (const std::string& text : settings.browser_addresses)
    check_told_address(table, "addresses", text);
}

void read_rpc(Config table, Settings& settings) {
  settings.rpc_listen = table.text("listen");
  settings.vault_address = table.text("vault");
  settings.rpc_authority = table.text("authority");
  settings.rpc_certificate = table.text("certificate");
  settings.rpc_key = table.text("key");
}

void read_out(Config table, Settings& settings) {
  settings.out.permitted = table.texts_or("permitted", {});
  settings.out.forbidden = table.texts_or("forbidden", {});
  for (const auto& [key, list] : {std::pair("permitted", &settings.out.permitted),
                                  std::pair("forbidden", &settings.out.forbidden)})
    for (const std::string& prefix : *list)
      if (!is_plus_and_digits(prefix))
        table.refuse(key, fmt::format("\"{}\" is not + and digits", prefix));
}

// Why no call could go out to `target`; empty: it may.
std::string target_mistake(const sip::Uri& target, const std::vector<SipListen>& listens) {
  const bool secure = target.scheme() == sip::Uri::Scheme::kSips;
  std::optional<sip::Transport> by;
  if (const auto word = target.param("transport")) {
    by = sip::transport_from(*word);
    if (!by) return fmt::format("transport={} is none of udp, tcp and tls", *word);
    if (secure && by == sip::Transport::kUdp)
      return "sips goes by TLS: say transport=tls, or leave transport out";
  }
  if (secure) by = sip::Transport::kTls;
  const auto is_it = [&](const SipListen& one) { return one.transport == by; };
  if (!by || std::any_of(listens.begin(), listens.end(), is_it)) return {};
  return fmt::format("goes by {}, but no {} is set: set it too", sip::name_of(*by),
                     listen_key(*by));
}

void read_trunk(Config& table, Settings& settings) {
  TrunkSettings trunk;
  trunk.name = table.text("name");
  if (table.has("name") && trunk.name.empty()) table.refuse("name", "must not be empty");
  for (const std::string& text : table.texts_or("addresses", {})) {
    if (auto range = AddressRange::parse(text))
      trunk.addresses.push_back(*range);
    else
      table.refuse("addresses", range.error().message);
  }
  trunk.trusted = table.flag_or("trusted", false);
  if (const std::string target = table.text_or("target", ""); !target.empty()) {
    if (auto uri = sip::Uri::parse(target); uri && uri->is_sip_or_sips())
      trunk.target = *uri;
    else
      table.refuse("target", fmt::format("\"{}\" is not a SIP URI", target));
    if (const std::string wrong = target_mistake(trunk.target, settings.sip); !wrong.empty())
      table.refuse("target", wrong);
  }
  trunk.user = table.text_or("user", "");
  trunk.password = table.text_or("password", "");
  trunk.registers = table.flag_or("register", false);
  if (trunk.registers && (trunk.target.empty() || trunk.user.empty()))
    table.refuse("register", "needs target and user");
  if (!trunk.registers && trunk.addresses.empty())
    table.refuse("addresses", "a trunk that does not register needs the addresses it calls from");
  for (const std::string& number : table.texts_or("numbers", {})) {
    if (!bare_number(number))
      table.refuse("numbers", fmt::format("\"{}\" is none, it looks like +81312345678", number));
    trunk.numbers.push_back(normal_number(number, settings.country));
  }
  for (const TrunkSettings& other : settings.trunks)
    if (other.name == trunk.name) table.refuse("name", "two trunks have this name");
  settings.trunks.push_back(std::move(trunk));
}

bool has_prefix(const std::vector<std::string>& prefixes, std::string_view number) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return number.starts_with(prefix); });
}

}  // namespace

Result<AddressRange> AddressRange::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is not an address or address/bits", text));
  };
  const std::size_t slash = text.find('/');
  const auto base = sip::IpAddress::parse(text.substr(0, slash));
  if (!base) return wrong();
  AddressRange range{*base, base->is_v4() ? 32 : 128};
  if (slash == std::string_view::npos) return range;
  const std::string_view bits = text.substr(slash + 1);
  int value = -1;
  const auto [end, problem] = std::from_chars(bits.data(), bits.data() + bits.size(), value);
  if (problem != std::errc() || end != bits.data() + bits.size() || value < 0 ||
      value > range.prefix_bits)
    return wrong();
  range.prefix_bits = value;
  return range;
}

bool AddressRange::contains(const sip::IpAddress& address) const {
  if (address.empty() || address.is_v4() != base.is_v4()) return false;
  for (int bit = 0; bit < prefix_bits; bit += 8) {
    const int left = std::min(8, prefix_bits - bit);
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - left));
    const auto at = static_cast<std::size_t>(bit / 8);
    if ((address.bytes()[at] & mask) != (base.bytes()[at] & mask)) return false;
  }
  return true;
}

bool PermittedDestinations::permits(std::string_view number, std::string_view country) const {
  const std::string full = normal_number(number, country);
  if (full.size() < 8 || full[0] != '+') return false;  // 110, 119, 0-less and short codes
  if (!std::all_of(full.begin() + 1, full.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  return has_prefix(permitted, full) && !has_prefix(forbidden, full);
}

Result<Settings> Settings::from_file(const std::filesystem::path& file) {
  auto config = Config::from_file(file);
  if (!config) return tl::unexpected(config.error());
  return from_config(*std::move(config));
}

Result<Settings> Settings::from_config(Config config) {
  Settings settings;
  settings.data = config.text("data");
  settings.public_address = config.text_or("public_address", "127.0.0.1");
  check_told_address(config, "public_address", settings.public_address);
  settings.allow_demo_calls = config.flag_or("allow_demo_calls", false);
  settings.demo_caller = config.text_or("demo_caller", "");
  if (!settings.demo_caller.empty() && !bare_number(settings.demo_caller))
    config.refuse("demo_caller",
                  fmt::format("\"{}\" is no number, it looks like 09000001001; leave "
                              "it out to withhold it",
                              settings.demo_caller));
  read_sip(config.table("sip"), settings);
  read_sound(config.table("sound"), settings);
  read_browser(config.table("browser"), settings);
  read_rpc(config.table("rpc"), settings);
  read_out(config.table("out"), settings);
  for (Config& trunk : config.tables("trunk")) read_trunk(trunk, settings);
  if (auto read = config.finish(); !read) return tl::unexpected(read.error());
  return settings;
}

std::string_view listen_key(sip::Transport transport) {
  switch (transport) {
    case sip::Transport::kUdp:
      return "sip.udp";
    case sip::Transport::kTcp:
      return "sip.tcp";
    case sip::Transport::kTls:
      return "sip.tls";
  }
  return "";
}

std::string normal_number(std::string_view text, std::string_view country) {
  auto bare = bare_number(text);
  return bare ? full_number(*std::move(bare), country) : std::string(text);
}

}  // namespace madoguchi::exchange
