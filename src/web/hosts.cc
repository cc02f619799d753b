#include "web/hosts.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>

namespace madoguchi::web {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(0, end + 1);
  }
  return host.substr(0, host.find(':'));
}

}  // namespace

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

std::optional<std::string> host_from(std::string_view text) {
  std::string host = lower(text);
  if (is_host(host)) return host;
  if (!host.starts_with('[') || !host.ends_with(']')) return std::nullopt;
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) != 1) return std::nullopt;
  return host;
}

bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    const auto colon = rest.rfind(':');
    if (colon == std::string_view::npos) return is_host(rest);
    const std::string_view port = rest.substr(colon + 1);
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    return is_host(rest.substr(0, colon)) && error == std::errc() &&
           end == port.data() + port.size() && number > 0;
  }
  return false;
}

std::vector<std::string> allowed_hosts(const ServerSettings& settings) {
  std::vector<std::string> hosts;
  for (const std::string& host : settings.hosts) hosts.push_back(lower(host));
  if (is_loopback(settings.address))
    for (const char* own : {"localhost", "127.0.0.1", "[::1]"}) hosts.emplace_back(own);
  else if (hosts.empty())
    hosts.push_back(settings.address.find(':') == std::string::npos
                        ? settings.address
                        : fmt::format("[{}]", settings.address));
  return hosts;
}

bool host_allowed(std::string_view host_header, const std::vector<std::string>& allowed) {
  const std::string host = lower(without_port(host_header));
  return std::find(allowed.begin(), allowed.end(), host) != allowed.end();
}

std::optional<std::string> loopback_by_name(std::string_view host_header) {
  const std::string_view host = without_port(host_header);
  if (host != "127.0.0.1" && host != "[::1]") return std::nullopt;
  return "localhost" + std::string(host_header.substr(host.size()));
}

bool origin_allowed(std::string_view origin, std::string_view host_header) {
  if (origin.empty()) return true;
  const auto start = origin.find("://");
  return start != std::string_view::npos && lower(origin.substr(start + 3)) == lower(host_header);
}

}  // namespace madoguchi::web
