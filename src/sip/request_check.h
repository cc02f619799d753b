// What every request must pass before anyone acts on it (RFC 3261, 8.2 and 16.3): method, target,
// extensions required, body. Pure; the transaction layer asks it once for each new request.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sip/message.h"

namespace madoguchi::sip {

// What this server takes. Extensions are option tags ("timer"), body types are "type/subtype".
struct RequestPolicy {
  std::vector<Method> methods = {Method::kInvite, Method::kAck,     Method::kBye,
                                 Method::kCancel, Method::kOptions, Method::kRegister,
                                 Method::kPrack,  Method::kUpdate,  Method::kInfo,
                                 Method::kRefer,  Method::kNotify};
  std::vector<std::string> extensions = {"100rel", "timer", "replaces", "norefersub"};
  std::vector<std::string> body_types = {
      "application/sdp", "application/dtmf-relay", "application/dtmf", "message/sipfrag",
      "multipart/mixed", "multipart/alternative",  "multipart/related"};
};

struct Refusal {
  int status = 0;
  std::string reason;
  std::vector<std::pair<Header, std::string>> headers;  // Allow, Unsupported, Accept...
};

// nullopt: it may pass. ACK always passes: nothing can be answered to it.
std::optional<Refusal> check_request(const Message& request, const RequestPolicy& policy);

// "INVITE, ACK, BYE...", for Allow headers.
std::string allow_value(const RequestPolicy& policy);

// The response a refusal makes.
Message refusal_response(const Message& request, const Refusal& refusal, std::string_view to_tag);

}  // namespace madoguchi::sip
