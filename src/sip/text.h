// The lexical ground of SIP (RFC 3261, 25): tokens, quoted strings, parameters, lists, numbers,
// escapes. Pure functions over views; nothing here allocates unless it returns a std::string. Every
// view returned points into the text that was passed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace madoguchi::sip {

// ASCII only: SIP's names are ASCII and locale must not matter.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view text, std::string_view prefix);

bool is_token_char(char c);
bool is_token(std::string_view text);  // one or more token characters

std::string_view trim(std::string_view text);  // spaces and tabs at both ends

// Decimal digits only, the whole text, no sign; nullopt when it does not fit in 32 bits.
std::optional<std::uint32_t> parse_u32(std::string_view digits);
// The same, but a number too large is held at the largest value (RFC 3261, 20.19 treats it so).
std::optional<std::uint32_t> parse_u32_clamped(std::string_view digits);
// 1 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view digits);

void append_number(std::string& out, std::uint64_t number);

// Host of a URI or Via: a name, an IPv4 address or a bracketed IPv6 address.
bool is_host(std::string_view text);

// "%41b" -> "Ab"; nullopt on a percent sign without two hex digits.
std::optional<std::string> percent_decode(std::string_view text);
// Escapes what may not stand plainly in the user part of a SIP URI.
std::string percent_encode_user(std::string_view text);
// Escapes everything but RFC 3986's unreserved characters: for URI headers such as ?Replaces=.
std::string percent_encode_strict(std::string_view text);

// "\"a \\\" b\"" -> "a \" b"; text without quotes comes back as it is.
std::string unquote(std::string_view text);
// The reverse: with quotes and escapes. CR, LF and NUL become spaces.
std::string quote(std::string_view text);

// Takes the first element off a comma-separated list, heedful of quoted strings, angle brackets and
// comments; trimmed. False when nothing is left. An empty element ("a,,b") comes out empty.
bool next_element(std::string_view& rest, std::string_view& element);

// ";lr;transport=tcp;x=\"a;b\"": parameters of a URI, Via, From, Contact... Not validated on
// construction.
class Params {
 public:
  Params() = default;
  explicit Params(std::string_view text) : text_(text) {}

  struct Param {
    std::string_view name;
    std::string_view value;  // as written: quotes stay on; empty when there is none
    bool has_value = false;  // tells ";x=" from ";x"
  };

  // Names compare without regard to case. The first of that name.
  [[nodiscard]] std::optional<Param> find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  // The value as written; nullopt when the parameter is absent or has no value.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const;
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  // Walks the parameters: `rest` starts as text(). False at the end or at text that is no
  // parameter.
  static bool next(std::string_view& rest, Param& param);
  // Every parameter is name[=token|quoted string|host] and every separator is followed by one.
  [[nodiscard]] bool well_formed() const;

 private:
  std::string_view text_;
};

}  // namespace madoguchi::sip
