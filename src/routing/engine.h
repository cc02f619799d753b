// Who gets which call, and what becomes of those who got none. Commands and the time go in, events
// come out of poll(), and next_deadline() says when advance() is wanted next; it asks no clock,
// keeps no thread and logs nothing. One loop thread of the centre owns it (a rehearsal or a test
// owns its own).
//
// The rules. Within a group, whoever arrived first is served first, across the group's desks; of
// those who arrived in the same whole second (UTC), callers who withhold their number go first,
// since they can't be rung back. A caller whose ring was missed, refused or lost goes back before
// everybody. Of the operators who are ready and reachable, the one who has been ready longest is
// offered the call; one whose offer was withdrawn keeps that place. An operator in several groups
// gets the caller who is first by the same rule over all of them. A transferred caller keeps the
// time of arrival, and thereby stands before later ones.
//
// Commands that come too late (the caller is gone, the operator already rang out) return kConflict
// or kNotFound and change nothing: races with the network are ordinary. Events of one command are
// complete when it returns. The sums of balance() hold between any two commands.
//
// Time must not go backwards by more than the clock's own corrections; a deadline fires at the
// first advance() at or after it, late if we were away, never twice.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "routing/balance.h"
#include "routing/deadlines.h"
#include "routing/lines.h"
#include "routing/slots.h"
#include "routing/types.h"

namespace madoguchi::routing {

// What the engine knows of a live call. `talked` once it has heard an operator.
struct Call {
  CallKey key;
  DeskKey desk;    // where it is now
  DeskKey number;  // the desk whose number was called: the balance counts it there
  GroupKey group;  // of `desk`
  LineKey line;    // none while not identified, or withheld
  CallPhase phase = CallPhase::kWaiting;
  Offer offer = Offer::kQueue;  // while ringing
  bool withheld = false;
  bool agreed = false;    // has a promise to be rung back
  bool returned = false;  // stands before everybody
  bool talked = false;
  bool ended = false;     // kept only until its line is known, see identified()
  bool callback = false;  // made by us to keep a promise: not in the balance
  Bucket bucket = Bucket::kInProgress;
  Time arrived{};
  OperatorKey with;         // who rings or talks
  OperatorKey consulted;    // who is being asked while the caller is on hold
  bool consulting = false;  // the consulted operator has answered
  PromiseKey promise;       // which it asked for
};

struct OperatorView {
  OperatorState state = OperatorState::kOffline;
  AwayReason reason = AwayReason::kNone;
  Time since{};  // in this state
  bool reachable = false;
  CallKey call;        // in ringing, talking, wrap-up (then it may be gone)
  PromiseKey promise;  // being dialled or just talked about
  // What the operator asked to become after the call: kReady (the default), kAway or kOffline.
  OperatorState next = OperatorState::kReady;
  AwayReason next_reason = AwayReason::kNone;
  Time deadline{};  // of ringing or wrap-up; epoch: none
};

struct Arrival {
  DeskKey desk;
  LineKey line;  // none if not known yet; never for withheld numbers
  bool withheld = false;
  bool open = true;        // the desk's hours as they were applied to this caller
  bool listening = false;  // first hears announcements; heard() lets it be offered
  Time arrived{};          // when it reached the exchange; `now` may be later
};

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;  // its lists are linked through addresses
  Engine& operator=(const Engine&) = delete;

  // ---- The floor. Put again to change; what is live goes on by the new settings.
  // Who waits for a desk that gets another group waits there from then on, in the same order.
  DeskKey put_desk(const Desk& desk, Time now);
  OperatorKey put_operator(const Operator& who, Time now);
  GroupKey put_group(const GroupId& id);
  [[nodiscard]] std::optional<DeskKey> desk(const DeskId& id) const;
  [[nodiscard]] std::optional<OperatorKey> operator_named(const OperatorId& id) const;
  [[nodiscard]] const Desk& desk(DeskKey key) const { return desks_[key.index].settings; }
  [[nodiscard]] const OperatorId& id_of(OperatorKey key) const;
  [[nodiscard]] const GroupId& id_of(GroupKey key) const { return groups_[key.index].id; }
  [[nodiscard]] bool serves(OperatorKey who, const GroupId& group) const;
  [[nodiscard]] bool is_open(DeskKey key, Time now);
  // One line of one organisation; the same key for the same token, always.
  LineKey line(const OrganisationId& organisation, const LineToken& token);
  [[nodiscard]] const LineToken& token_of(LineKey key) const { return lines_.token(key); }

