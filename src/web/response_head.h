// What stands in front of every answer: the status line's words and the headers that protect pages.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "web/http.h"
#include "web/server.h"

namespace madoguchi::web {

std::string_view reason_of(int status);

// The response's own headers and those of every response, without Content-Length and Connection.
std::vector<Header> headers_of(const Response& response, const ServerSettings& settings);

// A HEAD request gets the head of GET's answer alone (RFC 9110, 9.3.2).
enum class Body : std::uint8_t { kSent, kLeftOut };

// A whole HTTP/1.1 response after which the connection closes. Its Content-Length is the body's
// also where that is left out.
std::string last_response(const Response& response, const ServerSettings& settings, Body body);

}  // namespace madoguchi::web
