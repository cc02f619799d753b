#include "vault/exports/code_points.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "base/check.h"

namespace madoguchi::vault {
namespace {

icu::UnicodeString joined(const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
  CHECK(U_SUCCESS(status) && nfkc != nullptr);
  icu::UnicodeString out = nfkc->normalize(text, status);
  return U_SUCCESS(status) ? out : text;
}

std::u32string points_of(const icu::UnicodeString& text) {
  std::u32string out;
  out.reserve(static_cast<std::size_t>(text.length()));
  for (int32_t i = 0; i < text.length();) {
    const UChar32 c = text.char32At(i);
    out += static_cast<char32_t>(c);
    i += U16_LENGTH(c);
  }
  return out;
}

icu::UnicodeString unicode_of(std::u32string_view text) {
  icu::UnicodeString out;
  for (const char32_t c : text) out.append(static_cast<UChar32>(c));
  return out;
}

bool is_hyphen(char32_t c) {
  return (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE63 || c == 0xFF0D;
}

}  // namespace

std::u32string code_points(std::string_view utf8) {
  return points_of(
      icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<int>(utf8.size()))));
}

std::string utf8_of(std::u32string_view text) {
  std::string out;
  unicode_of(text).toUTF8String(out);
  return out;
}

bool is_space_sign(char32_t c) {
  return c == U' ' || c == U'\u3000' || u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}

std::u32string retyped(std::u32string_view text) {
  std::u32string out;
  for (char32_t c : points_of(joined(unicode_of(text)))) {
    if (is_space_sign(c)) {
      if (!out.empty() && out.back() != U' ') out += U' ';
    } else {
      out += is_hyphen(c) ? U'-' : c;
    }
  }
  while (!out.empty() && out.back() == U' ') out.pop_back();
  return out;
}

}  // namespace madoguchi::vault