  // ---- Calls
  Result<CallKey> arrived(const Arrival& arrival, Time now);
  Result<void> heard(CallKey call, Time now);  // what must be heard first has been
  // The caller hears or keys something just now and can't be connected: no longer offered, the
  // place is kept until heard(). For waiting or ringing calls.
  Result<void> set_aside(CallKey call, Time now);
  // The line became known. Also for a call that ended before (the vault was away): its promise and
  // the settling of redials are then made good.
  Result<void> identified(CallKey call, LineKey line, Time now);
  // The caller asked to be rung back, or heard that who is lost is rung back and is lost now: only
  // the exchange knows whose line can be rung. kOther: on another number, whose line is `other` if
  // known yet. kDenied if the desk never rings back, or for kOwn if the number is withheld. The
  // call goes on until it ends; if it gets through after all, the promise is kept. Gives the line's
  // open promise if it had one.
  Result<PromiseKey> callback_asked(CallKey call, PromiseBasis basis, PromiseLine kind,
                                    LineKey other, Time now);
  // The same, told only when its call was over here. What that call counts as stays as it is.
  struct LateWish {
    DeskKey number;
    bool withheld = false;
    PromiseBasis basis = PromiseBasis::kKey;
    PromiseLine kind = PromiseLine::kOwn;
    LineKey line;  // to ring, if known yet
  };
  Result<PromiseKey> callback_asked_late(const LateWish& wish, Time now);
  Result<void> ended(CallKey call, EndCause cause, Time now);
  // To the queue of a desk, from whatever phase before or while talking (`operator`'s blind
  // transfer).
  Result<void> transfer(CallKey call, DeskKey to, Time now);
  // Rings one operator, who must be ready and reachable; if missed, the caller goes to the front of
  // the queue of the call's desk.
  Result<void> transfer(CallKey call, OperatorKey to, Time now);

  // ---- Operators: states
  Result<void> sign_on(OperatorKey who, Time now);   // to away (kSignedOn)
  Result<void> sign_off(OperatorKey who, Time now);  // at once, or after the call
  Result<void> ready(OperatorKey who, Time now);     // at once, ending wrap-up, or after the call
  Result<void> away(OperatorKey who, AwayReason reason, Time now);  // the same
  // Whether the seat is connected or the telephone registered. A loss while ringing returns the
  // caller to the front; while talking it changes nothing: see leg_lost().
  Result<void> reachable(OperatorKey who, bool is, Time now);

  // ---- Operators: offers. The operator took it: the ring limit no longer counts, but the sound
  // must be there (answered) by `until`, or it counts as kAudioLost.
  Result<void> accepted(OperatorKey who, Time until, Time now);
  Result<void> answered(OperatorKey who,
                        Time now);  // sound passes both ways; also of a consultation
  Result<void> refused(OperatorKey who, Time now);
  Result<void> missed(OperatorKey who, Time now);       // rang out, as the telephone tells it
  Result<void> ring_failed(OperatorKey who, Time now);  // could not be rung or connected
  // The operator's side of a talk broke while the caller is still there: caller to the front,
  // operator away.
  Result<void> leg_lost(OperatorKey who, Time now);

  // The exchange says that these two hear each other. If that is not what we believed (an answer
  // crossed a withdrawal, or a restart came between) we follow: whoever was believed with either of
  // them is freed.
  Result<void> found_talking(CallKey call, OperatorKey who, Time now);

  // ---- Operators: consulting. The caller is on hold meanwhile.
  Result<void> consult(OperatorKey who, OperatorKey other, Time now);
  Result<OperatorKey> consult(OperatorKey who, DeskKey desk,
                              Time now);                 // its longest idle operator
  Result<void> consult_over(OperatorKey who, Time now);  // either side: back to the caller
  Result<void> hand_over(OperatorKey who, Time now);  // the consulted one goes on with the caller

  // ---- Operators: wrap-up
  Result<void> wrapped_up(OperatorKey who, Time now);  // to what the operator asked to become next
  Result<void> extend_wrap_up(OperatorKey who, Time until, Time now);

  // ---- Promises
  // Takes an open promise to ring the line now; from ready, away or wrap-up. The operator is
  // kDialling.
  Result<void> take(OperatorKey who, PromiseKey promise, Time now);
  // The line answered. Gives the call to use from then on (ended(), transfer…); it is not in the
  // balance, which counts callers who came. The promise is kept when this operator's part of the
  // talk ends, unless a fault broke it or callback_outcome() said otherwise.
  Result<CallKey> callback_answered(OperatorKey who, Time now);
  // It was a machine, a wrong number, …: said while talking, counts when the talk ends.
  Result<void> callback_outcome(OperatorKey who, AttemptOutcome outcome);
  // The attempt ended without a talk: to wrap-up, promise open again or closed as the outcome says.
  Result<void> callback_failed(OperatorKey who, AttemptOutcome outcome, Time now);
  // The line that a promise must ring became known: merges it with the line's open promise, if any.
  Result<void> promise_identified(PromiseKey promise, LineKey line, Time now);
  Result<void> close_promise(PromiseKey promise, CloseReason reason, Time now);
  Result<void> set_deadline(PromiseKey promise, Time deadline, Time now);

