// The SIP engine of the exchange: transactions, dialogs and calls behind one object (RFC 3261,
// 3262, 3264, 3311, 3515, 4028). Bytes, time and commands go in; datagrams and events come out. It
// opens no socket and reads no clock; the exchange's loop thread owns it and after every call
// drains it:
//
//   agent.receive(flow, bytes, now);                          // or a command, or advance(now)
//   while (auto out = agent.poll_transmit()) socket(*out);
//   while (auto event = agent.poll_event()) apply(*event);
//   sleep until agent.next_deadline(), then agent.advance(now)
//
// Promises: it never answers an INVITE finally by itself except to refuse what cannot be served, so
// the owner may make a call durable before accept(); whatever arrives, it neither crashes nor grows
// past the limits in UserAgentOptions; each session ends with exactly one SessionEnded; what is
// left to do on the wire after that (retransmissions, BYE, ACKs) it does unseen. Descriptions are
// texts to it: use OfferAnswer for their meaning. Nothing is retried that the RFCs do not have
// retried: another target for a failed call is the owner's decision (locate.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "sip/flow.h"
#include "sip/message.h"
#include "sip/sdp.h"
#include "sip/session_events.h"
#include "sip/transaction.h"

namespace madoguchi::sip {

class OfferAnswer;

// One listening socket of ours, as peers reach it: what Via and Contact say. Flow::socket is its
// index.
struct LocalSocket {
  Transport transport = Transport::kUdp;
  std::string host;  // address or name, IPv6 with brackets
  std::uint16_t port = 5060;
};

struct UserAgentOptions {
  std::vector<LocalSocket> sockets;
  std::string product = "Madoguchi";              // Server and User-Agent
  std::string contact_user = "madoguchi";         // of our Contact
  std::vector<Method> delivered_methods;          // out of dialog: come as RequestReceived
  std::chrono::seconds session_interval{1800};    // Session-Expires we ask for; 0: no session timer
  std::chrono::seconds min_session_interval{90};  // less is refused with 422 (RFC 4028, 5)
  std::chrono::milliseconds t1{500};              // round-trip estimate (RFC 3261, 17.1.1.1)
  std::size_t max_sessions = 20'000;              // above: 503 with Retry-After
  std::size_t max_early_dialogs = 16;             // per outgoing call; further branches are ignored
  std::size_t max_pending_events = 100'000;       // above: new requests get 503
};

// What the owner's policy says of a request that is outside of any call.
struct Admission {
  enum class Verdict : std::uint8_t { kAccept, kRefuse, kIgnore };
  Verdict verdict = Verdict::kRefuse;
  Trust trust = Trust::kUntrusted;  // kAccept: whether its P-Asserted-Identity is believed
  std::string account;              // kAccept: who authenticated
  int status = 403;                 // kRefuse: with this ...
  std::vector<HeaderLine> headers;  // ... and these (WWW-Authenticate for a challenge)

  static Admission accept(Trust trust, std::string account = {});
  static Admission refuse(int status, std::vector<HeaderLine> headers = {});
  // With the status and challenges of what DigestAuthenticator::challenge() made.
  static Admission challenge(const Message& response);
  static Admission ignore();  // silence, counted
};

// Asked once for each new request outside of a call except ACK, CANCEL and OPTIONS. It decides who
// may call at all: trunk addresses, digest (DigestAuthenticator), flood limits, numbers that are
// ours.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual Admission admit(const Message& request, const Flow& flow, MonoTime now) = 0;
};

struct Login {
  std::string user;
  std::string password;
};

enum class ReliableProvisionals : std::uint8_t { kOff, kSupported, kRequired };

// An INVITE of ours. From, To, Call-ID, CSeq, Contact, Max-Forwards, Allow, Supported are made
// here.
struct OutgoingCall {
  Uri target;              // Request-URI, and To unless `to` is given
  Flow flow;               // where it goes: a registered phone's flow, or a target from locate.h
  std::vector<Uri> route;  // preloaded Route set (outbound proxy), usually empty
  Uri from;
  std::string from_display;
  std::optional<Uri> to;
  std::optional<std::string> sdp;   // the offer; nullopt: the peer makes it (late offer)
  std::vector<HeaderLine> headers;  // P-Asserted-Identity, Privacy, Alert-Info...
  std::optional<Login> login;       // answers one 401/407 per realm
  ReliableProvisionals reliable = ReliableProvisionals::kSupported;
  // Without a final response: CANCEL and SessionEnded{kTimedOut}.
  std::chrono::seconds give_up_after{180};
  // Without any response, not even 100, the same, where another server could be tried; 0: by RFC
  // 3261's Timer B, 32 s.
  std::chrono::seconds first_response_within{0};
};

