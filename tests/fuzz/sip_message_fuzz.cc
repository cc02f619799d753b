// Any bytes as a datagram: reading is bounded and survives; what was read can be looked at in every
// way, written, and read again to the same.
#include <cstdlib>
#include <string>

#include "sip/digest.h"
#include "sip/message.h"
#include "sip/request_check.h"
#include "sip/transaction_testing.h"

using namespace madoguchi::sip;
using namespace madoguchi;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void look_at(const Message& message) {
  for (std::size_t i = 0; i < message.field_count(); ++i) {
    const Message::Field field = message.field(i);
    for (const auto element : message.values(field.id)) {
      (void)Via::parse(element);
      (void)Reason::parse(element);
      if (const auto address = NameAddr::parse(element)) {
        (void)address->q_thousandths();
        (void)address->display_text();
        if (auto uri = address->parse_uri()) {
          must(uri->equivalent(*uri));
          uri->set_port(5080);
          uri->set_user("x");
          uri->remove_param("lr");
        }
      }
      if (const auto auth = AuthValue::parse(element)) (void)auth->param("nonce");
    }
  }
  (void)message.rack();
  (void)message.session_expires();
  (void)message.replaces();
  (void)message.content_type();
  (void)message.asks_privacy("id");
  (void)message.number(Header::kRetryAfter);
}

// Credentials in a request, challenges in a response.
void authenticate(const Message& message) {
  SeededEntropy entropy(1);
  DigestServerOptions options;
  options.realm = "r";
  DigestAuthenticator server(options, entropy);
  const auto nobody = [](std::string_view) { return std::optional<DigestSecret>(); };
  using Verdict = DigestAuthenticator::Verdict;
  const auto outcome = server.check(message, Header::kAuthorization, nobody, MonoTime{});
  must(outcome.verdict != Verdict::kAccepted);
  DigestClient client({"user", "password"}, entropy);
  if (!client.take_challenge(message)) return;
  Message request = Message::request(Method::kRegister, Uri::sip("", "r.example"));
  client.authorize(request);
  must(request.has(Header::kAuthorization) || request.has(Header::kProxyAuthorization));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)parse_message(bytes, Framing::kStream);
  Parsed parsed = parse_message(bytes, Framing::kDatagram);
  look_at(parsed.message);
  if (parsed.answerable) {
    const Message answer = Message::response_to(parsed.message, 400, parsed.problem, "tag");
    (void)parse_message(answer.to_bytes(), Framing::kDatagram);
  }
  if (!parsed.ok()) return 0;
  authenticate(parsed.message);
  const std::string written = parsed.message.to_bytes();
  const Parsed again = parse_message(written, Framing::kStream);
  must(again.ok());
  must(again.message.to_bytes() == written);
  must(again.message.body() == parsed.message.body());
  if (parsed.message.is_request()) (void)check_request(parsed.message, {});
  parsed.message.stamp_source("192.0.2.1", 5060);
  must(parsed.message.via().has_value());
  parsed.message.remove_first_value(Header::kRoute);
  return 0;
}
