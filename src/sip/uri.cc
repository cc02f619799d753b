#include "sip/uri.h"

#include <algorithm>
#include <array>

namespace madoguchi::sip {
namespace {

bool is_alpha(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
         });
}

// What no URI holds anywhere: controls, space, and the marks that delimit URIs in headers.
bool is_forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte >= 0x7f || c == '<' || c == '>' || c == '"' || c == '\\' ||
         c == '^' || c == '{' || c == '}' || c == '|';
}

bool escapes_hold(std::string_view text) {
  const auto is_hex = [](char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); };
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
    if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
  return true;
}

// RFC 3261, 25.1: user-unreserved and unreserved; '#' is not of the grammar but star codes arrive
// with it.
bool is_user_char(char c) {
  constexpr std::string_view kMarks = "-_.!~*'()&=+$,;?/%#";
  return is_alpha(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos;
}

// Names of parameters that make two URIs differ when only one has them (RFC 3261, 19.1.4).
constexpr std::array<std::string_view, 5> kTellingParams = {"user", "ttl", "method", "maddr",
                                                            "transport"};

bool decoded_equal(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (a.find('%') == std::string_view::npos && b.find('%') == std::string_view::npos) return false;
  const auto left = percent_decode(a);
  const auto right = percent_decode(b);
  return left && right && *left == *right;
}

bool decoded_iequal(std::string_view a, std::string_view b) {
  if (iequals(a, b)) return true;
  const auto left = percent_decode(a);
  const auto right = percent_decode(b);
  return left && right && iequals(*left, *right);
}

// Every parameter of `a` that `b` has too is the same; a telling one may not be missing in `b`. Of
// one that stands twice, which none may, the first counts, as everywhere here.
bool params_agree(Params a, Params b) {
  std::string_view rest = a.text();
  Params::Param param;
  while (Params::next(rest, param)) {
    const auto other = b.find(param.name);
    if (other) {
      if (!decoded_iequal(a.find(param.name)->value, other->value)) return false;
    } else if (std::any_of(kTellingParams.begin(), kTellingParams.end(),
                           [&](std::string_view name) { return iequals(name, param.name); })) {
      return false;
    }
  }
  return true;
}

bool next_uri_header(std::string_view& rest, std::string_view& header) {
  if (rest.empty()) return false;
  const std::size_t end = std::min(rest.find('&'), rest.size());
  header = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return true;
}

bool headers_contained(std::string_view a, std::string_view b) {
  std::string_view rest = a;
  std::string_view header;
  while (next_uri_header(rest, header)) {
    std::string_view others = b;
    std::string_view other;
    bool found = false;
    while (!found && next_uri_header(others, other)) found = decoded_iequal(header, other);
    if (!found) return false;
  }
  return true;
}

std::string dialled_digits(std::string_view number) {
  std::string out;
  for (const char c : number)
    if (c != '-' && c != '.' && c != '(' && c != ')') out.push_back(lower(c));
  return out;
}

}  // namespace

bool Uri::take_apart_tel(std::string_view text, std::size_t at, Parts& parts) {
  const std::size_t end = std::min(text.find(';', at), text.size());
  const std::string_view number = text.substr(at, end - at);
  constexpr std::string_view kMarks = "-.()*#";
  const bool dialable =
      std::all_of(number.begin() + (number.starts_with('+') ? 1 : 0), number.end(), [&](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f') ||
               kMarks.find(c) != std::string_view::npos;
      });
  if (!dialable || std::none_of(number.begin(), number.end(),
                                [](char c) { return is_digit(c) || c == '*' || c == '#'; }))
    return false;
  parts.user = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end - at)};
  parts.params = {static_cast<std::uint32_t>(end), static_cast<std::uint32_t>(text.size() - end)};
  return Params(text.substr(end)).well_formed();
}

bool Uri::take_apart_sip(std::string_view text, std::size_t at, Parts& parts) {
  const auto part = [](std::size_t from, std::size_t to) {
    return Part{static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - from)};
  };
  const std::size_t at_sign = text.find('@', at);
  if (at_sign != std::string_view::npos) {
    const std::size_t colon = std::min(text.find(':', at), at_sign);
    parts.user = part(at, colon);
    if (colon < at_sign) parts.password = part(colon + 1, at_sign);
    const auto holds = [&](Part span) {
      const std::string_view chars = text.substr(span.at, span.size);
      return std::all_of(chars.begin(), chars.end(), is_user_char);
    };
    if (parts.user.size == 0 || !holds(parts.user) || !holds(parts.password)) return false;
    at = at_sign + 1;
  }
  std::size_t host_end = at;
  if (host_end < text.size() && text[host_end] == '[') {
    host_end = text.find(']', host_end);
    if (host_end == std::string_view::npos) return false;
    ++host_end;
  } else {
    host_end = std::min(text.find_first_of(":;?", at), text.size());
  }
  parts.host = part(at, host_end);
  if (!is_host(text.substr(at, host_end - at))) return false;
  std::size_t end = host_end;
  if (end < text.size() && text[end] == ':') {
    end = std::min(text.find_first_of(";?", end), text.size());
    const auto port = parse_port(text.substr(host_end + 1, end - host_end - 1));
    if (!port) return false;
    parts.port = *port;
  }
  parts.hostport = part(at, end);
  const std::size_t question = std::min(text.find('?', end), text.size());
  parts.params = part(end, question);
  if (!Params(text.substr(end, question - end)).well_formed()) return false;
  if (question < text.size()) parts.headers = part(question + 1, text.size());
  return question == text.size() || question + 1 < text.size();
}

