#include "vault/exports/spelling.h"

#include <algorithm>
#include <utility>

#include "vault/core/numbering.h"
#include "vault/exports/code_points.h"

namespace madoguchi::vault {
namespace {

// Forms that one and the same character has in print; old systems write the second for the first.
// Characters that are names of their own (斉 beside 斎) are not among them.
constexpr std::u32string_view kForms = U"髙高﨑崎𠮷吉德徳瀨瀬增増黑黒綠緑";

std::u32string common_form(std::u32string text) {
  for (char32_t& c : text)
    for (std::size_t i = 0; i < kForms.size(); i += 2)
      if (c == kForms[i]) c = kForms[i + 1];
  return text;
}

bool is_digit(char32_t c) {
  return (c >= U'0' && c <= U'9') || (c >= U'０' && c <= U'９');
}
bool is_hyphen(char32_t c) {
  return c == U'-' || c == U'－' || c == U'−' || c == U'‐';
}

std::u32string widened(std::u32string_view text, bool wide) {
  std::u32string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    char32_t& c = out[i];
    if (is_digit(c))
      c = (c >= U'０' ? c - U'０' : c - U'0') + (wide ? U'０' : U'0');
    else if (is_hyphen(c) && i > 0 && is_digit(out[i - 1]))
      c = wide ? U'－' : U'-';
  }
  return out;
}

std::u32string without_spaces(std::u32string text) {
  std::erase_if(text, is_space_sign);
  return text;
}

std::u32string ascii(std::string_view text) {
  return {text.begin(), text.end()};
}

// Reads a text from left to right.
class Eye {
 public:
  explicit Eye(std::u32string_view text) : text_(text) {}
  std::u32string digits() {
    std::u32string found;
    while (at_ < text_.size() && is_digit(text_[at_])) found += text_[at_++];
    return widened(found, false);
  }
  bool sees(std::u32string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool hyphen() {
    if (at_ >= text_.size() || !is_hyphen(text_[at_])) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] std::u32string_view rest() const { return text_.substr(at_); }

 private:
  std::u32string_view text_;
  std::size_t at_ = 0;
};

// How many characters the prefecture has; 0: none is named.
std::size_t prefecture(std::u32string_view text) {
  for (const std::u32string_view name : {U"東京都", U"北海道", U"大阪府", U"京都府"})
    if (text.starts_with(name)) return name.size();
  for (const std::size_t at : {2U, 3U})
    if (text.size() > at && text[at] == U'県') return at + 1;
  return 0;
}

}  // namespace

std::uint8_t ways_of(MarkKind kind) {
  switch (kind) {
    case MarkKind::kNameGap:
    case MarkKind::kNameGapWide:
    case MarkKind::kNameForm:
    case MarkKind::kKanaGap:
    case MarkKind::kKanaGapWide:
    case MarkKind::kAddressShort:
    case MarkKind::kAddressWide:
    case MarkKind::kAddressGap:
      return 2;
    case MarkKind::kDateTwoDigit:
    case MarkKind::kPostalCode:
    case MarkKind::kTelephone:
    case MarkKind::kAddressForm:
      return 3;
    case MarkKind::kDate:
      return 4;
  }
  return 1;
}

std::string_view name_of(MarkKind kind) {
  switch (kind) {
    case MarkKind::kNameGap:
      return "name_gap";
    case MarkKind::kNameGapWide:
      return "name_gap_width";
    case MarkKind::kNameForm:
      return "name_form";
    case MarkKind::kKanaGap:
      return "kana_gap";
    case MarkKind::kKanaGapWide:
      return "kana_gap_width";
    case MarkKind::kDate:
    case MarkKind::kDateTwoDigit:
      return "date";
    case MarkKind::kPostalCode:
      return "postal_code";
    case MarkKind::kTelephone:
      return "telephone";
    case MarkKind::kAddressForm:
    case MarkKind::kAddressShort:
      return "house_number";
    case MarkKind::kAddressWide:
      return "address_width";
    case MarkKind::kAddressGap:
      return "address_gap";
  }
  return "";
}

Spelling::Spelling(FieldKind kind, std::string_view value, const Normaliser& normaliser)
    : kind_(kind), value_(code_points(value)) {
  switch (kind) {
    case FieldKind::kName:
    case FieldKind::kKana:
      take_name();
      break;
    case FieldKind::kDate:
      take_date(normaliser, value);
      break;
    case FieldKind::kPostalCode:
      take_postal_code();
      break;
    case FieldKind::kTelephone:
      take_telephone();
      break;
    case FieldKind::kAddress:
      take_address();
      break;
    case FieldKind::kText:
    case FieldKind::kMail:
    case FieldKind::kIdentifier:
      break;
  }
}

void Spelling::take_name() {
  const bool kanji = kind_ == FieldKind::kName;
  const auto gap = std::find_if(value_.begin(), value_.end(), is_space_sign);
  const auto after = std::find_if_not(gap, value_.end(), is_space_sign);
  const bool split = gap != value_.begin() && after != value_.end() &&
                     std::find_if(after, value_.end(), is_space_sign) == value_.end();
  if (split) {
    marks_ = {kanji ? MarkKind::kNameGap : MarkKind::kKanaGap,
              kanji ? MarkKind::kNameGapWide : MarkKind::kKanaGapWide};
    parts_ = {std::u32string(value_.begin(), gap), std::u32string(after, value_.end())};
  } else {
    parts_ = {value_, {}};
  }
  if (kanji && common_form(value_) != value_) marks_.push_back(MarkKind::kNameForm);
}

void Spelling::take_date(const Normaliser& normaliser, std::string_view utf8) {
  const auto form = normaliser.form(FieldKind::kDate, utf8, NumberingPlan::japanese(), Time());
  if (!form || form->size() != 10 || (*form)[4] != '-') return;
  parts_ = {ascii(form->substr(0, 4)), ascii(form->substr(5, 2)), ascii(form->substr(8, 2))};
  const bool long_ones = parts_[1][0] != U'0' && parts_[2][0] != U'0';
  marks_ = {long_ones ? MarkKind::kDateTwoDigit : MarkKind::kDate};
}

void Spelling::take_postal_code() {
  std::u32string digits = retyped(value_);
  std::erase_if(digits, [](char32_t c) { return c == U'-' || c == U'〒' || c == U' '; });
  if (digits.size() != 7 || !std::all_of(digits.begin(), digits.end(), is_digit)) return;
  parts_ = {digits.substr(0, 3), digits.substr(3)};
  marks_ = {MarkKind::kPostalCode};
}

void Spelling::take_telephone() {
  std::vector<std::u32string> groups;
  bool in_group = false;
  for (const char32_t c : retyped(value_)) {
    if (is_digit(c)) {
      if (!in_group) groups.emplace_back();
      groups.back() += c;
    } else if (c != U'-' && c != U' ' && c != U'(' && c != U')') {
      return;
    }
    in_group = is_digit(c);
  }
  if (groups.size() == 1 && groups[0].size() == 11 && groups[0][0] == U'0' && groups[0][2] == U'0')
    groups = {groups[0].substr(0, 3), groups[0].substr(3, 4), groups[0].substr(7)};
  if (groups.size() != 3 || groups[0][0] != U'0') return;
  parts_ = std::move(groups);
  marks_ = {MarkKind::kTelephone};
}

// `parts_` has the prefecture and the rest; the rest is cut where a house number of a known form
// stands.
void Spelling::take_house_number() {
  const std::u32string rest = parts_[1];
  for (std::size_t at = 0; at < rest.size(); ++at) {
    if (!is_digit(rest[at]) || (at > 0 && is_digit(rest[at - 1]))) continue;
    Eye eye(std::u32string_view(rest).substr(at));
    const std::u32string first = eye.digits();
    if (!eye.sees(U"丁目")) continue;
    const std::u32string second = eye.digits();
    if (second.empty()) return;
    const bool spoken = eye.sees(U"番地") || eye.sees(U"番");
    if (!spoken && !eye.hyphen()) return;
    const std::u32string third = eye.digits();
    if (third.empty()) return;
    if (spoken) eye.sees(U"号");
    // A building behind it would run into the number, and be found under neither.
    if (!eye.rest().empty()) return;
    marks_.push_back(spoken ? MarkKind::kAddressForm : MarkKind::kAddressShort);
    parts_ = {parts_[0], rest.substr(0, at), first, second, third, rest.substr(at)};
    return;
  }
}

void Spelling::take_address() {
  const std::size_t named = prefecture(value_);
  auto rest = value_.begin() + static_cast<std::ptrdiff_t>(named);
  if (named > 0) rest = std::find_if_not(rest, value_.end(), is_space_sign);
  parts_ = {value_.substr(0, named), std::u32string(rest, value_.end())};
  if (named > 0 && rest != value_.end()) marks_.push_back(MarkKind::kAddressGap);
  if (std::any_of(value_.begin(), value_.end(), is_digit)) marks_.push_back(MarkKind::kAddressWide);
  take_house_number();
}

std::uint8_t Spelling::way(MarkKind kind, const std::vector<std::uint8_t>& ways) const {
  const auto found = std::find(marks_.begin(), marks_.end(), kind);
  return found == marks_.end() ? 0 : ways[static_cast<std::size_t>(found - marks_.begin())];
}

std::u32string Spelling::written_address(const std::vector<std::uint8_t>& ways) const {
  std::u32string rest = parts_[1];
  if (parts_.size() > 2) {
    const std::uint8_t form = way(MarkKind::kAddressForm, ways);
    const bool shortest = form == 2 || way(MarkKind::kAddressShort, ways) == 1;
    const std::u32string& as_it_is = parts_[5];
    if (shortest)
      rest += parts_[2] + U"-" + parts_[3] + U"-" + parts_[4];
    else if (form == 1)
      rest += parts_[2] + U"丁目" + parts_[3] + U"-" + parts_[4];
    else
      rest += as_it_is;
  }
  const std::u32string gap = way(MarkKind::kAddressGap, ways) == 1 ? U" " : U"";
  return parts_[0] + gap + widened(rest, way(MarkKind::kAddressWide, ways) == 1);
}

std::u32string Spelling::written(const std::vector<std::uint8_t>& ways) const {
  if (marks_.empty()) return value_;
  switch (kind_) {
    case FieldKind::kName:
    case FieldKind::kKana: {
      const bool kanji = kind_ == FieldKind::kName;
      const bool gap = way(kanji ? MarkKind::kNameGap : MarkKind::kKanaGap, ways) == 0;
      const bool wide = way(kanji ? MarkKind::kNameGapWide : MarkKind::kKanaGapWide, ways) == 1;
      std::u32string text = parts_[0];
      if (gap && !parts_[1].empty()) text += wide ? U'\u3000' : U' ';
      text += parts_[1];
      return way(MarkKind::kNameForm, ways) == 1 ? common_form(std::move(text)) : text;
    }
    case FieldKind::kDate: {
      const std::u32string &year = parts_[0], &month = parts_[1], &day = parts_[2];
      const auto brief = [](const std::u32string& two) {
        return two[0] == U'0' ? two.substr(1) : two;
      };
      const std::u32string spoken = year + U"年" + brief(month) + U"月" + brief(day) + U"日";
      const std::u32string slashes = year + U"/" + month + U"/" + day;
      const bool two_digits = marks_[0] == MarkKind::kDateTwoDigit;
      if (ways[0] == 0) return year + U"-" + month + U"-" + day;
      if (ways[0] == 1) return slashes;
      if (ways[0] == 2 && !two_digits) return year + U"/" + brief(month) + U"/" + brief(day);
      return spoken;
    }
    case FieldKind::kPostalCode:
      return (ways[0] == 0 ? U"" : U"〒") + parts_[0] + (ways[0] == 2 ? U"" : U"-") + parts_[1];
    case FieldKind::kTelephone:
      if (ways[0] == 1) return parts_[0] + U"(" + parts_[1] + U")" + parts_[2];
      return parts_[0] + (ways[0] == 0 ? U"-" : U" ") + parts_[1] + (ways[0] == 0 ? U"-" : U" ") +
             parts_[2];
    case FieldKind::kAddress:
      return written_address(ways);
    case FieldKind::kText:
    case FieldKind::kMail:
    case FieldKind::kIdentifier:
      break;
  }
  return value_;
}

std::string Spelling::text(const std::vector<std::uint8_t>& ways) const {
  return utf8_of(written(ways));
}

// What all ways of writing that match have in common.
template <typename Match>
std::vector<Marked> Spelling::common(Match match) const {
  std::vector<std::uint8_t> ways(marks_.size(), 0);
  std::vector<std::uint8_t> seen;
  std::vector<bool> same(marks_.size(), true);
  for (bool more = true; more;) {
    if (match(written(ways))) {
      if (seen.empty()) seen = ways;
      for (std::size_t i = 0; i < ways.size(); ++i)
        if (seen[i] != ways[i]) same[i] = false;
    }
    more = false;
    for (std::size_t i = 0; i < ways.size() && !more; ++i) {
      ways[i] = static_cast<std::uint8_t>((ways[i] + 1) % ways_of(marks_[i]));
      more = ways[i] != 0;
    }
  }
  std::vector<Marked> found;
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (same[i]) found.push_back({marks_[i], seen[i]});
  return found;
}

std::vector<Marked> Spelling::read(std::string_view found) const {
  if (marks_.empty()) return {};
  const std::u32string text = code_points(found);
  auto marks = common([&](const std::u32string& written) { return written == text; });
  if (!marks.empty()) return marks;
  const std::u32string plain = retyped(text);
  marks = common([&](const std::u32string& written) { return retyped(written) == plain; });
  if (!marks.empty()) return marks;
  const std::u32string bare = without_spaces(plain);
  marks = common(
      [&](const std::u32string& written) { return without_spaces(retyped(written)) == bare; });
  // A telephone number without any sign is everybody's way once spaces are gone.
  std::erase_if(marks, [](const Marked& one) { return one.kind == MarkKind::kTelephone; });
  return marks;
}

}  // namespace madoguchi::vault
