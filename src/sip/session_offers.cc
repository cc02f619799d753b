// Offers within a call: our re-INVITE and UPDATE (hold, resume, session refresh), the peer's, and
// glare (RFC 3261, 14; RFC 3311; RFC 4028).
#include "sip/session.h"

namespace madoguchi::sip {
namespace {

constexpr std::chrono::seconds kAnswerReInvite{30};  // a person may have to be asked
constexpr std::chrono::seconds kAnswerAtOnce{4};     // UPDATE and PRACK are answered promptly
constexpr std::chrono::seconds kMostReInvite{60};    // provisionals keep an INVITE alive for ever
constexpr std::chrono::seconds kRefreshLater{10};
constexpr int kMostGlares = 6;

}  // namespace

Result<void> Session::offer(std::string sdp, OfferBy by, MonoTime now) {
  const bool early_update = by == OfferBy::kUpdate && dialog_ && phase_ == Phase::kCalled &&
                            settled_ && !reliable_.outstanding();
  if (phase_ != Phase::kConfirmed && !early_update)
    return fail(ErrorCode::kConflict, "the call is not in a state to offer something new");
  if (offers_ != OfferState::kNone || modify_.active || awaited_ack_.running() || asked_.active)
    return fail(ErrorCode::kConflict, "another offer is unanswered");
  if (sdp.empty()) return fail(ErrorCode::kInvalid, "an offer needs a session description");
  if (by == OfferBy::kUpdate && !peer_updates_) {
    if (early_update) return fail(ErrorCode::kConflict, "the peer does not take UPDATE");
    by = OfferBy::kReInvite;
  }
  modify_ = Modify();
  modify_.active = true;
  modify_.by = by;
  modify_.sdp = std::move(sdp);
  send_modify(now);
  return {};
}

void Session::send_modify(MonoTime now) {
  const bool update = modify_.by == OfferBy::kUpdate;
  Message message = dialog_->request(update ? Method::kUpdate : Method::kInvite);
  const Flow flow = flow_for(*dialog_);
  context_.describe_us(message, flow);
  timer_.write_request(message);
  if (!modify_.sdp.empty()) {
    message.set_body("application/sdp", modify_.sdp);
    offers_ = OfferState::kOurs;
  }
  modify_.retry_at = MonoTime::max();
  modify_.give_up_at = now + kMostReInvite;
  modify_.transaction =
      send(update ? Purpose::kUpdate : Purpose::kReInvite, std::move(message), flow, now);
  if (!modify_.transaction.valid()) modify_over(503);
}

void Session::modify_over(int status) {
  const bool told = modify_.active && !modify_.refresh;
  modify_ = Modify();
  if (offers_ == OfferState::kOurs) offers_ = OfferState::kNone;
  if (told) context_.emit(OfferRefused{id_, status});
}

void Session::modify_response(const ClientUse& use, const Message& message, MonoTime now) {
  const int status = message.status();
  if (status < 200) return;
  if (status < 300) return modify_accepted(message, now);
  if ((status == 401 || status == 407) && retry_with_login(use, message, now)) return;
  modify_refused(message, now);
}

void Session::modify_accepted(const Message& message, MonoTime now) {
  if (modify_.by == OfferBy::kReInvite) {
    const std::uint32_t cseq = message.cseq() ? message.cseq()->number : 0;
    send_ack(*dialog_, modify_.transaction, cseq, {});
  }
  dialog_->refresh_target(message);
  note_abilities(message);
  timer_.take_response(message, now);
  std::string answer = sdp_in(message);
  const bool refresh = modify_.refresh;
  const bool offered = !modify_.sdp.empty();
  if (offered && answer.empty()) {
    // Against RFC 3264: the peer agreed to nothing. The call goes on as it was.
    return modify_over(488);
  }
  if (offered) last_local_ = std::move(modify_.sdp);
  modify_ = Modify();
  if (offered) offers_ = OfferState::kNone;
  if (!offered || (refresh && answer == last_remote_)) return;
  last_remote_ = answer;
  context_.emit(AnswerReceived{id_, std::move(answer)});
}

void Session::modify_refused(const Message& message, MonoTime now) {
  const int status = message.status();
  modify_.transaction = ClientId();
  modify_.give_up_at = MonoTime::max();
  if (offers_ == OfferState::kOurs) offers_ = OfferState::kNone;
  if (status == 481 || status == 408) return end_with_bye(EndCause::kGone, now, status);
  if (status == 491 && ++modify_.tries <= kMostGlares) return glare(now);
  if (status == 422 && timer_.take_refusal(message)) return send_modify(now);
  const bool unknown = status == 405 || status == 501;
  if (modify_.by == OfferBy::kUpdate && unknown && phase_ == Phase::kConfirmed) {
    peer_updates_ = false;
    modify_.by = OfferBy::kReInvite;
    if (modify_.sdp.empty()) modify_.sdp = last_local_;
    return send_modify(now);
  }
  if (modify_.refresh) timer_.put_off_refresh(now + kRefreshLater);
  modify_over(status);
}

// RFC 3261, 14.1: the owner of the Call-ID waits longer, so that the two do not meet again.
void Session::glare(MonoTime now) {
  const std::uint64_t step =
      incoming_ ? context_.random_below(200) : 210 + context_.random_below(191);
  modify_.retry_at = now + std::chrono::milliseconds(10 * step);
}

void Session::advance_modify(MonoTime now) {
  if (!modify_.active) return;
  if (now >= modify_.retry_at) {
    if (offers_ != OfferState::kNone || asked_.active || awaited_ack_.running()) {
      modify_.retry_at = now + std::chrono::milliseconds(500);
      return;
    }
    return send_modify(now);
  }
  if (now < modify_.give_up_at) return;
  modify_.give_up_at = MonoTime::max();
  if (modify_.by == OfferBy::kReInvite) context_.layer.cancel(modify_.transaction, now);
}

void Session::refresh(MonoTime now) {
  const bool busy = modify_.active || offers_ != OfferState::kNone || asked_.active ||
                    awaited_ack_.running() || phase_ != Phase::kConfirmed;
  if (busy) return timer_.put_off_refresh(now + std::chrono::seconds(1));
  timer_.put_off_refresh(MonoTime::max());  // until its response says when next
  modify_ = Modify();
  modify_.active = true;
  modify_.refresh = true;
  modify_.by = peer_updates_ ? OfferBy::kUpdate : OfferBy::kReInvite;
  if (modify_.by == OfferBy::kReInvite) modify_.sdp = last_local_;
  send_modify(now);
}

// --- the peer's

bool Session::refuse_short_interval(ServerId transaction, const Message& message, MonoTime now) {
  const auto least = timer_.too_short(message);
  if (!least) return false;
  Message response = Message::response_to(message, 422, {}, local_tag_);
  response.add(Header::kMinSe, std::to_string(*least));
  context_.layer.respond(transaction, std::move(response), now);
  return true;
}

bool Session::refuse_glare(ServerId transaction, const Message& message, MonoTime now) {
  const bool ours =
      offers_ == OfferState::kOurs || (modify_.active && modify_.transaction.valid() &&
                                       (modify_.by == OfferBy::kReInvite || !modify_.sdp.empty()));
  if (asked_.active || offers_ == OfferState::kTheirs) {
    respond_later(transaction, message, now);
    return true;
  }
  if (ours) {
    respond(transaction, message, 491, now);
    return true;
  }
  // Ours waits to be repeated after a glare, and theirs came first.
  if (modify_.active && !modify_.transaction.valid()) {
    if (modify_.refresh) timer_.put_off_refresh(now + kRefreshLater);
    modify_over(491);
  }
  return false;
}

void Session::reinvite_received(ServerId transaction, Message message, MonoTime now) {
  if (phase_ == Phase::kCalled || awaited_ack_.running())
    return respond_later(transaction, message, now);
  if (phase_ != Phase::kConfirmed) return respond(transaction, message, 491, now);
  if (refuse_short_interval(transaction, message, now)) return;
  if (refuse_glare(transaction, message, now)) return;
  std::string sdp = sdp_in(message);
  dialog_->refresh_target(message);
  ask_owner(transaction, std::move(message), OfferCarrier::kReInvite, std::move(sdp), now);
}

void Session::update_received(ServerId transaction, Message message, MonoTime now) {
  if (refuse_short_interval(transaction, message, now)) return;
  std::string sdp = sdp_in(message);
  Dialog* dialog = dialog_for(message.from_tag());
  if (sdp.empty()) {
    // Only a refresh of target and session timer.
    dialog->refresh_target(message);
    Message response = Message::response_to(message, 200, {}, local_tag_);
    context_.describe_us_in_response(response, flow_);
    if (phase_ == Phase::kConfirmed) timer_.write_response(message, response, now);
    context_.layer.respond(transaction, std::move(response), now);
    return;
  }
  if (refuse_glare(transaction, message, now)) return;
  if (phase_ == Phase::kCalled && !settled_) return respond_later(transaction, message, now);
  dialog->refresh_target(message);
  ask_owner(transaction, std::move(message), OfferCarrier::kUpdate, std::move(sdp), now);
}

void Session::ask_owner(ServerId transaction, Message message, OfferCarrier carrier,
                        std::string sdp, MonoTime now) {
  asked_.active = true;
  asked_.transaction = transaction;
  asked_.message = std::move(message);
  asked_.carrier = carrier;
  asked_.wants_offer = sdp.empty();
  asked_.give_up_at = now + (carrier == OfferCarrier::kReInvite ? kAnswerReInvite : kAnswerAtOnce);
  if (carrier == OfferCarrier::kReInvite) context_.invites[transaction] = id_;
  if (asked_.wants_offer) {
    context_.emit(OfferWanted{id_});
    return;
  }
  offers_ = OfferState::kTheirs;
  last_remote_ = sdp;
  context_.emit(OfferReceived{id_, carrier, std::move(sdp)});
}

Result<void> Session::answer_offer(std::string sdp, MonoTime now) {
  if (sdp.empty()) return fail(ErrorCode::kInvalid, "an answer needs a session description");
  if (asked_.active) {
    answer_asked(std::move(sdp), now);
    return {};
  }
  if (phase_ == Phase::kCalling && answer_early_offer(sdp, now)) return {};
  if (incoming_ || phase_ != Phase::kAnswered || offers_ != OfferState::kTheirs)
    return fail(ErrorCode::kConflict, "no offer of the peer is unanswered");
  send_ack(*dialog_, invite_client_, invite_cseq_, sdp);
  last_local_ = std::move(sdp);
  offers_ = OfferState::kNone;
  phase_ = Phase::kConfirmed;
  return {};
}

void Session::answer_asked(std::string sdp, MonoTime now) {
  const Asked asked = std::move(asked_);
  asked_ = Asked();
  Message response = Message::response_to(asked.message, 200, {}, local_tag_);
  context_.describe_us_in_response(response, flow_);
  if (asked.carrier != OfferCarrier::kPrack && phase_ == Phase::kConfirmed)
    timer_.write_response(asked.message, response, now);
  response.set_body("application/sdp", sdp);
  last_local_ = std::move(sdp);
  offers_ = asked.wants_offer ? OfferState::kOurs : OfferState::kNone;
  context_.layer.respond(asked.transaction, std::move(response), now);
  if (asked.carrier != OfferCarrier::kReInvite) return;
  context_.invites.erase(asked.transaction);
  const auto cseq = asked.message.cseq();
  await_ack(asked.transaction, cseq ? cseq->number : 0, asked.wants_offer, now);
}

void Session::refuse_asked(int status, MonoTime now) {
  const Asked asked = std::move(asked_);
  asked_ = Asked();
  if (offers_ == OfferState::kTheirs) offers_ = OfferState::kNone;
  context_.invites.erase(asked.transaction);
  respond(asked.transaction, asked.message, status, now);
}

Result<void> Session::refuse_offer(int status, MonoTime now) {
  if (status < 400 || status > 699) return fail(ErrorCode::kInvalid, "a refusal is 400 to 699");
  if (asked_.active) {
    refuse_asked(status, now);
    return {};
  }
  if (incoming_ || phase_ != Phase::kAnswered)
    return fail(ErrorCode::kConflict, "no offer of the peer is unanswered");
  send_ack(*dialog_, invite_client_, invite_cseq_, {});
  end_with_bye(EndCause::kByUs, now);
  return {};
}

}  // namespace madoguchi::sip