// A request of ours outside of any call: REGISTER, OPTIONS.
struct OutgoingRequest {
  Method method = Method::kOptions;
  Uri target;
  Flow flow;
  std::vector<Uri> route;
  Uri from;
  std::optional<Uri> to;
  std::string from_tag;             // empty: a fresh one
  std::string call_id;              // empty: a fresh one
  std::uint32_t cseq = 0;           // 0: 1
  std::vector<HeaderLine> headers;  // Contact, Expires, Authorization...
  std::string content_type;
  std::string body;
};

// Bytes for the process to send. A stream flow with connection 0: find or open a connection.
struct Transmit {
  Flow flow;
  std::string bytes;
  std::uint64_t origin = 0;  // for send_failed(); 0: nobody cares
};

enum class OfferBy : std::uint8_t {
  kReInvite,
  kUpdate,  // in an early dialog, or where the peer allows it and no person needs to be asked
};

// How hang_up() ends a call that is not answered yet, and what the peer is told.
struct HangUp {
  int refuse_with = 486;  // for an incoming call not yet answered
  std::string reason;     // Reason header value, e.g. "Q.850;cause=16"; empty: none
};

// What is known of a session now; for lists of calls and for tests.
struct SessionSummary {
  bool incoming = false;
  bool answered = false;   // a 2xx was sent or received
  bool confirmed = false;  // and acknowledged
  std::string call_id;
  std::string local_tag;
  std::string remote_tag;
  Uri remote_target;  // the peer's Contact
  Flow flow;
  std::chrono::seconds session_interval{0};  // agreed; 0: none
  bool we_refresh = false;
};

struct UserAgentCounters {
  std::uint64_t received = 0;
  std::uint64_t stray_acks = 0;      // for no call of ours
  std::uint64_t ignored = 0;         // by the policy
  std::uint64_t overload = 0;        // 503 at a limit
  std::uint64_t extra_branches = 0;  // later 2xx of a fork, ended with BYE
  TransactionCounters transactions;  // malformed, refused, repeated, stray...
};

class UserAgent {
 public:
  // `policy` and `entropy` outlive the agent.
  UserAgent(UserAgentOptions options, Policy& policy, Entropy& entropy);
  ~UserAgent();
  UserAgent(const UserAgent&) = delete;
  UserAgent& operator=(const UserAgent&) = delete;

