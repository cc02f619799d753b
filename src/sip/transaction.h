// The transaction layer: RFC 3261's four state machines (17), with RFC 6026's Accepted states, over
// streams and datagrams. An engine: messages and time go in; events (for who uses transactions:
// dialogs, registrar...) and bytes to send come out. Owned by one loop thread; nothing here blocks,
// reads a clock or opens a socket.
//
// It takes on: matching (RFC 3261's branches, and RFC 2543's way), absorbing and making
// retransmissions, 100 Trying after 200 ms, ACK to a non-2xx, CANCEL's own 200 or 481, merged
// requests (482), malformed requests, the checks of request_check.h, an upper bound (503), routing
// of responses (received, rport). It leaves to its user: responses, retransmission of a 2xx until
// its ACK, ACK to a 2xx, 481 for unknown dialogs.
//
// After every call drain poll_event() and poll_output(); call advance() by next_deadline().
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "sip/flow.h"
#include "sip/keyed_hash.h"
#include "sip/message.h"
#include "sip/request_check.h"
#include "sip/timer_heap.h"

namespace madoguchi::sip {

// Names a transaction for as long as the layer lives; a stale one is harmless. Client and server
// never mix.
template <typename Tag>
struct TransactionRef {
  std::uint64_t value = 0;  // 0: none
  [[nodiscard]] bool valid() const { return value != 0; }
  friend auto operator<=>(const TransactionRef&, const TransactionRef&) = default;
};
using ClientId = TransactionRef<struct ClientTag>;
using ServerId = TransactionRef<struct ServerTag>;

// --- events

// A new request that passed the checks; never ACK or CANCEL. Its Via is stamped, so
// Message::response_to() of it is right. Always answer it: an unanswered INVITE stays until
// answered, any other is forgotten after 64*T1, when its sender has given up.
struct RequestArrived {
  ServerId transaction;
  Message message;
  Flow flow;
};
// An ACK for a 2xx, or for nothing we know: the dialog's matter.
struct AckArrived {
  Message message;
  Flow flow;
};
// The INVITE has no final response yet: end it, usually by 487. The CANCEL itself has been
// answered.
struct CancelArrived {
  ServerId invite;
  Message message;  // the CANCEL, for its Reason
};
// Every provisional, and the final response; an INVITE's 2xx each time it comes (answer each by an
// ACK), also from further forks (To tags differ).
struct ResponseArrived {
  ClientId transaction;
  Message message;
  Flow flow;
};
// No final response in time: act as on 408 (RFC 3261, 8.1.3.1).
struct ClientTimedOut {
  ClientId transaction;
};
// The request could not be sent: act as on 503; another target may be tried.
struct ClientTransportFailed {
  ClientId transaction;
};
// Nothing further comes of it. After a time-out or failure too.
struct ClientEnded {
  ClientId transaction;
};
// A final response could not be sent, or no ACK came for a non-2xx: the other side has likely gone.
struct ServerFailed {
  enum class Why : std::uint8_t { kNoAck, kTransport };
  ServerId transaction;
  Why why = Why::kNoAck;
};
using TransactionEvent =
    std::variant<RequestArrived, AckArrived, CancelArrived, ResponseArrived, ClientTimedOut,
                 ClientTransportFailed, ClientEnded, ServerFailed>;

// Bytes for the wire, in the order they must leave on each flow.
struct Outgoing {
  Flow flow;
  std::string bytes;
  std::uint64_t origin = 0;  // for send_failed(); 0 when no transaction cares
};

struct TransactionOptions {
  Micros t1 = std::chrono::milliseconds(500);  // RFC 3261, 17.1.1.1
  Micros t2 = std::chrono::seconds(4);
  Micros t4 = std::chrono::seconds(5);
  // Full: new requests get 503 with Retry-After without a transaction; send_request() gives no id.
  std::size_t max_transactions = 131072;
  RequestPolicy policy;
};

// Everything that was taken, refused or dropped; never reset.
struct TransactionCounters {
  std::uint64_t requests = 0;           // new ones, handed to the user
  std::uint64_t responses = 0;          // matched ones
  std::uint64_t request_repeats = 0;    // absorbed
  std::uint64_t response_repeats = 0;   // absorbed
  std::uint64_t retransmissions = 0;    // sent by a timer
  std::uint64_t malformed_refused = 0;  // answered 400, 505, 513
  std::uint64_t keep_alives = 0;        // datagrams of blank lines or zeros: nothing is answered
  std::uint64_t malformed_dropped = 0;  // responses, ACKs and what could not be answered
  std::uint64_t refused_by_check = 0;   // 405, 415, 416, 420, 483...
  std::uint64_t merged = 0;             // 482
  std::uint64_t overload = 0;           // 503: max_transactions
  std::uint64_t cancel_unmatched = 0;   // 481
  std::uint64_t stray_responses = 0;    // matching nothing: dropped
  std::uint64_t stray_acks = 0;         // for a refusal sent without a transaction: dropped
  std::uint64_t timeouts = 0;           // timers B and F
  std::uint64_t no_ack = 0;             // timer H
  std::uint64_t send_failures = 0;
};

class TransactionLayer {
 public:
  // `entropy` is read once, here.
  TransactionLayer(TransactionOptions options, Entropy& entropy);
  ~TransactionLayer();
  TransactionLayer(const TransactionLayer&) = delete;
  TransactionLayer& operator=(const TransactionLayer&) = delete;

