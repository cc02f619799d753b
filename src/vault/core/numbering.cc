#include "vault/core/numbering.h"

#include <phonenumbers/phonenumberutil.h>

#include <algorithm>

#include "base/check.h"
#include "base/config.h"
#include "base/telephone_number.h"
#include "vault_data/numbering_jp.h"

namespace madoguchi::vault {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr std::size_t kMostCharacters = 64;
constexpr std::size_t kMostDigits = 15;  // E.164, section 6.2.1
constexpr std::size_t kLongestService = 5;
constexpr std::string_view kCountry = "81";
constexpr auto kJapanAheadOfUtc = std::chrono::hours(9);  // no summer time

// Of a range in the data file.
std::optional<NumberKind> kind_named(std::string_view name) {
  using enum NumberKind;
  for (const NumberKind kind : {kFixed, kMobile, kIp, kMachine, kFreephone, kPremium, kShared})
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

NumberKind kind_of(PhoneNumberUtil::PhoneNumberType type) {
  // A foreign enumeration: what it may gain is kOther for us.
  switch (type) {
    case PhoneNumberUtil::FIXED_LINE:
      return NumberKind::kFixed;
    case PhoneNumberUtil::MOBILE:
      return NumberKind::kMobile;
    case PhoneNumberUtil::VOIP:
      return NumberKind::kIp;
    case PhoneNumberUtil::PAGER:
      return NumberKind::kMachine;
    case PhoneNumberUtil::TOLL_FREE:
      return NumberKind::kFreephone;
    case PhoneNumberUtil::PREMIUM_RATE:
      return NumberKind::kPremium;
    case PhoneNumberUtil::SHARED_COST:
    case PhoneNumberUtil::UAN:
      return NumberKind::kShared;
    default:
      return NumberKind::kOther;
  }
}

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return copy;
}

Result<Time> start_of_day_in_japan(const std::string& day) {
  auto midnight = parse_utc(day + "T00:00:00Z");
  if (!midnight) return midnight;
  return *midnight - kJapanAheadOfUtc;
}

}  // namespace

std::string_view name_of(NumberKind kind) {
  switch (kind) {
    case NumberKind::kFixed:
      return "fixed";
    case NumberKind::kMobile:
      return "mobile";
    case NumberKind::kIp:
      return "ip";
    case NumberKind::kMachine:
      return "machine";
    case NumberKind::kFreephone:
      return "freephone";
    case NumberKind::kPremium:
      return "premium";
    case NumberKind::kShared:
      return "shared";
    case NumberKind::kService:
      return "service";
    case NumberKind::kAbroad:
      return "abroad";
    case NumberKind::kOther:
      return "other";
  }
  return "";
}

std::string_view word_of(Unreadable why) {
  switch (why) {
    case Unreadable::kWithheld:
      return "withheld";
    case Unreadable::kInvalid:
      return "invalid";
  }
  return "";
}

const NumberingPlan& NumberingPlan::japanese() {
  static const NumberingPlan plan = [] {
    auto built_in = from_text(kNumberingJp, "data/numbering-jp.toml");
    CHECK(built_in.has_value());
    return std::move(*built_in);
  }();
  return plan;
}

Result<NumberingPlan> NumberingPlan::from_text(std::string_view toml, std::string file_name) {
  auto config = Config::from_text(toml, std::move(file_name));
  if (!config) return tl::unexpected<Error>(config.error());
  NumberingPlan plan;
  Config source = config->table("source");
  source.text("plan");
  source.text("checked");
  plan.withheld_ = config->table("withheld").texts_or("words", {});
  plan.caller_id_prefixes_ = config->table("caller_id").texts_or("prefixes", {});
  for (Config& table : config->tables("range")) {
    Range range;
    range.prefix = table.text("prefix");
    range.next_digits = table.text("next_digits");
    range.digits = static_cast<std::size_t>(table.integer("digits", 4, 15));
    const std::string kind = table.text("kind");
    if (const auto found = kind_named(kind))
      range.kind = *found;
    else
      table.refuse("kind", "must be fixed, mobile, ip, machine, freephone, premium or shared");
    if (const auto from = start_of_day_in_japan(table.text("from")))
      range.from = *from;
    else
      table.refuse("from", "must be a date, 2026-07-01");
    table.text("ground");
    plan.ranges_.push_back(std::move(range));
  }
  if (auto known = config->finish(); !known) return tl::unexpected<Error>(known.error());
  return plan;
}

