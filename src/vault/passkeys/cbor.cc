#include "vault/passkeys/cbor.h"

#include <limits>

namespace madoguchi::vault {
namespace {

constexpr int kDeepest = 6;

tl::unexpected<Error> bad(const char* why) {
  return fail(ErrorCode::kInvalid, std::string("CBOR: ") + why);
}

}  // namespace

Result<std::uint64_t> CborReader::head(unsigned wanted) {
  if (major() != wanted) return bad("another kind of value was expected");
  const unsigned low = rest_.front() & 0x1FU;
  rest_ = rest_.subspan(1);
  if (low < 24) return std::uint64_t{low};
  if (low > 27) return bad("a value of indefinite length, or none");
  const std::size_t size = std::size_t{1} << (low - 24);
  if (rest_.size() < size) return bad("it ends too early");
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | rest_[i];
  rest_ = rest_.subspan(size);
  return value;
}

Result<std::int64_t> CborReader::integer() {
  const bool negative = major() == kNegative;
  const auto value = head(negative ? kNegative : kUnsigned);
  if (!value) return tl::unexpected<Error>(value.error());
  if (*value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return bad("a number is too large");
  const auto number = static_cast<std::int64_t>(*value);
  return negative ? -1 - number : number;
}

Result<ByteView> CborReader::string(unsigned wanted) {
  const auto size = head(wanted);
  if (!size) return tl::unexpected<Error>(size.error());
  if (*size > rest_.size()) return bad("a string ends too early");
  const ByteView found = rest_.first(static_cast<std::size_t>(*size));
  rest_ = rest_.subspan(found.size());
  return found;
}

Result<ByteView> CborReader::bytes() {
  return string(kBytes);
}

Result<std::string_view> CborReader::text() {
  const auto found = string(kText);
  if (!found) return tl::unexpected<Error>(found.error());
  return as_text(*found);
}

Result<std::size_t> CborReader::count(unsigned wanted, std::size_t least_each) {
  const auto found = head(wanted);
  if (!found) return tl::unexpected<Error>(found.error());
  if (*found > rest_.size() / least_each) return bad("it ends too early");
  return static_cast<std::size_t>(*found);
}

Result<std::size_t> CborReader::map() {
  return count(kMap, 2);
}

Result<std::size_t> CborReader::array() {
  return count(kArray, 1);
}

Result<void> CborReader::skip(int depth) {
  if (depth > kDeepest) return bad("too deep");
  const auto done = [](const auto& read) -> Result<void> {
    if (!read) return tl::unexpected<Error>(read.error());
    return {};
  };
  const unsigned kind = major();
  if (kind == kUnsigned || kind == kNegative) return done(integer());
  if (kind == kBytes || kind == kText) return done(string(kind));
  if (kind == kArray || kind == kMap) {
    const auto items = kind == kMap ? map() : array();
    if (!items) return tl::unexpected<Error>(items.error());
    for (std::size_t i = 0; i < *items * (kind == kMap ? 2 : 1); ++i)
      if (auto skipped = skip(depth + 1); !skipped) return skipped;
    return {};
  }
  // false, true, null: the only others that extensions bring.
  if (kind == kSimple && rest_.front() >= 0xF4 && rest_.front() <= 0xF6) {
    rest_ = rest_.subspan(1);
    return {};
  }
  return bad("a kind of value that no authenticator writes");
}

}  // namespace madoguchi::vault
