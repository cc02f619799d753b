#include "sip/dialog.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

std::optional<Uri> usable_contact(const Message& message) {
  const auto contact = message.contact();
  if (!contact || contact->is_star) return std::nullopt;
  auto uri = contact->parse_uri();
  if (!uri || !uri->is_sip_or_sips() || uri->host().empty()) return std::nullopt;
  uri->remove_headers();
  return uri;
}

// A caller of RFC 2543, where Contact was no must, is reached by its From, or where it sent from.
Uri target_without_contact(const Message& request, const Flow& flow) {
  const auto from = request.from();
  auto uri = from ? from->parse_uri() : std::nullopt;
  if (!uri || !uri->is_sip_or_sips() || uri->host().empty())
    return Uri::sip("", flow.remote.address.uri_host(), flow.remote.port);
  uri->remove_headers();
  return *std::move(uri);
}

std::string with_tag(std::string_view value, std::string_view tag) {
  std::string field(value);
  if (!tag.empty()) {
    field += ";tag=";
    field += tag;
  }
  return field;
}

// Addresses that only mean something inside the peer's own network: RFC 1918, 6598, 3927, 4193,
// loopback.
bool is_private(const IpAddress& address) {
  const auto& b = address.bytes();
  if (address.is_v4()) {
    return b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
           (b[0] == 192 && b[1] == 168) || (b[0] == 100 && (b[1] & 0xc0) == 64) ||
           (b[0] == 169 && b[1] == 254);
  }
  return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
}

}  // namespace

bool Dialog::take_route(const Message& message, bool reverse) {
  const auto values = message.values(Header::kRecordRoute);
  if (values.size() > kMaxRouteSet) return false;
  route_.assign(values.begin(), values.end());
  if (reverse) std::reverse(route_.begin(), route_.end());
  first_hop_ = Uri();
  if (route_.empty()) return true;
  const auto first = NameAddr::parse(route_.front());
  auto uri = first ? first->parse_uri() : std::nullopt;
  if (!uri || !uri->is_sip_or_sips()) return false;
  first_hop_ = *std::move(uri);
  return true;
}

std::optional<Dialog> Dialog::called(const Message& request, const Flow& flow,
                                     std::string_view local_tag) {
  Dialog dialog;
  auto target = request.has(Header::kContact) ? usable_contact(request)
                                              : target_without_contact(request, flow);
  const auto cseq = request.cseq();
  if (!target || !cseq || !dialog.take_route(request, false)) return std::nullopt;
  dialog.call_id_ = request.call_id();
  dialog.local_tag_ = local_tag;
  dialog.remote_tag_ = request.from_tag();
  dialog.local_field_ = with_tag(request.first(Header::kTo).value_or(""), local_tag);
  dialog.remote_field_ = request.first(Header::kFrom).value_or("");
  dialog.remote_cseq_ = cseq->number;
  dialog.remote_target_ = *std::move(target);
  dialog.flow_ = flow;
  return dialog;
}

std::optional<Dialog> Dialog::calling(const Message& request, const Message& response,
                                      const Flow& flow) {
  Dialog dialog;
  auto target = usable_contact(response);
  const auto cseq = request.cseq();
  // A provisional without Contact breaks 12.1.1, yet is common: our Request-URI serves meanwhile.
  if (!target && response.status() < 200 && request.target().is_sip_or_sips())
    target = request.target();
  if (!target || !cseq || response.to_tag().empty()) return std::nullopt;
  if (!dialog.take_route(response, true)) return std::nullopt;
  dialog.call_id_ = request.call_id();
  dialog.local_tag_ = request.from_tag();
  dialog.remote_tag_ = response.to_tag();
  dialog.local_field_ = request.first(Header::kFrom).value_or("");
  dialog.remote_field_ = response.first(Header::kTo).value_or("");
  dialog.local_cseq_ = cseq->number;
  dialog.remote_target_ = *std::move(target);
  dialog.flow_ = flow;
  return dialog;
}

Message Dialog::make(Method method, std::uint32_t cseq) const {
  Message message = Message::request(method, remote_target_);
  if (!route_.empty()) {
    // RFC 3261, 12.2.1.1: a first hop without ;lr is a strict router and takes the Request-URI's
    // place.
    const bool loose = first_hop_.has_param("lr");
    if (!loose) message.set_target(first_hop_);
    for (std::size_t i = loose ? 0 : 1; i < route_.size(); ++i)
      message.add(Header::kRoute, route_[i]);
    if (!loose) message.add(Header::kRoute, "<" + remote_target_.text() + ">");
  }
  message.add(Header::kFrom, local_field_);
  message.add(Header::kTo, remote_field_);
  message.add(Header::kCallId, call_id_);
  std::string sequence;
  append_number(sequence, cseq);
  sequence += ' ';
  sequence += name_of(method);
  message.add(Header::kCSeq, sequence);
  message.add(Header::kMaxForwards, "70");
  return message;
}

Message Dialog::request(Method method) {
  return make(method, ++local_cseq_);
}

Message Dialog::ack(std::uint32_t cseq) const {
  return make(Method::kAck, cseq);
}

bool Dialog::accept_cseq(std::uint32_t number) {
  if (remote_cseq_ && number <= *remote_cseq_) return false;
  remote_cseq_ = number;
  return true;
}

void Dialog::refresh_target(const Message& message) {
  if (auto target = usable_contact(message)) remote_target_ = *std::move(target);
}

void Dialog::settle_route(const Message& response) {
  auto before = route_;
  const Uri hop = first_hop_;
  if (take_route(response, true)) return;
  route_ = std::move(before);
  first_hop_ = hop;
}

Flow flow_without_connection(const Uri& next_hop, const Flow& known) {
  Flow flow = known;
  flow.connection = 0;
  flow.remote.port = next_hop.port() != 0 ? next_hop.port() : default_port(known.transport);
  const auto address = IpAddress::parse(next_hop.host());
  if (address && (!is_private(*address) || is_private(known.remote.address)))
    flow.remote.address = *address;
  return flow;
}

Flow flow_towards(const Uri& next_hop, const Flow& known, const std::vector<Transport>& sockets) {
  const auto address = IpAddress::parse(next_hop.host());
  if (!address) return known;
  Transport transport = Transport::kUdp;
  if (next_hop.scheme() == Uri::Scheme::kSips) {
    transport = Transport::kTls;
  } else if (const auto word = next_hop.param("transport")) {
    transport = transport_from(*word).value_or(known.transport);
  }
  const std::uint16_t port = next_hop.port() != 0 ? next_hop.port() : default_port(transport);
  if (*address == known.remote.address &&
      (is_reliable(known.transport) || known.transport == transport)) {
    Flow flow = known;
    // The same peer over UDP: its Contact's port, unless a NAT (a port that differs while the URI's
    // host was private) decides below.
    if (!is_reliable(known.transport)) flow.remote.port = port;
    return flow;
  }
  if (is_private(*address) && !(is_private(known.remote.address))) return known;
  const auto socket = std::find(sockets.begin(), sockets.end(), transport);
  if (socket == sockets.end()) return known;
  Flow flow;
  flow.transport = transport;
  flow.socket = known.transport == transport ? known.socket
                                             : static_cast<std::uint16_t>(socket - sockets.begin());
  flow.remote = {*address, port};
  return flow;
}

}  // namespace madoguchi::sip
