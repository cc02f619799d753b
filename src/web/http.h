// What a handler sees of HTTP: requests and responses as values, without the server library. Owned
// by whoever holds them; no thread of their own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace madoguchi::web {

enum class Method { kGet, kHead, kPost, kPut, kDelete, kOther };

std::string_view name_of(Method method);

using Header = std::pair<std::string, std::string>;

struct Request {
  Method method = Method::kOther;
  std::string path;                           // decoded, without the query
  std::map<std::string, std::string> query;   // decoded; of a repeated name the last
  std::map<std::string, std::string> params;  // what stood in place of {name} in the route
  std::vector<Header> headers;                // ":path" is path and query as sent
  std::string body;
  std::string remote;         // address of the other side, without port
  bool secure = false;        // over TLS
  bool wants_socket = false;  // asks for an upgrade to WebSocket

  // Empty when absent; the name's case does not matter.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> cookie(std::string_view name) const;
  [[nodiscard]] std::string_view param(std::string_view name) const;
  [[nodiscard]] std::string_view query_or(std::string_view name, std::string_view fallback) const;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type;  // empty: no such header
  std::vector<Header> headers;
};

Response json_response(int status, std::string json);
Response text_response(int status, std::string text);
// {"code": code, "message": message}; both must be our own words, of printable characters.
Response error_response(int status, std::string_view code, std::string_view message);

// %XX and, in queries and forms, + for a space. std::nullopt for a malformed escape.
enum class PlusIsSpace { kNo, kYes };
std::optional<std::string> percent_decode(std::string_view text, PlusIsSpace plus);

// application/x-www-form-urlencoded, also what follows a path's "?". Malformed pairs, those that
// are no UTF-8 among them, are left out; at most 64 are read.
std::map<std::string, std::string> parse_form(std::string_view text);

// A JSON string with its quotes.
std::string json_quote(std::string_view text);

// A Set-Cookie value: HttpOnly, SameSite=Strict, Path=/, Secure where asked. `max_age_s` 0 deletes.
std::string session_cookie(std::string_view name, std::string_view value, std::int64_t max_age_s,
                           bool secure);

}  // namespace madoguchi::web
