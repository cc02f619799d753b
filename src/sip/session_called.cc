// The peer's INVITE: provisionals (reliable where the peer can), the 2xx until its ACK, refusals,
// CANCEL.
#include <algorithm>

#include "sip/session.h"

namespace madoguchi::sip {
namespace {

constexpr std::chrono::seconds kRepeatProvisional{60};  // RFC 3261, 13.3.1.1

}  // namespace

bool Session::start_called(Admission admission, MonoTime now) {
  const auto refuse = [&](int status, std::string_view phrase) {
    Message response = Message::response_to(invite_, status, phrase, local_tag_);
    context_.layer.respond_and_forget(invite_server_, std::move(response), now);
    return false;
  };
  dialog_ = Dialog::called(invite_, flow_, local_tag_);
  if (!dialog_) return refuse(400, "Missing or unusable Contact");
  if (const auto least = timer_.too_short(invite_)) {
    Message response = Message::response_to(invite_, 422, {}, local_tag_);
    response.add(Header::kMinSe, std::to_string(*least));
    context_.layer.respond_and_forget(invite_server_, std::move(response), now);
    return false;
  }
  note_abilities(invite_);
  peer_wants_reliable_ = invite_.lists(Header::kRequire, "100rel");
  peer_takes_reliable_ = peer_wants_reliable_ || invite_.lists(Header::kSupported, "100rel");
  reliable_.set_first_number(static_cast<std::uint32_t>(context_.random_below(1U << 30)));
  IncomingCall call;
  call.session = id_;
  call.flow = flow_;
  call.sdp = last_remote_ = sdp_in(invite_);
  has_offer_ = !call.sdp.empty();
  offers_ = has_offer_ ? OfferState::kTheirs : OfferState::kNone;
  call.caller = caller_identity(invite_, admission.trust);
  call.called = called_number(invite_);
  call.trust = admission.trust;
  call.account = std::move(admission.account);
  call.reliable_provisionals = peer_takes_reliable_;
  call.request = invite_;
  if (const auto expires = invite_.expires(); expires && *expires > 0)
    give_up_at_ = now + std::chrono::seconds(std::min<std::uint32_t>(*expires, 24 * 3600));
  ++context_.live_sessions;
  context_.emit(std::move(call));
  return true;
}

Message Session::invite_reply(int status, std::string_view phrase) const {
  Message response = Message::response_to(invite_, status, phrase, local_tag_);
  if (status > 100 && status < 300) {
    response.copy(Header::kRecordRoute, invite_);
    context_.describe_us_in_response(response, flow_);
  }
  return response;
}

Result<void> Session::provisional(int status, std::string sdp, ReliableProvisionals reliable,
                                  MonoTime now) {
  if (status < 101 || status > 199) return fail(ErrorCode::kInvalid, "a provisional is 101 to 199");
  if (phase_ != Phase::kCalled || waiting_accept_)
    return fail(ErrorCode::kConflict, "no INVITE of the peer is unanswered");
  if (reliable == ReliableProvisionals::kRequired && !peer_takes_reliable_)
    return fail(ErrorCode::kConflict, "the caller does not support reliable provisionals");
  const bool surely =
      peer_wants_reliable_ || (peer_takes_reliable_ && reliable != ReliableProvisionals::kOff);
  SdpRole role = SdpRole::kNone;
  if (!sdp.empty()) {
    role = has_offer_ ? SdpRole::kAnswer : SdpRole::kOffer;
    if (settled_ || (role == SdpRole::kOffer && offers_ != OfferState::kNone))
      return fail(ErrorCode::kConflict,
                  "the description of this call is already settled or offered");
    if (role == SdpRole::kOffer && !surely)
      return fail(ErrorCode::kConflict, "an offer needs a reliable provisional");
  }
  if (surely && reliable_.outstanding()) {
    if (reliable_.full())
      return fail(ErrorCode::kExhausted, "too many provisionals wait for PRACK");
    reliable_.wait({status, std::move(sdp), role});
    return {};
  }
  send_provisional(status, std::move(sdp), role, surely, now);
  return {};
}

void Session::send_provisional(int status, std::string sdp, SdpRole role, bool reliable,
                               MonoTime now) {
  Message response = invite_reply(status);
  if (!sdp.empty()) response.set_body("application/sdp", sdp);
  last_provisional_ = status;
  repeat_at_ = now + kRepeatProvisional;
  if (role == SdpRole::kAnswer) early_answer_ = sdp;
  if (!reliable) {
    context_.layer.respond(invite_server_, std::move(response), now);
    return;
  }
  response.add(Header::kRequire, "100rel");
  response.add(Header::kRSeq, std::to_string(reliable_.next_number()));
  if (role != SdpRole::kNone) last_local_ = std::move(sdp);
  if (role == SdpRole::kAnswer) {
    settled_ = true;
    offers_ = OfferState::kNone;
  }
  if (role == SdpRole::kOffer) offers_ = OfferState::kOurs;
  context_.layer.respond(invite_server_, response, now);
  reliable_.sent(std::move(response), role, now, context_.options.t1);
}

void Session::prack_received(ServerId transaction, Message message, MonoTime now) {
  const auto rack = message.rack();
  if (!rack) return respond(transaction, message, 400, now, "Missing or malformed RAck");
  const SdpRole role = reliable_.role();
  const auto invite_cseq = invite_.cseq();
  std::string sdp = sdp_in(message);
  if (phase_ != Phase::kCalled || !invite_cseq) {
    // After our final response a PRACK that was on its way is only acknowledged.
    const bool answered = phase_ == Phase::kAnswered || phase_ == Phase::kConfirmed;
    const bool late = incoming_ && answered && sdp.empty();
    return respond(transaction, message, late ? 200 : 481, now);
  }
  const bool answers = role == SdpRole::kOffer && offers_ == OfferState::kOurs;
  if (answers && sdp.empty() && rack->rseq + 1 == reliable_.next_number())
    return respond(transaction, message, 400, now, "The offer in the provisional needs an answer");
  if (!reliable_.acknowledge(*rack, invite_cseq->number))
    return respond(transaction, message, 481, now);
  if (answers) {
    offers_ = OfferState::kNone;
    settled_ = true;
    last_remote_ = sdp;
    context_.emit(AnswerReceived{id_, std::move(sdp)});
  } else if (!sdp.empty()) {
    if (offers_ != OfferState::kNone) {
      respond(transaction, message, 491, now);
    } else {
      ask_owner(transaction, std::move(message), OfferCarrier::kPrack, std::move(sdp), now);
      return after_prack(now);
    }
    return after_prack(now);
  }
  respond(transaction, message, 200, now);
  after_prack(now);
}

void Session::after_prack(MonoTime now) {
  if (auto next = reliable_.take_waiting()) {
    send_provisional(next->status, std::move(next->sdp), next->role, true, now);
    return;
  }
  if (!waiting_accept_) return;
  auto waiting = *std::move(waiting_accept_);
  waiting_accept_.reset();
  send_answer(std::move(waiting.first), waiting.second, now);
}

Result<void> Session::accept(std::string sdp, std::vector<HeaderLine> headers, MonoTime now) {
  if (phase_ != Phase::kCalled || waiting_accept_)
    return fail(ErrorCode::kConflict, "no INVITE of the peer is unanswered");
  const bool offered = offers_ == OfferState::kOurs;  // reliably; its answer comes with the PRACK
  if (sdp.empty() && !settled_ && !offered && early_answer_.empty())
    return fail(ErrorCode::kInvalid, "the 200 needs a session description");
  if (reliable_.holds_up_answer()) {
    waiting_accept_.emplace(std::move(sdp), std::move(headers));
    return {};
  }
  send_answer(std::move(sdp), headers, now);
  return {};
}

void Session::send_answer(std::string sdp, const std::vector<HeaderLine>& headers, MonoTime now) {
  reliable_.stop();
  repeat_at_ = give_up_at_ = MonoTime::max();
  Message response = invite_reply(200);
  bool answer_expected = false;
  if (!settled_) {
    if (sdp.empty()) sdp = early_answer_;
    answer_expected = !has_offer_;
    offers_ = answer_expected ? OfferState::kOurs : OfferState::kNone;
    last_local_ = sdp;
    response.set_body("application/sdp", sdp);
  }
  for (const HeaderLine& line : headers) response.add(line.name, line.value);
  timer_.write_response(invite_, response, now);
  phase_ = Phase::kAnswered;
  was_answered_ = true;
  const std::uint32_t cseq = invite_.cseq() ? invite_.cseq()->number : 0;
  context_.layer.respond(invite_server_, std::move(response), now);
  await_ack(invite_server_, cseq, answer_expected, now);
  invite_ = Message();
}

void Session::await_ack(ServerId invite, std::uint32_t cseq, bool answer_expected, MonoTime now) {
  awaited_ack_.invite = invite;
  awaited_ack_.cseq = cseq;
  awaited_ack_.answer_expected = answer_expected;
  awaited_ack_.repetition.start(now, context_.options.t1, 8 * context_.options.t1);
}

Result<void> Session::reject(int status, std::string_view phrase,
                             const std::vector<HeaderLine>& headers, MonoTime now) {
  if (status < 400 || status > 699)
    return fail(ErrorCode::kInvalid, "a refusal is 400 to 699; calls are never redirected");
  if (phase_ != Phase::kCalled)
    return fail(ErrorCode::kConflict, "no INVITE of the peer is unanswered");
  Message response = invite_reply(status, phrase);
  for (const HeaderLine& line : headers) response.add(line.name, line.value);
  context_.layer.respond(invite_server_, std::move(response), now);
  end(EndCause::kByUs);
  return {};
}

void Session::cancelled(ServerId invite, const Message& cancel, MonoTime now) {
  if (invite == invite_server_ && phase_ == Phase::kCalled) {
    context_.layer.respond(invite_server_, invite_reply(487), now);
    end(EndCause::kCancelled, 0, std::string(cancel.first(Header::kReason).value_or("")));
    return;
  }
  // A re-INVITE of the peer's that the owner has not answered.
  if (asked_.active && asked_.transaction == invite) refuse_asked(487, now);
}

void Session::server_failed(ServerId transaction, MonoTime now) {
  if (awaited_ack_.running() && awaited_ack_.invite == transaction && phase_ == Phase::kAnswered) {
    bye_after_ack_.reset();
    awaited_ack_.repetition.stop();
    end_with_bye(EndCause::kTransport, now, 503);
  }
}

void Session::ack(const Message& message, MonoTime now) {
  const auto cseq = message.cseq();
  if (!awaited_ack_.running() || !cseq || cseq->number != awaited_ack_.cseq) return;
  awaited_ack_.repetition.stop();
  if (phase_ == Phase::kOver) {
    if (bye_after_ack_ && dialog_) send_bye(*dialog_, *bye_after_ack_, now);
    bye_after_ack_.reset();
    return;
  }
  std::string sdp = sdp_in(message);
  const bool first = phase_ == Phase::kAnswered;
  phase_ = Phase::kConfirmed;
  if (awaited_ack_.answer_expected) {
    offers_ = OfferState::kNone;
    if (sdp.empty()) return end_with_bye(EndCause::kProtocol, now);
    last_remote_ = sdp;
    context_.emit(AnswerReceived{id_, std::move(sdp)});
  }
  if (first) context_.emit(CallConfirmed{id_});
}

void Session::advance_ack(MonoTime now) {
  Repetition& repetition = awaited_ack_.repetition;
  if (!repetition.running()) return;
  if (repetition.given_up(now)) {
    repetition.stop();
    if (phase_ == Phase::kOver) {
      if (bye_after_ack_ && dialog_) send_bye(*dialog_, *bye_after_ack_, now);
      bye_after_ack_.reset();
      return;
    }
    return end_with_bye(EndCause::kNoAck, now);
  }
  if (repetition.take_due(now)) context_.layer.resend(awaited_ack_.invite);
}

void Session::advance_called(MonoTime now) {
  if (phase_ != Phase::kCalled) return;
  if (now >= give_up_at_) {
    // RFC 3261, 13.3.1: the caller's Expires has passed.
    context_.layer.respond(invite_server_, invite_reply(487), now);
    return end(EndCause::kCancelled);
  }
  if (reliable_.outstanding()) {
    if (reliable_.repetition().given_up(now)) {
      // RFC 3262, 3: a provisional that nobody acknowledged ends the INVITE with a 5xx.
      context_.layer.respond(invite_server_, invite_reply(504), now);
      return end(EndCause::kNoAck, 504);
    }
    if (reliable_.repetition().take_due(now))
      context_.layer.respond(invite_server_, reliable_.response(), now);
  }
  if (now < repeat_at_) return;
  repeat_at_ = now + kRepeatProvisional;
  if (reliable_.outstanding()) return;
  Message response = invite_reply(last_provisional_);
  if (peer_wants_reliable_) {
    response.add(Header::kRequire, "100rel");
    response.add(Header::kRSeq, std::to_string(reliable_.next_number()));
    context_.layer.respond(invite_server_, response, now);
    reliable_.sent(std::move(response), SdpRole::kNone, now, context_.options.t1);
    return;
  }
  if (!early_answer_.empty() && !settled_) response.set_body("application/sdp", early_answer_);
  context_.layer.respond(invite_server_, std::move(response), now);
}

}  // namespace madoguchi::sip
