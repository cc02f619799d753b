// The words of routing: desks, operators and their states, calls, promises, and the events the
// engine gives. Plain values, no behaviour but comparison. Inside the engine things are named by
// small keys that cost nothing to copy; ids are for settings and for whoever stores or shows
// something.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "calendar/opening_hours.h"

namespace madoguchi::routing {

// ---- Keys

// Names something that, once known to an engine, is known for as long as the engine lives.
template <typename Tag>
struct Key {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t index = kNone;
  [[nodiscard]] bool none() const { return index == kNone; }
  friend auto operator<=>(const Key&, const Key&) = default;
};

using DeskKey = Key<struct DeskKeyTag>;
using GroupKey = Key<struct GroupKeyTag>;
using OperatorKey = Key<struct OperatorKeyTag>;
using LineKey = Key<struct LineKeyTag>;  // a line token of one organisation

// Names something that comes and goes. A key is never given twice by one engine; asking for what is
// gone finds nothing.
template <typename Tag>
struct SlotKey {
  std::uint64_t value = 0;  // slot + 1 in the low half, its generation in the high half
  [[nodiscard]] bool none() const { return value == 0; }
  friend auto operator<=>(const SlotKey&, const SlotKey&) = default;
};

using CallKey = SlotKey<struct CallKeyTag>;
using PromiseKey = SlotKey<struct PromiseKeyTag>;

// ---- Desks

enum class AnswerMode : std::uint8_t {
  kAtOnce,    // the exchange answers, greets, and plays the waiting sound
  kWhenFree,  // it rings until an operator takes the call (a freephone client pays from the answer)
};

// May we ring back a caller who did not get through?
enum class CallbackPolicy : std::uint8_t {
  kAsk,        // only who asked for it (the default)
  kAnnounced,  // the desk announces it: who is lost and whose line can be rung is rung back
  kNever,      // nobody, and asking is not offered
};

// What becomes of an operator whose wrap-up reaches its limit.
enum class WrapUpEnd : std::uint8_t { kStay, kReady };  // either way WrapUpOverdue is told

// A desk (窓口) as routing needs it.
struct Desk {
  DeskId id;
  OrganisationId organisation;
  GroupId group;
  std::vector<std::string> numbers;  // DNIS, as the exchange writes them
  AnswerMode answer = AnswerMode::kAtOnce;
  CallbackPolicy callback = CallbackPolicy::kAsk;
  calendar::OpeningHours hours = calendar::OpeningHours::always();
  Micros ring_limit = std::chrono::seconds(20);    // then the caller goes to the next operator
  Micros wrap_up_limit = std::chrono::minutes(5);  // 0: none
  WrapUpEnd wrap_up_end = WrapUpEnd::kStay;
  bool announce_place = false;  // place in the queue; an apology line leaves it off
  Micros promise_within = std::chrono::hours(2);     // of opening time: the deadline of a promise
  Micros promise_repeat = std::chrono::minutes(30);  // of opening time: next deadline once missed
  int promise_attempts = 5;  // unanswered attempts until a promise closes without success
};

// ---- Operators

struct Operator {
  OperatorId id;
  std::vector<GroupId> groups;  // at most 32
  Micros ring_longer{0};        // than the desk's limit: reached through a network that takes time
};

enum class OperatorState : std::uint8_t {
  kOffline,
  kAway,      // 離席, with a reason
  kReady,     // 受付可; offered calls only while reachable
  kRinging,   // a call is offered, or a consultation
  kTalking,   // also while the caller is on hold
  kDialling,  // ringing somebody back; kTalking once that line answers
  kWrapUp,    // 後処理
};
inline constexpr std::size_t kOperatorStates = 7;

enum class AwayReason : std::uint8_t {
  kNone,      // not away
  kSignedOn,  // has just signed on
  kBreak,
  kMeal,
  kMeeting,
  kTraining,
  kDeskWork,
  kOther,
  kRingMissed,  // the engine's own: let a call ring too long
  kRefused,     // the engine's own: refused a call
  kAudioLost,   // the engine's own: a call could not be connected, or broke on the operator's side
  kSignedOff,   // the session at the console ended by itself
};

// ---- Calls

enum class CallPhase : std::uint8_t {
  kListening,   // hears what must be heard first (greeting, recording notice); keeps its place
  kOutOfHours,  // arrived while the desk was closed: hears that, may ask to be rung back
  kWaiting,     // in the queue
  kRinging,     // offered to an operator
  kTalking,
};

enum class EndCause : std::uint8_t {
  kCaller,    // the caller hung up, or the caller's network did
  kOperator,  // the operator ended the call
  kDesk,  // we ended it as the desk is set up: after the closed notice, after agreeing to ring back
  kDeclined,  // the caller declined what was announced (recording) and was let go as the desk says
  kFault,     // cut off: a crash, a lost network, a shutdown of ours
};

// Where a call counts. Every call that arrived is in exactly one, at every moment.
enum class Bucket : std::uint8_t {
  kInProgress,  // has not talked yet and has not ended
  kTalked,      // 応答: heard an operator, once at least, and was not cut off
  kAbandoned,   // 放棄: gave up in opening hours without having agreed on anything
  kCallback,    // 折り返し: agreed to be rung back, and ended
  kOutOfHours,  // 時間外: arrived while the desk was closed, and ended with nothing agreed
  kDeclined,  // did not accept what the desk announced (recording), and was let go as the desk says
  kCutOff,    // 障害: a fault of ours ended it, whether it waited or talked
};
inline constexpr std::size_t kBuckets = 7;

enum class Offer : std::uint8_t {
  kQueue,    // next in the queue
  kDirect,   // transferred to this operator
  kConsult,  // another operator wants a word first; the caller is on hold
};

// Why an operator stops ringing without having answered.
enum class OfferEnd : std::uint8_t { kMissed, kRefused, kAudioLost, kCallGone };

// ---- Promises (折り返し): agreed callbacks

enum class PromiseBasis : std::uint8_t {
  kKey,        // the caller pressed the key
  kOperator,   // the caller said so to an operator
  kAnnounced,  // the desk announces callbacks, and the caller was lost
};

enum class PromiseLine : std::uint8_t {
  kOwn,    // the line that called
  kOther,  // another number, keyed in or told; only exchange and vault know it
};

enum class PromiseState : std::uint8_t { kOpen, kTaken, kKept, kClosed };

enum class AttemptOutcome : std::uint8_t {
  kTalked,
  kNoAnswer,
  kBusy,
  kMachine,       // an answering machine: nothing is said to it
  kDeclined,      // the person no longer wants it: closes the promise
  kWrongNumber,   // closes the promise, so that a stranger is rung once at most
  kNotPermitted,  // the vault's gate refuses this number for good: closes the promise
  kTooSoon,       // the vault's gate refuses for now; no attempt was made
  kFault,         // our side failed; not counted as an attempt
  kGivenUp,       // the operator stopped before it was answered; not counted
};

// How a promise ended without success.
enum class CloseReason : std::uint8_t {
  kAttemptsExhausted,
  kDeclined,
  kWrongNumber,
  kNotPermitted,
  kWithdrawn,  // the person told us by another way that it is no longer wanted
  kStaff,      // by a supervisor, whose stated reason is stored with it
};
inline constexpr std::size_t kCloseReasons = 6;

enum class KeptHow : std::uint8_t { kCalledBack, kCameThrough };

struct Promise {
  PromiseKey key;
  LineKey line;  // none until the line is identified
  DeskKey desk;  // where it was asked first
  PromiseBasis basis = PromiseBasis::kKey;
  PromiseLine kind = PromiseLine::kOwn;  // as asked last
  PromiseState state = PromiseState::kOpen;
  Time asked{};
  Time deadline{};    // always in the future while open, see PromiseDue
  int missed = 0;     // deadlines passed so far
  int merged = 0;     // asks merged into this one and counted with it
  int asks = 1;       // how often the line asked, absorbed promises included
  int attempts = 0;   // those that count towards Desk::promise_attempts
  OperatorKey owner;  // who has taken it
};

// ---- Events, in the order in which things happened. `at` is when.

struct OperatorChanged {
  OperatorKey who;
  OperatorState from;
  OperatorState to;
  AwayReason reason;  // of `to`
  CallKey call;       // in ringing, talking, wrap-up
  Time at;
};
struct CallQueued {  // began to wait, or waits again
  CallKey call;
  GroupKey group;
  bool front;  // put back before everybody
  Time at;
};
struct CallOffered {  // make this operator's seat or telephone ring
  CallKey call;
  OperatorKey who;
  Offer offer;
  Time until;
  Time at;
};
struct OfferEnded {  // stop it ringing; the call's own next event tells where it goes
  CallKey call;
  OperatorKey who;
  OfferEnd why;
  Time at;
};
struct CallOver {  // it ended, and this is what it counts as
  CallKey call;
  Bucket bucket;
  bool talking;  // at its end
  Time at;
};
struct CallSettled {  // an earlier call of a line that has now got through (再架電で応答済)
  CallKey earlier;
  Time at;
};
struct WrapUpOverdue {
  OperatorKey who;
  Time at;
};
struct PromiseMade {
  PromiseKey promise;
  CallKey call;
  Time at;
};
struct PromiseMerged {  // the call asked again, or `absorbed` turned out to be of the same line
  PromiseKey into;
  PromiseKey absorbed;  // or none
  CallKey call;         // or none
  Time at;
};
struct PromiseTaken {
  PromiseKey promise;
  OperatorKey who;
  Time at;
};
struct PromiseAttempted {
  PromiseKey promise;
  OperatorKey who;
  AttemptOutcome outcome;
  Time at;
};
struct PromiseKept {
  PromiseKey promise;
  KeptHow how;
  CallKey call;  // through which the line came, if it did
  Time at;
};
struct PromiseClosed {
  PromiseKey promise;
  CloseReason reason;
  Time at;
};
struct PromiseDue {  // its deadline has passed; it stays open with a new one
  PromiseKey promise;
  Time next;
  Time at;
};

using Event = std::variant<OperatorChanged, CallQueued, CallOffered, OfferEnded, CallOver,
                           CallSettled, WrapUpOverdue, PromiseMade, PromiseMerged, PromiseTaken,
                           PromiseAttempted, PromiseKept, PromiseClosed, PromiseDue>;

}  // namespace madoguchi::routing

template <typename Tag>
struct std::hash<madoguchi::routing::Key<Tag>> {
  std::size_t operator()(madoguchi::routing::Key<Tag> key) const noexcept { return key.index; }
};
template <typename Tag>
struct std::hash<madoguchi::routing::SlotKey<Tag>> {
  std::size_t operator()(madoguchi::routing::SlotKey<Tag> key) const noexcept {
    return std::hash<std::uint64_t>{}(key.value);
  }
};
