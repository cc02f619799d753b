// Server transactions: RFC 3261, 17.2, with RFC 6026.
#include <algorithm>

#include "sip/transaction.h"
#include "sip/transaction_state.h"

namespace madoguchi::sip {
namespace {

constexpr Micros kTryingDelay = std::chrono::milliseconds(200);  // RFC 3261, 17.2.1

// Where the Via of a request wants its responses, were there no connection (RFC 3261, 18.2.2). Its
// maddr is not followed: it would let anyone aim our responses at a third party.
Flow via_flow(const Message& request, const Flow& flow) {
  Flow reply{flow.transport, flow.socket, flow.remote, 0};
  const auto via = request.via();
  if (via) reply.remote.port = via->port != 0 ? via->port : default_port(flow.transport);
  return reply;
}

Flow reply_flow(const Message& request, const Flow& flow) {
  if (is_reliable(flow.transport)) return flow;
  const auto via = request.via();
  // RFC 3581, 4: back to where it came from.
  if (!via || via->params.has("rport")) return flow;
  return via_flow(request, flow);
}

}  // namespace

void TransactionLayer::send_stateless(const Message& response, const Flow& flow) {
  output(flow, response.to_bytes(), 0);
}

void TransactionLayer::refuse(const Message& request, const Flow& flow, const Refusal& refusal) {
  Message stamped = request;
  stamped.stamp_source(flow.remote.address.text(), flow.remote.port);
  // The same tag for each repeat of the request, as if there were a transaction.
  const std::string tag = tag_of(server_key(request, request.method()));
  send_stateless(refusal_response(stamped, refusal, tag), reply_flow(stamped, flow));
}

void TransactionLayer::receive_request(Message request, const Flow& flow, MonoTime now) {
  if (request.method() == Method::kAck) return receive_ack(std::move(request), flow, now);
  if (request.method() == Method::kCancel) return receive_cancel(std::move(request), flow, now);
  if (Transaction* known = find_key(server_key(request, request.method()))) {
    ++counters_.request_repeats;
    receive_repeat(*known);
    return;
  }
  if (const auto refusal = check_request(request, options_.policy)) {
    ++counters_.refused_by_check;
    refuse(request, flow, *refusal);
    return;
  }
  start_server(std::move(request), flow, now);
}

void TransactionLayer::start_server(Message request, const Flow& flow, MonoTime now) {
  const bool invite = request.method() == Method::kInvite;
  // RFC 3261, 8.2.2.2. Without a From tag (RFC 2543) nothing tells a merged request from a new one.
  const bool may_merge = request.to_tag().empty() && !request.from_tag().empty();
  const Hash128 merged_as = may_merge ? merge_key(request) : Hash128{};
  if (may_merge && by_merge_key_.contains(merged_as)) {
    ++counters_.merged;
    refuse(request, flow, Refusal{482, "Merged Request", {}});
    return;
  }
  const Hash128 key = server_key(request, request.method());
  request.stamp_source(flow.remote.address.text(), flow.remote.port);
  Transaction* created =
      create(invite ? Kind::kServerInvite : Kind::kServerOther, key, reply_flow(request, flow));
  if (created == nullptr) {
    ++counters_.overload;
    refuse(request, flow, Refusal{503, "Too Many Transactions", {{Header::kRetryAfter, "10"}}});
    return;
  }
  Transaction& transaction = *created;
  transaction.fallback = via_flow(request, flow);
  transaction.tag = tag_of(key);
  if (may_merge) {
    transaction.merge_key = merged_as;
    transaction.in_merge_table = true;
    by_merge_key_[merged_as] = transaction.index;
  }
  if (invite) {
    transaction.state = State::kProceeding;
    transaction.bytes = Message::response_to(request, 100).to_bytes();
    transaction.trying_due = true;
    transaction.retransmit_at = now + kTryingDelay;
  } else {
    transaction.state = State::kTrying;
    transaction.expire_at = now + 64 * options_.t1;
  }
  arm(transaction);
  ++counters_.requests;
  events_.push_back(RequestArrived{ServerId{transaction.ref()}, std::move(request), flow});
}

void TransactionLayer::receive_repeat(Transaction& transaction) {
  switch (transaction.state) {
    case State::kProceeding:
    case State::kCompleted:
      if (!transaction.bytes.empty())
        output(transaction.flow, transaction.bytes, transaction.ref());
      if (transaction.trying_due) {
        transaction.trying_due = false;
        transaction.retransmit_at = kNever;
        arm(transaction);
      }
      break;
    case State::kCalling:
    case State::kTrying:
    case State::kAccepted:  // RFC 6026, 7.1: the 2xx is its user's to repeat
    case State::kConfirmed:
      break;
  }
}

void TransactionLayer::receive_ack(Message ack, const Flow& flow, MonoTime now) {
  const Hash128 key = server_key(ack, Method::kInvite);
  Transaction* transaction = find_key(key);
  if (transaction == nullptr) {
    if (ack.to_tag() == tag_of(key)) {
      ++counters_.stray_acks;
      return;
    }
    ack.stamp_source(flow.remote.address.text(), flow.remote.port);
    events_.push_back(AckArrived{std::move(ack), flow});
    return;
  }
  switch (transaction->state) {
    case State::kAccepted:
      events_.push_back(AckArrived{std::move(ack), flow});
      break;
    case State::kCompleted:
      if (transaction->reliable()) {
        destroy(*transaction);
      } else {
        transaction->state = State::kConfirmed;
        transaction->retransmit_at = kNever;
        transaction->expire_at = now + options_.t4;  // timer I
        arm(*transaction);
      }
      break;
    case State::kConfirmed:
      ++counters_.request_repeats;
      break;
    case State::kCalling:
    case State::kTrying:
    case State::kProceeding:
      ++counters_.stray_acks;
      break;
  }
}

void TransactionLayer::receive_cancel(Message cancel, const Flow& flow, MonoTime) {
  // RFC 3261, 9.2. The CANCEL gets no transaction of its own: while the INVITE's lives, each repeat
  // gets the same.
  Transaction* invite = find_key(server_key(cancel, Method::kInvite));
  if (invite == nullptr || invite->kind != Kind::kServerInvite) {
    ++counters_.cancel_unmatched;
    refuse(cancel, flow, Refusal{481, {}, {}});
    return;
  }
  cancel.stamp_source(flow.remote.address.text(), flow.remote.port);
  send_stateless(Message::response_to(cancel, 200, {}, invite->tag), reply_flow(cancel, flow));
  if (invite->cancelled) {
    ++counters_.request_repeats;
    return;
  }
  invite->cancelled = true;
  if (invite->state == State::kProceeding)
    events_.push_back(CancelArrived{ServerId{invite->ref()}, std::move(cancel)});
}

void TransactionLayer::tag_response(Transaction& transaction, Message& response) {
  if (response.status() == 100) return;
  const std::string_view tag = response.to_tag();
  if (!tag.empty()) {
    transaction.tag = tag;
  } else if (const auto to = response.first(Header::kTo)) {
    response.set(Header::kTo, std::string(*to) + ";tag=" + transaction.tag);
  }
}

bool TransactionLayer::respond(ServerId id, Message response, MonoTime now) {
  Transaction* transaction = find(id.value);
  if (transaction == nullptr || !response.is_response()) return false;
  const int status = response.status();
  const bool open =
      transaction->state == State::kTrying || transaction->state == State::kProceeding;
  const bool repeats_2xx = transaction->state == State::kAccepted && status >= 200 && status < 300;
  if (!open && !repeats_2xx) return false;
  tag_response(*transaction, response);
  transaction->bytes = response.to_bytes();
  transaction->trying_due = false;
  output(transaction->flow, transaction->bytes, transaction->ref());
  if (repeats_2xx) return true;
  if (status < 200) {
    transaction->state = State::kProceeding;
    transaction->retransmit_at = kNever;
    arm(*transaction);
  } else {
    enter_final(*transaction, status, now);
  }
  return true;
}

void TransactionLayer::enter_final(Transaction& transaction, int status, MonoTime now) {
  transaction.retransmit_at = kNever;
  transaction.expire_at = now + 64 * options_.t1;  // timers H, J, L
  if (transaction.kind == Kind::kServerInvite && status < 300) {
    transaction.state = State::kAccepted;
  } else if (transaction.kind == Kind::kServerInvite) {
    transaction.state = State::kCompleted;
    if (!transaction.reliable()) {
      transaction.interval = options_.t1;
      transaction.retransmit_at = now + options_.t1;  // timer G
    }
  } else if (transaction.reliable()) {
    destroy(transaction);  // timer J is zero
    return;
  } else {
    transaction.state = State::kCompleted;
  }
  arm(transaction);
}

bool TransactionLayer::respond_and_forget(ServerId id, Message response, MonoTime now) {
  Transaction* transaction = find(id.value);
  if (transaction == nullptr || response.status() < 200) return false;
  if (transaction->state != State::kTrying && transaction->state != State::kProceeding)
    return false;
  // After a provisional the caller repeats its INVITE no more: were this lost, it would wait for
  // ever.
  if (transaction->kind == Kind::kServerInvite && !transaction->trying_due)
    return respond(id, std::move(response), now);
  tag_response(*transaction, response);
  output(transaction->flow, response.to_bytes(), 0);
  destroy(*transaction);
  return true;
}

void TransactionLayer::forget(ServerId id) {
  if (Transaction* transaction = find(id.value)) destroy(*transaction);
}

bool TransactionLayer::resend(ServerId id) {
  const Transaction* transaction = find(id.value);
  if (transaction == nullptr || transaction->is_client() || transaction->bytes.empty())
    return false;
  output(transaction->flow, transaction->bytes, transaction->ref());
  return true;
}

std::string TransactionLayer::to_tag(ServerId id) const {
  const Transaction* transaction = find(id.value);
  return transaction == nullptr ? std::string() : transaction->tag;
}

void TransactionLayer::server_timer(Transaction& transaction, MonoTime now) {
  if (transaction.expire_at <= now) {
    const ServerId id{transaction.ref()};
    const bool no_ack =
        transaction.kind == Kind::kServerInvite && transaction.state == State::kCompleted;
    destroy(transaction);
    if (no_ack) {
      ++counters_.no_ack;
      events_.push_back(ServerFailed{id, ServerFailed::Why::kNoAck});
    }
    return;
  }
  output(transaction.flow, transaction.bytes, transaction.ref());
  if (transaction.trying_due) {
    transaction.trying_due = false;
    transaction.retransmit_at = kNever;
  } else {
    ++counters_.retransmissions;
    transaction.interval = std::min(2 * transaction.interval, options_.t2);
    transaction.retransmit_at = now + transaction.interval;
  }
  arm(transaction);
}

void TransactionLayer::server_send_failed(Transaction& transaction) {
  if (transaction.reliable() && !transaction.fell_back) {
    track_connection(transaction.flow.connection, -1);
    transaction.flow = transaction.fallback;
    transaction.fell_back = true;
    // A final response is owed; a provisional is not worth a new connection.
    const bool owed =
        transaction.state == State::kAccepted || transaction.state == State::kCompleted;
    if (owed) output(transaction.flow, transaction.bytes, transaction.ref());
    return;
  }
  const ServerId id{transaction.ref()};
  destroy(transaction);
  events_.push_back(ServerFailed{id, ServerFailed::Why::kTransport});
}

}  // namespace madoguchi::sip