  // --- from the network
  // One datagram, or one message that StreamFramer cut.
  void receive(std::string bytes, const Flow& flow, MonoTime now);
  void receive(Parsed parsed, const Flow& flow, MonoTime now);
  // A well-formed message.
  void receive(Message message, const Flow& flow, MonoTime now);
  // Sending `outgoing.origin` failed (connection refused, unreachable...).
  void send_failed(std::uint64_t origin, MonoTime now);
  // A stream ended: requests waiting on it fail, responses owed are tried once over a new
  // connection to the address in the Via (RFC 3261, 18.2.2).
  void connection_closed(ConnectionId connection, MonoTime now);

  // --- from the user
  // Adds the Via (`sent_by` is "host" or "host:port" of ours) and Max-Forwards when absent, and
  // sends. Not for ACK or CANCEL. No valid id when full.
  ClientId send_request(Message request, const Flow& flow, std::string_view sent_by, MonoTime now);
  // Ends an INVITE that has no final response: CANCEL is sent when (or as soon as) a provisional
  // has come (RFC 3261, 9.1). The INVITE's own final response, usually 487, or ClientTimedOut after
  // 64*T1 follows. `reason` is the value of a Reason header, e.g. "SIP;cause=200;text=\"Call
  // completed elsewhere\"".
  void cancel(ClientId invite, MonoTime now, std::string_view reason = {});
  // ACK of a 2xx. The first time adds the Via; keep the message and pass it again for each further
  // 2xx.
  void send_ack(Message& ack, const Flow& flow, std::string_view sent_by);

  // Sends a response. A To tag is added when status > 100 and there is none: to_tag(). False when
  // the transaction is gone or has its final response (an INVITE's 2xx may be passed again, to
  // retransmit it).
  bool respond(ServerId transaction, Message response, MonoTime now);
  // Sends a final response and keeps nothing (RFC 3261, 8.2.7): for challenges and refusals, which
  // anyone can provoke in numbers. Not retransmitted: the sender repeats its request and gets the
  // same again. An INVITE that was sent a provisional (100 too) is answered by respond() instead.
  bool respond_and_forget(ServerId transaction, Message response, MonoTime now);
  // Never answers it: silence, where that is wanted. A repeat of the request is a new one.
  void forget(ServerId transaction);
  // Sends the last response once more, byte for byte: for a 2xx whose ACK has not come.
  bool resend(ServerId transaction);
  // The tag that responses get when they have none; the same for the transaction's life.
  [[nodiscard]] std::string to_tag(ServerId transaction) const;
  [[nodiscard]] bool alive(ServerId transaction) const;
  [[nodiscard]] bool alive(ClientId transaction) const;
  // Where the responses go, or the request went.
  [[nodiscard]] std::optional<Flow> flow(ServerId transaction) const;
  [[nodiscard]] std::optional<Flow> flow(ClientId transaction) const;
  // A message that no transaction keeps: keep-alives, pre-built bytes.
  void send_raw(std::string bytes, const Flow& flow);