const NumberingPlan::Range* NumberingPlan::range_of(std::string_view national, Time now) const {
  for (const Range& range : ranges_)
    if (national.size() == range.digits && national.starts_with(range.prefix) &&
        range.next_digits.find(national[range.prefix.size()]) != std::string::npos &&
        now >= range.from)
      return &range;
  return nullptr;
}

tl::expected<Line, Unreadable> NumberingPlan::read_japanese(std::string national, Time now) const {
  if (national.size() < 3 || national[1] == '0') return tl::unexpected(Unreadable::kInvalid);
  const std::string e164 = "+" + std::string(kCountry) + national.substr(1);
  Line line{Number(e164), Number(national), NumberKind::kOther};
  if (const Range* range = range_of(national, now)) {
    line.kind = range->kind;
    return line;
  }
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (util.Parse(e164, "ZZ", &number) != PhoneNumberUtil::NO_PARSING_ERROR)
    return tl::unexpected(Unreadable::kInvalid);
  if (util.IsValidNumber(number)) {
    line.kind = kind_of(util.GetNumberType(number));
    return line;
  }
  // A range younger than the library's tables: its holder is a caller like any other, and must not
  // be told that the number does not exist. 10 digits, or 11 where the third is 0 (mobile style).
  const bool plausible = national[1] != '0' &&
                         (national.size() == 10 || (national.size() == 11 && national[2] == '0'));
  if (!plausible) return tl::unexpected(Unreadable::kInvalid);
  return line;
}

std::string NumberingPlan::canonical(const std::string& number_called, Time now) const {
  const auto line = read(Number(number_called), now);
  return line ? line->e164.reveal() : number_called;
}

tl::expected<Line, Unreadable> NumberingPlan::read(const Number& raw, Time now) const {
  std::string_view text = raw.reveal();
  if (text.size() > kMostCharacters) return tl::unexpected(Unreadable::kInvalid);
  if (text.empty() || std::find(withheld_.begin(), withheld_.end(), lower(text)) != withheld_.end())
    return tl::unexpected(Unreadable::kWithheld);
  if (lower(text.substr(0, 4)) == "tel:") text.remove_prefix(4);
  auto digits = bare_number(text);
  if (!digits) return tl::unexpected(Unreadable::kInvalid);
  // People dial them twice, too.
  const auto prefixed = [&](const std::string& prefix) {
    return digits->starts_with(prefix) && digits->size() > prefix.size();
  };
  for (auto found = caller_id_prefixes_.begin(); found != caller_id_prefixes_.end();) {
    found = std::find_if(caller_id_prefixes_.begin(), caller_id_prefixes_.end(), prefixed);
    if (found != caller_id_prefixes_.end()) digits->erase(0, found->size());
  }
  if (digits->empty() || *digits == "+") return tl::unexpected(Unreadable::kInvalid);
  digits = full_number(*std::move(digits), "+81");

  if (digits->front() != '+') {
    if (digits->size() <= kLongestService && digits->front() != '0')
      return Line{Number(*digits), Number(*digits), NumberKind::kService};
    return tl::unexpected(Unreadable::kInvalid);
  }
  if (digits->size() > kMostDigits + 1) return tl::unexpected(Unreadable::kInvalid);
  if (digits->starts_with("+81")) return read_japanese("0" + digits->substr(3), now);
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (util.Parse(*digits, "ZZ", &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
      !util.IsPossibleNumber(number))
    return tl::unexpected(Unreadable::kInvalid);
  return Line{Number(*digits), Number(), NumberKind::kAbroad};
}

}  // namespace madoguchi::vault
