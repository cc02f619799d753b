#include "sip/header_values.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

// Takes characters off the front while they are of a token.
std::string_view take_token(std::string_view& rest) {
  std::size_t size = 0;
  while (size < rest.size() && is_token_char(rest[size])) ++size;
  const std::string_view token = rest.substr(0, size);
  rest.remove_prefix(size);
  return token;
}

bool take_char(std::string_view& rest, char wanted) {
  rest = trim(rest);
  if (rest.empty() || rest.front() != wanted) return false;
  rest.remove_prefix(1);
  rest = trim(rest);
  return true;
}

// Takes a word that spaces end.
std::string_view take_word(std::string_view& rest) {
  rest = trim(rest);
  const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

// Where a quoted string that starts `text` ends, one past its closing quote; npos if it never does.
std::size_t end_of_quoted(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i + 1;
  }
  return std::string_view::npos;
}

// RFC 3261 has tokens and spaces in an unquoted display name. Telephone systems also send
// parentheses, colons and bytes above ASCII, and a call is worth more than a grammar: only what
// could hide the address is refused.
bool is_display_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return c == ',' || c == ';' || c == '"' || c == '>' || (c >= 0 && c < ' ' && c != '\t');
  });
}

bool next_auth_param(std::string_view& rest, std::string_view& name, std::string_view& value) {
  std::string_view element;
  while (next_element(rest, element)) {
    if (element.empty()) continue;
    const std::size_t equals = element.find('=');
    if (equals == std::string_view::npos) continue;
    name = trim(element.substr(0, equals));
    value = trim(element.substr(equals + 1));
    return true;
  }
  return false;
}

}  // namespace

std::optional<Via> Via::parse(std::string_view element) {
  std::string_view rest = trim(element);
  if (take_token(rest).empty() || !take_char(rest, '/')) return std::nullopt;
  if (take_token(rest).empty() || !take_char(rest, '/')) return std::nullopt;
  Via via;
  via.transport = take_token(rest);
  if (via.transport.empty() || rest.empty() || (rest.front() != ' ' && rest.front() != '\t'))
    return std::nullopt;
  rest = trim(rest);
  std::size_t end = 0;
  if (rest.starts_with('[')) {
    end = rest.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    ++end;
  } else {
    end = std::min(rest.find_first_of(":; \t,"), rest.size());
  }
  via.host = rest.substr(0, end);
  if (!is_host(via.host)) return std::nullopt;
  rest = trim(rest.substr(end));
  if (take_char(rest, ':')) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const auto port = parse_port(rest.substr(0, digits));
    if (!port) return std::nullopt;
    via.port = *port;
    rest = trim(rest.substr(digits));
  }
  via.params = Params(rest);
  via.clean = via.params.well_formed();
  return via;
}

bool Via::has_magic_cookie() const {
  constexpr std::string_view kCookie = "z9hG4bK";
  const std::string_view value = branch();
  return value.size() > kCookie.size() && istarts_with(value, kCookie);
}

std::optional<NameAddr> NameAddr::parse(std::string_view element) {
  std::string_view rest = trim(element);
  NameAddr result;
  if (rest == "*") {
    result.is_star = true;
    result.uri = rest;
    return result;
  }
  if (rest.starts_with('"')) {
    const std::size_t end = end_of_quoted(rest);
    if (end == std::string_view::npos) return std::nullopt;
    result.display = rest.substr(0, end);
    rest = trim(rest.substr(end));
    if (!rest.starts_with('<')) return std::nullopt;
  }
  const std::size_t open = rest.find('<');
  if (open != std::string_view::npos) {
    if (open > 0) result.display = trim(rest.substr(0, open));
    if (open > 0 && !is_display_text(result.display)) return std::nullopt;
    const std::size_t close = rest.find('>', open);
    if (close == std::string_view::npos) return std::nullopt;
    result.bracketed = true;
    result.uri = rest.substr(open + 1, close - open - 1);
    result.params = Params(trim(rest.substr(close + 1)));
  } else {
    // RFC 3261, 20.10: without brackets everything after ';' is the header's, and '?' may not
    // occur.
    const std::size_t end = std::min(rest.find(';'), rest.size());
    result.uri = trim(rest.substr(0, end));
    result.params = Params(rest.substr(end));
    if (result.uri.find_first_of("?,") != std::string_view::npos) return std::nullopt;
  }
  if (result.uri.empty() || !result.params.well_formed()) return std::nullopt;
  return result;
}

