// Normal forms: two ways of writing one value give the same text, so that it can be found by an
// exact mark and compared without being shown. Which characters are one another's variants stands
// in data/text-variants-jp.toml, which travels inside the program; width is Unicode's NFKC (ICU).
// A normal form of a normal form is itself. Immutable after loading: any thread. Input is
// anybody's.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "vault/core/numbering.h"
#include "vault/records/legal_forms.h"
#include "vault/records/schema.h"

namespace madoguchi {
class Config;
}

namespace madoguchi::vault {

inline constexpr std::size_t kMostValueBytes = 64 * 1024;
inline constexpr std::size_t kMostSpellings = 64;

class Normaliser {
 public:
  // As built in.
  static const Normaliser& japanese();
  static Result<Normaliser> from_text(std::string_view toml, std::string file_name);

  // kInvalid, saying why without the value: no UTF-8, no date, no telephone number, too long.
  // Never empty. `now` decides which ranges of numbers are in use.
  [[nodiscard]] Result<std::string> form(FieldKind kind, std::string_view raw,
                                         const NumberingPlan& plan, Time now) const;

  // The ways of writing a name, its kana or an address that its form does not join: ヶ, ケ and が,
  // ノ, の and 之, between kanji (霞ヶ関, 霞が関); legal forms (株式会社, (株), カ)). `form` first;
  // at most kMostSpellings. Marks were made of forms, so a search asks for each of them.
  [[nodiscard]] std::vector<std::string> spellings(FieldKind kind, const std::string& form) const;
  // The same for all spellings of one; for comparing, never for marks.
  [[nodiscard]] std::string common_spelling(FieldKind kind, const std::string& form) const;

  // Names of columns: width, case, spaces and signs don't matter. Empty for nothing but those.
  [[nodiscard]] static std::string header(std::string_view raw);

 private:
  struct Era {
    std::u32string name;
    int before_first = 0;
  };

  void read_legal_forms(Config& company);
  [[nodiscard]] const LegalForms* legal_forms(FieldKind kind) const;
  [[nodiscard]] std::u32string name(std::u32string text) const;
  [[nodiscard]] std::u32string kana(std::u32string text) const;
  [[nodiscard]] std::u32string address(const std::u32string& text) const;
  [[nodiscard]] Result<std::string> date(std::u32string text) const;
  [[nodiscard]] std::u32string counted_digits(const std::u32string& text) const;
  [[nodiscard]] const std::u32string* between_kanji(const std::u32string& text,
                                                    std::size_t at) const;
  // `text` and its spellings, at most so many of them.
  void add_between_kanji(const std::u32string& text, std::size_t most,
                         std::vector<std::u32string>& all) const;
  [[nodiscard]] std::size_t divider_at(const std::u32string& text, std::size_t at) const;

  std::unordered_map<char32_t, char32_t> kanji_;
  std::unordered_map<char32_t, char32_t> kana_;
  std::u32string long_signs_;
  std::vector<std::u32string> dividers_;  // longest first
  std::vector<std::u32string> counted_;
  std::vector<std::u32string> silent_;
  std::vector<std::u32string> between_kanji_;  // the first of each stands for the others
  std::vector<Era> eras_;
  LegalForms written_;  // before and behind names
  LegalForms read_;     // and their kana
};

// A name as it is read: kana of any kind, with the letters, digits and signs that stand in names of
// companies and of people from elsewhere. No kanji, no other signs, not empty.
[[nodiscard]] bool reads_as_kana(std::string_view utf8);

}  // namespace madoguchi::vault
