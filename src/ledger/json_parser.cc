#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ledger/json.h"

namespace madoguchi::ledger {
namespace {

// Bytes of the character that begins at `at`, 0 where it is not UTF-8 (RFC 3629: shortest form, no
// surrogates, nothing beyond U+10FFFF).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const unsigned lead = byte(0);
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 63));
    put(0x80 | ((code >> 6) & 63));
    put(0x80 | (code & 63));
  }
}

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Json> document() {
    Json value;
    skip_spaces();
    if (parse_value(value, 0)) {
      skip_spaces();
      if (at_ != text_.size()) refuse("something follows the value");
    }
    if (why_ != nullptr)
      return madoguchi::fail(ErrorCode::kInvalid,
                             fmt::format("not acceptable as JSON at byte {}: {}", at_, why_));
    return value;
  }

 private:
  bool refuse(const char* why) {
    if (why_ == nullptr) why_ = why;
    return false;
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char letter) {
    if (peek() != letter || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void skip_spaces() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  bool parse_value(Json& value, int depth);
  bool parse_word(std::string_view word);
  bool parse_number(Json& value);
  bool parse_text(std::string& text);
  bool parse_escape(std::string& text);
  bool parse_unit(std::uint32_t& unit);
  bool parse_array(Json& value, int depth);
  bool parse_object(Json& value, int depth);

  std::string_view text_;
  std::size_t at_ = 0;
  const char* why_ = nullptr;
};

bool Parser::parse_value(Json& value, int depth) {
  if (depth > kDeepestJson) return refuse("nested too deep");
  switch (peek()) {
    case '{':
      return parse_object(value, depth);
    case '[':
      return parse_array(value, depth);
    case '"': {
      std::string text;
      if (!parse_text(text)) return false;
      value = Json(std::move(text));
      return true;
    }
    case 't':
      value = Json(true);
      return parse_word("true");
    case 'f':
      value = Json(false);
      return parse_word("false");
    case 'n':
      value = Json();
      return parse_word("null");
    default:
      return parse_number(value);
  }
}

bool Parser::parse_word(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return refuse("no such word");
  at_ += word.size();
  return true;
}

bool Parser::parse_number(Json& value) {
  const std::size_t begin = at_;
  take('-');
  if (!is_digit(peek())) return refuse("a value is expected");
  if (!take('0'))
    while (is_digit(peek())) ++at_;
  bool whole = true;
  if (take('.')) {
    whole = false;
    if (!is_digit(peek())) return refuse("a digit is expected after the point");
    while (is_digit(peek())) ++at_;
  }
  if (peek() == 'e' || peek() == 'E') {
    whole = false;
    ++at_;
    if (!take('+')) take('-');
    if (!is_digit(peek())) return refuse("a digit is expected in the exponent");
    while (is_digit(peek())) ++at_;
  }
  const char* from = text_.data() + begin;
  const char* to = text_.data() + at_;
  if (whole) {
    std::int64_t integer = 0;
    if (std::from_chars(from, to, integer).ec != std::errc() || integer > kMostInteger ||
        integer < -kMostInteger)
      return refuse("an integer beyond 2^53 - 1 is no I-JSON number");
    value = Json(integer);
    return true;
  }
  double number = 0;
  if (std::from_chars(from, to, number).ec != std::errc() || !std::isfinite(number))
    return refuse("a number out of range");
  if (std::fabs(number) > static_cast<double>(kMostInteger) && std::fabs(number) < 1e21)
    return refuse("an integer beyond 2^53 - 1 is no I-JSON number");
  value = Json(number);
  return true;
}

bool Parser::parse_unit(std::uint32_t& unit) {
  if (text_.size() - at_ < 4) return refuse("four hexadecimal digits are expected");
  const char* from = text_.data() + at_;
  const auto read = std::from_chars(from, from + 4, unit, 16);
  if (read.ec != std::errc() || read.ptr != from + 4)
    return refuse("four hexadecimal digits are expected");
  at_ += 4;
  return true;
}

bool Parser::parse_escape(std::string& text) {
  static constexpr std::string_view kNames = "\"\\/bfnrt";
  static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const char name = peek();
  if (const auto which = kNames.find(name); which != std::string_view::npos && name != '\0') {
    ++at_;
    text += kMeanings[which];
    return true;
  }
  if (!take('u')) return refuse("no such escape");
  std::uint32_t code = 0;
  if (!parse_unit(code)) return false;
  if (code >= 0xDC00 && code <= 0xDFFF) return refuse("a lone surrogate");
  if (code >= 0xD800 && code <= 0xDBFF) {
    std::uint32_t low = 0;
    if (!take('\\') || !take('u')) return refuse("a lone surrogate");
    if (!parse_unit(low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return refuse("a lone surrogate");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(text, code);
  return true;
}

bool Parser::parse_text(std::string& text) {
  ++at_;  // the quote
  for (;;) {
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const auto code = static_cast<unsigned char>(text_[at_]);
      if (code < 0x20 || code >= 0x80 || code == '"' || code == '\\') break;
      ++at_;
    }
    text.append(text_, begin, at_ - begin);
    if (at_ >= text_.size()) return refuse("a text does not end");
    if (take('"')) return true;
    if (take('\\')) {
      if (!parse_escape(text)) return false;
      continue;
    }
    if (static_cast<unsigned char>(text_[at_]) < 0x20)
      return refuse("a control character in a text");
    const std::size_t length = utf8_length(text_, at_);
    if (length == 0) return refuse("not UTF-8");
    text.append(text_, at_, length);
    at_ += length;
  }
}

bool Parser::parse_array(Json& value, int depth) {
  ++at_;
  Json::Array items;
  skip_spaces();
  if (!take(']')) {
    do {
      skip_spaces();
      if (!parse_value(items.emplace_back(), depth + 1)) return false;
      skip_spaces();
    } while (take(','));
    if (!take(']')) return refuse("\",\" or \"]\" is expected");
  }
  value = Json(std::move(items));
  return true;
}

bool Parser::parse_object(Json& value, int depth) {
  ++at_;
  Json::Object members;
  skip_spaces();
  if (!take('}')) {
    do {
      skip_spaces();
      if (peek() != '"') return refuse("a name is expected");
      Json::Member& member = members.emplace_back();
      if (!parse_text(member.first)) return false;
      skip_spaces();
      if (!take(':')) return refuse("\":\" is expected");
      skip_spaces();
      if (!parse_value(member.second, depth + 1)) return false;
      skip_spaces();
    } while (take(','));
    if (!take('}')) return refuse("\",\" or \"}\" is expected");
  }
  const auto less = [](const Json::Member& one, const Json::Member& other) {
    return canonical_less(one.first, other.first);
  };
  if (!std::is_sorted(members.begin(), members.end(), less))
    std::stable_sort(members.begin(), members.end(), less);
  for (std::size_t i = 1; i < members.size(); ++i)
    if (members[i - 1].first == members[i].first) return refuse("a name stands twice");
  value = Json::object(std::move(members));
  return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

Result<Json> parse_json(std::string_view text, std::size_t most_bytes) {
  if (text.size() > most_bytes)
    return fail(ErrorCode::kInvalid,
                fmt::format("{} bytes of JSON, at most {}", text.size(), most_bytes));
  return Parser(text).document();
}

}  // namespace madoguchi::ledger
