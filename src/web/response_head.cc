#include "web/response_head.h"

#include <fmt/format.h>

#include <algorithm>

namespace madoguchi::web {

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 421:
      return "Misdirected Request";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return status < 400 ? "Moved" : "Error";
  }
}

std::vector<Header> headers_of(const Response& response, const ServerSettings& settings) {
  std::vector<Header> headers = {
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Content-Security-Policy", settings.content_security_policy},
  };
  if (settings.certificate) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  if (!response.content_type.empty()) headers.emplace_back("Content-Type", response.content_type);
  headers.insert(headers.end(), response.headers.begin(), response.headers.end());
  const auto says_caching = [](const Header& header) { return header.first == "Cache-Control"; };
  if (std::none_of(headers.begin(), headers.end(), says_caching))
    headers.emplace_back("Cache-Control", "no-store");
  return headers;
}

std::string last_response(const Response& response, const ServerSettings& settings, Body body) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Length: {}\r\n",
                                 response.status, reason_of(response.status), response.body.size());
  for (const auto& [name, value] : headers_of(response, settings))
    text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n" + (body == Body::kSent ? response.body : std::string());
}

}  // namespace madoguchi::web
