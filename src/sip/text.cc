#include "sip/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace madoguchi::sip {
namespace {

constexpr std::string_view kAlnum =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

constexpr std::array<bool, 256> char_set(std::string_view extra) {
  std::array<bool, 256> set{};
  for (const char c : kAlnum) set[static_cast<unsigned char>(c)] = true;
  for (const char c : extra) set[static_cast<unsigned char>(c)] = true;
  return set;
}
constexpr auto kToken = char_set("-.!%*_+`'~");
constexpr auto kHostName = char_set("-._");  // '_' is not of the grammar, but names in use have it
constexpr auto kUserPlain = char_set("-_.!~*'()&=+$,;?/");
constexpr auto kUnreserved = char_set("-_.~");
// What a parameter's value may hold outside quotes: tokens, hosts (IPv6 too) and what URIs allow.
constexpr auto kParamValue = char_set("-.!%*_+`'~[]:/&$()@");

bool in(const std::array<bool, 256>& set, char c) {
  return set[static_cast<unsigned char>(c)];
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

void skip_space(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

std::string escape(std::string_view text, const std::array<bool, 256>& plain) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (in(plain, c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

// Length of the quoted string that `text` begins with, quotes included; npos when it does not
// close.
std::size_t quoted_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

bool is_ipv6_text(std::string_view text) {
  if (text.size() < 2) return false;
  int colons = 0;
  for (const char c : text) {
    if (c == ':')
      ++colons;
    else if (hex_value(c) < 0 && c != '.')
      return false;
  }
  return colons >= 2 && colons <= 8;
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  return true;
}

bool istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

bool is_token_char(char c) {
  return in(kToken, c);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

std::string_view trim(std::string_view text) {
  skip_space(text);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::uint32_t> parse_u32(std::string_view digits) {
  std::uint32_t number = 0;
  if (digits.empty() || digits.front() == '-' || digits.front() == '+') return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::optional<std::uint32_t> parse_u32_clamped(std::string_view digits) {
  if (digits.empty() ||
      !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  return parse_u32(digits).value_or(std::numeric_limits<std::uint32_t>::max());
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  const auto number = parse_u32(digits);
  if (!number || *number == 0 || *number > 65535 || digits.size() > 5) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), result.ptr);
}

bool is_host(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() == '[')
    return text.size() > 3 && text.back() == ']' && is_ipv6_text(text.substr(1, text.size() - 2));
  return std::all_of(text.begin(), text.end(), [](char c) { return in(kHostName, c); });
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::string percent_encode_user(std::string_view text) {
  return escape(text, kUserPlain);
}

std::string percent_encode_strict(std::string_view text) {
  return escape(text, kUnreserved);
}

std::string unquote(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  text = text.substr(1, text.size() - 2);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out.push_back(text[i]);
  }
  return out;
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
  }
  out.push_back('"');
  return out;
}

bool next_element(std::string_view& rest, std::string_view& element) {
  if (rest.data() == nullptr) return false;
  bool in_angle = false;
  int comment_depth = 0;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == '"' && comment_depth == 0) {
      const std::size_t length = quoted_length(rest.substr(i));
      if (length == std::string_view::npos) {
        i = rest.size();
        break;
      }
      i += length - 1;
    } else if (c == '\\' && comment_depth > 0) {
      ++i;
    } else if (c == '<') {
      in_angle = true;
    } else if (c == '>') {
      in_angle = false;
    } else if (c == '(' && !in_angle) {
      ++comment_depth;
    } else if (c == ')' && comment_depth > 0) {
      --comment_depth;
    } else if (c == ',' && !in_angle && comment_depth == 0) {
      break;
    }
  }
  i = std::min(i, rest.size());
  element = trim(rest.substr(0, i));
  // A null view marks the end; an empty one that is not null is the empty element after a last
  // comma.
  rest = i < rest.size() ? rest.substr(i + 1) : std::string_view();
  return true;
}

bool Params::next(std::string_view& rest, Param& param) {
  skip_space(rest);
  if (rest.empty() || rest.front() != ';') return false;
  rest.remove_prefix(1);
  skip_space(rest);
  std::size_t size = 0;
  while (size < rest.size() && in(kParamValue, rest[size])) ++size;
  param = Param{rest.substr(0, size), {}, false};
  if (size == 0) return false;
  rest.remove_prefix(size);
  skip_space(rest);
  if (rest.empty() || rest.front() != '=') return true;
  rest.remove_prefix(1);
  skip_space(rest);
  param.has_value = true;
  if (!rest.empty() && rest.front() == '"') {
    const std::size_t length = quoted_length(rest);
    if (length == std::string_view::npos) return false;
    param.value = rest.substr(0, length);
    rest.remove_prefix(length);
    return true;
  }
  size = 0;
  while (size < rest.size() && in(kParamValue, rest[size])) ++size;
  param.value = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

std::optional<Params::Param> Params::find(std::string_view name) const {
  std::string_view rest = text_;
  Param param;
  while (next(rest, param))
    if (iequals(param.name, name)) return param;
  return std::nullopt;
}

std::optional<std::string_view> Params::value(std::string_view name) const {
  const auto param = find(name);
  if (!param || !param->has_value) return std::nullopt;
  return param->value;
}

bool Params::well_formed() const {
  std::string_view rest = text_;
  Param param;
  while (true) {
    if (trim(rest).empty()) return true;
    if (!next(rest, param)) return false;
  }
}

}  // namespace madoguchi::sip
