#include "vault/records/masking.h"

#include <vector>

namespace madoguchi::vault {
namespace {

constexpr std::string_view kDot = "•";
constexpr std::string_view kWhole = "••••";
constexpr std::size_t kShownTail = 4;

// The characters of well-formed UTF-8.
std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    found.push_back(text.substr(at, size));
    at += size;
  }
  return found;
}

std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c >= '0' && c <= '9') digits += c;
  return digits;
}

// 090-••••-1234; of a number from abroad only the end.
std::string telephone(std::string_view text) {
  std::string digits = digits_of(text);
  if (text.starts_with("+81")) digits = "0" + digits.substr(2);
  if (digits.size() < 10) return std::string(kWhole);
  const std::string end = digits.substr(digits.size() - kShownTail);
  if (digits[0] != '0') return std::string(kWhole) + "-" + end;
  const std::size_t head = digits.size() == 11 ? 3 : 2;
  return digits.substr(0, head) + "-" + std::string(kWhole) + "-" + end;
}

std::string tail(std::string_view text) {
  const auto all = characters(text);
  if (all.size() < 2 * kShownTail) return std::string(kWhole);
  std::string shown = std::string(kWhole) + " ";
  for (std::size_t i = all.size() - kShownTail; i < all.size(); ++i) shown += all[i];
  return shown;
}

std::string mail(std::string_view text) {
  const auto at = text.rfind('@');
  const auto dot = text.rfind('.');
  if (at == std::string_view::npos || at == 0 || dot == std::string_view::npos || dot < at)
    return std::string(kWhole);
  return std::string(characters(text).front()) + "•••@•••" + std::string(text.substr(dot));
}

}  // namespace

std::string masked(Masking masking, std::string_view text) {
  switch (masking) {
    case Masking::kWhole:
      return std::string(kWhole);
    case Masking::kTelephone:
      return telephone(text);
    case Masking::kInitial: {
      const auto all = characters(text);
      return all.size() < 2 ? std::string(kDot) : std::string(all.front()) + std::string(kDot);
    }
    case Masking::kTail:
      return tail(text);
    case Masking::kYear: {
      const std::string digits = digits_of(text.substr(0, 4));
      return digits.size() == 4 ? digits + "-••-••" : std::string(kWhole);
    }
    case Masking::kMail:
      return mail(text);
    case Masking::kNone:
      return std::string(text);
  }
  return std::string(kWhole);
}

}  // namespace madoguchi::vault