  // --- input
  // One datagram, or one message that StreamFramer cut out of a stream. For a stream, `flow` has
  // its connection.
  void receive(const Flow& flow, std::string bytes, MonoTime now);
  // Sending Transmit::origin failed (connection refused, unreachable, no connection could be
  // opened). Requests fail as by RFC 3261, 8.1.3.1; an established call ends with kTransport only
  // when a request within it fails so.
  void send_failed(std::uint64_t origin, MonoTime now);
  // A stream ended. Calls on it go on, and use a new connection when next they send.
  void connection_closed(ConnectionId connection, MonoTime now);
  // Everything due by `now`; call at next_deadline() or later.
  void advance(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // --- output
  std::optional<Transmit> poll_transmit();
  std::optional<UserAgentEvent> poll_event();

  // --- commands. kNotFound: the session is over (its SessionEnded may still wait in poll_event()).
  // kConflict: not in this state; nothing was done.

  // kExhausted at max_sessions; kInvalid for a target that is no sip or sips URI.
  Result<SessionId> invite(OutgoingCall call, MonoTime now);

  // 101..199 for an incoming call. `sdp` is the answer (early media), or, where the caller sent no
  // offer, our offer (then the provisional must be reliable, else kConflict). Sent reliably when
  // the caller supports or requires that, except with kOff. Repeated every minute until the final
  // response (RFC 3261, 13.3.1.1).
  Result<void> provisional(SessionId session, int status, std::string sdp, MonoTime now,
                           ReliableProvisionals reliable = ReliableProvisionals::kSupported);
  // 200. `sdp` answers the caller's offer (may stay empty if a reliable provisional did already),
  // or is our offer. Waits by itself for the PRACK of a provisional that carried a description.
  Result<void> accept(SessionId session, std::string sdp, MonoTime now,
                      std::vector<HeaderLine> headers = {});
  // 400..699 for an incoming call that has no final response. 3xx is kInvalid: we never redirect.
  Result<void> reject(SessionId session, int status, MonoTime now, std::string reason_phrase = {},
                      std::vector<HeaderLine> headers = {});
  // Ends our own INVITE: CANCEL as soon as the RFC allows; a 200 that crosses it gets ACK and BYE.
  // `reason` is a Reason header value or empty.
  Result<void> cancel(SessionId session, MonoTime now, std::string reason = {});
  // Ends an answered call (also one whose 2xx was not acknowledged yet).
  Result<void> bye(SessionId session, MonoTime now, std::string reason = {});
  // Whatever ends the session in its present state: reject, cancel or bye. SessionEnded follows.
  Result<void> hang_up(SessionId session, MonoTime now, const HangUp& how = {});

  // Our offer within a call: hold, resume, another address or codec. Glare (491) is repeated by the
  // engine after RFC 3261's back-off with the same description. AnswerReceived or OfferRefused
  // follows. kConflict while another offer, either way, is unanswered.
  Result<void> offer(SessionId session, std::string sdp, OfferBy by, MonoTime now);
  // Answers OfferReceived, OfferWanted (with an offer), CallProgress or CallAnswered with kOffer.
  Result<void> answer_offer(SessionId session, std::string sdp, MonoTime now);
  // Refuses OfferReceived or OfferWanted (488, 491...); the call goes on as it was. An offer in the
  // peer's 2xx cannot be refused: this then acknowledges and ends the call.
  Result<void> refuse_offer(SessionId session, int status, MonoTime now);

  // Answered call only. Its failure is not reported, except that 481 and 408 end the call.
  Result<void> info(SessionId session, std::string content_type, std::string body, MonoTime now);

  // Asks the peer whether this call still stands, by OPTIONS within it (RFC 3261, 11; any response
  // but 481 and 408 says so). Nothing is sent when the peer sent anything within `heard_within`, or
  // another probe is unanswered. PeerLost follows if it does not stand. Answered call only.
  Result<void> probe(SessionId session, std::chrono::seconds heard_within, MonoTime now);

  // 202, then refer_progress() reports by NOTIFY; a status of 200 or more is the last one.
  Result<void> accept_refer(SessionId session, MonoTime now);
  Result<void> refer_progress(SessionId session, int status, MonoTime now);
  Result<void> reject_refer(SessionId session, int status, MonoTime now);

  // ResponseReceived follows.
  Result<RequestId> send_request(OutgoingRequest request, MonoTime now);
  // The final response to RequestReceived, once.
  Result<void> respond(RequestId request, int status, MonoTime now,
                       std::vector<HeaderLine> headers = {});

  // --- state
  [[nodiscard]] std::optional<SessionSummary> summary(SessionId session) const;
  [[nodiscard]] std::vector<SessionId> sessions() const;  // those without SessionEnded
  [[nodiscard]] std::size_t session_count() const;
  [[nodiscard]] std::size_t transaction_count() const;
  [[nodiscard]] UserAgentCounters counters() const;
  // Over which sessions send.
  [[nodiscard]] std::vector<Flow> flows() const;
  // Our Contact for a flow: "sip:madoguchi@192.0.2.1:5060;transport=tcp".
  [[nodiscard]] Uri contact_for(const Flow& flow) const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

// For OfferReceived: answers with `negotiation`, or refuses with the right status. `wanted` as in
// OfferAnswer::answer().
Result<void> answer_with(UserAgent& agent, OfferAnswer& negotiation, const OfferReceived& offer,
                         Direction wanted, MonoTime now);

}  // namespace madoguchi::sip
