#include "vault/records/file_text.h"

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include "base/check.h"
#include "base/utf8.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

}  // namespace

std::string_view name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      return "UTF-8";
    case Encoding::kCp932:
      return "CP932";
  }
  return "";
}

Result<Encoding> encoding_named(std::string_view name) {
  if (name == name_of(Encoding::kUtf8)) return Encoding::kUtf8;
  if (name == name_of(Encoding::kCp932)) return Encoding::kCp932;
  return fail(ErrorCode::kInvalid, "an encoding is UTF-8 or CP932");
}

void EncodingScan::feed_utf8(std::uint8_t byte) {
  if (utf8_more_ > 0) {
    if (byte < utf8_least_ || byte > utf8_most_) {
      utf8_bad_ = line_;
      return;
    }
    utf8_least_ = 0x80;
    utf8_most_ = 0xBF;
    --utf8_more_;
    utf8_likely_ = utf8_likely_ || (utf8_more_ == 0 && utf8_bytes_ > 2);
    return;
  }
  // RFC 3629, section 4: the second byte's range depends on the first.
  if (byte >= 0xC2 && byte <= 0xDF) {
    utf8_more_ = 1;
  } else if ((byte & 0xF0) == 0xE0) {
    utf8_more_ = 2;
    if (byte == 0xE0) utf8_least_ = 0xA0;
    if (byte == 0xED) utf8_most_ = 0x9F;
  } else if (byte >= 0xF0 && byte <= 0xF4) {
    utf8_more_ = 3;
    if (byte == 0xF0) utf8_least_ = 0x90;
    if (byte == 0xF4) utf8_most_ = 0x8F;
  } else {
    utf8_bad_ = line_;
  }
  utf8_bytes_ = utf8_more_ + 1;
}

void EncodingScan::feed_cp932(std::uint8_t byte) {
  if (cp932_trail_) {
    cp932_trail_ = false;
    if (byte < 0x40 || byte == 0x7F || byte > 0xFC) cp932_bad_ = line_;
    return;
  }
  if ((byte >= 0x81 && byte <= 0x9F) || (byte >= 0xE0 && byte <= 0xFC))
    cp932_trail_ = true;
  else if (byte == 0x80 || byte == 0xA0 || byte > 0xFC)
    cp932_bad_ = line_;
}

// EUC-JP: pairs of A1–FE; 8E before one half-width kana; 8F before a pair.
void EncodingScan::feed_euc(std::uint8_t byte) {
  const bool wide = byte >= 0xA1 && byte <= 0xFE;
  if (euc_more_ > 0) {
    const bool fits = euc_lead_ == 0x8E ? byte >= 0xA1 && byte <= 0xDF : wide;
    // Rows 4 and 5 of JIS X 0208, or what lies beyond the half-width kana of CP932.
    if (byte >= 0xE0 || euc_lead_ >= 0xE0 || euc_lead_ == 0xA4 || euc_lead_ == 0xA5)
      euc_likely_ = true;
    euc_bad_ = euc_bad_ || !fits;
    --euc_more_;
    return;
  }
  euc_lead_ = byte;
  euc_more_ = byte == 0x8F ? 2 : 1;
  euc_bad_ = euc_bad_ || !(wide || byte == 0x8E || byte == 0x8F);
}

void EncodingScan::note(std::uint8_t byte) {
  if (byte == '\n') ++line_;
  if (byte == '\r') ++returns_;
  if (byte == 0 && nul_ == 0) nul_ = line_;
  if (after_escape_ && escape_ == 0 && (byte == '$' || byte == '(')) escape_ = line_;
  after_escape_ = byte == 0x1B;
}

void EncodingScan::feed(ByteView bytes) {
  for (const std::uint8_t byte : bytes) {
    if (first_bytes_.size() < kBom.size()) first_bytes_ += static_cast<char>(byte);
    if (byte < 0x80 && utf8_more_ == 0 && !cp932_trail_ && euc_more_ == 0) {
      note(byte);
      continue;
    }
    if (utf8_bad_ == 0 && (byte >= 0x80 || utf8_more_ > 0)) feed_utf8(byte);
    if (cp932_bad_ == 0 && (byte >= 0x80 || cp932_trail_)) feed_cp932(byte);
    if (!euc_bad_ && (byte >= 0x80 || euc_more_ > 0)) feed_euc(byte);
    if (euc_bad_) euc_more_ = 0;
    note(byte);
  }
  bytes_ += bytes.size();
}

bool EncodingScan::is_euc() const {
  return !euc_bad_ && euc_more_ == 0 && (euc_likely_ || cp932_bad_ != 0);
}

std::size_t EncodingScan::bom_bytes() const {
  return first_bytes_ == kBom ? kBom.size() : 0;
}

