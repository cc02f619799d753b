#include "web/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "web/engine.h"

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

bool is_address(const std::string& text) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, text.c_str(), &v4) == 1 || inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

Result<void> check(const ServerSettings& settings) {
  if (!is_address(settings.address))
    return fail(ErrorCode::kInvalid,
                fmt::format("address: \"{}\" is not an IP address", settings.address));
  if (!settings.certificate) {
    if (!is_loopback(settings.address))
      return fail(ErrorCode::kInvalid,
                  fmt::format("address: without a certificate only the machine itself may connect: "
                              "give certificate and key, or listen on 127.0.0.1 instead of {}",
                              settings.address));
    return {};
  }
  for (const auto& file : {settings.certificate->certificate, settings.certificate->key})
    if (access(file.c_str(), R_OK) != 0)
      return fail(ErrorCode::kInvalid,
                  fmt::format("certificate: {} cannot be read", file.string()));
  return {};
}

}  // namespace

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return address == "::1";
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

bool origin_allowed(std::string_view origin, std::string_view host_header) {
  if (origin.empty()) return true;
  const auto start = origin.find("://");
  return start != std::string_view::npos && lower(origin.substr(start + 3)) == lower(host_header);
}

Result<std::unique_ptr<Server>> Server::start(const ServerSettings& settings, Routes routes) {
  if (auto good = check(settings); !good) return tl::unexpected<Error>(good.error());
  auto engine = settings.certificate ? make_tls_engine(settings, std::move(routes))
                                     : make_plain_engine(settings, std::move(routes));
  if (auto started = engine->start(); !started) return tl::unexpected<Error>(started.error());
  return std::unique_ptr<Server>(new Server(std::move(engine)));
}

Server::Server(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Server::~Server() = default;

std::uint16_t Server::port() const {
  return engine_->port();
}

ServerCounters Server::counters() const {
  return engine_->counters();
}

}  // namespace madoguchi::web
