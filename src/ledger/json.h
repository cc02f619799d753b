// Canonical JSON (RFC 8785), the only form in which an entry of the log is written and accepted: so
// that anyone who parses an entry and writes it again gets the very bytes whose hash is in the
// tree. Pure values; any thread.
//
// Numbers are those of I-JSON (RFC 7493): integers within ±(2^53 - 1), and finite doubles other
// than the integers beyond it that canonical form writes without an exponent (below 1e21). Whatever
// has two readings is refused: a name twice in an object, invalid UTF-8, a lone surrogate, an
// integer or double out of range. Parsing is bounded in bytes and depth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace madoguchi::ledger {

class Json {
 public:
  using Member = std::pair<std::string, Json>;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;  // sorted by canonical_less, no name twice

  Json() = default;  // null
  explicit Json(bool value) : value_(value) {}
  explicit Json(std::int64_t value) : value_(value) {}            // within ±kMostInteger (CHECK)
  explicit Json(double value) : value_(value) {}                  // finite (CHECK)
  explicit Json(std::string value) : value_(std::move(value)) {}  // UTF-8 (CHECK when written)
  explicit Json(std::string_view value) : value_(std::string(value)) {}
  explicit Json(const char* value) : value_(std::string(value)) {}
  explicit Json(Array value) : value_(std::move(value)) {}
  static Json object(Object members);  // sorts; a name twice is a bug (CHECK)

  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::int64_t* as_integer() const {
    return std::get_if<std::int64_t>(&value_);
  }
  [[nodiscard]] const double* as_double() const { return std::get_if<double>(&value_); }
  [[nodiscard]] const std::string* as_text() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Array* as_array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Object* as_object() const { return std::get_if<Object>(&value_); }
  // A member of an object; null when this is no object or has none of that name.
  [[nodiscard]] const Json* find(std::string_view name) const;

  friend bool operator==(const Json&, const Json&) = default;

 private:
  friend class JsonWriter;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

inline constexpr std::int64_t kMostInteger = (std::int64_t{1} << 53) - 1;
inline constexpr int kDeepestJson = 32;

// Order of names: by UTF-16 code units (RFC 8785, 3.2.3).
bool canonical_less(std::string_view one, std::string_view other);

std::string canonical(const Json& value);

// Any JSON text that is I-JSON, spaces and all. kInvalid names the byte where it stops being so.
Result<Json> parse_json(std::string_view text, std::size_t most_bytes);

// The same, and the text must be the canonical form of what it says.
Result<Json> parse_canonical(std::string_view text, std::size_t most_bytes);

// The same for an object, quickly and without building it: its members as they stand in `text`,
// names without quotes. Of an object with escapes in a name none are told.
struct RawMember {
  std::string_view name;
  std::string_view value;
};
Result<std::vector<RawMember>> canonical_members(std::string_view text, std::size_t most_bytes);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace madoguchi::ledger
