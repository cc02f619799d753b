#include "sip/caller_identity.h"

#include <optional>
#include <string_view>

#include "sip/text.h"

namespace madoguchi::sip {
namespace {

constexpr std::size_t kMaxDigits = 32;

// Digits with an optional '+', visual separators and ;parameters removed; nullopt for anything
// else.
std::optional<std::string> number_in(std::string_view user) {
  std::string number;
  for (const char c : user.substr(0, user.find(';'))) {
    if (c >= '0' && c <= '9') {
      number += c;
    } else if (c == '+' && number.empty()) {
      number += c;
    } else if (c != '-' && c != '.' && c != '(' && c != ')') {
      return std::nullopt;
    }
  }
  if (number.empty() || number == "+" || number.size() > kMaxDigits) return std::nullopt;
  return number;
}

std::optional<std::string> number_in(const Uri& uri) {
  return number_in(uri.is_sip_or_sips() ? uri.user_decoded() : std::string(uri.user()));
}

bool asks_to_be_withheld(const Message& request) {
  // RFC 3323, 4.2 and RFC 3325, 9.3; "session" and "history" hide other things than the number.
  return request.asks_privacy("id") || request.asks_privacy("user") ||
         request.asks_privacy("header");
}

bool is_anonymous(const NameAddr& from, const Uri& uri) {
  if (iequals(from.display_text(), "Anonymous")) return true;
  return iequals(uri.user(), "anonymous") || iequals(uri.host(), "anonymous.invalid");
}

}  // namespace

CallerIdentity caller_identity(const Message& request, Trust trust) {
  CallerIdentity identity;
  const auto withheld = [] {
    CallerIdentity hidden;
    hidden.kind = CallerIdentity::Kind::kWithheld;
    return hidden;
  };
  if (asks_to_be_withheld(request)) return withheld();
  const auto from = request.from();
  const auto from_uri = from ? from->parse_uri() : std::nullopt;
  if (from_uri && is_anonymous(*from, *from_uri)) return withheld();
  if (trust == Trust::kTrusted) {
    if (const auto asserted = request.name_addrs(Header::kPAssertedIdentity)) {
      for (const NameAddr& address : *asserted) {
        const auto uri = address.parse_uri();
        auto number = uri ? number_in(*uri) : std::nullopt;
        if (!number) continue;
        identity.kind = CallerIdentity::Kind::kNumber;
        identity.number = Personal<std::string>(*std::move(number));
        identity.asserted = true;
        return identity;
      }
    }
  }
  auto number = from_uri ? number_in(*from_uri) : std::nullopt;
  if (!number) return identity;
  identity.kind = CallerIdentity::Kind::kNumber;
  identity.number = Personal<std::string>(*std::move(number));
  return identity;
}

namespace {

std::string called_number(const Uri& target) {
  if (auto number = number_in(target)) return *std::move(number);
  if (!target.is_sip_or_sips()) return {};
  std::string user = target.user_decoded();
  for (const char c : user)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return {};
  return user.size() <= 64 ? user : std::string();
}

}  // namespace

std::string called_number(const Message& request) {
  return called_number(request.target());
}

std::vector<std::string> called_numbers(const Message& request, std::string_view account) {
  std::vector<std::string> numbers;
  const Uri& target = request.target();
  if (!account.empty() && target.is_sip_or_sips() && target.user_decoded() == account) {
    const auto add = [&](const std::optional<NameAddr>& named) {
      const auto uri = named ? named->parse_uri() : std::nullopt;
      std::string number = uri ? called_number(*uri) : std::string();
      if (!number.empty()) numbers.push_back(std::move(number));
    };
    if (const auto party = request.first("P-Called-Party-ID")) add(NameAddr::parse(*party));
    add(request.to());
  }
  numbers.push_back(called_number(request));
  return numbers;
}

}  // namespace madoguchi::sip
