// REFER of the peer's and what we report on it (RFC 3515, 4488), INFO both ways, and OPTIONS that
// ask whether the peer is still there.
#include "sip/session.h"

namespace madoguchi::sip {
namespace {

constexpr std::chrono::seconds kAnswerRefer{4};
constexpr std::string_view kSubscriptionSeconds = "180";

}  // namespace

void Session::refer_received(ServerId transaction, Message message, MonoTime now) {
  if (phase_ != Phase::kConfirmed) return respond(transaction, message, 500, now);
  if (refer_.transaction.valid() || refer_.subscribed)
    return respond(transaction, message, 491, now);
  const auto target = message.count(Header::kReferTo) == 1 ? message.refer_to() : std::nullopt;
  auto uri = target ? target->parse_uri() : std::nullopt;
  if (!uri) return respond(transaction, message, 400, now, "Missing or malformed Refer-To");
  ReferReceived event;
  event.session = id_;
  event.refer_to = *std::move(uri);
  event.referred_by = message.first(Header::kReferredBy).value_or("");
  refer_ = Refer();
  refer_.transaction = transaction;
  refer_.message = std::move(message);
  refer_.give_up_at = now + kAnswerRefer;
  context_.emit(std::move(event));
}

Result<void> Session::accept_refer(MonoTime now) {
  if (!refer_.transaction.valid()) return fail(ErrorCode::kConflict, "no REFER is unanswered");
  const Message message = std::move(refer_.message);
  const ServerId transaction = refer_.transaction;
  refer_ = Refer();
  const auto wanted = message.first(Header::kReferSub);
  refer_.subscribed = !wanted || !iequals(trim(*wanted), "false");
  const auto cseq = message.cseq();
  refer_.event = "refer;id=" + std::to_string(cseq ? cseq->number : 0);
  Message response = Message::response_to(message, 202, {}, local_tag_);
  context_.describe_us_in_response(response, flow_);
  if (!refer_.subscribed) response.add(Header::kReferSub, "false");
  context_.layer.respond(transaction, std::move(response), now);
  send_notify(100, false, now);
  return {};
}

Result<void> Session::reject_refer(int status, MonoTime now) {
  if (!refer_.transaction.valid()) return fail(ErrorCode::kConflict, "no REFER is unanswered");
  if (status < 400 || status > 699) return fail(ErrorCode::kInvalid, "a refusal is 400 to 699");
  const Refer refer = std::move(refer_);
  refer_ = Refer();
  respond(refer.transaction, refer.message, status, now);
  return {};
}

Result<void> Session::refer_progress(int status, MonoTime now) {
  if (status < 100 || status > 699) return fail(ErrorCode::kInvalid, "a status is 100 to 699");
  if (refer_.transaction.valid()) return fail(ErrorCode::kConflict, "the REFER is unanswered");
  send_notify(status, status >= 200, now);
  if (status >= 200) refer_ = Refer();
  return {};
}

void Session::send_notify(int status, bool last, MonoTime now) {
  if (!refer_.subscribed || !dialog_) return;
  Message message = dialog_->request(Method::kNotify);
  const Flow flow = flow_for(*dialog_);
  context_.describe_us(message, flow);
  message.add(Header::kEvent, refer_.event);
  message.add(Header::kSubscriptionState,
              last ? std::string("terminated;reason=noresource")
                   : "active;expires=" + std::string(kSubscriptionSeconds));
  message.set_body("message/sipfrag;version=2.0", "SIP/2.0 " + std::to_string(status) + " " +
                                                      std::string(default_reason(status)) + "\r\n");
  send(Purpose::kNotify, std::move(message), flow, now);
}

void Session::info_received(ServerId transaction, const Message& message, MonoTime now) {
  respond(transaction, message, 200, now);
  InfoReceived event;
  event.session = id_;
  event.content_type = message.first(Header::kContentType).value_or("");
  event.body = message.body();
  event.digit = digit_in(message);
  context_.emit(std::move(event));
}

Result<void> Session::info(std::string_view type, std::string_view body, MonoTime now) {
  if (phase_ != Phase::kConfirmed) return fail(ErrorCode::kConflict, "the call is not answered");
  Message message = dialog_->request(Method::kInfo);
  const Flow flow = flow_for(*dialog_);
  message.set_body(type, body);
  if (!send(Purpose::kInfo, std::move(message), flow, now).valid())
    return fail(ErrorCode::kExhausted, "too many SIP transactions at once; try again later");
  return {};
}

Result<void> Session::probe(std::chrono::seconds heard_within, MonoTime now) {
  if (phase_ != Phase::kConfirmed) return fail(ErrorCode::kConflict, "the call is not answered");
  if (probing_ || now - peer_heard_ < heard_within) return {};
  Message message = dialog_->request(Method::kOptions);
  const Flow flow = flow_for(*dialog_);
  context_.describe_us(message, flow);
  message.add(Header::kAccept, "application/sdp");
  probing_ = send(Purpose::kProbe, std::move(message), flow, now).valid();
  if (!probing_) return fail(ErrorCode::kExhausted, "too many SIP transactions at once");
  return {};
}

void Session::probed(int status) {
  probing_ = false;
  const bool lost = status == 481 || status == 408 || status == 503;
  if (lost && phase_ != Phase::kOver) context_.emit(PeerLost{id_, status});
}

}  // namespace madoguchi::sip
