// Which names a server answers to, and whose pages may open its WebSockets. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/server.h"

namespace madoguchi::web {

bool is_loopback(const std::string& address);

// "desk.example.jp", "192.0.2.1": in lower case, without port.
bool is_host(std::string_view text);
// As browsers ask for it, in lower case: such a name, or an IPv6 address in brackets. nullopt: with
// a port, a space or anything else that is not of it.
std::optional<std::string> host_from(std::string_view text);
// "https://desk.example.jp:8080" (or http) and no more, so that it may stand in a header.
bool is_origin(std::string_view text);

// The settings' hosts in lower case, and those that always are of such an address.
std::vector<std::string> allowed_hosts(const ServerSettings& settings);

// Both without port. `allowed` are names in lower case.
bool host_allowed(std::string_view host_header, const std::vector<std::string>& allowed);
// "localhost:8080" for "127.0.0.1:8080" or "[::1]:8080", else nothing.
std::optional<std::string> loopback_by_name(std::string_view host_header);
// Pages of our own site alone may open a WebSocket; programs that are no browsers send no Origin.
bool origin_allowed(std::string_view origin, std::string_view host_header);

}  // namespace madoguchi::web
