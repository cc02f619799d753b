// What the UserAgent tells its owner: values drained with UserAgent::poll_event() after each input.
// They hold personal data (numbers, addresses, digits) and must not be printed. Rules that hold for
// all of them: a session begins with IncomingCall (or UserAgent::invite()) and ends with exactly
// one SessionEnded, after which its id is never used again; an offer is answered before the next
// one appears.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sip/caller_identity.h"
#include "sip/flow.h"
#include "sip/message.h"

namespace madoguchi::sip {

// One call leg at this user agent. Never 0, never used twice within a process.
enum class SessionId : std::uint64_t {};
// One request outside of any call, in either direction.
enum class RequestId : std::uint64_t {};

struct HeaderLine {
  std::string name;
  std::string value;
};

// What a description in a message is for (RFC 3264, RFC 6337).
enum class SdpRole : std::uint8_t { kNone, kOffer, kAnswer };

// A new INVITE was admitted (100 goes out by itself). Ends by provisional()..., accept(), reject()
// or SessionEnded.
struct IncomingCall {
  SessionId session{};
  Flow flow;
  Message request;  // the INVITE, whole
  std::string sdp;  // the offer; empty: the caller wants ours, in provisional() or accept()
  CallerIdentity caller;
  std::string called;  // called_number(request)
  Trust trust = Trust::kUntrusted;
  std::string account;                 // who authenticated, from Admission; empty if nobody
  bool reliable_provisionals = false;  // the caller supports or requires 100rel
};

// 101..199 for our INVITE. A forked call rings in several early dialogs, told apart by
// `dialog_tag`.
struct CallProgress {
  SessionId session{};
  int status = 0;
  std::string dialog_tag;  // the To tag; empty if there was none
  std::string sdp;         // early media
  // kAnswer: give it to OfferAnswer::take_answer(), again for each that comes. kOffer (we sent no
  // offer, the provisional was reliable): answer_offer(), it travels in the PRACK.
  SdpRole role = SdpRole::kNone;
};

// The first 2xx for our INVITE. Later ones, of other branches, are acknowledged and ended unseen.
struct CallAnswered {
  SessionId session{};
  std::string dialog_tag;
  std::string sdp;
  // kAnswer: the answer of this branch (repeated here if it came in a provisional). kOffer:
  // answer_offer() makes the ACK; until then the peer waits. kNone: no description came with a late
  // offer already settled.
  SdpRole role = SdpRole::kNone;
};

// The ACK for our 2xx: the call stands. (An answer in it comes as AnswerReceived, just before.)
struct CallConfirmed {
  SessionId session{};
};

enum class OfferCarrier : std::uint8_t { kReInvite, kUpdate, kPrack };

// Within a call: answer_offer() or refuse_offer(), soon (kUpdate and kPrack: at most 4 s, then the
// engine refuses with 500; kReInvite: 30 s).
struct OfferReceived {
  SessionId session{};
  OfferCarrier carrier = OfferCarrier::kReInvite;
  std::string sdp;
};

// A re-INVITE without a description: answer_offer() with our *offer*; AnswerReceived follows with
// the ACK.
struct OfferWanted {
  SessionId session{};
};

// The answer to an offer of ours other than the first INVITE's.
struct AnswerReceived {
  SessionId session{};
  std::string sdp;
};

// Our offer() was refused, timed out or lost a glare for good: OfferAnswer::withdraw_offer(), the
// call goes on as it was.
struct OfferRefused {
  SessionId session{};
  int status = 0;
};

// INFO in a call, already answered with 200.
struct InfoReceived {
  SessionId session{};
  std::string content_type;
  std::string body;
  std::optional<char>
      digit;  // 0-9 A-D * #, when the body is application/dtmf-relay or application/dtmf
};

// REFER in a call: accept_refer() or reject_refer(). One at a time per session, others get 491.
struct ReferReceived {
  SessionId session{};
  Uri refer_to;
  std::string referred_by;  // as written; empty if absent
};

// probe() of ours was answered with 481 or 408, or not at all. The session stands: whoever asked
// decides.
struct PeerLost {
  SessionId session{};
  int status = 0;  // 481, 408; 503: nothing could be sent to the peer
};

enum class EndCause : std::uint8_t {
  kByPeer,          // BYE came
  kByUs,            // hang_up(), bye(), cancel(), reject() of ours
  kCancelled,       // the caller's CANCEL, before our final response
  kRefused,         // a final failure response to our INVITE: `status`
  kTimedOut,        // no (final) response to our INVITE, or none to a request within the call
  kNoAck,           // our 2xx was never acknowledged (RFC 3261, 13.3.1.4); BYE was sent
  kSessionExpired,  // nobody refreshed (RFC 4028, 10); BYE was sent
  kGone,            // the peer answered 481 or 408 to a request within the call
  kTransport,       // nothing could be sent to the peer
  kProtocol,        // the peer broke the protocol beyond repair (e.g. no usable answer)
};

struct SessionEnded {
  SessionId session{};
  EndCause cause = EndCause::kByPeer;
  int status = 0;      // kRefused: the peer's; kTimedOut: 408; kTransport: 503; else 0
  std::string reason;  // Reason header's value or the reason phrase, as the peer wrote it
  std::optional<std::chrono::seconds> retry_after;  // from a refusal
};

// A request outside of any call of a method in UserAgentOptions::delivered_methods (REGISTER...),
// admitted by the policy: respond() to it.
struct RequestReceived {
  RequestId request{};
  Flow flow;
  Message message;
  std::string account;
};

// The final response to send_request(). `message` is nullopt when none came: `status` is then 408
// (timed out) or 503 (transport).
struct ResponseReceived {
  RequestId request{};
  int status = 0;
  std::optional<Message> message;
};

using UserAgentEvent =
    std::variant<IncomingCall, CallProgress, CallAnswered, CallConfirmed, OfferReceived,
                 OfferWanted, AnswerReceived, OfferRefused, InfoReceived, ReferReceived, PeerLost,
                 SessionEnded, RequestReceived, ResponseReceived>;

}  // namespace madoguchi::sip