  // ---- Coming back after a restart: first the floor, then today's ended calls and all open
  // promises, then operators, then live calls; nothing is offered until resume(). Restored things
  // make no events of their own.
  struct EndedCall {
    DeskKey number;
    LineKey line;
    Time arrived{};
    Time answered{};  // first heard an operator; only if `talked`
    Time ended{};
    Bucket bucket = Bucket::kTalked;
    bool withheld = false;
    bool talked = false;
    bool talking_at_end = false;
    bool settled = false;
  };
  struct LiveCall {
    DeskKey desk;
    DeskKey number;
    LineKey line;
    CallPhase phase = CallPhase::kWaiting;  // kRinging comes back as kWaiting, at the front
    bool withheld = false;
    bool agreed = false;
    bool returned = false;
    bool talked = false;
    bool callback = false;
    Time arrived{};
    Time answered{};     // first heard an operator; only if `talked`
    OperatorKey with;    // in kTalking
    PromiseKey promise;  // asked for, or for a callback: being kept
  };
  // A promise of any state: open ones live on, ended ones of recent days count in the balance.
  struct KnownPromise {
    Promise promise;  // key is ignored; kTaken comes back as open
    KeptHow how = KeptHow::kCalledBack;
    CloseReason reason = CloseReason::kStaff;
    bool absorbed = false;  // into the line's other promise
  };
  CallKey restore(const EndedCall& call);
  CallKey restore(const LiveCall& call, Time now);
  PromiseKey restore(const KnownPromise& promise);
  // Ringing, talking and dialling come back as ready: a talk is restored with its call.
  // `wrap_up_of` is the desk whose wrap-up limit counts, from `since`.
  void restore(OperatorKey who, OperatorState state, AwayReason reason, DeskKey wrap_up_of,
               Time since);
  // This operator is still ringing the line of an open promise.
  void restore_dialling(OperatorKey who, PromiseKey promise);
  // `other` was being consulted by the one who talks in this call: had answered, or rings until
  // then.
  void restore_consult(CallKey call, OperatorKey other, bool answered, Time until);
  void hold_offers() { holding_ = true; }
  void resume(Time now);

  // ---- Looking
  [[nodiscard]] const Call* find(CallKey key) const;        // nullptr once ended and identified
  [[nodiscard]] const Promise* find(PromiseKey key) const;  // nullptr once kept, closed or absorbed
  [[nodiscard]] OperatorView look(OperatorKey key) const;
  [[nodiscard]] std::vector<PromiseKey> open_promises() const;  // by deadline
  [[nodiscard]] std::uint32_t waiting(GroupKey group) const;
  [[nodiscard]] std::uint32_t waiting(DeskKey desk) const { return desks_[desk.index].waiting; }
  [[nodiscard]] std::optional<Time> longest_wait_since(GroupKey group) const;
  [[nodiscard]] GroupKey group_of(DeskKey desk) const { return desks_[desk.index].group; }
  [[nodiscard]] std::uint32_t place(CallKey call) const;  // 1 is next; 0 when not waiting
  [[nodiscard]] std::uint32_t live_calls() const { return live_; }
  [[nodiscard]] const Balance& balance() const { return balance_; }
  [[nodiscard]] Day day_of(DeskKey desk, Time time) const;

  // ---- Time
  void advance(Time now);  // everything that is due by `now`
  // The wall clock was set by this much. What runs for an operator or a caller in hand goes on as
  // long as it would have; promises keep the time of day that was said.
  void clock_was_set(Micros by);
  // What operators have time for (to answer, to wrap up) ends later by this.
  void postpone(Micros by);
  [[nodiscard]] std::optional<Time> next_deadline() const { return deadlines_.next(); }
  std::optional<Event> poll();  // oldest first; drain after each command
  // Drops what days before `day` left in memory (balance, lines without open promise, ended calls
  // whose line never became known).
  void forget_before(Day day);