  // --- time
  void advance(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const { return timers_.next(); }

  // --- out
  std::optional<TransactionEvent> poll_event();
  std::optional<Outgoing> poll_output();

  [[nodiscard]] const TransactionCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t size() const { return live_; }
  [[nodiscard]] const RequestPolicy& policy() const { return options_.policy; }
  // A fresh tag or Call-ID part: 16 hex digits nobody can foretell.
  std::string fresh_token();

 private:
  struct Transaction;
  enum class State : std::uint8_t;
  enum class Kind : std::uint8_t;
  using SlotIndex = TimerHeap::SlotIndex;
  using Table = std::unordered_map<Hash128, SlotIndex>;

  // table of transactions (transaction.cc)
  Transaction* create(Kind kind, const Hash128& key, const Flow& flow);
  void destroy(Transaction& transaction);
  Transaction* find(std::uint64_t ref) const;
  Transaction* find_key(const Hash128& key) const;
  void arm(Transaction& transaction);
  void track_connection(ConnectionId connection, int change);
  void output(const Flow& flow, std::string bytes, std::uint64_t origin);
  Hash128 client_key(std::string_view branch, std::string_view method) const;
  Hash128 server_key(const Message& request, Method as) const;
  Hash128 merge_key(const Message& request) const;
  std::string tag_of(const Hash128& key) const;

  // server side (server_transaction.cc)
  void receive_request(Message request, const Flow& flow, MonoTime now);
  void receive_repeat(Transaction& transaction);
  void receive_ack(Message ack, const Flow& flow, MonoTime now);
  void receive_cancel(Message cancel, const Flow& flow, MonoTime now);
  void refuse(const Message& request, const Flow& flow, const Refusal& refusal);
  void send_stateless(const Message& response, const Flow& flow);
  void start_server(Message request, const Flow& flow, MonoTime now);
  void tag_response(Transaction& transaction, Message& response);
  void enter_final(Transaction& transaction, int status, MonoTime now);
  void server_timer(Transaction& transaction, MonoTime now);
  void server_send_failed(Transaction& transaction);

  // client side (client_transaction.cc)
  void receive_response(Message response, const Flow& flow, MonoTime now);
  void receive_provisional(Transaction& transaction, MonoTime now);
  void receive_invite_2xx(Transaction& transaction, MonoTime now);
  void receive_invite_failure(Transaction& transaction, MonoTime now);
  void receive_other_final(Transaction& transaction, MonoTime now);
  ClientId start_client(Kind kind, Message request, const Flow& flow, MonoTime now);
  void send_cancel(Transaction& invite, MonoTime now);
  void send_failure_ack(Transaction& transaction, const Message& response);
  void client_timer(Transaction& transaction, MonoTime now);
  void client_send_failed(Transaction& transaction);
  void end_client(Transaction& transaction);

  TransactionOptions options_;
  KeyedHash hash_;
  std::vector<std::unique_ptr<Transaction>> slots_;  // addresses stay while the table grows
  std::vector<SlotIndex> free_;
  Table by_key_;
  Table by_merge_key_;
  std::unordered_map<ConnectionId, std::uint32_t> on_connection_;  // how many transactions use it
  TimerHeap timers_;
  std::deque<TransactionEvent> events_;
  std::deque<Outgoing> outputs_;
  TransactionCounters counters_;
  std::size_t live_ = 0;
  std::uint64_t tokens_made_ = 0;
  mutable std::string scratch_;  // for building keys without allocating
};

}  // namespace madoguchi::sip

template <typename Tag>
struct std::hash<madoguchi::sip::TransactionRef<Tag>> {
  std::size_t operator()(const madoguchi::sip::TransactionRef<Tag>& ref) const noexcept {
    return std::hash<std::uint64_t>{}(ref.value);
  }
};
