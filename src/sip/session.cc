#include "sip/session.h"

#include <algorithm>

namespace madoguchi::sip {

Session::Session(AgentContext& context, SessionId id, OutgoingCall call)
    : context_(context),
      id_(id),
      incoming_(false),
      phase_(Phase::kCalling),
      flow_(call.flow),
      local_tag_(context.layer.fresh_token()),
      timer_(context.options.session_interval, context.options.min_session_interval),
      late_offer_(!call.sdp),
      give_up_after_(call.give_up_after),
      first_response_within_(call.first_response_within) {
  if (call.login)
    login_.emplace(DigestCredentials{call.login->user, call.login->password}, context.entropy());
  invite_ = Message::request(Method::kInvite, call.target);
  for (const Uri& route : call.route) invite_.add(Header::kRoute, "<" + route.text() + ">");
  invite_.add(Header::kFrom, format_name_addr(call.from_display, call.from.text(), local_tag_));
  invite_.add(Header::kTo, format_name_addr({}, call.to.value_or(call.target).text()));
  invite_.add(Header::kCallId, context.layer.fresh_token() + context.layer.fresh_token());
  invite_.add(Header::kCSeq, "1 INVITE");
  context.describe_us(invite_, flow_);
  if (call.reliable == ReliableProvisionals::kOff)
    invite_.set(Header::kSupported, "timer, norefersub");
  if (call.reliable == ReliableProvisionals::kRequired) invite_.add(Header::kRequire, "100rel");
  for (const HeaderLine& line : call.headers) invite_.add(line.name, line.value);
  timer_.write_request(invite_);
  if (call.sdp) {
    last_local_ = *std::move(call.sdp);
    invite_.set_body("application/sdp", last_local_);
  }
}

Session::Session(AgentContext& context, SessionId id, ServerId invite, Message request,
                 const Flow& flow, std::string local_tag)
    : context_(context),
      id_(id),
      incoming_(true),
      phase_(Phase::kCalled),
      flow_(flow),
      local_tag_(std::move(local_tag)),
      timer_(context.options.session_interval, context.options.min_session_interval),
      invite_(std::move(request)),
      invite_server_(invite) {}

void Session::end(EndCause cause, int status, std::string reason,
                  std::optional<std::chrono::seconds> retry_after) {
  if (phase_ == Phase::kOver) return;
  phase_ = Phase::kOver;
  --context_.live_sessions;
  offers_ = OfferState::kNone;
  reliable_.stop();
  waiting_accept_.reset();
  give_up_at_ = no_sign_at_ = repeat_at_ = MonoTime::max();
  if (!bye_after_ack_) awaited_ack_.repetition.stop();
  modify_ = Modify();
  asked_ = Asked();
  refer_ = Refer();
  // What stays is only for the wire; a call's texts need not stay with it.
  last_local_.clear();
  last_remote_.clear();
  early_answer_.clear();
  if (incoming_) invite_ = Message();
  context_.emit(SessionEnded{id_, cause, status, std::move(reason), retry_after});
}

ClientId Session::send(Purpose purpose, Message message, const Flow& flow, MonoTime now) {
  ClientUse use;
  use.session = id_;
  use.purpose = purpose;
  if (login_) {
    use.challenged = message;
    login_->authorize(message);
  }
  const ClientId id = context_.send(std::move(use), std::move(message), flow, now);
  if (id.valid()) ++open_clients_;
  return id;
}

Flow Session::flow_for(const Dialog& dialog) const {
  return flow_towards(dialog.next_hop(), dialog.flow(), context_.transports);
}

void Session::send_bye(Dialog& dialog, std::string_view reason, MonoTime now) {
  Message message = dialog.request(Method::kBye);
  if (!reason.empty()) message.add(Header::kReason, reason);
  send(Purpose::kBye, std::move(message), flow_for(dialog), now);
}

void Session::end_with_bye(EndCause cause, MonoTime now, int status) {
  if (phase_ == Phase::kOver) return;
  if (asked_.active) respond(asked_.transaction, asked_.message, 487, now);
  if (dialog_) send_bye(*dialog_, {}, now);
  end(cause, status);
}

void Session::respond(ServerId transaction, const Message& request, int status, MonoTime now,
                      std::string_view phrase) {
  context_.layer.respond(transaction, Message::response_to(request, status, phrase, local_tag_),
                         now);
}

// RFC 3261, 14.2: an offer that comes while another of the peer's is unanswered.
void Session::respond_later(ServerId transaction, const Message& request, MonoTime now) {
  Message response = Message::response_to(request, 500, {}, local_tag_);
  response.add(Header::kRetryAfter, std::to_string(1 + context_.random_below(10)));
  context_.layer.respond(transaction, std::move(response), now);
}

void Session::note_abilities(const Message& message) {
  if (message.has(Header::kAllow)) peer_updates_ = message.lists(Header::kAllow, "UPDATE");
}

bool Session::has_dialog_with(std::string_view call_id, std::string_view remote_tag) const {
  if (dialog_) return dialog_->call_id() == call_id && dialog_->remote_tag() == remote_tag;
  return std::any_of(early_.begin(), early_.end(), [&](const EarlyDialog& early) {
    return early.dialog.call_id() == call_id && early.dialog.remote_tag() == remote_tag;
  });
}

Dialog* Session::dialog_for(std::string_view remote_tag) {
  if (dialog_) return &*dialog_;
  for (EarlyDialog& early : early_)
    if (early.dialog.remote_tag() == remote_tag) return &early.dialog;
  return nullptr;
}

bool Session::retry_with_login(const ClientUse& use, const Message& challenge, MonoTime now) {
  constexpr int kMostTries = 4;  // a proxy's and a server's realm, each with one stale nonce
  if (!login_ || !use.challenged || ++login_tries_ > kMostTries) return false;
  Message request = *use.challenged;
  Dialog* const dialog = request.to_tag().empty() ? nullptr : dialog_for(request.to_tag());
  if (use.purpose != Purpose::kInvite && dialog == nullptr) return false;
  if (!login_->take_challenge(challenge)) return false;
  const std::uint32_t next = dialog != nullptr ? dialog->local_cseq() + 1 : invite_cseq_ + 1;
  if (dialog != nullptr) dialog->set_local_cseq(next);
  request.set(Header::kCSeq, std::to_string(next) + " " + std::string(request.method_name()));
  const Flow flow = dialog != nullptr ? flow_for(*dialog) : flow_;
  if (use.purpose == Purpose::kInvite) {
    invite_ = request;
    invite_cseq_ = next;
    early_.clear();
  }
  const ClientId id = send(use.purpose, std::move(request), flow, now);
  if (!id.valid()) return false;
  if (use.purpose == Purpose::kInvite) invite_client_ = id;
  if (use.purpose == Purpose::kReInvite || use.purpose == Purpose::kUpdate)
    modify_.transaction = id;
  return true;
}

void Session::response(ClientId transaction, const ClientUse& use, const Message& message,
                       MonoTime now) {
  const int status = message.status();
  if (status != 481 && status != 408) peer_heard_ = now;
  no_sign_at_ = MonoTime::max();
  if (login_ && status >= 200 && status < 300) {
    login_->take_success(message);
    login_tries_ = 0;
  }
  switch (use.purpose) {
    case Purpose::kInvite:
      if (transaction != invite_client_) {
        // The answer to an INVITE that was repeated with a login cannot be a success.
        return;
      }
      if (status >= 300) return invite_refused(use, message, now);
      return invite_response(message, now);
    case Purpose::kReInvite:
    case Purpose::kUpdate:
      if (use.purpose == Purpose::kReInvite && status >= 200 && status < 300 &&
          repeat_ack(transaction, message.to_tag()))
        return;
      if (transaction == modify_.transaction && modify_.active)
        return modify_response(use, message, now);
      // A re-INVITE that outlived its session still needs its ACK.
      if (use.purpose == Purpose::kReInvite && status >= 200 && status < 300 && dialog_)
        send_ack(*dialog_, transaction, message.cseq() ? message.cseq()->number : 0, {});
      return;
    case Purpose::kPrack:
    case Purpose::kBye:
    case Purpose::kInfo:
    case Purpose::kNotify:
    case Purpose::kProbe:
      break;
    case Purpose::kAlone:
      return;
  }
  if (status < 200) return;
  if ((status == 401 || status == 407) && retry_with_login(use, message, now)) return;
  if (use.purpose == Purpose::kPrack && status < 300 && offers_ == OfferState::kOurs) return;
  if (use.purpose == Purpose::kNotify && status >= 300) refer_.subscribed = false;
  // A 503 comes from where the peer is, or from someone on the way: nobody is known to be gone.
  if (use.purpose == Purpose::kProbe) return probed(status == 503 ? 200 : status);
  const bool gone = status == 481 || status == 408;
  if (gone && use.purpose == Purpose::kInfo) end_with_bye(EndCause::kGone, now);
}

void Session::client_failed(ClientId transaction, const ClientUse& use, Failure failure,
                            MonoTime now) {
  const EndCause cause = failure == Failure::kTimedOut ? EndCause::kTimedOut : EndCause::kTransport;
  const int status = failure == Failure::kTimedOut ? 408 : 503;
  switch (use.purpose) {
    case Purpose::kInvite:
      if (transaction == invite_client_ && phase_ == Phase::kCalling) end(cause, status);
      return;
    case Purpose::kReInvite:
    case Purpose::kUpdate:
      if (modify_.active && transaction == modify_.transaction) end_with_bye(cause, now, status);
      return;
    case Purpose::kInfo:
      return end_with_bye(cause, now, status);
    case Purpose::kProbe:
      return probed(status);
    case Purpose::kNotify:
      refer_.subscribed = false;
      return;
    case Purpose::kPrack:
    case Purpose::kBye:
    case Purpose::kAlone:
      return;
  }
}

void Session::client_ended(ClientId transaction) {
  if (open_clients_ > 0) --open_clients_;
  std::erase_if(acks_, [&](const SentAck& sent) { return sent.invite == transaction; });
  if (transaction == invite_client_) {
    invite_client_ = ClientId();
    if (phase_ != Phase::kCalling) invite_ = Message();
  }
}

void Session::request(ServerId transaction, Message message, const Flow& flow, MonoTime now) {
  if (phase_ == Phase::kOver) {
    // A BYE that crossed ours is in order; everything else comes too late.
    return respond(transaction, message, message.method() == Method::kBye ? 200 : 481, now);
  }
  Dialog* dialog = dialog_for(message.from_tag());
  const auto cseq = message.cseq();
  if (dialog == nullptr || !cseq) return respond(transaction, message, 481, now);
  if (!dialog->accept_cseq(cseq->number)) return respond(transaction, message, 500, now);
  dialog->set_flow(flow);
  flow_ = flow;
  peer_heard_ = now;
  note_abilities(message);
  switch (message.method()) {
    case Method::kBye:
      return bye_received(transaction, message, now);
    case Method::kInvite:
      return reinvite_received(transaction, std::move(message), now);
    case Method::kUpdate:
      return update_received(transaction, std::move(message), now);
    case Method::kPrack:
      return prack_received(transaction, std::move(message), now);
    case Method::kInfo:
      return info_received(transaction, message, now);
    case Method::kRefer:
      return refer_received(transaction, std::move(message), now);
    case Method::kOptions: {
      Message response = Message::response_to(message, 200, {}, local_tag_);
      context_.describe_abilities(response);
      context_.layer.respond(transaction, std::move(response), now);
      return;
    }
    case Method::kNotify:
    case Method::kSubscribe:
      return respond(transaction, message, 481, now, "No such subscription");
    case Method::kOther:
    case Method::kAck:
    case Method::kCancel:
    case Method::kRegister:
    case Method::kMessage:
    case Method::kPublish:
      break;
  }
  Message response = Message::response_to(message, 405, {}, local_tag_);
  context_.describe_abilities(response);
  context_.layer.respond(transaction, std::move(response), now);
}

void Session::bye_received(ServerId transaction, const Message& message, MonoTime now) {
  // RFC 3261, 15: the called side never ends an early dialog by BYE; only a 2xx that we have not
  // seen yet explains it, and then there is nothing to end here.
  if (phase_ == Phase::kCalling) return respond(transaction, message, 481, now);
  respond(transaction, message, 200, now);
  if (phase_ == Phase::kCalled) context_.layer.respond(invite_server_, invite_reply(487), now);
  if (asked_.active) respond(asked_.transaction, asked_.message, 487, now);
  bye_after_ack_.reset();
  end(EndCause::kByPeer, 0, std::string(message.first(Header::kReason).value_or("")));
}

void Session::connection_closed(ConnectionId connection) {
  const auto forget = [&](Dialog& dialog) {
    if (dialog.flow().connection == connection)
      dialog.set_flow(flow_without_connection(dialog.next_hop(), dialog.flow()));
  };
  if (dialog_) forget(*dialog_);
  for (EarlyDialog& early : early_) forget(early.dialog);
  if (flow_.connection != connection) return;
  flow_.connection = 0;
  if (dialog_) flow_ = dialog_->flow();
}

void Session::advance(MonoTime now) {
  if (now >= std::min(give_up_at_, no_sign_at_) && phase_ == Phase::kCalling) {
    give_up_at_ = MonoTime::max();
    cancel_sent_ = true;
    context_.layer.cancel(invite_client_, now);
    end(EndCause::kTimedOut, 408);
  }
  advance_called(now);
  advance_ack(now);
  if (phase_ == Phase::kOver) return;
  if (now >= asked_.give_up_at) refuse_asked(500, now);
  if (now >= refer_.give_up_at) static_cast<void>(reject_refer(500, now));
  advance_modify(now);
  if (phase_ == Phase::kOver) return;
  if (now >= timer_.expires_at()) return end_with_bye(EndCause::kSessionExpired, now);
  if (now >= timer_.refresh_at()) refresh(now);
}

MonoTime Session::deadline() const {
  if (phase_ == Phase::kOver) return awaited_ack_.repetition.deadline();
  return std::min({give_up_at_, no_sign_at_, repeat_at_, reliable_.deadline(),
                   awaited_ack_.repetition.deadline(), asked_.give_up_at, refer_.give_up_at,
                   modify_.retry_at, modify_.give_up_at, timer_.refresh_at(), timer_.expires_at()});
}

bool Session::finished() const {
  return phase_ == Phase::kOver && open_clients_ == 0 && !bye_after_ack_;
}

Result<void> Session::cancel(std::string_view reason, MonoTime now) {
  if (phase_ != Phase::kCalling)
    return fail(ErrorCode::kConflict, "no INVITE of ours is unanswered");
  cancel_sent_ = true;
  context_.layer.cancel(invite_client_, now, reason);
  end(EndCause::kByUs);
  return {};
}

Result<void> Session::bye(std::string_view reason, MonoTime now) {
  if (phase_ != Phase::kAnswered && phase_ != Phase::kConfirmed)
    return fail(ErrorCode::kConflict, "the call is not answered");
  if (asked_.active) respond(asked_.transaction, asked_.message, 487, now);
  if (phase_ == Phase::kAnswered && incoming_) {
    // RFC 3261, 15: not before the ACK, or until the 2xx is given up.
    bye_after_ack_ = std::string(reason);
  } else {
    if (phase_ == Phase::kAnswered) send_ack(*dialog_, invite_client_, invite_cseq_, {});
    send_bye(*dialog_, reason, now);
  }
  end(EndCause::kByUs);
  return {};
}

Result<void> Session::hang_up(const HangUp& how, MonoTime now) {
  switch (phase_) {
    case Phase::kCalling:
      return cancel(how.reason, now);
    case Phase::kCalled: {
      std::vector<HeaderLine> headers;
      if (!how.reason.empty()) headers.push_back({"Reason", how.reason});
      return reject(how.refuse_with, {}, headers, now);
    }
    case Phase::kAnswered:
    case Phase::kConfirmed:
      return bye(how.reason, now);
    case Phase::kOver:
      break;
  }
  return fail(ErrorCode::kNotFound, "the session is over");
}

SessionSummary Session::summary() const {
  SessionSummary summary;
  summary.incoming = incoming_;
  summary.answered = was_answered_;
  summary.confirmed = phase_ == Phase::kConfirmed;
  summary.local_tag = local_tag_;
  if (dialog_) {
    summary.call_id = dialog_->call_id();
    summary.remote_tag = dialog_->remote_tag();
    summary.remote_target = dialog_->remote_target();
  } else {
    summary.call_id = invite_.call_id();
    summary.remote_target = invite_.target();
  }
  summary.flow = flow_;
  summary.session_interval = timer_.interval();
  summary.we_refresh = timer_.we_refresh();
  return summary;
}

}  // namespace madoguchi::sip
