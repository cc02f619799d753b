#include "ledger/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace madoguchi::ledger {
namespace {

// Lead bytes of what UTF-16 writes with surrogates (F0 and up) come before those of U+E000 to
// U+FFFF (EE, EF): that is the only difference between the order of UTF-8 bytes and of UTF-16
// units.
int unit_rank(unsigned char byte) {
  if (byte >= 0xF0) return 0xEE + (byte - 0xF0);
  if (byte >= 0xEE) return byte + 0x20;
  return byte;
}

}  // namespace

bool canonical_less(std::string_view one, std::string_view other) {
  const std::size_t common = std::min(one.size(), other.size());
  for (std::size_t i = 0; i < common; ++i)
    if (one[i] != other[i])
      return unit_rank(static_cast<unsigned char>(one[i])) <
             unit_rank(static_cast<unsigned char>(other[i]));
  return one.size() < other.size();
}

Json Json::object(Object members) {
  std::sort(members.begin(), members.end(), [](const Member& one, const Member& other) {
    return canonical_less(one.first, other.first);
  });
  for (std::size_t i = 1; i < members.size(); ++i) CHECK(members[i - 1].first != members[i].first);
  Json value;
  value.value_ = std::move(members);
  return value;
}

const Json* Json::find(std::string_view name) const {
  const Object* members = as_object();
  if (members == nullptr) return nullptr;
  for (const Member& member : *members)
    if (member.first == name) return &member.second;
  return nullptr;
}

class JsonWriter {
 public:
  void write(const Json& value);
  std::string out;

 private:
  void write_text(std::string_view text);
  void write_double(double number);
};

void JsonWriter::write_text(std::string_view text) {
  CHECK(is_utf8(text));
  static constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (code >= 0x20 && letter != '"' && letter != '\\') {
      out += letter;
      continue;
    }
    out += '\\';
    switch (letter) {
      case '"':
      case '\\':
        out += letter;
        break;
      case '\b':
        out += 'b';
        break;
      case '\t':
        out += 't';
        break;
      case '\n':
        out += 'n';
        break;
      case '\f':
        out += 'f';
        break;
      case '\r':
        out += 'r';
        break;
      default:
        out += "u00";
        out += kDigits[code >> 4];
        out += kDigits[code & 15];
    }
  }
  out += '"';
}

// ECMAScript's Number::toString, as RFC 8785, 3.2.2.3 wants: the shortest digits that read back as
// the same double, with a point between 1e-7 and 1e21 and an exponent beyond.
void JsonWriter::write_double(double number) {
  CHECK(std::isfinite(number));
  if (number == 0) {
    out += '0';
    return;
  }
  if (number < 0) out += '-';
  char text[64];
  const auto end =
      std::to_chars(text, text + sizeof text, std::fabs(number), std::chars_format::scientific);
  const std::string_view all(text, static_cast<std::size_t>(end.ptr - text));
  const auto at = all.find('e');
  std::string digits(all.substr(0, at));
  std::erase(digits, '.');
  int exponent = 0;
  const char* from = text + at + 1;
  std::from_chars(*from == '+' ? from + 1 : from, end.ptr, exponent);
  const int point = exponent + 1;  // how many digits stand before the point
  const int count = static_cast<int>(digits.size());
  if (point > 21 || point < -5) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  } else if (point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else if (point >= count) {
    out.append(digits).append(static_cast<std::size_t>(point - count), '0');
  } else {
    const auto before = static_cast<std::size_t>(point);
    out.append(digits, 0, before).append(".").append(digits, before);
  }
}

void JsonWriter::write(const Json& value) {
  if (const bool* flag = value.as_bool()) {
    out += *flag ? "true" : "false";
  } else if (const std::int64_t* integer = value.as_integer()) {
    CHECK(*integer >= -kMostInteger && *integer <= kMostInteger);
    out += std::to_string(*integer);
  } else if (const double* number = value.as_double()) {
    write_double(*number);
  } else if (const std::string* text = value.as_text()) {
    write_text(*text);
  } else if (const Json::Array* array = value.as_array()) {
    char between = '[';
    for (const Json& item : *array) {
      out += std::exchange(between, ',');
      write(item);
    }
    out += array->empty() ? "[]" : "]";
  } else if (const Json::Object* members = value.as_object()) {
    char between = '{';
    for (const auto& [name, member] : *members) {
      out += std::exchange(between, ',');
      write_text(name);
      out += ':';
      write(member);
    }
    out += members->empty() ? "{}" : "}";
  } else {
    out += "null";
  }
}

std::string canonical(const Json& value) {
  JsonWriter writer;
  writer.write(value);
  return std::move(writer.out);
}

Result<Json> parse_canonical(std::string_view text, std::size_t most_bytes) {
  auto value = parse_json(text, most_bytes);
  if (!value) return value;
  if (canonical(*value) != text)
    return fail(ErrorCode::kInvalid, "is JSON, but not in canonical form (RFC 8785)");
  return value;
}

}  // namespace madoguchi::ledger