 private:
  struct CallNode : Call {
    BalanceRow row;
    Time answered{};  // when it first heard an operator
    Time ended_at{};
    CallNode* before = nullptr;  // neighbours in its group's queue
    CallNode* after = nullptr;
    bool queued = false;
  };
  struct PromiseNode : Promise {
    BalanceRow row;
    CallKey call;  // that asked last, while it is up
  };
  struct DeskNode {
    Desk settings;
    GroupKey group;
    std::uint32_t waiting = 0;
    // The hours and the date do not change within these, so most arrivals need not ask the
    // calendar.
    bool open = false;
    Time open_from{}, open_until{};
    Day day{};
    Time day_from{}, day_until{};
    BalanceRow row;
  };
  // An operator's place among the ready ones of one group.
  struct Membership {
    OperatorKey who;
    GroupKey group;
    Membership* before = nullptr;
    Membership* after = nullptr;
  };
  struct GroupNode {
    GroupId id;
    CallNode* first = nullptr;  // the queue
    CallNode* last = nullptr;
    Membership* idle_first = nullptr;  // ready and reachable, longest first
    Membership* idle_last = nullptr;
    std::uint32_t waiting = 0;
  };
  struct OperatorNode : OperatorView {
    OperatorId id;
    std::deque<Membership> groups;  // a deque: the lists point into it
    Micros ring_longer{0};
    Time idle_since{};    // place among the ready; kept over offers that come to nothing
    bool listed = false;  // in the groups' lists
    bool accepted = false;
    AttemptOutcome outcome = AttemptOutcome::kTalked;  // of the promise being kept
    DeskKey desk;                                      // whose wrap-up rules count
  };

  // engine.cc: queues and the matching
  void enqueue(CallNode& call, Time now);
  void dequeue(CallNode& call);
  static bool stands_before(const CallNode& a, const CallNode& b);
  void list(OperatorKey who);
  void unlist(OperatorKey who);
  void regroup(DeskKey desk, Time now);
  void match(GroupNode& group, Time now);
  void match(OperatorKey who, Time now);
  void offer(CallNode& call, OperatorKey who, Offer offer, Time now);
  void change(OperatorKey who, OperatorState to, AwayReason reason, Time now);
  void refresh_day(DeskNode& desk, DeskKey key, Time time);
  BalanceRow row_of(DeskKey desk, Time time);
  OperatorNode& at(OperatorKey who) { return operators_[who.index]; }
  DeskNode& at(DeskKey desk) { return desks_[desk.index]; }

  // engine_calls.cc
  void put_back(CallNode& call, Time now);
  void first_talk(CallNode& call, Time now);
  [[nodiscard]] static bool was_said_in(const PromiseNode& promise, CallKey call);
  void line_talked(LineKey line, Time talked, CallKey by, Time now);
  void move(CallNode& call, Bucket to);
  void not_through(CallNode& call, Time now);
  void set_line(CallNode& call, LineKey line);
  void release(CallNode& call);
  [[nodiscard]] static Bucket bucket_at_end(const CallNode& call, EndCause cause);

  // engine_operators.cc
  void end_offer(OperatorKey who, OfferEnd why, Time now);
  void offer_failed(OperatorKey who, OfferEnd why, Time now);
  void leave(OperatorKey who, Time now);
  void wrap_up(OperatorKey who, DeskKey desk, Time now);
  void become_next(OperatorKey who, Time now);
  void become_idle_again(OperatorKey who, Time now);
  void end_consult(CallNode& call, Time now);
  Result<CallNode*> talk_of(OperatorKey who);
  Result<void> set_state(OperatorKey who, OperatorState state, AwayReason reason, Time now);
  void operator_due(OperatorKey who, Time now);

  // engine_promises.cc
  [[nodiscard]] Result<void> may_ring_back(DeskKey number, bool withheld, PromiseLine kind) const;
  PromiseKey promise_for(CallNode& call, PromiseBasis basis, PromiseLine kind, LineKey line,
                         Time now);
  PromiseKey make_promise(DeskKey number, CallKey call, PromiseBasis basis, PromiseLine kind,
                          LineKey line, Time now);
  void ask_again(PromiseNode& known, CallKey call, PromiseLine kind, LineKey line, Time now);
  void resolve_attempt(OperatorKey who, AttemptOutcome outcome, Time now);
  void keep(PromiseNode& promise, KeptHow how, CallKey call, Time now);
  void close(PromiseNode& promise, CloseReason reason, Time now);
  void absorb(PromiseNode& into, PromiseNode& absorbed, Time now);
  void drop(PromiseNode& promise);
  void promise_due(std::uint32_t slot, Time now);

  void tell(Event event) { events_.push_back(std::move(event)); }

  std::deque<DeskNode> desks_;
  std::deque<GroupNode> groups_;
  std::deque<OperatorNode> operators_;
  std::map<DeskId, DeskKey> desk_names_;
  std::map<GroupId, GroupKey> group_names_;
  std::map<OperatorId, OperatorKey> operator_names_;

  Slots<CallNode, CallKey> calls_;
  Slots<PromiseNode, PromiseKey> promises_;
  Lines lines_;
  Balance balance_;
  Deadlines deadlines_;
  std::vector<Event> events_;
  std::size_t next_event_ = 0;
  std::uint32_t live_ = 0;
  bool holding_ = false;  // nothing is offered: a restart is being restored
};

}  // namespace madoguchi::routing
