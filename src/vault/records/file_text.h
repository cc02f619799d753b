// What kind of text a file of records is: UTF-8 (with or without BOM) or CP932 (Windows'
// Shift_JIS), told by looking at every byte, and the way from there to UTF-8. Pure; a Decoder
// belongs to one thread. Bytes are anybody's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace madoguchi::vault {

enum class Encoding { kUtf8, kCp932 };
std::string_view name_of(Encoding encoding);
Result<Encoding> encoding_named(std::string_view name);

// Fed the whole file in pieces; then says what it is.
class EncodingScan {
 public:
  void feed(ByteView bytes);
  // kInvalid with line, reason and how to mend: UTF-16, ISO-2022-JP, EUC-JP, a NUL, lines that end
  // with CR alone, or neither encoding.
  [[nodiscard]] Result<Encoding> verdict() const;
  // Bytes of the byte order mark, which are no part of the text.
  [[nodiscard]] std::size_t bom_bytes() const;

 private:
  void feed_utf8(std::uint8_t byte);
  void feed_cp932(std::uint8_t byte);
  void feed_euc(std::uint8_t byte);
  void note(std::uint8_t byte);
  [[nodiscard]] bool is_euc() const;

  std::uint64_t bytes_ = 0;
  std::uint64_t line_ = 1;
  std::string first_bytes_;     // as many as a byte order mark has
  std::uint64_t utf8_bad_ = 0;  // line of the first byte that is none; 0: all well
  std::uint64_t cp932_bad_ = 0;
  std::uint64_t nul_ = 0;
  std::uint64_t escape_ = 0;  // line of the first escape sequence of ISO-2022-JP
  bool after_escape_ = false;
  std::uint64_t returns_ = 0;  // CR
  int utf8_more_ = 0;
  int utf8_bytes_ = 0;        // of the character under way
  bool utf8_likely_ = false;  // a character of three bytes or more was whole
  std::uint8_t utf8_least_ = 0x80;
  std::uint8_t utf8_most_ = 0xBF;
  bool cp932_trail_ = false;
  bool euc_bad_ = false;
  bool euc_likely_ = false;  // a pair that is kana there, or a byte that half-width kana is not
  std::uint8_t euc_lead_ = 0;
  int euc_more_ = 0;
};

// What no cell holds but by a wrong conversion: control characters beside tabs and line ends.
[[nodiscard]] bool has_controls(std::string_view utf8);
// Neither those nor a line end, of whichever kind.
[[nodiscard]] bool is_one_line(std::string_view utf8);
// Without spaces of any width and tabs before and behind.
[[nodiscard]] std::string_view trimmed(std::string_view utf8);

// Text in one encoding to UTF-8.
class Decoder {
 public:
  explicit Decoder(Encoding encoding);
  ~Decoder();
  // kInvalid for bytes that are no such text or hold a NUL. `into` is replaced.
  Result<void> decode(std::string_view bytes, std::string& into);

 private:
  struct Converter;
  const Encoding encoding_;
  std::unique_ptr<Converter> converter_;
};

}  // namespace madoguchi::vault