bool Uri::take_apart(std::string_view text, Parts& parts) {
  parts = Parts{};
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return false;
  const std::string_view scheme = text.substr(0, colon);
  if (!is_scheme(scheme) || std::any_of(text.begin() + colon, text.end(), is_forbidden))
    return false;
  if (iequals(scheme, "sip")) {
    parts.scheme = Scheme::kSip;
  } else if (iequals(scheme, "sips")) {
    parts.scheme = Scheme::kSips;
  } else if (iequals(scheme, "tel")) {
    parts.scheme = Scheme::kTel;
    return take_apart_tel(text, colon + 1, parts) && escapes_hold(text);
  } else {
    return true;
  }
  return take_apart_sip(text, colon + 1, parts) && escapes_hold(text);
}

std::optional<Uri> Uri::parse(std::string_view text) {
  Uri uri;
  if (!take_apart(text, uri.parts_)) return std::nullopt;
  uri.text_ = text;
  return uri;
}

bool Uri::is_valid(std::string_view text) {
  Parts parts;
  return take_apart(text, parts);
}

Uri Uri::build(std::string_view scheme, std::string_view user, std::string_view host,
               std::uint16_t port) {
  std::string text(scheme);
  text.push_back(':');
  if (!user.empty()) {
    text.append(percent_encode_user(user));
    text.push_back('@');
  }
  const bool bare_ipv6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  if (bare_ipv6) text.push_back('[');
  text.append(host);
  if (bare_ipv6) text.push_back(']');
  if (port != 0) {
    text.push_back(':');
    append_number(text, port);
  }
  return parse(text).value_or(Uri());
}

Uri Uri::sip(std::string_view user, std::string_view host, std::uint16_t port) {
  return build("sip", user, host, port);
}

Uri Uri::sips(std::string_view user, std::string_view host, std::uint16_t port) {
  return build("sips", user, host, port);
}

std::string_view Uri::scheme_text() const {
  return std::string_view(text_).substr(0, std::min(text_.find(':'), text_.size()));
}

std::string_view Uri::user() const {
  return view(parts_.user);
}
std::string Uri::user_decoded() const {
  return percent_decode(user()).value_or(std::string(user()));
}
std::string_view Uri::password() const {
  return view(parts_.password);
}
std::string_view Uri::host() const {
  return view(parts_.host);
}
Params Uri::params() const {
  return Params(view(parts_.params));
}
std::string_view Uri::headers() const {
  return view(parts_.headers);
}

std::optional<std::string_view> Uri::param(std::string_view name) const {
  return params().value(name);
}

void Uri::replace(Part part, std::string_view with) {
  std::string text = text_;
  text.replace(part.at, part.size, with);
  if (auto changed = parse(text)) *this = std::move(*changed);
}

void Uri::set_user(std::string_view plain) {
  const std::string escaped = percent_encode_user(plain);
  if (scheme() == Scheme::kTel || parts_.user.size > 0) {
    replace(parts_.user, escaped);
  } else if (is_sip_or_sips()) {
    replace({parts_.host.at, 0}, escaped + "@");
  }
}

void Uri::set_host(std::string_view host) {
  if (is_sip_or_sips()) replace(parts_.host, host);
}

void Uri::set_port(std::uint16_t port) {
  if (!is_sip_or_sips()) return;
  std::string hostport(host());
  if (port != 0) {
    hostport.push_back(':');
    append_number(hostport, port);
  }
  replace(parts_.hostport, hostport);
}

void Uri::set_param(std::string_view name, std::string_view value) {
  if (scheme() == Scheme::kOther) return;
  remove_param(name);
  std::string text = ";" + std::string(name);
  if (!value.empty()) text.append("=").append(value);
  replace({parts_.params.at + parts_.params.size, 0}, text);
}

void Uri::remove_param(std::string_view name) {
  std::string kept;
  std::string_view rest = params().text();
  Params::Param param;
  while (Params::next(rest, param)) {
    if (iequals(param.name, name)) continue;
    kept.append(";").append(param.name);
    if (param.has_value) kept.append("=").append(param.value);
  }
  if (kept.size() != parts_.params.size) replace(parts_.params, kept);
}

void Uri::remove_headers() {
  if (parts_.headers.at == 0) return;
  replace({parts_.headers.at - 1, parts_.headers.size + 1}, "");
}

bool Uri::equivalent(const Uri& other) const {
  if (scheme() != other.scheme()) return false;
  if (scheme() == Scheme::kOther) return text_ == other.text_;
  if (scheme() == Scheme::kTel)
    return dialled_digits(user()) == dialled_digits(other.user()) &&
           params_agree(params(), other.params()) && params_agree(other.params(), params());
  return decoded_equal(user(), other.user()) && decoded_equal(password(), other.password()) &&
         iequals(host(), other.host()) && port() == other.port() &&
         params_agree(params(), other.params()) && params_agree(other.params(), params()) &&
         headers_contained(headers(), other.headers()) &&
         headers_contained(other.headers(), headers());
}

}  // namespace madoguchi::sip
