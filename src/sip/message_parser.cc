// Reading: one pass over the bytes, in the buffer that the message will own. The first thing wrong
// is kept as the problem, but reading goes on, so that the refusal can carry the headers which the
// sender needs to match it.
#include <algorithm>
#include <array>
#include <cstring>

#include "sip/message.h"

namespace madoguchi::sip {

class MessageParser {
 public:
  MessageParser(std::string bytes, Framing framing) : framing_(framing) {
    parsed_.message.buffer_ = std::move(bytes);
    parsed_.message.fields_.reserve(24);
  }

  Parsed run();

 private:
  struct Line {
    std::size_t at = 0;
    std::size_t size = 0;
  };
  Message& message() { return parsed_.message; }
  std::string& buffer() { return parsed_.message.buffer_; }
  void refuse(int status, const char* problem);
  bool next_line(Line& line);
  void read_start_line(Line line);
  void read_request_line(std::string_view line);
  void read_status_line(std::string_view line);
  void read_version(std::string_view version);
  void read_fields();
  void read_field(Line line);
  void fold_into_last(Line line);
  void read_body();
  void check_fields();
  void check_once();
  void check_via();
  void check_addresses();
  void check_numbers();
  void check_values();

  Parsed parsed_;
  Framing framing_;
  std::size_t at_ = 0;
  bool method_readable_ = false;
  bool is_sip_ = false;
};

namespace {

// "SIP/2.0" without regard to case.
bool is_sip_2(std::string_view version) {
  return iequals(version, "SIP/2.0");
}

bool is_some_sip(std::string_view version) {
  if (!istarts_with(version, "SIP/")) return false;
  version.remove_prefix(4);
  const std::size_t dot = version.find('.');
  const auto digits = [](std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return dot != std::string_view::npos && digits(version.substr(0, dot)) &&
         digits(version.substr(dot + 1));
}

// RFC 3261, 25.1: NUL and CR appear only as the second half of a quoted pair.
bool has_stray_control(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size() && value[i + 1] != '\r')
      ++i;
    else if (value[i] == '\0' || value[i] == '\r')
      return true;
  }
  return false;
}

// word [ "@" word ] (25.1); what phones put there is kept to printable text without spaces.
bool is_call_id(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != ',' && c != 0x7f;
  });
}

constexpr std::array kOnce = {
    Header::kFrom,          Header::kTo,          Header::kCallId,  Header::kCSeq,
    Header::kMaxForwards,   Header::kContentType, Header::kExpires, Header::kContentLength,
    Header::kSessionExpires};

}  // namespace

void MessageParser::refuse(int status, const char* problem) {
  // A version we do not know explains every other oddity.
  if (parsed_.refuse_with == 0 || (status == 505 && parsed_.refuse_with == 400)) {
    parsed_.refuse_with = status;
    parsed_.problem = problem;
  }
}

bool MessageParser::next_line(Line& line) {
  const std::string& bytes = buffer();
  if (at_ >= bytes.size()) return false;
  const void* found = std::memchr(bytes.data() + at_, '\n', bytes.size() - at_);
  line.at = at_;
  if (found == nullptr) {
    line.size = bytes.size() - at_;
    at_ = bytes.size();
    return line.size > 0;
  }
  const std::size_t end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
  line.size = end - at_;
  at_ = end + 1;
  if (line.size > 0 && bytes[line.at + line.size - 1] == '\r') --line.size;
  return true;
}

void MessageParser::read_version(std::string_view version) {
  if (is_sip_2(version)) return;
  if (is_some_sip(version))
    refuse(505, "Version Not Supported");
  else
    refuse(400, "Bad SIP Version");
}

void MessageParser::read_status_line(std::string_view line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  read_version(line.substr(0, space));
  const std::string_view rest = line.substr(std::min(space + 1, line.size()));
  const std::string_view digits = rest.substr(0, std::min(rest.find(' '), rest.size()));
  const auto status = parse_u32(digits);
  if (!status || digits.size() != 3 || *status < 100 || *status > 699) {
    refuse(400, "Bad Status Code");
    message().status_ = 699;  // still a response: it is dropped, never answered
    return;
  }
  message().status_ = static_cast<int>(*status);
  const std::string_view reason = rest.substr(std::min<std::size_t>(4, rest.size()));
  message().reason_ = {static_cast<std::uint32_t>(reason.data() - buffer().data()),
                       static_cast<std::uint32_t>(reason.size())};
}

