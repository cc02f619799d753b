// The ways in which one value can be written that mean the same to whoever reads it: with or
// without a space between family and given name, 090-0000-1001 or 090(0000)1001, 1丁目2番3号 or
// 1-2-3. An export writes each value in one of its ways, chosen by the export's own key
// (export_mark.h); whoever finds the value reads off which. Never changes what is said: a name's
// kanji only become their common form, identifiers and mail addresses stay as they are, and every
// way has the same normal form (records/normalise.h). Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vault/records/normalise.h"
#include "vault/records/schema.h"

namespace madoguchi::vault {

// What may be written in several ways. Numbers of ways are part of what old exports mean: add
// kinds, never change one.
enum class MarkKind : std::uint8_t {
  kNameGap,       // a space between family and given name, or none
  kNameGapWide,   // that space half or full width
  kNameForm,      // 髙 as it is, or 高
  kKanaGap,       // as with the name
  kKanaGapWide,   //
  kDate,          // 1972-04-03, 1972/04/03, 1972/4/3, 1972年4月3日
  kDateTwoDigit,  // 1972-11-20, 1972/11/20, 1972年11月20日
  kPostalCode,    // 100-0001, 〒100-0001, 〒1000001
  kTelephone,     // 090-0000-1001, 090(0000)1001, 090 0000 1001
  kAddressForm,   // 1丁目2番3号, 1丁目2-3, 1-2-3
  kAddressShort,  // 1丁目2-3, 1-2-3
  kAddressWide,   // digits of the address half or full width
  kAddressGap,    // a space after the prefecture, or none
};
inline constexpr std::size_t kMarkKinds = 13;
[[nodiscard]] std::uint8_t ways_of(MarkKind kind);
[[nodiscard]] std::string_view name_of(MarkKind kind);

struct Marked {
  MarkKind kind;
  std::uint8_t way;
  friend bool operator==(const Marked&, const Marked&) = default;
};

// One value and its ways.
class Spelling {
 public:
  Spelling(FieldKind kind, std::string_view value, const Normaliser& normaliser);

  [[nodiscard]] const std::vector<MarkKind>& marks() const { return marks_; }
  // A way for each of marks().
  [[nodiscard]] std::string text(const std::vector<std::uint8_t>& ways) const;
  // The ways that `found` shows; nothing for those that whoever handled it has made the same
  // (spaces taken out, width joined), or when it is another value.
  [[nodiscard]] std::vector<Marked> read(std::string_view found) const;

 private:
  [[nodiscard]] std::u32string written(const std::vector<std::uint8_t>& ways) const;
  [[nodiscard]] std::u32string written_address(const std::vector<std::uint8_t>& ways) const;
  // The way given for this kind; 0 when the value has no such mark.
  [[nodiscard]] std::uint8_t way(MarkKind kind, const std::vector<std::uint8_t>& ways) const;
  void take_name();
  void take_date(const Normaliser& normaliser, std::string_view utf8);
  void take_postal_code();
  void take_telephone();
  void take_address();
  void take_house_number();
  template <typename Match>
  [[nodiscard]] std::vector<Marked> common(Match match) const;

  const FieldKind kind_;
  const std::u32string value_;
  std::vector<MarkKind> marks_;
  // What is put together: family and given name; year, month and day; groups of digits; of an
  // address prefecture, what is before its house number, three numbers, and their text as it is.
  std::vector<std::u32string> parts_;
};

}  // namespace madoguchi::vault
