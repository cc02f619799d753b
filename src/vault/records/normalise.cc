#include "vault/records/normalise.h"

#include <fmt/format.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/check.h"
#include "base/config.h"
#include "base/utf8.h"
#include "vault_data/text_variants_jp.h"

namespace madoguchi::vault {
namespace {

constexpr char32_t kFirstHiragana = U'ぁ';
constexpr char32_t kLastHiragana = U'ゖ';
constexpr char32_t kHiraganaToKatakana = U'ァ' - U'ぁ';
constexpr std::size_t kPostalDigits = 7;
constexpr std::size_t kMostMail = 320;

const icu::Normalizer2& nfkc() {
  static const icu::Normalizer2& instance = [&]() -> const icu::Normalizer2& {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* found = icu::Normalizer2::getNFKCInstance(status);
    CHECK(U_SUCCESS(status) && found != nullptr);
    return *found;
  }();
  return instance;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Compatibility forms joined; letters stay as they are. ASCII is its own NFKC.
std::u32string folded(std::string_view utf8) {
  std::u32string out;
  if (is_ascii(utf8)) {
    out.assign(utf8.begin(), utf8.end());
    return out;
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString text = nfkc().normalize(
      icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<int>(utf8.size()))),
      status);
  if (U_FAILURE(status)) return out;
  out.reserve(static_cast<std::size_t>(text.length()));
  for (int32_t i = 0; i < text.length();) {
    const UChar32 c = text.char32At(i);
    out += static_cast<char32_t>(c);
    i += U16_LENGTH(c);
  }
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::string utf8_of(const std::u32string& text) {
  std::string out;
  out.reserve(text.size() * 3);
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

bool is_space(char32_t c) {
  return c == U' ' || c == U'\t' || c == U'\n' || c == U'\r' || c == U'\u3000' ||
         (c >= 0x80 && (u_isUWhiteSpace(static_cast<UChar32>(c)) != 0 ||
                        u_iscntrl(static_cast<UChar32>(c)) != 0 || c == 0xFEFF || c == 0x200B));
}

// Spaces, and what separates parts of a name.
bool is_unseen(char32_t c) {
  // Ideographic variation sequences pick a glyph, not another character (UTS 37).
  return is_space(c) || (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}

bool is_divider_of_names(char32_t c) {
  return c == U'・' || c == U'.' || c == U',';
}

bool is_digit(char32_t c) {
  return c >= U'0' && c <= U'9';
}

char32_t upper(char32_t c) {
  if (c < 0x80) return c >= U'a' && c <= U'z' ? c - 32 : c;
  return static_cast<char32_t>(u_toupper(static_cast<UChar32>(c)));
}

bool is_katakana(char32_t c) {
  return c >= U'ァ' && c <= U'ヺ';
}

// Which vowel a katakana ends in; 0 for ン and what is none. The rows of the table are the vowels.
char32_t vowel_of(char32_t c) {
  static constexpr std::u32string_view kRows[] = {
      U"アカサタナハマヤラワガザダバパ", U"イキシチニヒミリギジビピヂ",
      U"ウクスツヌフムユルグズブプヅヴ", U"エケセテネヘメレゲゼデベペ",
      U"オコソトノホモヨロゴゾドボポ"};
  static constexpr char32_t kVowels[] = {U'ア', U'イ', U'ウ', U'エ', U'オ'};
  for (std::size_t row = 0; row < 5; ++row)
    if (kRows[row].find(c) != std::u32string_view::npos) return kVowels[row];
  return 0;
}

// Signs that may join what stood before a space that was taken out (か ゛, Hangul's parts).
bool may_join(char32_t c) {
  if (c < 0x300) return false;
  const auto type = u_charType(static_cast<UChar32>(c));
  return type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK ||
         (c >= 0x1100 && c <= 0x11FF);
}

tl::unexpected<Error> no(std::string_view what) {
  return fail(ErrorCode::kInvalid, std::string(what));
}

Result<std::string> not_empty(std::string text) {
  if (text.empty()) return no("holds nothing that can be searched for");
  return text;
}

Result<std::string> postal_code(const std::u32string& text) {
  std::string digits;
  for (const char32_t c : text) {
    if (is_digit(c))
      digits += static_cast<char>(c);
    else if (!is_space(c) && std::u32string_view(U"-〒‐‑–—―−ー").find(c) == std::u32string::npos)
      return no("is no postal code: seven digits are expected");
  }
  if (digits.size() != kPostalDigits) return no("is no postal code: seven digits are expected");
  return digits;
}

Result<std::string> mail(std::u32string text) {
  for (char32_t& c : text)
    c = c < 0x80 ? (c >= U'A' && c <= U'Z' ? c + 32 : c)
                 : static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
  const auto at = text.rfind(U'@');
  if (at == std::u32string::npos || at == 0 || at + 1 == text.size() || text.size() > kMostMail)
    return no("is no mail address");
  return utf8_of(text);
}

Result<std::string> identifier(const std::u32string& text) {
  std::u32string kept;
  for (const char32_t c : text)
    if (!is_space(c) && std::u32string_view(U"-‐‑–—―−ー_./").find(c) == std::u32string::npos)
      kept += upper(c);
  return not_empty(utf8_of(kept));
}

Result<std::string> telephone(std::string_view raw, const std::u32string& text,
                              const NumberingPlan& plan, Time now) {
  std::string plain;
  if (is_ascii(raw)) {
    plain = raw;
  } else {
    for (const char32_t c : text)
      plain += c < 0x80 ? static_cast<char>(c) : '-';  // any sign divides, as it does on paper
  }
  while (!plain.empty() && (plain.front() == ' ' || plain.front() == '-')) plain.erase(0, 1);
  const auto line = plan.read(Number(std::move(plain)), now);
  // 110 and its like are nobody's own.
  if (!line || line->kind == NumberKind::kService) return no("is no telephone number");
  return line->e164.reveal();
}

std::unordered_map<char32_t, char32_t> variants(const std::vector<std::string>& groups) {
  std::unordered_map<char32_t, char32_t> to_first;
  for (const std::string& group : groups) {
    const std::u32string text = folded(group);
    for (std::size_t i = 1; i < text.size(); ++i) to_first.emplace(text[i], text[0]);
  }
  return to_first;
}

std::vector<std::u32string> words(const std::vector<std::string>& texts) {
  std::vector<std::u32string> out;
  for (const std::string& text : texts) out.push_back(folded(text));
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return out;
}

std::vector<std::u32string> parts_of_line(const std::string& line) {
  std::vector<std::u32string> parts(1);
  for (const char32_t c : folded(line)) {
    if (c == U' ')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

char32_t mapped(const std::unordered_map<char32_t, char32_t>& map, char32_t c) {
  const auto found = map.find(c);
  return found == map.end() ? c : found->second;
}

std::optional<int> kanji_digit(char32_t c) {
  static constexpr std::u32string_view kDigits = U"〇一二三四五六七八九";
  const auto at = kDigits.find(c);
  if (at != std::u32string_view::npos) return static_cast<int>(at);
  return std::nullopt;
}

// 十二 is 12, 二十 is 20, 百五 is 105; 一二 is 12.
std::optional<int> kanji_number(std::u32string_view text) {
  int total = 0;
  int pending = 0;
  bool any = false;
  for (const char32_t c : text) {
    if (const auto digit = kanji_digit(c)) {
      pending = pending * 10 + *digit;
      any = true;
    } else {
      const int unit = c == U'十' ? 10 : c == U'百' ? 100 : 0;
      if (unit == 0) return std::nullopt;
      total += (pending == 0 ? 1 : pending) * unit;
      pending = 0;
      any = true;
    }
    if (total + pending > 100'000) return std::nullopt;
  }
  if (!any) return std::nullopt;
  return total + pending;
}

bool is_kanji_number(char32_t c) {
  return kanji_digit(c).has_value() || c == U'十' || c == U'百';
}

}  // namespace

bool reads_as_kana(std::string_view utf8) {
  constexpr std::u32string_view kSigns = U"ー-‐‑–—―−〜~・.,'’&()/+!ゝゞヽヾ゠=゛゜";
  bool any = false;
  for (const char32_t c : folded(utf8)) {
    if (is_unseen(c) || kSigns.find(c) != std::u32string_view::npos) continue;
    const bool kana = (c >= kFirstHiragana && c <= kLastHiragana) || is_katakana(c) ||
                      c == 0x3099 || c == 0x309A || (c >= 0x31F0 && c <= 0x31FF);
    const auto script = u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_SCRIPT);
    if (!kana && !is_digit(c) && script != USCRIPT_LATIN) return false;
    any = true;
  }
  return any;
}

const Normaliser& Normaliser::japanese() {
  static const Normaliser normaliser = [] {
    auto built_in = from_text(kTextVariantsJp, "data/text-variants-jp.toml");
    CHECK(built_in.has_value());
    return std::move(*built_in);
  }();
  return normaliser;
}

Result<Normaliser> Normaliser::from_text(std::string_view toml, std::string file_name) {
  auto config = Config::from_text(toml, std::move(file_name));
  if (!config) return tl::unexpected<Error>(config.error());
  Normaliser made;
  Config source = config->table("source");
  source.text("ground");
  source.text("checked");
  made.kanji_ = variants(config->table("kanji").texts_or("groups", {}));
  Config kana = config->table("kana");
  made.kana_ = variants(kana.texts_or("groups", {}));
  made.long_signs_ = folded(kana.text("long_signs"));
  Config address = config->table("address");
  made.dividers_ = words(address.texts_or("dividers", {}));
  made.counted_ = words(address.texts_or("counted", {}));
  made.silent_ = words(address.texts_or("silent", {}));
  for (const std::string& group : config->table("between_kanji").texts_or("groups", {}))
    made.between_kanji_.push_back(folded(group));
  for (Config& era : config->table("date").tables("era")) {
    const int before = static_cast<int>(era.integer("before_first", 1, 9999));
    for (const std::string& name : era.texts_or("names", {}))
      made.eras_.push_back({folded(name), before});
  }
  Config company = config->table("company");
  made.read_legal_forms(company);
  if (auto finished = config->finish(); !finished) return tl::unexpected<Error>(finished.error());
  return made;
}

// In kana the first word is the banks' short one: カ) before a name, (カ behind it.
void Normaliser::read_legal_forms(Config& company) {
  for (const std::string& line : company.texts_or("written", {})) {
    std::vector<std::u32string> ways;
    for (const std::u32string& way : parts_of_line(line)) ways.push_back(name(way));
    written_.add({ways, ways});
  }
  for (const std::string& line : company.texts_or("read", {})) {
    LegalForms::Ways ways;
    for (const std::u32string& part : parts_of_line(line)) {
      const std::u32string way = kana(part);
      if (ways.before.empty()) {
        ways = {{way + U')', U'(' + way + U')'}, {U'(' + way, U'(' + way + U')'}};
        continue;
      }
      ways.before.push_back(way);
      ways.behind.push_back(way);
    }
    read_.add(std::move(ways));
  }
}

const LegalForms* Normaliser::legal_forms(FieldKind kind) const {
  if (kind == FieldKind::kName) return &written_;
  return kind == FieldKind::kKana ? &read_ : nullptr;
}

std::u32string Normaliser::name(std::u32string text) const {
  std::u32string out;
  for (const char32_t c : text) {
    out += upper(mapped(kanji_, c));
  }
  return out;
}

// Katakana, large, the long sign as the vowel it prolongs; ウ after an o and イ after an e prolong
// too (サトウ, サトー and サトオ are one).
std::u32string Normaliser::kana(std::u32string text) const {
  std::u32string out;
  for (char32_t c : text) {
    if (c >= kFirstHiragana && c <= kLastHiragana) c += kHiraganaToKatakana;
    const char32_t before = out.empty() ? 0 : out.back();
    if (long_signs_.find(c) != std::u32string::npos && is_katakana(before)) {
      const char32_t vowel = vowel_of(before);
      if (vowel != 0) out += vowel;
      continue;
    }
    c = upper(mapped(kana_, c));
    if (c == U'ウ' && vowel_of(before) == U'オ') c = U'オ';
    if (c == U'イ' && vowel_of(before) == U'エ') c = U'エ';
    out += c;
  }
  return out;
}

// 三丁目 to 3丁目; a kanji number that nothing counted follows is part of a name (三田, 四谷).
std::u32string Normaliser::counted_digits(const std::u32string& text) const {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_kanji_number(text[end])) ++end;
    const std::u32string_view rest = std::u32string_view(text).substr(end);
    const bool counts =
        end > i && std::any_of(counted_.begin(), counted_.end(),
                               [&](const auto& word) { return rest.starts_with(word); });
    const auto value =
        counts ? kanji_number(std::u32string_view(text).substr(i, end - i)) : std::nullopt;
    if (value) {
      for (const char digit : std::to_string(*value)) out += static_cast<char32_t>(digit);
      i = end;
    } else {
      const std::size_t stop = std::max(end, i + 1);
      out.append(text, i, stop - i);
      i = stop;
    }
  }
  return out;
}

std::size_t Normaliser::divider_at(const std::u32string& text, std::size_t at) const {
  for (const std::u32string& divider : dividers_)
    if (text.compare(at, divider.size(), divider) == 0) return divider.size();
  return 0;
}

std::u32string Normaliser::address(const std::u32string& text) const {
  std::u32string joined = name(text);
  for (const std::u32string& word : silent_)
    for (std::size_t at; (at = joined.find(word)) != std::u32string::npos;)
      joined.erase(at, word.size());
  joined = counted_digits(joined);
  std::u32string out;
  for (std::size_t i = 0; i < joined.size();) {
    const bool after_number = !out.empty() && (is_digit(out.back()) || out.back() == U'-');
    const std::size_t divider = after_number ? divider_at(joined, i) : 0;
    if (divider == 0) {
      out += joined[i++];
      continue;
    }
    if (out.back() != U'-') out += U'-';
    i += divider;
  }
  while (!out.empty() && out.back() == U'-') out.pop_back();
  return out;
}

// The group of a sign that may be written otherwise here; null: it is what it is.
const std::u32string* Normaliser::between_kanji(const std::u32string& text, std::size_t at) const {
  const auto is_kanji = [](char32_t c) {
    return c == U'々' || u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_IDEOGRAPHIC) != 0;
  };
  if (at == 0 || at + 1 >= text.size()) return nullptr;
  if (!is_kanji(text[at - 1]) || !is_kanji(text[at + 1])) return nullptr;
  for (const std::u32string& group : between_kanji_)
    if (group.find(text[at]) != std::u32string::npos) return &group;
  return nullptr;
}

std::vector<std::string> Normaliser::spellings(FieldKind kind, const std::string& form) const {
  const std::u32string text = folded(form);
  const LegalForms* companies = legal_forms(kind);
  std::vector<std::u32string> all =
      companies == nullptr ? std::vector{text} : companies->spellings(text);
  if (kind == FieldKind::kKana)
    for (std::size_t i = 1; i < all.size(); ++i) all[i] = kana(all[i]);
  if (kind == FieldKind::kName || kind == FieldKind::kAddress) {
    const std::size_t most = kMostSpellings / all.size();
    std::vector<std::u32string> more;
    for (const std::u32string& one : all) add_between_kanji(one, most, more);
    all = std::move(more);
  }
  std::vector<std::string> out = {form};
  for (std::size_t i = 1; i < all.size(); ++i) out.push_back(utf8_of(all[i]));
  return out;
}

void Normaliser::add_between_kanji(const std::u32string& text, std::size_t most,
                                   std::vector<std::u32string>& all) const {
  const std::size_t first = all.size();
  all.push_back(text);
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::u32string* group = between_kanji(text, at);
    if (group == nullptr || (all.size() - first) * group->size() > most) continue;
    const std::size_t known = all.size();
    for (const char32_t sign : *group) {
      if (sign == text[at]) continue;
      for (std::size_t i = first; i < known; ++i) {
        all.push_back(all[i]);
        all.back()[at] = sign;
      }
    }
  }
}

std::string Normaliser::common_spelling(FieldKind kind, const std::string& form) const {
  const LegalForms* companies = legal_forms(kind);
  if (companies == nullptr && kind != FieldKind::kAddress) return form;
  std::u32string text = folded(form);
  if (companies != nullptr) text = companies->common(text);
  if (kind == FieldKind::kKana) return utf8_of(kana(text));
  const std::u32string given = text;
  for (std::size_t at = 0; at < text.size(); ++at)
    if (const std::u32string* group = between_kanji(given, at)) text[at] = group->front();
  if (kind == FieldKind::kName) return utf8_of(text);
  // A house's name after 3号 or after 3.
  std::u32string joined;
  for (std::size_t at = 0; at < text.size(); ++at)
    if (text[at] != U'-' || (at + 1 < text.size() && is_digit(text[at + 1]))) joined += text[at];
  return utf8_of(joined);
}

Result<std::string> Normaliser::date(std::u32string text) const {
  constexpr std::string_view kNoDate = "is no date: 1980-01-31, 1980/1/31 and 昭和55年1月31日 are";
  int before_first = 0;
  for (const Era& era : eras_)
    if (text.starts_with(era.name)) {
      before_first = era.before_first;
      text.erase(0, era.name.size());
      break;
    }
  if (before_first != 0 && text.starts_with(U"元")) text[0] = U'1';
  std::vector<int> parts;
  std::size_t digits = 0;
  bool in_number = false;
  for (const char32_t c : text) {
    if (is_digit(c)) {
      if (!in_number) parts.push_back(0);
      in_number = true;
      if (++digits > 8) return no(kNoDate);
      parts.back() = parts.back() * 10 + static_cast<int>(c - U'0');
    } else if (std::u32string_view(U"-/.年月日‐‑–—―−ー").find(c) != std::u32string::npos) {
      in_number = false;
    } else {
      return no(kNoDate);
    }
  }
  if (parts.size() == 1 && digits == 8 && before_first == 0)
    parts = {parts[0] / 10'000, parts[0] / 100 % 100, parts[0] % 100};
  if (parts.size() != 3) return no(kNoDate);
  const int year = parts[0] + before_first;
  if (year < 1800 || year > 2999 || parts[1] > 12 || parts[2] > 31) return no(kNoDate);
  const std::chrono::year_month_day day{std::chrono::year(year),
                                        std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok()) return no("is no day of the calendar");
  return fmt::format("{:04}-{:02}-{:02}", year, parts[1], parts[2]);
}

Result<std::string> Normaliser::form(FieldKind kind, std::string_view raw,
                                     const NumberingPlan& plan, Time now) const {
  if (raw.size() > kMostValueBytes)
    return no(fmt::format("is longer than {} bytes", kMostValueBytes));
  if (!is_clean_utf8(raw)) return no("is no UTF-8 text, or holds a NUL");
  std::u32string text = folded(raw);
  const bool named = kind == FieldKind::kText || kind == FieldKind::kName ||
                     kind == FieldKind::kKana || kind == FieldKind::kAddress;
  text.erase(
      std::remove_if(text.begin(), text.end(),
                     [&](char32_t c) { return is_unseen(c) || (named && is_divider_of_names(c)); }),
      text.end());
  if (std::any_of(text.begin(), text.end(), may_join)) {
    text = folded(utf8_of(text));
    // A voiced mark that joins nothing means nothing.
    text.erase(std::remove_if(text.begin(), text.end(),
                              [](char32_t c) { return c == 0x3099 || c == 0x309A; }),
               text.end());
  }
  switch (kind) {
    case FieldKind::kText:
      return not_empty(utf8_of(name(std::move(text))));
    case FieldKind::kName:
      return not_empty(utf8_of(name(std::move(text))));
    case FieldKind::kKana:
      return not_empty(utf8_of(kana(std::move(text))));
    case FieldKind::kDate:
      return date(std::move(text));
    case FieldKind::kPostalCode:
      return postal_code(text);
    case FieldKind::kAddress:
      return not_empty(utf8_of(address(text)));
    case FieldKind::kTelephone:
      return telephone(raw, text, plan, now);
    case FieldKind::kMail:
      return mail(std::move(text));
    case FieldKind::kIdentifier:
      return identifier(text);
  }
  return fail(ErrorCode::kInternal, "a field of no kind");
}

std::string Normaliser::header(std::string_view raw) {
  if (raw.size() > 1024 || !is_clean_utf8(raw)) return {};
  std::u32string kept;
  for (const char32_t c : folded(raw)) {
    const auto icu = static_cast<UChar32>(c);
    if (u_isalnum(icu) != 0 || c == U'〒' || c == U'@') kept += upper(c);
  }
  return utf8_of(kept);
}

}  // namespace madoguchi::vault