void MessageParser::read_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  const std::string_view method = line.substr(0, std::min(first, line.size()));
  method_readable_ = is_token(method);
  if (!method_readable_) refuse(400, "Bad Method");
  message().method_ = method_from(method);
  if (message().method_ == Method::kOther)
    message().method_name_ = {static_cast<std::uint32_t>(method.data() - buffer().data()),
                              static_cast<std::uint32_t>(method.size())};
  if (first == std::string_view::npos || first == last) {
    refuse(400, "Bad Request-Line");
    return;
  }
  // RFC 3261, 7.1: single spaces, none at the end. A version behind trailing spaces is still looked
  // at.
  const std::string_view trimmed = trim(line);
  if (trimmed.size() != line.size()) refuse(400, "Bad Request-Line");
  const std::size_t version_at = trimmed.rfind(' ');
  if (version_at == std::string_view::npos || version_at <= first) return;
  read_version(trimmed.substr(version_at + 1));
  const std::string_view target = line.substr(first + 1, version_at - first - 1);
  auto uri = Uri::parse(target);
  if (!uri) {
    refuse(400, "Bad Request-URI");
    return;
  }
  // RFC 3261, 19.1.1, table 1: headers have no place in a Request-URI.
  if (!uri->headers().empty()) refuse(400, "Headers in Request-URI");
  message().target_ = std::move(*uri);
}

void MessageParser::read_start_line(Line line) {
  const std::string_view text = std::string_view(buffer()).substr(line.at, line.size);
  if (text.find('\r') != std::string_view::npos || text.find('\0') != std::string_view::npos)
    refuse(400, "Bad Start-Line");
  if (istarts_with(text, "SIP/")) {
    read_status_line(text);
    is_sip_ = true;
  } else {
    read_request_line(text);
    is_sip_ = method_readable_;
  }
}

void MessageParser::fold_into_last(Line line) {
  std::vector<Message::Slot>& fields = message().fields_;
  if (fields.empty()) {
    refuse(400, "Bad Header Field");
    return;
  }
  Message::Slot& slot = fields.back();
  // RFC 3261, 7.3.1: the line break and the white space after it are one space; here each byte
  // becomes one.
  const std::size_t old_end = slot.value_at + slot.value_size;
  for (std::size_t i = old_end; i < line.at; ++i) buffer()[i] = ' ';
  const std::string_view whole =
      std::string_view(buffer()).substr(slot.value_at, line.at + line.size - slot.value_at);
  const std::string_view value = trim(whole);
  slot.value_at = static_cast<std::uint32_t>(value.data() - buffer().data());
  slot.value_size = static_cast<std::uint32_t>(value.size());
}

void MessageParser::read_field(Line line) {
  const std::string_view text = std::string_view(buffer()).substr(line.at, line.size);
  std::size_t name_size = 0;
  while (name_size < text.size() && is_token_char(text[name_size])) ++name_size;
  std::size_t colon = name_size;
  while (colon < text.size() && (text[colon] == ' ' || text[colon] == '\t')) ++colon;
  if (name_size == 0 || colon == text.size() || text[colon] != ':') {
    refuse(400, "Bad Header Field");
    return;
  }
  if (message().fields_.size() >= kMaxHeaderFields) {
    refuse(400, "Too Many Header Fields");
    return;
  }
  const std::string_view value = trim(text.substr(colon + 1));
  Message::Slot slot;
  slot.name_at = static_cast<std::uint32_t>(line.at);
  slot.name_size = static_cast<std::uint16_t>(name_size);
  // An empty value points behind the colon, where a folded line may still continue it.
  slot.value_at = static_cast<std::uint32_t>(value.empty() ? line.at + line.size
                                                           : value.data() - buffer().data());
  slot.value_size = static_cast<std::uint32_t>(value.size());
  slot.id = header_from(text.substr(0, name_size));
  message().fields_.push_back(slot);
}

void MessageParser::read_fields() {
  Line line;
  bool ended = false;
  while (!ended && next_line(line)) {
    if (line.size == 0) {
      ended = true;
    } else if (buffer()[line.at] == ' ' || buffer()[line.at] == '\t') {
      fold_into_last(line);
    } else {
      read_field(line);
    }
  }
  if (!ended) refuse(400, "Message Ends Within Headers");
  for (const Message::Slot& slot : message().fields_) {
    const std::string_view value = message().value_of(slot);
    if ((std::memchr(value.data(), '\r', value.size()) != nullptr ||
         std::memchr(value.data(), '\0', value.size()) != nullptr) &&
        has_stray_control(value))
      refuse(400, "Bad Character in Header Field");
  }
}

void MessageParser::read_body() {
  const std::size_t available = buffer().size() - at_;
  std::size_t size = available;
  if (const Message::Slot* slot = message().find(Header::kContentLength)) {
    const auto length = parse_u32(message().value_of(*slot));
    if (!length) {
      refuse(400, "Bad Content-Length");
    } else if (*length > kMaxMessageBytes) {
      refuse(513, "Message Too Large");
    } else if (*length > available) {
      refuse(400, "Content-Length Greater Than Message");
    } else {
      if (framing_ == Framing::kStream && *length != available) refuse(400, "Bad Content-Length");
      size = *length;
    }
  } else if (framing_ == Framing::kStream) {
    refuse(400, "Missing Content-Length");  // RFC 3261, 20.14
  }
  message().body_ = {static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(size)};
}

