#include "sip/agent_context.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

constexpr std::string_view kSupported = "100rel, timer, norefersub";
constexpr std::string_view kAcceptTypes =
    "application/sdp, application/dtmf-relay, application/dtmf, message/sipfrag";

TransactionOptions transaction_options(const UserAgentOptions& options) {
  TransactionOptions layer;
  layer.t1 = options.t1;
  layer.t2 = 8 * options.t1;
  layer.t4 = 10 * options.t1;
  layer.policy.methods = {Method::kInvite,  Method::kAck,   Method::kBye,    Method::kCancel,
                          Method::kOptions, Method::kPrack, Method::kUpdate, Method::kInfo,
                          Method::kRefer,   Method::kNotify};
  for (const Method method : options.delivered_methods) {
    auto& methods = layer.policy.methods;
    if (std::find(methods.begin(), methods.end(), method) == methods.end())
      methods.push_back(method);
  }
  layer.policy.extensions = {"100rel", "timer", "norefersub"};
  return layer;
}

std::string_view line_of(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// One part of a multipart body: its own header lines, an empty line, content.
std::optional<std::string> sdp_of_part(std::string_view part) {
  bool is_sdp = false;
  while (!part.empty()) {
    const std::string_view line = line_of(part);
    if (line.empty()) break;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (header_from(trim(line.substr(0, colon))) != Header::kContentType) continue;
    const auto type = MediaType::parse(trim(line.substr(colon + 1)));
    is_sdp = type && type->is("application", "sdp");
  }
  if (!is_sdp || part.empty()) return std::nullopt;
  return std::string(part);
}

}  // namespace

AgentContext::AgentContext(UserAgentOptions wanted, Entropy& entropy)
    : options(std::move(wanted)), layer(transaction_options(options), entropy), entropy_(entropy) {
  for (const LocalSocket& socket : options.sockets) {
    transports.push_back(socket.transport);
    Uri contact = Uri::sip(options.contact_user, socket.host, socket.port);
    if (socket.transport == Transport::kTcp) contact.set_param("transport", "tcp");
    if (socket.transport == Transport::kTls) contact.set_param("transport", "tls");
    const std::string host(contact.host());
    selves_.push_back({"<" + contact.text() + ">", host + ":" + std::to_string(socket.port)});
  }
  if (selves_.empty()) selves_.push_back({"<sip:invalid.invalid>", "invalid.invalid"});
  allow_ = allow_value(layer.policy());
}

const AgentContext::Self& AgentContext::self(const Flow& flow) const {
  return selves_[flow.socket < selves_.size() ? flow.socket : 0];
}

const std::string& AgentContext::contact_field(const Flow& flow) const {
  return self(flow).contact_field;
}

std::string_view AgentContext::sent_by(const Flow& flow) const {
  return self(flow).sent_by;
}

ClientId AgentContext::send(ClientUse use, Message request, const Flow& flow, MonoTime now) {
  const ClientId id = layer.send_request(std::move(request), flow, sent_by(flow), now);
  if (id.valid()) clients.emplace(id, std::move(use));
  return id;
}

void AgentContext::send_ack(Message& ack, const Flow& flow) {
  layer.send_ack(ack, flow, sent_by(flow));
}

void AgentContext::describe_us(Message& request, const Flow& flow) const {
  request.set(Header::kContact, contact_field(flow));
  request.set(Header::kAllow, allow_);
  request.set(Header::kSupported, kSupported);
  if (!options.product.empty()) request.set(Header::kUserAgent, options.product);
}

void AgentContext::describe_us_in_response(Message& response, const Flow& flow) const {
  response.set(Header::kContact, contact_field(flow));
  response.set(Header::kAllow, allow_);
  response.set(Header::kSupported, kSupported);
  if (!options.product.empty()) response.set(Header::kServer, options.product);
}

void AgentContext::describe_abilities(Message& response) const {
  response.set(Header::kAllow, allow_);
  response.set(Header::kAccept, kAcceptTypes);
  response.set(Header::kSupported, kSupported);
  if (!options.product.empty()) response.set(Header::kServer, options.product);
}

std::uint64_t AgentContext::random_below(std::uint64_t limit) {
  std::uint64_t drawn = 0;
  entropy_.fill(&drawn, sizeof drawn);
  return limit == 0 ? 0 : drawn % limit;
}

std::string sdp_in(const Message& message) {
  const auto type = message.content_type();
  if (!type || message.body().empty()) return {};
  if (type->is("application", "sdp")) return std::string(message.body());
  if (!iequals(type->type, "multipart")) return {};
  const auto boundary = type->params.value("boundary");
  if (!boundary || boundary->empty()) return {};
  const std::string mark = "--" + unquote(*boundary);
  std::string_view rest = message.body();
  for (int parts = 0; parts < 16; ++parts) {
    const auto start = rest.find(mark);
    if (start == std::string_view::npos) return {};
    rest.remove_prefix(start + mark.size());
    if (rest.substr(0, 2) == "--") return {};
    line_of(rest);
    if (auto sdp = sdp_of_part(rest.substr(0, rest.find(mark)))) return *std::move(sdp);
  }
  return {};
}

std::optional<char> digit_in(const Message& message) {
  const auto type = message.content_type();
  if (!type) return std::nullopt;
  std::string_view text;
  if (type->is("application", "dtmf")) {
    text = trim(message.body());
  } else if (type->is("application", "dtmf-relay")) {
    std::string_view rest = message.body();
    while (!rest.empty() && text.empty()) {
      const std::string_view line = line_of(rest);
      const auto equals = line.find('=');
      if (equals == std::string_view::npos || !iequals(trim(line.substr(0, equals)), "Signal"))
        continue;
      text = trim(line.substr(equals + 1));
    }
  }
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  if (text == "10") return '*';
  if (text == "11") return '#';
  if (text.size() != 1) return std::nullopt;
  const char c = text[0] >= 'a' && text[0] <= 'd' ? static_cast<char>(text[0] - 32) : text[0];
  const bool known = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'D') || c == '*' || c == '#';
  return known ? std::optional(c) : std::nullopt;
}

}  // namespace madoguchi::sip
