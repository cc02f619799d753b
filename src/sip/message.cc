#include "sip/message.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

// RFC 7339 and the like put parameters after numbers, and Retry-After may carry a comment.
std::string_view leading_number(std::string_view value) {
  return trim(value.substr(0, std::min(value.find_first_of(";( \t"), value.size())));
}

bool must_clean(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

Message Message::request(Method method, const Uri& target) {
  Message message;
  message.method_ = method;
  message.target_ = target;
  message.buffer_.reserve(1024);
  message.fields_.reserve(24);
  return message;
}

Message Message::request(std::string_view method, const Uri& target) {
  Message message = request(method_from(method), target);
  if (message.method_ == Method::kOther) message.method_name_ = message.keep_clean(method);
  return message;
}

Message Message::response(int status, std::string_view reason) {
  Message message;
  message.status_ = std::clamp(status, 100, 699);
  message.buffer_.reserve(1024);
  message.fields_.reserve(24);
  message.reason_ = message.keep_clean(reason.empty() ? default_reason(status) : reason);
  return message;
}

Message Message::response_to(const Message& request, int status, std::string_view reason,
                             std::string_view to_tag) {
  Message message = response(status, reason);
  message.method_ = request.method_;
  if (request.method_ == Method::kOther)
    message.method_name_ = message.keep_clean(request.method_name());
  message.copy(Header::kVia, request);
  if (const auto from = request.first(Header::kFrom)) message.add(Header::kFrom, *from);
  if (const auto to = request.first(Header::kTo)) {
    if (status > 100 && !to_tag.empty() && request.to_tag().empty()) {
      std::string tagged(*to);
      message.add(Header::kTo, tagged.append(";tag=").append(to_tag));
    } else {
      message.add(Header::kTo, *to);
    }
  }
  if (const auto call_id = request.first(Header::kCallId)) message.add(Header::kCallId, *call_id);
  if (const auto cseq = request.first(Header::kCSeq)) message.add(Header::kCSeq, *cseq);
  if (status == 100) message.copy(Header::kTimestamp, request);
  return message;
}

std::string_view Message::method_name() const {
  return method_ == Method::kOther ? view(method_name_) : name_of(method_);
}

Message::Field Message::field(std::size_t index) const {
  const Slot& slot = fields_[index];
  return {slot.id, std::string_view(buffer_).substr(slot.name_at, slot.name_size), value_of(slot)};
}

const Message::Slot* Message::find(Header header) const {
  for (const Slot& slot : fields_)
    if (slot.id == header) return &slot;
  return nullptr;
}

bool Message::has(Header header) const {
  return find(header) != nullptr;
}

std::size_t Message::count(Header header) const {
  return static_cast<std::size_t>(std::count_if(
      fields_.begin(), fields_.end(), [&](const Slot& slot) { return slot.id == header; }));
}

std::optional<std::string_view> Message::first(Header header) const {
  const Slot* slot = find(header);
  if (slot == nullptr) return std::nullopt;
  return value_of(*slot);
}

std::optional<std::string_view> Message::first(std::string_view name) const {
  const Header id = header_from(name);
  if (id != Header::kOther) return first(id);
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (iequals(field(i).name, name)) return field(i).value;
  return std::nullopt;
}

std::vector<std::string_view> Message::values(Header header) const {
  std::vector<std::string_view> result;
  for (const Slot& slot : fields_) {
    if (slot.id != header) continue;
    if (!is_list(header)) {
      result.push_back(value_of(slot));
      continue;
    }
    std::string_view rest = value_of(slot);
    std::string_view element;
    while (next_element(rest, element))
      if (!element.empty()) result.push_back(element);
  }
  return result;
}

bool Message::lists(Header header, std::string_view token) const {
  for (const Slot& slot : fields_) {
    if (slot.id != header) continue;
    std::string_view rest = value_of(slot);
    std::string_view element;
    while (next_element(rest, element))
      if (iequals(element, token)) return true;
  }
  return false;
}

Message::Span Message::keep(std::string_view text) {
  const Span span{static_cast<std::uint32_t>(buffer_.size()),
                  static_cast<std::uint32_t>(text.size())};
  buffer_.append(text);
  return span;
}

Message::Span Message::keep_clean(std::string_view text) {
  const Span span = keep(text);
  if (must_clean(view(span)))
    for (std::size_t i = span.at; i < buffer_.size(); ++i)
      if (buffer_[i] == '\r' || buffer_[i] == '\n' || buffer_[i] == '\0') buffer_[i] = ' ';
  return span;
}

Message::Slot Message::make_slot(Header id, std::string_view name, std::string_view value) {
  const Span kept_value = keep_clean(value);
  const Span kept_name = keep(name);
  for (std::size_t i = kept_name.at; i < buffer_.size(); ++i)
    if (!is_token_char(buffer_[i])) buffer_[i] = '-';
  return {kept_name.at, kept_value.at, kept_value.size,
          static_cast<std::uint16_t>(std::min<std::uint32_t>(kept_name.size, 0xffff)), id};
}

void Message::add(Header header, std::string_view value) {
  fields_.push_back(make_slot(header, name_of(header), value));
}

void Message::add(std::string_view name, std::string_view value) {
  fields_.push_back(make_slot(header_from(name), name, value));
}

void Message::add_first(Header header, std::string_view value) {
  fields_.insert(fields_.begin(), make_slot(header, name_of(header), value));
}

void Message::set(Header header, std::string_view value) {
  const Slot slot = make_slot(header, name_of(header), value);
  const auto is_it = [&](const Slot& field) { return field.id == header; };
  const auto at = std::find_if(fields_.begin(), fields_.end(), is_it);
  if (at == fields_.end()) {
    fields_.push_back(slot);
    return;
  }
  *at = slot;
  fields_.erase(std::remove_if(at + 1, fields_.end(), is_it), fields_.end());
}

void Message::remove(Header header) {
  std::erase_if(fields_, [&](const Slot& slot) { return slot.id == header; });
}

void Message::remove_first_value(Header header) {
  const auto at = std::find_if(fields_.begin(), fields_.end(),
                               [&](const Slot& slot) { return slot.id == header; });
  if (at == fields_.end()) return;
  std::string_view rest = value_of(*at);
  std::string_view element;
  next_element(rest, element);
  if (trim(rest).empty()) {
    fields_.erase(at);
    return;
  }
  rest = trim(rest);
  at->value_at = static_cast<std::uint32_t>(rest.data() - buffer_.data());
  at->value_size = static_cast<std::uint32_t>(rest.size());
}

void Message::stamp_source(std::string_view ip, std::uint16_t port) {
  const auto at = std::find_if(fields_.begin(), fields_.end(),
                               [](const Slot& slot) { return slot.id == Header::kVia; });
  const auto top = via();
  if (at == fields_.end() || !top) return;
  std::string_view host = top->host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const auto rport = top->params.find("rport");
  if (!rport && host == ip && !top->params.has("received")) return;

  std::string_view rest = value_of(*at);
  std::string_view element;
  next_element(rest, element);
  std::string stamped(
      element.substr(0, static_cast<std::size_t>(top->params.text().data() - element.data())));
  std::string_view params = top->params.text();
  Params::Param param;
  // What the sender claims to have been received from is never believed.
  while (Params::next(params, param)) {
    if (iequals(param.name, "received")) continue;
    stamped.append(";").append(param.name);
    if (iequals(param.name, "rport")) {
      stamped.push_back('=');
      append_number(stamped, port);
    } else if (param.has_value) {
      stamped.append("=").append(param.value);
    }
  }
  stamped.append(";received=").append(ip);
  if (!trim(rest).empty()) stamped.append(", ").append(trim(rest));
  *at = make_slot(Header::kVia, name_of(Header::kVia), stamped);
}

void Message::copy(Header header, const Message& from) {
  // By value: `from` may be this very message.
  const std::vector<Slot> slots = from.fields_;
  for (const Slot& slot : slots)
    if (slot.id == header)
      fields_.push_back(make_slot(header, std::string(from.buffer_, slot.name_at, slot.name_size),
                                  std::string(from.value_of(slot))));
}

std::optional<Via> Message::via() const {
  const Slot* slot = find(Header::kVia);
  if (slot == nullptr) return std::nullopt;
  std::string_view rest = value_of(*slot);
  std::string_view element;
  next_element(rest, element);
  return Via::parse(element);
}

std::string_view Message::from_tag() const {
  const auto address = from();
  return address ? address->tag() : std::string_view();
}

std::string_view Message::to_tag() const {
  const auto address = to();
  return address ? address->tag() : std::string_view();
}

std::string_view Message::call_id() const {
  return first(Header::kCallId).value_or("");
}

std::optional<CSeq> Message::cseq() const {
  const Slot* slot = find(Header::kCSeq);
  return slot == nullptr ? std::nullopt : CSeq::parse(value_of(*slot));
}

std::optional<NameAddr> Message::name_addr(Header header) const {
  const Slot* slot = find(header);
  if (slot == nullptr) return std::nullopt;
  if (!is_list(header)) return NameAddr::parse(value_of(*slot));
  std::string_view rest = value_of(*slot);
  std::string_view element;
  next_element(rest, element);
  return NameAddr::parse(element);
}

std::optional<std::vector<NameAddr>> Message::name_addrs(Header header) const {
  std::vector<NameAddr> result;
  for (const std::string_view element : values(header)) {
    const auto address = NameAddr::parse(element);
    if (!address) return std::nullopt;
    result.push_back(*address);
  }
  return result;
}

std::optional<std::uint32_t> Message::number(Header header) const {
  const Slot* slot = find(header);
  return slot == nullptr ? std::nullopt : parse_u32_clamped(leading_number(value_of(*slot)));
}

std::optional<RAck> Message::rack() const {
  const auto value = first(Header::kRAck);
  return value ? RAck::parse(*value) : std::nullopt;
}

std::optional<SessionExpires> Message::session_expires() const {
  const auto value = first(Header::kSessionExpires);
  return value ? SessionExpires::parse(*value) : std::nullopt;
}

std::optional<std::uint32_t> Message::min_se() const {
  return number(Header::kMinSe);
}

std::optional<Replaces> Message::replaces() const {
  const auto value = first(Header::kReplaces);
  return value ? Replaces::parse(*value) : std::nullopt;
}

std::optional<MediaType> Message::content_type() const {
  const auto value = first(Header::kContentType);
  return value ? MediaType::parse(*value) : std::nullopt;
}

bool Message::asks_privacy(std::string_view value) const {
  for (const Slot& slot : fields_) {
    if (slot.id != Header::kPrivacy) continue;
    std::string_view rest = value_of(slot);
    while (!rest.empty()) {
      // RFC 3323, 4.2 has semicolons; commas are seen too.
      const std::size_t end = std::min(rest.find_first_of(";,"), rest.size());
      if (iequals(trim(rest.substr(0, end)), value)) return true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return false;
}

void Message::set_body(std::string_view content_type, std::string_view body) {
  const Span kept = keep(body);
  if (content_type.empty())
    remove(Header::kContentType);
  else
    set(Header::kContentType, content_type);
  body_ = kept;
}

void Message::write_to(std::string& out) const {
  out.reserve(out.size() + buffer_.size() + target_.text().size() + fields_.size() * 4 + 64);
  if (is_request()) {
    out.append(method_name()).append(" ").append(target_.text()).append(" SIP/2.0\r\n");
  } else {
    out.append("SIP/2.0 ");
    append_number(out, static_cast<std::uint64_t>(status_));
    out.append(" ").append(reason()).append("\r\n");
  }
  for (const Slot& slot : fields_) {
    if (slot.id == Header::kContentLength) continue;
    out.append(buffer_, slot.name_at, slot.name_size).append(": ");
    out.append(buffer_, slot.value_at, slot.value_size).append("\r\n");
  }
  out.append("Content-Length: ");
  append_number(out, body_.size);
  out.append("\r\n\r\n").append(body());
}

std::string Message::to_bytes() const {
  std::string out;
  write_to(out);
  return out;
}

}  // namespace madoguchi::sip