int NameAddr::q_thousandths() const {
  const auto text = params.value("q");
  if (!text || text->empty()) return 1000;
  const bool one = text->front() == '1';
  if ((!one && text->front() != '0') || text->size() > 5) return 1000;
  if (text->size() == 1) return one ? 1000 : 0;
  if ((*text)[1] != '.') return 1000;
  int thousandths = 0;
  int weight = 100;
  for (const char c : text->substr(2)) {
    if (c < '0' || c > '9') return 1000;
    thousandths += (c - '0') * weight;
    weight /= 10;
  }
  return one ? 1000 : thousandths;
}

std::optional<std::uint32_t> NameAddr::expires() const {
  const auto text = params.value("expires");
  return text ? parse_u32_clamped(*text) : std::nullopt;
}

std::string format_name_addr(std::string_view display, std::string_view uri, std::string_view tag) {
  std::string out;
  out.reserve(display.size() + uri.size() + tag.size() + 12);
  if (!display.empty()) out.append(quote(display)).append(" ");
  out.append("<").append(uri).append(">");
  if (!tag.empty()) out.append(";tag=").append(tag);
  return out;
}

std::optional<CSeq> CSeq::parse(std::string_view value) {
  std::string_view rest = value;
  CSeq cseq;
  const auto number = parse_u32(take_word(rest));
  if (!number || *number > 0x7fffffffU) return std::nullopt;  // RFC 3261, 8.1.1.5: below 2^31
  cseq.number = *number;
  cseq.method_name = trim(rest);
  if (!is_token(cseq.method_name)) return std::nullopt;
  cseq.method = method_from(cseq.method_name);
  return cseq;
}

std::optional<RAck> RAck::parse(std::string_view value) {
  std::string_view rest = value;
  const auto rseq = parse_u32(take_word(rest));
  const auto cseq = CSeq::parse(rest);
  if (!rseq || !cseq) return std::nullopt;
  return RAck{*rseq, cseq->number, cseq->method};
}

std::optional<SessionExpires> SessionExpires::parse(std::string_view value) {
  const std::size_t end = std::min(value.find(';'), value.size());
  const auto seconds = parse_u32_clamped(trim(value.substr(0, end)));
  const Params params(value.substr(end));
  if (!seconds || !params.well_formed()) return std::nullopt;
  SessionExpires result;
  result.seconds = *seconds;
  if (const auto refresher = params.value("refresher")) {
    if (iequals(*refresher, "uac")) result.refresher = Refresher::kUac;
    if (iequals(*refresher, "uas")) result.refresher = Refresher::kUas;
  }
  return result;
}

std::optional<Replaces> Replaces::parse(std::string_view value) {
  const std::size_t end = std::min(value.find(';'), value.size());
  const Params params(value.substr(end));
  Replaces result;
  result.call_id = trim(value.substr(0, end));
  result.to_tag = params.value("to-tag").value_or("");
  result.from_tag = params.value("from-tag").value_or("");
  result.early_only = params.has("early-only");
  if (result.call_id.empty() || result.to_tag.empty() || result.from_tag.empty() ||
      !params.well_formed())
    return std::nullopt;
  return result;
}

std::optional<MediaType> MediaType::parse(std::string_view value) {
  std::string_view rest = trim(value);
  MediaType media;
  media.type = take_token(rest);
  if (media.type.empty() || !take_char(rest, '/')) return std::nullopt;
  media.subtype = take_token(rest);
  media.params = Params(trim(rest));
  if (media.subtype.empty() || !media.params.well_formed()) return std::nullopt;
  return media;
}

bool MediaType::is(std::string_view wanted_type, std::string_view wanted_subtype) const {
  return iequals(type, wanted_type) && iequals(subtype, wanted_subtype);
}

std::optional<AuthValue> AuthValue::parse(std::string_view value) {
  std::string_view rest = trim(value);
  AuthValue auth;
  auth.scheme = take_token(rest);
  if (auth.scheme.empty() || (!rest.empty() && rest.front() != ' ' && rest.front() != '\t'))
    return std::nullopt;
  auth.params_text = trim(rest);
  return auth;
}

std::optional<std::string> AuthValue::param(std::string_view name) const {
  std::string_view rest = params_text;
  std::string_view found;
  std::string_view value;
  while (next_auth_param(rest, found, value))
    if (iequals(found, name)) return unquote(value);
  return std::nullopt;
}

std::optional<Reason> Reason::parse(std::string_view element) {
  std::string_view rest = trim(element);
  Reason reason;
  reason.protocol = take_token(rest);
  const Params params(trim(rest));
  if (reason.protocol.empty() || !params.well_formed()) return std::nullopt;
  if (const auto cause = params.value("cause")) reason.cause = parse_u32(*cause);
  reason.text = params.value("text").value_or("");
  return reason;
}

}  // namespace madoguchi::sip
