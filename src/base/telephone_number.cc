#include "base/telephone_number.h"

namespace madoguchi {
namespace {

constexpr std::string_view kJapan = "+81";
constexpr std::string_view kJapanAbroad = "010";  // the international prefix as people dial it
constexpr std::string_view kAbroad = "00";        // and as switches elsewhere pass it on
// With the country's digits: fewer are a service's or an extension that only looks like it.
constexpr std::size_t kShortestWithCountry = 8;

}  // namespace

std::optional<std::string> bare_number(std::string_view text) {
  std::string number;
  for (const char c : text) {
    if (c == ';') break;
    if (c == '-' || c == '.' || c == '(' || c == ')' || c == ' ') continue;
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c == '+' && number.empty())) return std::nullopt;
    number += c;
  }
  return number;
}

std::string full_number(std::string bare, std::string_view country) {
  const std::string_view country_digits = country.substr(1);
  const auto begins_with_country = [&](std::string_view digits) {
    return digits.size() >= kShortestWithCountry && digits.starts_with(country_digits);
  };
  if (country == kJapan && bare.starts_with(kJapanAbroad) && bare.size() > kJapanAbroad.size()) {
    bare.replace(0, kJapanAbroad.size(), "+");
  } else if (bare.starts_with(kAbroad)) {
    if (!begins_with_country(std::string_view(bare).substr(kAbroad.size()))) return bare;
    bare.replace(0, kAbroad.size(), "+");
  } else if (bare.size() > 1 && bare[0] == '0') {
    return std::string(country) + bare.substr(1);
  } else if (begins_with_country(bare)) {
    bare.insert(0, "+");
  }
  // "+81 (0)3…": the 0 is for those who dial inside the country.
  if (country == kJapan && bare.starts_with("+810")) bare.erase(kJapan.size(), 1);
  return bare;
}

}  // namespace madoguchi
