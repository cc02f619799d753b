// Our INVITE: provisionals and their PRACKs, forks, the first 2xx, refusals, and the races with
// CANCEL.
#include <algorithm>

#include "sip/session.h"

namespace madoguchi::sip {

Result<void> Session::start_calling(MonoTime now) {
  send_invite(now);
  if (!invite_client_.valid())
    return fail(ErrorCode::kExhausted, "too many SIP transactions at once; try again later");
  offers_ = late_offer_ ? OfferState::kNone : OfferState::kOurs;
  give_up_at_ = now + give_up_after_;
  if (first_response_within_.count() > 0) no_sign_at_ = now + first_response_within_;
  ++context_.live_sessions;
  return {};
}

void Session::send_invite(MonoTime now) {
  ++invite_cseq_;
  invite_.set(Header::kCSeq, std::to_string(invite_cseq_) + " INVITE");
  early_.clear();
  invite_client_ = send(Purpose::kInvite, invite_, flow_, now);
}

void Session::invite_response(const Message& message, MonoTime now) {
  if (message.status() <= 100) return;
  if (message.status() < 200) {
    if (phase_ == Phase::kCalling) invite_provisional(message, now);
    return;
  }
  if (repeat_ack(invite_client_, message.to_tag())) return;
  if (phase_ == Phase::kCalling) return invite_answered(message, now);
  // The winner's 2xx again, while our ACK waits for the owner's answer.
  if (phase_ == Phase::kAnswered && dialog_ && dialog_->remote_tag() == message.to_tag()) return;
  extra_branch(message, now);
}

Session::EarlyDialog* Session::early_dialog(const Message& message) {
  const std::string_view tag = message.to_tag();
  if (tag.empty()) return nullptr;
  for (EarlyDialog& early : early_)
    if (early.dialog.remote_tag() == tag) return &early;
  if (early_.size() >= context_.options.max_early_dialogs) return nullptr;
  auto dialog = Dialog::calling(invite_, message, flow_);
  if (!dialog) return nullptr;
  early_.push_back({*std::move(dialog), 0, false, {}, {}});
  return &early_.back();
}

void Session::invite_provisional(const Message& message, MonoTime now) {
  EarlyDialog* early = early_dialog(message);
  if (early == nullptr && !message.to_tag().empty()) return;
  const auto rseq = message.rseq();
  const bool reliable = early != nullptr && rseq && message.lists(Header::kRequire, "100rel");
  // RFC 3262, 4: only the next number; what was lost in between comes again.
  if (reliable && early->last_rseq != 0 && *rseq != early->last_rseq + 1) return;
  note_abilities(message);
  CallProgress progress;
  progress.session = id_;
  progress.status = message.status();
  progress.dialog_tag = message.to_tag();
  std::string sdp = sdp_in(message);
  if (early != nullptr && !sdp.empty() && !early->settled && !late_offer_) {
    progress.role = SdpRole::kAnswer;
    progress.sdp = early->sdp = std::move(sdp);
  }
  if (reliable) {
    early->last_rseq = *rseq;
    early->dialog.refresh_target(message);
    take_reliable(*early, message, progress, now);
  }
  context_.emit(std::move(progress));
}

void Session::take_reliable(EarlyDialog& early, const Message& message, CallProgress& progress,
                            MonoTime now) {
  const std::string rack =
      std::to_string(early.last_rseq) + " " + std::to_string(invite_cseq_) + " INVITE";
  if (progress.role == SdpRole::kAnswer) {
    early.settled = true;
    last_remote_ = early.sdp;
    offers_ = OfferState::kNone;
  }
  std::string sdp = sdp_in(message);
  if (late_offer_ && !early.settled && !sdp.empty() && offers_ == OfferState::kNone) {
    // RFC 3262, 5: the offer of a call without one; its answer goes into the PRACK.
    progress.role = SdpRole::kOffer;
    progress.sdp = early.sdp = std::move(sdp);
    offers_ = OfferState::kTheirs;
    early.waiting_rack = rack;
    return;
  }
  send_prack(early, rack, {}, now);
}

void Session::send_prack(EarlyDialog& early, std::string_view rack, std::string_view sdp,
                         MonoTime now) {
  Message message = early.dialog.request(Method::kPrack);
  message.add(Header::kRAck, rack);
  if (!sdp.empty()) message.set_body("application/sdp", sdp);
  const Flow flow = flow_for(early.dialog);
  send(Purpose::kPrack, std::move(message), flow, now);
}

bool Session::answer_early_offer(const std::string& sdp, MonoTime now) {
  const auto early = std::find_if(early_.begin(), early_.end(), [](const EarlyDialog& candidate) {
    return !candidate.waiting_rack.empty();
  });
  if (early == early_.end()) return false;
  send_prack(*early, early->waiting_rack, sdp, now);
  early->waiting_rack.clear();
  early->settled = true;
  last_local_ = sdp;
  last_remote_ = early->sdp;
  offers_ = OfferState::kNone;
  return true;
}

void Session::send_ack(Dialog& dialog, ClientId invite, std::uint32_t cseq, std::string_view sdp) {
  SentAck sent;
  sent.invite = invite;
  sent.remote_tag = dialog.remote_tag();
  sent.message = dialog.ack(cseq);
  if (!sdp.empty()) sent.message.set_body("application/sdp", sdp);
  sent.flow = flow_for(dialog);
  context_.send_ack(sent.message, sent.flow);
  // Kept for repeats of the 2xx, until the transaction layer says that no more can come.
  const std::size_t most = context_.options.max_early_dialogs + 2;
  if (acks_.size() < most && context_.layer.alive(invite)) acks_.push_back(std::move(sent));
}

bool Session::repeat_ack(ClientId invite, std::string_view remote_tag) {
  for (SentAck& sent : acks_) {
    if (sent.invite != invite || sent.remote_tag != remote_tag) continue;
    context_.send_ack(sent.message, sent.flow);
    return true;
  }
  return false;
}

void Session::invite_answered(const Message& message, MonoTime now) {
  const std::string tag(message.to_tag());
  const auto found = std::find_if(early_.begin(), early_.end(), [&](const EarlyDialog& early) {
    return early.dialog.remote_tag() == tag;
  });
  std::optional<EarlyDialog> early;
  if (found != early_.end()) early = std::move(*found);
  early_.clear();
  dialog_ = early ? std::move(early->dialog) : Dialog::calling(invite_, message, flow_);
  if (!dialog_) {
    // Neither tag nor Contact: there is nobody to acknowledge to.
    context_.layer.cancel(invite_client_, now);
    return end(EndCause::kProtocol);
  }
  give_up_at_ = MonoTime::max();
  was_answered_ = true;
  dialog_->settle_route(message);
  dialog_->refresh_target(message);
  note_abilities(message);
  timer_.take_response(message, now);
  settle_answer(early ? &*early : nullptr, sdp_in(message), now);
}

void Session::settle_answer(const EarlyDialog* early, std::string sdp, MonoTime now) {
  CallAnswered answered;
  answered.session = id_;
  answered.dialog_tag = dialog_->remote_tag();
  const bool settled = early != nullptr && early->settled;
  if (late_offer_ && !settled) {
    if (sdp.empty()) {
      send_ack(*dialog_, invite_client_, invite_cseq_, {});
      return end_with_bye(EndCause::kProtocol, now);
    }
    phase_ = Phase::kAnswered;
    offers_ = OfferState::kTheirs;
    last_remote_ = sdp;
    answered.role = SdpRole::kOffer;
    answered.sdp = std::move(sdp);
    return context_.emit(std::move(answered));
  }
  send_ack(*dialog_, invite_client_, invite_cseq_, {});
  phase_ = Phase::kConfirmed;
  if (!late_offer_) {
    // An answer given in a reliable provisional is final for its branch (RFC 3261, 13.2.1).
    if (settled || sdp.empty()) sdp = early != nullptr ? early->sdp : std::string();
    if (sdp.empty()) return end_with_bye(EndCause::kProtocol, now);
    answered.role = SdpRole::kAnswer;
    answered.sdp = last_remote_ = std::move(sdp);
  }
  offers_ = OfferState::kNone;
  context_.emit(std::move(answered));
}

// A 2xx that is not the call's: of another branch, or after the session ended (it crossed our
// CANCEL).
void Session::extra_branch(const Message& message, MonoTime now) {
  if (phase_ != Phase::kOver) ++context_.counters.extra_branches;
  auto dialog = Dialog::calling(invite_, message, flow_);
  if (!dialog) return;
  const std::size_t most = context_.options.max_early_dialogs;
  if (acks_.size() >= most) return;
  send_ack(*dialog, invite_client_, invite_cseq_, {});
  send_bye(*dialog, {}, now);
}

void Session::invite_refused(const ClientUse& use, const Message& message, MonoTime now) {
  if (phase_ != Phase::kCalling) return;
  const int status = message.status();
  if ((status == 401 || status == 407) && retry_with_login(use, message, now)) return;
  if (status == 422 && timer_.take_refusal(message)) {
    timer_.write_request(invite_);
    send_invite(now);
    if (invite_client_.valid()) return;
  }
  std::optional<std::chrono::seconds> retry_after;
  if (const auto seconds = message.number(Header::kRetryAfter))
    retry_after = std::chrono::seconds(*seconds);
  std::string reason(message.first(Header::kReason).value_or(message.reason()));
  end(EndCause::kRefused, status, std::move(reason), retry_after);
}

}  // namespace madoguchi::sip
