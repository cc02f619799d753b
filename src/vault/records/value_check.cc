#include "vault/records/value_check.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "vault/records/file_text.h"
#include "vault/records/normalise.h"

namespace madoguchi::vault {
namespace {

constexpr std::chrono::hours kJapan{9};
constexpr std::size_t kMostLocalPart = 64;  // RFC 5321, section 4.5.3.1.1
constexpr std::size_t kMostMail = 254;      // its path of 256 without < and >

bool has_lines(FieldKind kind) {
  return kind == FieldKind::kText || kind == FieldKind::kAddress;
}

// Labels of letters, digits and hyphens, or of any script (RFC 6531); two at least.
bool is_domain(std::string_view text) {
  std::size_t labels = 0;
  while (!text.empty()) {
    const auto dot = std::min(text.find('.'), text.size());
    const std::string_view label = text.substr(0, dot);
    const bool plain = std::all_of(label.begin(), label.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
             static_cast<unsigned char>(c) >= 0x80;
    });
    if (label.empty() || !plain || label.front() == '-' || label.back() == '-') return false;
    if (dot + 1 == text.size()) return false;
    text.remove_prefix(std::min(dot + 1, text.size()));
    ++labels;
  }
  return labels >= 2;
}

// One address in its normal form, with nothing about it. Dots anywhere before the @, as Japanese
// mobile operators gave them out (RFC 5321 has them between letters only).
bool is_mail_address(std::string_view form) {
  const auto at = form.find('@');
  if (at == std::string_view::npos || at == 0 || at > kMostLocalPart || form.size() > kMostMail)
    return false;
  std::string_view local = form.substr(0, at);
  if (local.size() > 2 && local.front() == '"' && local.back() == '"')  // "taro..k"@example.jp
    local = local.substr(1, local.size() - 2);
  return local.find_first_of("()<>[],;:\\\"") == std::string_view::npos &&
         is_domain(form.substr(at + 1));
}

}  // namespace

std::string_view name_of(ValueFault fault) {
  switch (fault) {
    case ValueFault::kNothing:
      return "nothing";
    case ValueFault::kControls:
      return "controls";
    case ValueFault::kNotKana:
      return "not_kana";
    case ValueFault::kNoDate:
      return "no_date";
    case ValueFault::kFuture:
      return "in_future";
    case ValueFault::kNoPostalCode:
      return "no_postal_code";
    case ValueFault::kNoTelephone:
      return "no_telephone";
    case ValueFault::kNoMail:
      return "no_mail";
  }
  return "";
}

std::string_view sentence_of(ValueFault fault) {
  switch (fault) {
    case ValueFault::kNothing:
      return "holds nothing, or too much";
    case ValueFault::kControls:
      return "holds a line end or control characters";
    case ValueFault::kNotKana:
      return "is not written in kana";
    case ValueFault::kNoDate:
      return "is no date";
    case ValueFault::kFuture:
      return "lies in the future";
    case ValueFault::kNoPostalCode:
      return "is no postal code";
    case ValueFault::kNoTelephone:
      return "is no telephone number";
    case ValueFault::kNoMail:
      return "is no mail address";
  }
  return "";
}

std::optional<ValueFault> fault_as_written(const FieldSpec& field, std::string_view text) {
  if (has_lines(field.kind) ? has_controls(text) : !is_one_line(text)) return ValueFault::kControls;
  if (field.kind == FieldKind::kKana && !reads_as_kana(text)) return ValueFault::kNotKana;
  if (field.kind == FieldKind::kMail && trimmed(text).find(' ') != std::string_view::npos)
    return ValueFault::kNoMail;
  return std::nullopt;
}

std::optional<ValueFault> fault_as_meant(const FieldSpec& field, std::string_view form, Time now) {
  if (field.kind == FieldKind::kMail && !is_mail_address(form)) return ValueFault::kNoMail;
  // Days in their normal form sort as days do.
  if (field.past && form > format_utc(now + kJapan).substr(0, 10)) return ValueFault::kFuture;
  return std::nullopt;
}

ValueFault fault_without_form(FieldKind kind) {
  switch (kind) {
    case FieldKind::kDate:
      return ValueFault::kNoDate;
    case FieldKind::kPostalCode:
      return ValueFault::kNoPostalCode;
    case FieldKind::kTelephone:
      return ValueFault::kNoTelephone;
    case FieldKind::kMail:
      return ValueFault::kNoMail;
    case FieldKind::kText:
    case FieldKind::kName:
    case FieldKind::kKana:
    case FieldKind::kAddress:
    case FieldKind::kIdentifier:
      break;
  }
  return ValueFault::kNothing;
}

}  // namespace madoguchi::vault
