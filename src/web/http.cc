#include "web/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/utf8.h"

namespace madoguchi::web {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) ==
                  std::tolower(static_cast<unsigned char>(y));
         });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view find_in(const std::map<std::string, std::string>& from, std::string_view name) {
  const auto found = from.find(std::string(name));
  return found == from.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kDelete:
      return "DELETE";
    case Method::kOther:
      return "other";
  }
  return "other";
}

std::string_view Request::header(std::string_view name) const {
  for (const Header& header : headers)
    if (same_name(header.first, name)) return header.second;
  return {};
}

std::optional<std::string> Request::cookie(std::string_view name) const {
  std::string_view rest = header("Cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const std::string_view pair = trimmed(rest.substr(0, end));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name)
      return std::string(pair.substr(equals + 1));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return std::nullopt;
}

std::string_view Request::param(std::string_view name) const {
  return find_in(params, name);
}

std::string_view Request::query_or(std::string_view name, std::string_view fallback) const {
  return query.contains(std::string(name)) ? find_in(query, name) : fallback;
}

Response json_response(int status, std::string json) {
  return {status, std::move(json), "application/json; charset=utf-8", {}};
}

Response text_response(int status, std::string text) {
  return {status, std::move(text), "text/plain; charset=utf-8", {}};
}

Response error_response(int status, std::string_view code, std::string_view message) {
  return json_response(
      status, fmt::format(R"({{"code":{},"message":{}}})", json_quote(code), json_quote(message)));
}

std::optional<std::string> percent_decode(std::string_view text, PlusIsSpace plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusIsSpace::kYes) {
      out += ' ';
    } else if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> parse_form(std::string_view text) {
  std::map<std::string, std::string> form;
  for (int pairs = 0; !text.empty() && pairs < 64; ++pairs) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    const auto equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals), PlusIsSpace::kYes);
    const auto value = equals == std::string_view::npos
                           ? std::optional<std::string>("")
                           : percent_decode(pair.substr(equals + 1), PlusIsSpace::kYes);
    if (name && value && !name->empty() && is_clean_utf8(*name) && is_clean_utf8(*value))
      form[*name] = *value;
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return form;
}

std::string json_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string session_cookie(std::string_view name, std::string_view value, std::int64_t max_age_s,
                           bool secure) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", name, value,
                     max_age_s, secure ? "; Secure" : "");
}

}  // namespace madoguchi::web