Result<Encoding> EncodingScan::verdict() const {
  if (bytes_ == 0) return fail(ErrorCode::kInvalid, "the file is empty");
  if (first_bytes_.starts_with("\xFF\xFE") || first_bytes_.starts_with("\xFE\xFF"))
    return fail(ErrorCode::kInvalid, "line 1: this is UTF-16; save the file as UTF-8");
  if (nul_ != 0)
    return fail(ErrorCode::kInvalid,
                fmt::format("line {}: a NUL byte; this is no text file, or UTF-16: save it as "
                            "UTF-8",
                            nul_));
  if (escape_ != 0)
    return fail(ErrorCode::kInvalid,
                fmt::format("line {}: this is ISO-2022-JP (JIS); convert it: iconv -f ISO-2022-JP "
                            "-t UTF-8",
                            escape_));
  if (returns_ > 0 && line_ == 1)
    return fail(ErrorCode::kInvalid,
                "lines end with CR alone, as on old Macintoshes; save the file with CR LF or LF");
  if (utf8_bad_ == 0 && utf8_more_ == 0) return Encoding::kUtf8;
  const Error cut_off{ErrorCode::kInvalid,
                      fmt::format("line {}: the file ends within a character; it was cut off, "
                                  "fetch it again",
                                  line_)};
  // What is left of it may well be CP932 by chance.
  if (utf8_bad_ == 0 && utf8_likely_) return tl::unexpected<Error>(cut_off);
  if (bom_bytes() != 0)
    return fail(ErrorCode::kInvalid,
                fmt::format("line {}: the file begins as UTF-8 but goes on as something else; "
                            "save it as UTF-8 again",
                            utf8_bad_ == 0 ? line_ : utf8_bad_));
  if (is_euc())
    return fail(ErrorCode::kInvalid,
                fmt::format("line {}: this is EUC-JP; convert it: iconv -f EUC-JP -t UTF-8",
                            utf8_bad_ == 0 ? line_ : utf8_bad_));
  if (cp932_bad_ == 0 && !cp932_trail_) return Encoding::kCp932;
  if (utf8_bad_ == 0) return tl::unexpected<Error>(cut_off);
  return fail(ErrorCode::kInvalid,
              fmt::format("neither UTF-8 (broken in line {}) nor CP932 (broken in line {}); save "
                          "it as UTF-8",
                          utf8_bad_, cp932_bad_ == 0 ? line_ : cp932_bad_));
}

bool has_controls(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) return true;
    // U+0080 to U+009F
    if (c == 0xC2 && i + 1 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

bool is_one_line(std::string_view utf8) {
  // U+2028 and U+2029 end lines too.
  constexpr std::string_view kSeparators[] = {"\xE2\x80\xA8", "\xE2\x80\xA9"};
  return !has_controls(utf8) && utf8.find_first_of("\r\n") == std::string_view::npos &&
         utf8.find(kSeparators[0]) == std::string_view::npos &&
         utf8.find(kSeparators[1]) == std::string_view::npos;
}

std::string_view trimmed(std::string_view utf8) {
  constexpr std::string_view kWide = "\xE3\x80\x80";  // U+3000
  for (bool again = true; again;) {
    again = false;
    while (!utf8.empty() && (utf8.front() == ' ' || utf8.front() == '\t')) utf8.remove_prefix(1);
    while (!utf8.empty() && (utf8.back() == ' ' || utf8.back() == '\t')) utf8.remove_suffix(1);
    if (utf8.starts_with(kWide)) {
      utf8.remove_prefix(kWide.size());
      again = true;
    }
    if (utf8.ends_with(kWide)) {
      utf8.remove_suffix(kWide.size());
      again = true;
    }
  }
  return utf8;
}

struct Decoder::Converter {
  UConverter* handle = nullptr;
  std::u16string wide;
  ~Converter() { ucnv_close(handle); }
};

Decoder::Decoder(Encoding encoding)
    : encoding_(encoding), converter_(std::make_unique<Converter>()) {
  if (encoding_ != Encoding::kCp932) return;
  UErrorCode status = U_ZERO_ERROR;
  converter_->handle = ucnv_open("windows-31j", &status);
  CHECK(U_SUCCESS(status));
  ucnv_setToUCallBack(converter_->handle, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr,
                      &status);
  CHECK(U_SUCCESS(status));
}

Decoder::~Decoder() = default;

Result<void> Decoder::decode(std::string_view bytes, std::string& into) {
  if (encoding_ == Encoding::kUtf8) {
    if (!is_clean_utf8(bytes)) return fail(ErrorCode::kInvalid, "no UTF-8 text, or holds a NUL");
    into.assign(bytes);
    return {};
  }
  // Half a character for each byte at most, three bytes of UTF-8 for each of those.
  UErrorCode status = U_ZERO_ERROR;
  converter_->wide.resize(bytes.size() + 1);
  const int32_t size = ucnv_toUChars(converter_->handle, converter_->wide.data(),
                                     static_cast<int32_t>(converter_->wide.size()), bytes.data(),
                                     static_cast<int32_t>(bytes.size()), &status);
  if (U_FAILURE(status)) return fail(ErrorCode::kInvalid, "no CP932 text");
  into.resize(static_cast<std::size_t>(size) * 3);
  int32_t made = 0;
  u_strToUTF8(into.data(), static_cast<int32_t>(into.size()), &made, converter_->wide.data(), size,
              &status);
  if (U_FAILURE(status)) return fail(ErrorCode::kInvalid, "no CP932 text");
  into.resize(static_cast<std::size_t>(made));
  if (into.find('\0') != std::string::npos) return fail(ErrorCode::kInvalid, "holds a NUL");
  return {};
}

}  // namespace madoguchi::vault
