#include <charconv>
#include <cmath>
#include <cstring>

#include "ledger/json.h"

namespace madoguchi::ledger {
namespace {

// Canonical form leaves nothing to choose, so it can be checked in one pass without building
// anything: what the writer would write is what must stand there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // kUnsure: a name with an escape in it, whose order only the real parser knows.
  enum class Verdict { kCanonical, kNot, kUnsure };

  Verdict object(std::vector<RawMember>& members) {
    if (!object_at(&members, 0) || at_ != text_.size())
      return unsure_ ? Verdict::kUnsure : Verdict::kNot;
    return Verdict::kCanonical;
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char letter) {
    if (at_ >= text_.size() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool value(int depth);
  bool text(std::string_view& raw, bool& escaped);
  bool escape();
  bool number();
  bool array_at(int depth);
  bool object_at(std::vector<RawMember>* members, int depth);

  std::string_view text_;
  std::size_t at_ = 0;
  bool unsure_ = false;
};

bool Scanner::value(int depth) {
  if (depth > kDeepestJson) return false;
  std::string_view raw;
  bool escaped = false;
  switch (peek()) {
    case '{':
      return object_at(nullptr, depth);
    case '[':
      return array_at(depth);
    case '"':
      return text(raw, escaped);
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return number();
  }
}

bool Scanner::escape() {
  if (std::strchr("\"\\bfnrt", peek()) != nullptr && peek() != '\0') {
    ++at_;
    return true;
  }
  // Only what has no shorter form: \u00 and two digits in lower case.
  if (!word("u00")) return false;
  const std::string_view digits = text_.substr(at_, 2);
  unsigned code = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (digits.size() != 2 || read.ec != std::errc() || read.ptr != digits.data() + 2) return false;
  if (code >= 0x20 || std::strchr("\b\f\n\r\t", static_cast<int>(code)) != nullptr) {
    if (code != 0) return false;  // strchr also finds the end of the list
  }
  if (digits.find_first_of("ABCDEF") != std::string_view::npos) return false;
  at_ += 2;
  return true;
}

bool Scanner::text(std::string_view& raw, bool& escaped) {
  const std::size_t begin = ++at_;
  bool ascii = true;
  for (;;) {
    if (at_ >= text_.size()) return false;
    const auto code = static_cast<unsigned char>(text_[at_]);
    if (code == '"') break;
    if (code < 0x20) return false;
    ascii = ascii && code < 0x80;
    ++at_;
    if (code != '\\') continue;
    escaped = true;
    if (!escape()) return false;
  }
  raw = text_.substr(begin, at_ - begin);
  ++at_;
  return ascii || is_utf8(raw);
}

bool Scanner::number() {
  const std::size_t begin = at_;
  take('-');
  const std::size_t digits = at_;
  while (peek() >= '0' && peek() <= '9') ++at_;
  if (at_ == digits) return false;
  const bool whole = peek() != '.' && peek() != 'e' && peek() != 'E';
  if (whole && at_ - digits < 16)  // surely below 2^53
    return text_[digits] != '0' || (at_ == digits + 1 && digits == begin);
  while (std::strchr("0123456789+-.eE", peek()) != nullptr && peek() != '\0') ++at_;
  const std::string_view raw = text_.substr(begin, at_ - begin);
  const auto read = parse_json(raw, raw.size());
  return read && canonical(*read) == raw;
}

bool Scanner::array_at(int depth) {
  ++at_;
  if (take(']')) return true;
  do {
    if (!value(depth + 1)) return false;
  } while (take(','));
  return take(']');
}

bool Scanner::object_at(std::vector<RawMember>* members, int depth) {
  if (!take('{')) return false;
  if (take('}')) return true;
  std::string_view before;
  bool first = true;
  do {
    if (peek() != '"') return false;
    std::string_view name;
    bool escaped = false;
    if (!text(name, escaped)) return false;
    if (escaped) {
      unsure_ = true;
      return false;
    }
    if (!first && !canonical_less(before, name)) return false;
    first = false;
    before = name;
    if (!take(':')) return false;
    const std::size_t begin = at_;
    if (!value(depth + 1)) return false;
    if (members != nullptr) members->push_back({name, text_.substr(begin, at_ - begin)});
  } while (take(','));
  return take('}');
}

}  // namespace

Result<std::vector<RawMember>> canonical_members(std::string_view text, std::size_t most_bytes) {
  std::vector<RawMember> members;
  if (text.size() <= most_bytes && Scanner(text).object(members) == Scanner::Verdict::kCanonical)
    return members;
  // Not so, or not sure: the real parser says why, or that it is well after all.
  const auto value = parse_canonical(text, most_bytes);
  if (!value) return tl::unexpected<Error>(value.error());
  if (value->as_object() == nullptr) return fail(ErrorCode::kInvalid, "is JSON, but no object");
  // Escaped names are none that anybody asks for.
  members.clear();
  return members;
}

}  // namespace madoguchi::ledger
