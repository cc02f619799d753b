#include "sip/request_check.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out.append(", ");
    out.append(part);
  }
  return out;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& known) { return iequals(known, item); });
}

// RFC 3261, 8.2.1: a method we know of and do not take is 405; one nobody told us of is 501
// (21.5.2).
std::optional<Refusal> check_method(const Message& request, const RequestPolicy& policy) {
  const auto& allowed = policy.methods;
  if (std::find(allowed.begin(), allowed.end(), request.method()) != allowed.end() &&
      request.method() != Method::kOther)
    return std::nullopt;
  return Refusal{
      request.method() == Method::kOther ? 501 : 405, {}, {{Header::kAllow, allow_value(policy)}}};
}

// RFC 3261, 8.2.2.1 and 16.3 point 3. Only what we would pass on to another party runs out of hops:
// who sends an OPTIONS or REGISTER with none left wants exactly us.
std::optional<Refusal> check_target(const Message& request) {
  if (request.target().scheme() == Uri::Scheme::kOther) return Refusal{416, {}, {}};
  const bool passed_on =
      request.to_tag().empty() &&
      (request.method() == Method::kInvite || request.method() == Method::kRefer ||
       request.method() == Method::kMessage || request.method() == Method::kSubscribe);
  if (passed_on && request.max_forwards() == 0U) return Refusal{483, {}, {}};
  return std::nullopt;
}

// RFC 3261, 8.2.2.3. Proxy-Require is for proxies; a user agent leaves it alone.
std::optional<Refusal> check_extensions(const Message& request, const RequestPolicy& policy) {
  std::string unsupported;
  for (const std::string_view tag : request.values(Header::kRequire)) {
    if (contains(policy.extensions, tag)) continue;
    if (!unsupported.empty()) unsupported.append(", ");
    unsupported.append(tag);
  }
  if (unsupported.empty()) return std::nullopt;
  return Refusal{420, {}, {{Header::kUnsupported, unsupported}}};
}

// RFC 3261, 8.2.3. A body marked optional (20.11) may be of any kind.
std::optional<Refusal> check_body(const Message& request, const RequestPolicy& policy) {
  if (request.body().empty()) return std::nullopt;
  if (!request.has(Header::kContentType)) return Refusal{400, "Missing Content-Type", {}};
  if (const auto disposition = request.first(Header::kContentDisposition)) {
    const std::size_t at = std::min(disposition->find(';'), disposition->size());
    const auto handling = Params(disposition->substr(at)).value("handling");
    if (handling && iequals(*handling, "optional")) return std::nullopt;
  }
  for (const std::string_view coding : request.values(Header::kContentEncoding))
    if (!iequals(coding, "identity"))
      return Refusal{415, {}, {{Header::kAcceptEncoding, "identity"}}};
  const auto media = request.content_type();
  std::string type;
  if (media) type.append(media->type).append("/").append(media->subtype);
  if (contains(policy.body_types, type)) return std::nullopt;
  return Refusal{415, {}, {{Header::kAccept, joined(policy.body_types)}}};
}

// RFC 3261, 21.4.7: an INVITE whose answer could only be in a form we do not speak.
std::optional<Refusal> check_accept(const Message& request) {
  if (request.method() != Method::kInvite || !request.has(Header::kAccept)) return std::nullopt;
  const auto ranges = request.values(Header::kAccept);
  if (ranges.empty()) return std::nullopt;
  for (const std::string_view range : ranges) {
    const auto media = MediaType::parse(range);
    if (media &&
        (media->is("application", "sdp") || media->is("application", "*") || media->is("*", "*")))
      return std::nullopt;
  }
  return Refusal{406, {}, {}};
}

}  // namespace

std::string allow_value(const RequestPolicy& policy) {
  std::string out;
  for (const Method method : policy.methods) {
    if (!out.empty()) out.append(", ");
    out.append(name_of(method));
  }
  return out;
}

std::optional<Refusal> check_request(const Message& request, const RequestPolicy& policy) {
  if (request.method() == Method::kAck) return std::nullopt;
  if (auto refusal = check_method(request, policy)) return refusal;
  if (auto refusal = check_target(request)) return refusal;
  if (request.method() == Method::kCancel) return std::nullopt;  // RFC 3261, 8.2.2.3
  if (auto refusal = check_extensions(request, policy)) return refusal;
  if (auto refusal = check_body(request, policy)) return refusal;
  return check_accept(request);
}

Message refusal_response(const Message& request, const Refusal& refusal, std::string_view to_tag) {
  Message response = Message::response_to(request, refusal.status, refusal.reason, to_tag);
  for (const auto& [header, value] : refusal.headers) response.add(header, value);
  return response;
}

}  // namespace madoguchi::sip
