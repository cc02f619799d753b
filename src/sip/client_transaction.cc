// Client transactions: RFC 3261, 17.1, with RFC 6026.
#include <algorithm>

#include "sip/transaction.h"
#include "sip/transaction_state.h"

namespace madoguchi::sip {
namespace {

constexpr Micros kTimerD = std::chrono::seconds(32);  // RFC 3261, 17.1.1.2

std::string via_value(const Flow& flow, std::string_view sent_by, std::string_view token) {
  std::string via = "SIP/2.0/";
  via.append(name_of(flow.transport)).append(" ").append(sent_by);
  via.append(";branch=z9hG4bK").append(token).append(";rport");
  return via;
}

// ACK of a non-2xx and CANCEL are made from the INVITE (RFC 3261, 17.1.1.3 and 9.1).
Message made_from_invite(const Message& invite, Method method, std::string_view to) {
  Message message = Message::request(method, invite.target());
  message.add(Header::kVia, invite.first(Header::kVia).value_or(""));
  message.add(Header::kMaxForwards, "70");
  message.copy(Header::kRoute, invite);
  message.add(Header::kFrom, invite.first(Header::kFrom).value_or(""));
  message.add(Header::kTo, to);
  message.add(Header::kCallId, invite.call_id());
  std::string cseq;
  const auto number = invite.cseq();
  append_number(cseq, number ? number->number : 0);
  message.add(Header::kCSeq, cseq.append(" ").append(name_of(method)));
  return message;
}

}  // namespace

ClientId TransactionLayer::start_client(Kind kind, Message request, const Flow& flow,
                                        MonoTime now) {
  const auto via = request.via();
  Transaction* created =
      create(kind, client_key(via ? via->branch() : "", request.method_name()), flow);
  if (created == nullptr) {
    ++counters_.overload;
    return {};
  }
  Transaction& transaction = *created;
  const bool invite = kind == Kind::kClientInvite;
  transaction.state = invite ? State::kCalling : State::kTrying;
  transaction.expire_at = now + 64 * options_.t1;  // timers B and F
  std::string bytes = request.to_bytes();
  if (!transaction.reliable()) {
    transaction.bytes = bytes;
    transaction.interval = options_.t1;
    transaction.retransmit_at = now + options_.t1;  // timers A and E
  }
  if (invite) transaction.invite = std::move(request);
  arm(transaction);
  output(flow, std::move(bytes), transaction.ref());
  return ClientId{transaction.ref()};
}

ClientId TransactionLayer::send_request(Message request, const Flow& flow, std::string_view sent_by,
                                        MonoTime now) {
  request.add_first(Header::kVia, via_value(flow, sent_by, fresh_token()));
  if (!request.has(Header::kMaxForwards)) request.add(Header::kMaxForwards, "70");
  const Kind kind = request.method() == Method::kInvite ? Kind::kClientInvite : Kind::kClientOther;
  return start_client(kind, std::move(request), flow, now);
}

void TransactionLayer::cancel(ClientId id, MonoTime now, std::string_view reason) {
  Transaction* invite = find(id.value);
  if (invite == nullptr || invite->kind != Kind::kClientInvite || invite->cancelled) return;
  if (invite->state != State::kCalling && invite->state != State::kProceeding) return;
  invite->cancel_reason = reason;
  if (invite->state == State::kProceeding)
    send_cancel(*invite, now);
  else
    invite->cancel_wanted = true;
}

void TransactionLayer::send_cancel(Transaction& invite, MonoTime now) {
  invite.cancelled = true;
  invite.cancel_wanted = false;
  invite.expire_at = now + 64 * options_.t1;  // RFC 3261, 9.1: then the INVITE counts as ended
  arm(invite);
  Message cancel = made_from_invite(invite.invite, Method::kCancel,
                                    invite.invite.first(Header::kTo).value_or(""));
  if (!invite.cancel_reason.empty()) cancel.add(Header::kReason, invite.cancel_reason);
  start_client(Kind::kClientCancel, std::move(cancel), invite.flow, now);
}

void TransactionLayer::send_ack(Message& ack, const Flow& flow, std::string_view sent_by) {
  if (!ack.has(Header::kVia)) ack.add_first(Header::kVia, via_value(flow, sent_by, fresh_token()));
  if (!ack.has(Header::kMaxForwards)) ack.add(Header::kMaxForwards, "70");
  output(flow, ack.to_bytes(), 0);
}

void TransactionLayer::receive_response(Message response, const Flow& flow, MonoTime now) {
  const auto via = response.via();
  Transaction* transaction = via && response.values(Header::kVia).size() == 1  // RFC 3261, 8.1.3.3
                                 ? find_key(client_key(via->branch(), response.method_name()))
                                 : nullptr;
  if (transaction == nullptr || !transaction->is_client()) {
    ++counters_.stray_responses;
    return;
  }
  const ClientId id{transaction->ref()};
  const State before = transaction->state;
  const int status = response.status();
  const bool waiting =
      before == State::kCalling || before == State::kTrying || before == State::kProceeding;
  const bool invite = transaction->kind == Kind::kClientInvite;
  const bool another_2xx = invite && before == State::kAccepted && status >= 200 && status < 300;
  if (!waiting && !another_2xx) {
    ++counters_.response_repeats;
    // RFC 3261, 17.1.1.2: each repeat of the failure gets its ACK again.
    if (invite && before == State::kCompleted && status >= 300)
      output(transaction->flow, transaction->bytes, transaction->ref());
    return;
  }
  ++counters_.responses;
  const bool silent = transaction->kind == Kind::kClientCancel;
  if (invite && status >= 300) send_failure_ack(*transaction, response);
  if (!silent) events_.push_back(ResponseArrived{id, std::move(response), flow});
  if (status < 200)
    receive_provisional(*transaction, now);
  else if (!invite)
    receive_other_final(*transaction, now);
  else if (status < 300)
    receive_invite_2xx(*transaction, now);
  else
    receive_invite_failure(*transaction, now);
}

void TransactionLayer::receive_provisional(Transaction& transaction, MonoTime now) {
  const bool first = transaction.state != State::kProceeding;
  transaction.state = State::kProceeding;
  if (!first) return;
  if (transaction.kind == Kind::kClientInvite) {
    transaction.retransmit_at = kNever;
    transaction.expire_at = kNever;  // how long to ring is the user's decision
    arm(transaction);
    if (transaction.cancel_wanted) send_cancel(transaction, now);
  } else if (!transaction.reliable()) {
    transaction.interval = options_.t2;
    transaction.retransmit_at = now + options_.t2;  // RFC 3261, 17.1.2.2
    arm(transaction);
  }
}

void TransactionLayer::receive_invite_2xx(Transaction& transaction, MonoTime now) {
  if (transaction.state == State::kAccepted) return;
  transaction.state = State::kAccepted;
  transaction.retransmit_at = kNever;
  transaction.expire_at = now + 64 * options_.t1;  // timer M
  arm(transaction);
}

void TransactionLayer::receive_invite_failure(Transaction& transaction, MonoTime now) {
  if (transaction.reliable()) {
    end_client(transaction);  // timer D is zero
    return;
  }
  transaction.state = State::kCompleted;
  transaction.retransmit_at = kNever;
  transaction.expire_at = now + kTimerD;
  transaction.invite = Message();
  arm(transaction);
}

void TransactionLayer::receive_other_final(Transaction& transaction, MonoTime now) {
  if (transaction.reliable()) {
    end_client(transaction);  // timer K is zero
    return;
  }
  transaction.state = State::kCompleted;
  transaction.retransmit_at = kNever;
  transaction.expire_at = now + options_.t4;  // timer K
  arm(transaction);
}

void TransactionLayer::send_failure_ack(Transaction& transaction, const Message& response) {
  const Message ack =
      made_from_invite(transaction.invite, Method::kAck, response.first(Header::kTo).value_or(""));
  transaction.bytes = ack.to_bytes();
  output(transaction.flow, transaction.bytes, 0);
}

void TransactionLayer::client_timer(Transaction& transaction, MonoTime now) {
  const bool waiting = transaction.state == State::kCalling ||
                       transaction.state == State::kTrying ||
                       transaction.state == State::kProceeding;
  if (transaction.expire_at <= now) {
    if (waiting && transaction.kind != Kind::kClientCancel) {
      ++counters_.timeouts;
      events_.push_back(ClientTimedOut{ClientId{transaction.ref()}});
    }
    end_client(transaction);
    return;
  }
  ++counters_.retransmissions;
  output(transaction.flow, transaction.bytes, transaction.ref());
  // Timer A doubles without bound (17.1.1.2), timer E up to T2 (17.1.2.2).
  transaction.interval = transaction.kind == Kind::kClientInvite
                             ? 2 * transaction.interval
                             : std::min(2 * transaction.interval, options_.t2);
  transaction.retransmit_at = now + transaction.interval;
  arm(transaction);
}

void TransactionLayer::client_send_failed(Transaction& transaction) {
  // With a final response in hand only repeats could be lost.
  if (transaction.state == State::kAccepted || transaction.state == State::kCompleted) return;
  if (transaction.kind != Kind::kClientCancel)
    events_.push_back(ClientTransportFailed{ClientId{transaction.ref()}});
  end_client(transaction);
}

void TransactionLayer::end_client(Transaction& transaction) {
  const ClientId id{transaction.ref()};
  const bool silent = transaction.kind == Kind::kClientCancel;
  destroy(transaction);
  if (!silent) events_.push_back(ClientEnded{id});
}

}  // namespace madoguchi::sip
