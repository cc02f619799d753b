// What the exchange tells the centre and what the centre asks of it, as plain values: the meaning
// of proto/exchange.proto without its encoding. The shell around the call flow translates one to
// one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "routing/types.h"

namespace madoguchi::centre {

using AttemptId = Id<struct AttemptTag>;  // one try to make an operator ring
using WishId = Id<struct WishTag>;  // by which the vault's gate knows who asked to be rung back
using RecordingId = Id<struct RecordingTag>;
using CommandId = Id<struct CommandTag>;

// ---- Events

enum class CallStage : std::uint8_t {
  kArrived,
  kWaiting,
  kRinging,
  kTalking,
  kConsulting,
  kDialling,
};

struct CallArrived {
  CallId call;
  std::string number_called;
  DeskId desk;
  OrganisationId organisation;
  bool withheld = false;
  std::string trunk;
  bool open = true;
};
struct CallIdentified {
  CallId call;
  LineToken line;
};
struct CallAnswered {
  CallId call;
};
struct CallWaiting {
  CallId call;
  DeskId desk;
};
struct OperatorRinging {
  CallId call;
  AttemptId attempt;
  OperatorId who;
};
struct OperatorAnswered {
  CallId call;
  AttemptId attempt;
  OperatorId who;
};
enum class RingFailure : std::uint8_t { kNoAnswer, kRefused, kUnreachable, kCancelled };
struct RingFailed {
  CallId call;
  AttemptId attempt;
  OperatorId who;
  RingFailure why = RingFailure::kNoAnswer;
};
struct Connected {
  CallId call;
  OperatorId who;
};
struct OperatorLeft {
  CallId call;
  OperatorId who;
  std::string why;
};
struct HoldChanged {
  CallId call;
  bool on = false;
};
struct MuteChanged {
  CallId call;
  bool on = false;
};
struct CallbackAsked {
  CallId call;
  bool other_line = false;
  LineToken line;  // of the line to ring; empty until the vault gave it, then sent again
  WishId wish;
  routing::PromiseBasis basis = routing::PromiseBasis::kKey;
};
struct RecordingRefused {
  CallId call;
};
enum class CallEndCause : std::uint8_t {
  kCallerHungUp,
  kOperatorHungUp,
  kEndedByCentre,
  kClosedHours,
  kCallbackChosen,
  kNotConnected,
  kCutOff,
  kShutDown,
  kCallerCancelled,
};
struct CallEnded {
  CallId call;
  CallEndCause cause = CallEndCause::kCallerHungUp;
  std::string detail;
  CallStage stage = CallStage::kArrived;  // for a call found in the spool after a crash
  LineToken line;                         // empty if unknown
};
struct RecordingStarted {
  CallId call;
  RecordingId recording;
};
struct RecordingPaused {
  CallId call;
  bool on = false;
};
// No room on the exchange's disk, or room again: the recording goes on in the same file.
struct RecordingInterrupted {
  CallId call;
  bool on = false;
};
struct RecordingClosed {
  CallId call;
  RecordingId recording;
  std::string digest_hex;
  std::uint64_t bytes = 0;
  bool cut_off = false;
};
struct SeatChanged {
  OperatorId who;
  bool connected = false;
};
struct PhoneChanged {
  OperatorId who;
  bool registered = false;
};
enum class DialOutcome : std::uint8_t {
  kRinging,
  kTalked,
  kBusy,
  kNoAnswer,
  kRefused,
  kUnreachable,
  kNotPermitted,
  kOperatorGone,
};
struct DialProgress {
  CallId call;
  TicketId ticket;
  DialOutcome outcome = DialOutcome::kRinging;
  std::string detail;
};
struct CommandRefused {
  CommandId command;
  CallId call;
  std::string why;
};
// What others than the call flow are told (a seat's answer, a trouble): only its number counts
// here.
struct ToldToOthers {};

struct ExchangeEvent {
  std::uint64_t sequence = 0;
  Time at{};
  std::variant<CallArrived, CallIdentified, CallAnswered, CallWaiting, OperatorRinging,
               OperatorAnswered, RingFailed, Connected, OperatorLeft, HoldChanged, MuteChanged,
               CallbackAsked, RecordingRefused, CallEnded, RecordingStarted, RecordingPaused,
               RecordingInterrupted, RecordingClosed, SeatChanged, PhoneChanged, DialProgress,
               CommandRefused, ToldToOthers>
      what;
};

// ---- The exchange's state when the centre attaches

struct LiveCall {
  CallId call;
  DeskId desk;
  OrganisationId organisation;
  std::string number_called;
  LineToken line;
  bool withheld = false;
  CallStage stage = CallStage::kArrived;
  OperatorId who;
  AttemptId attempt;
  Time arrived{};
  bool outbound = false;
  bool held = false;
  OperatorId consulting;
  TicketId ticket;
  bool callback_asked = false;
  bool muted = false;
  bool recording_interrupted = false;
};

struct Snapshot {
  std::string epoch;           // changes when the exchange restarted
  std::uint64_t sequence = 0;  // the last event that had happened when this was taken
  std::vector<LiveCall> calls;
  std::vector<OperatorId> seats;   // connected ones
  std::vector<OperatorId> phones;  // registered ones
};

// ---- Commands

// How the exchange receives a desk's callers, also while the centre is down.
struct DeskPlan {
  DeskId desk;
  OrganisationId organisation;
  std::vector<std::string> numbers_called;
  routing::AnswerMode answer_mode = routing::AnswerMode::kAtOnce;
  bool open = true;
  routing::CallbackPolicy callback_policy = routing::CallbackPolicy::kAsk;
  std::string greeting_prompt, notice_prompt, waiting_prompt, hold_prompt, closed_prompt;
  std::string callback_offer_prompt, callback_thanks_prompt, callback_digits_prompt;
  std::string unrecorded_prompt, callback_announcement_prompt, own_phone_prompt;
  Micros callback_offer_every{0};  // 0: once, after the greeting
  bool recorded = true;
  std::string shown_number;
};

struct SetDesks {
  std::uint64_t version = 0;
  std::vector<DeskPlan> desks;
};
struct RingOperator {
  CallId call;
  AttemptId attempt;
  OperatorId who;
  bool by_phone = false;
  Micros timeout{};
  std::string display;
  TicketId ticket;  // for the operator's own phone; else empty
};
struct CancelRing {
  AttemptId attempt;
};
struct AnswerSeat {
  AttemptId attempt;
};
struct HoldCaller {
  CallId call;
  bool on = false;
};
struct MuteOperator {
  CallId call;
  bool on = false;
};
struct Requeue {
  CallId call;
  DeskId desk;
};
struct Consult {
  CallId call;
  AttemptId attempt;
  OperatorId who;
  bool by_phone = false;
  Micros timeout{};
  std::string display;
  TicketId ticket;  // as in RingOperator
};
struct CompleteTransfer {
  CallId call;
};
struct CancelConsult {
  CallId call;
};
// The operator promised it aloud: the exchange asks the vault to keep the wish.
struct PromiseCallback {
  CallId call;
};
// Plays these to a caller who waits.
struct AnnouncePlace {
  CallId call;
  std::vector<std::string> prompts;
};
struct EndCall {
  CallId call;
  std::string reason;
};
struct PauseRecording {
  CallId call;
  bool on = false;
};
struct Dial {
  CallId call;
  TicketId ticket;
  OperatorId who;
  bool by_phone = false;
  DeskId desk;
  Micros timeout{};
  TicketId operator_ticket;  // for the operator's leg, as in RingOperator
};
struct DemoCall {
  std::string number_called;
  std::string prompt;
};

struct ExchangeCommand {
  CommandId id;  // idempotency key
  std::variant<SetDesks, RingOperator, CancelRing, AnswerSeat, HoldCaller, MuteOperator, Requeue,
               Consult, CompleteTransfer, CancelConsult, PromiseCallback, AnnouncePlace, EndCall,
               PauseRecording, Dial, DemoCall>
      what;
};

}  // namespace madoguchi::centre