void MessageParser::check_once() {
  std::array<std::uint16_t, kHeaderCount> seen{};
  for (const Message::Slot& slot : message().fields_) ++seen[static_cast<std::size_t>(slot.id)];
  for (const Header header : kOnce)
    if (seen[static_cast<std::size_t>(header)] > 1) refuse(400, "Repeated Header Field");
}

void MessageParser::check_via() {
  bool first = true;
  for (const Message::Slot& slot : message().fields_) {
    if (slot.id != Header::kVia) continue;
    std::string_view rest = message().value_of(slot);
    std::string_view element;
    while (next_element(rest, element)) {
      const auto via = Via::parse(element);
      if (!via || !via->clean) refuse(400, "Bad Via");
      if (first)
        parsed_.answerable =
            via && message().is_request() && method_readable_ && message().method() != Method::kAck;
      first = false;
    }
  }
  if (first) refuse(400, "Missing Via");
}

void MessageParser::check_addresses() {
  const auto good = [](std::string_view text, bool star_allowed) {
    const auto address = NameAddr::parse(text);
    if (!address) return false;
    return address->is_star ? star_allowed : Uri::is_valid(address->uri);
  };
  for (const Message::Slot& slot : message().fields_) {
    const std::string_view value = message().value_of(slot);
    if (slot.id == Header::kFrom) {
      if (!good(value, false)) refuse(400, "Bad From");
    } else if (slot.id == Header::kTo) {
      if (!good(value, false)) refuse(400, "Bad To");
    } else if (slot.id == Header::kContact || slot.id == Header::kRoute ||
               slot.id == Header::kRecordRoute) {
      std::string_view rest = value;
      std::string_view element;
      const bool contact = slot.id == Header::kContact;
      while (next_element(rest, element))
        if (!good(element, contact))
          refuse(400, contact                     ? "Bad Contact"
                      : slot.id == Header::kRoute ? "Bad Route"
                                                  : "Bad Record-Route");
    }
  }
  if (!message().has(Header::kFrom)) refuse(400, "Missing From");
  if (!message().has(Header::kTo)) refuse(400, "Missing To");
}

void MessageParser::check_numbers() {
  const auto cseq_value = message().first(Header::kCSeq);
  const auto cseq = message().cseq();
  if (!cseq_value) {
    refuse(400, "Missing CSeq");
  } else if (!cseq) {
    refuse(400, "Bad CSeq");
  } else if (message().is_response()) {
    message().method_ = cseq->method;
    message().method_name_ = {
        static_cast<std::uint32_t>(cseq->method_name.data() - buffer().data()),
        static_cast<std::uint32_t>(cseq->method_name.size())};
  } else if (cseq->method_name != message().method_name()) {
    refuse(400, "CSeq Method Differs From Request-Line");
  }
  if (const auto text = message().first(Header::kMaxForwards)) {
    const auto hops = parse_u32_clamped(*text);
    if (!hops || *hops > 255) refuse(400, "Bad Max-Forwards");
  }
  if (const auto text = message().first(Header::kExpires))
    if (!parse_u32_clamped(*text)) refuse(400, "Bad Expires");
}

void MessageParser::check_values() {
  const auto call_id = message().first(Header::kCallId);
  if (!call_id)
    refuse(400, "Missing Call-ID");
  else if (!is_call_id(*call_id))
    refuse(400, "Bad Call-ID");
  // RFC 3261, 20.17: SIP's dates are always in GMT.
  if (const auto date = message().first(Header::kDate))
    if (!date->ends_with("GMT")) refuse(400, "Bad Date");
  if (message().has(Header::kContentType) && !message().content_type())
    refuse(400, "Bad Content-Type");
}

void MessageParser::check_fields() {
  check_once();
  check_via();
  check_addresses();
  check_numbers();
  check_values();
}

Parsed MessageParser::run() {
  if (buffer().size() > kMaxMessageBytes) {
    refuse(513, "Message Too Large");
    buffer().resize(kMaxMessageBytes);
  }
  // RFC 3261, 7.5: empty lines before the start line are skipped.
  while (at_ < buffer().size() && (buffer()[at_] == '\r' || buffer()[at_] == '\n')) ++at_;
  Line line;
  if (!next_line(line)) {
    refuse(400, "Empty Message");
    return std::move(parsed_);
  }
  read_start_line(line);
  if (!is_sip_) {
    refuse(400, "Not SIP");
    return std::move(parsed_);
  }
  read_fields();
  read_body();
  check_fields();
  return std::move(parsed_);
}

Parsed parse_message(std::string bytes, Framing framing) {
  return MessageParser(std::move(bytes), framing).run();
}

}  // namespace madoguchi::sip
