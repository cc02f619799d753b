// The inside of the call flow: its tables and what its parts share. Only the .cc files of this
// folder include it. One part per file: domain.cc (tables, results), domain_routing.cc (what
// routing decided), domain_exchange.cc (what the exchange tells), domain_attach.cc (restart and
// reconnection), domain_operators.cc (what operators do), domain_promises.cc (ringing back).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "centre/flow/call_flow.h"
#include "routing/engine.h"

namespace madoguchi::centre {

class CallFlow::Domain {
 public:
  explicit Domain(Entropy& entropy) : entropy_(entropy) {}

  struct Desk {
    DeskSettings settings;
    bool open = true;
    std::optional<Time> hours_change;
  };
  struct Operator {
    OperatorId id;
    bool seat = false;
    bool phone = false;
    bool own_phone = false;
    bool overdue = false;
    StateRecord state;       // the open one
    AttemptId attempt;       // ringing or connected
    CallId call;             // in hand: rings, talks, is being dialled, or is wrapped up
    CallId dialling;         // being rung to keep a promise
    bool ring_over = false;  // the exchange itself ended the ring: nothing to cancel
    [[nodiscard]] bool by_phone() const { return own_phone || !seat; }
  };
  struct Call {
    CallRecord record;
    routing::CallKey key;
    bool held = false;
    bool muted = false;
    bool recording = false;
    bool recording_paused = false;
    OperatorId consulted;
    bool consulting = false;
    OperatorId from;                 // who transferred or consults
    std::optional<Time> missing_at;  // when to give it up, for one that the exchange does not have
    bool ending = false;             // an operator asked to end it
    std::optional<Time> place_at;    // when to tell the place in the queue
    std::optional<Time>
        aside_until;  // keys or hears something: when to offer it again by ourselves
  };
  struct Promise {
    PromiseRecord record;
    routing::PromiseKey key;
  };
  struct DialOut {
    AttemptRecord record;
    DeskId desk;
    routing::OperatorKey who;
    std::optional<Time> deadline;  // none once answered
    TicketId ticket;               // for the line, while one for the operator's phone is asked
    bool commanded = false;        // the exchange was told to dial
  };

  // ---- domain.cc
  void set_floor(const Floor& floor, Time now);
  void send_desks(Time now);
  void tell_place_at(Call& call, Time at);
  void tell_places(Time now);
  void check_hours(Time now);
  void advance(Time now);
  void prune(Time now);
  void clock_was_set(Micros by, Time now);
  void store_is_away(Time now);
  void store_is_back(Time now);
  void offer_again(Time now);  // unless something else still forbids it
  void postpone(Micros by);    // deadlines of our own; the engine has others
  [[nodiscard]] std::optional<Time> next_deadline() const;
  Effects drain();
  [[nodiscard]] std::vector<View> views(Time now) const;
  [[nodiscard]] OperatorView view_of(const Operator& who) const;
  [[nodiscard]] CallView view_of(const Call& call) const;
  [[nodiscard]] QueueView queue_of(routing::DeskKey desk) const;
  [[nodiscard]] std::optional<RingView> ring_of(const Operator& who) const;
  [[nodiscard]] BalanceView balance(routing::DeskKey desk, calendar::Day day) const;

  routing::DeskKey desk_of(const CallArrived& arrived);
  routing::DeskKey desk_for(const DeskId& id, const OrganisationId& organisation);
  Result<routing::OperatorKey> key_of(const OperatorId& who) const;
  Operator& at(routing::OperatorKey key) { return operators_[key.index]; }
  Desk& at(routing::DeskKey key) { return desks_[key.index]; }
  Call* find(const CallId& id);
  Call* find(routing::CallKey key);
  Promise* find(const PromiseId& id);
  Promise* find(routing::PromiseKey key);
  CallRecord* record_of(const CallId& id);  // live or ended today

  template <typename T>
  void save(const T& record, const std::string& key);
  void save(const CallRecord& record);
  void save(const LegRecord& record);
  void save(const StateRecord& record);
  void save(const PromiseRecord& record);
  void save(const AttemptRecord& record);
  void save(const RecordingRecord& record);
  void save(const SettledWishRecord& record);
  void command(decltype(ExchangeCommand::what) what);
  void show(View view) { effects_.views.push_back(std::move(view)); }
  void touch(const Call& call);
  void touch(routing::OperatorKey who) { changed_operators_.insert(who.index); }
  void touch_desk(routing::DeskKey desk, Time arrived);

  // ---- domain_routing.cc
  void follow();  // everything that the engine has decided
  void on(const routing::OperatorChanged& event);
  void on(const routing::CallQueued& event);
  void on(const routing::CallOffered& event);
  void on(const routing::OfferEnded& event);
  void on(const routing::CallOver& event);
  void on(const routing::CallSettled& event);
  void on(const routing::WrapUpOverdue& event);
  void on(const routing::PromiseMade& event);
  void on(const routing::PromiseMerged& event);
  void on(const routing::PromiseTaken& event);
  void on(const routing::PromiseAttempted& event);
  void on(const routing::PromiseKept& event);
  void on(const routing::PromiseClosed& event);
  void on(const routing::PromiseDue& event);
  void promise_over(routing::PromiseKey key, routing::PromiseState how, Time at);
  void end_leg(Operator& who, LegEnd how, Time at);
  void ring(const LegRecord& leg, Micros timeout);
  void command_ring(const LegRecord& leg, const TicketId& ticket, Micros timeout);
  void own_phone_ticket(const TicketWanted& wanted, const TicketId& ticket, Time now);
  void own_phone_denied(const TicketWanted& wanted, const std::string& word, Time now);

  // ---- domain_exchange.cc
  void take(const ExchangeEvent& event, Time now);
  void apply(const ExchangeEvent& event, Time at);
  void on(const CallArrived& event, Time arrived, Time now);
  void on(const CallIdentified& event, Time now);
  void on(const CallAnswered& event, Time now);
  void on(const CallWaiting& event, Time now);
  void on(const OperatorAnswered& event, Time now);
  void on(const RingFailed& event, Time now);
  void on(const Connected& event, Time now);
  void on(const OperatorLeft& event, Time now);
  void on(const CallbackAsked& event, Time now);
  void on(const RecordingRefused& event, Time now);
  void on(const CallEnded& event, Time now);
  void on(const RecordingStarted& event, Time now);
  bool is_recorded(const CallId& id) const;
  void on(const RecordingPaused& event, Time now);
  void on(const RecordingClosed& event, Time now);
  void on(const DialProgress& event, Time now);
  void on(const CommandRefused& event, Time now);
  void reachable(const OperatorId& who, std::optional<bool> seat, std::optional<bool> phone,
                 Time now);
  void identify(CallRecord& record, routing::CallKey key, const LineToken& line, Time now);
  void end_call(Call& call, routing::EndCause cause, const std::string& detail, Time now);
  void set_aside(Call& call, Micros most, Time now);
  void consult_answered(Call& call, routing::OperatorKey who, Time now);
  void handed_over(Call& call, routing::OperatorKey from, Time now);
  void note_talk(Call& call, routing::OperatorKey who, Time now);

  // ---- domain_attach.cc
  void restore(const Stored& stored, Time now);
  void restore_ended(const CallRecord& record);
  void restore_live(const CallRecord& record, Time now);
  void restore_promise(const PromiseRecord& stored, const Stored& all);
  void restore_attempt(const AttemptRecord& attempt, Time now);
  void restore_leg(const LegRecord& leg, Time now);
  bool restore_consult(const LegRecord& leg);
  void mend_states(Time now);
  void attach(const Snapshot& snapshot, Time now);
  void replay_goes_on(Time now);
  void catch_up(Time now);  // the events up to the snapshot are in: compare
  void adopt(const LiveCall& live, Time now);
  void compare(const LiveCall& live, Call& call, Time now);
  void compare_talk(const LiveCall& live, Call& call, Time now);
  void consult_again(Call& call, Time now);
  void ring_again(routing::OperatorKey who, Time now);
  void detached(Time now);

  // How long the next of the events before a snapshot may take to come, and how long we wait when
  // the snapshot does not say which is the last.
  static constexpr Micros kReplayLimit = std::chrono::seconds(2);
  static constexpr Micros kUncountedReplay = std::chrono::milliseconds(300);

  // How long a caller may be set aside before we offer the call again although the exchange said
  // nothing: after a ring that it took back, and while the caller hears that we will ring back.
  static constexpr Micros kAsideLimit = std::chrono::seconds(15);
  static constexpr Micros kThanksLimit = std::chrono::seconds(60);

  // ---- domain_operators.cc
  struct Talk {
    routing::OperatorKey who;
    Call* call;
  };
  Result<Talk> talk_of(const OperatorId& who);
  Result<void> settle(Result<void> result);  // follows, then gives the result on
  Result<void> need_line() const;

  // ---- domain_promises.cc
  Result<void> take_promise(routing::OperatorKey who, const PromiseId& promise, Time now);
  void ticket_given(const CallId& call, const TicketId& ticket, Time now);
  void ticket_denied(const CallId& call, const std::string& word, Time now);
  Result<Promise*> say_promise(const Talk& talk, Time now);
  void keep_wish(Promise& promise, const CallbackAsked& event, Time now);
  void wish_after_end(const CallbackAsked& event, Time now);
  void promise_line(routing::PromiseKey key, const LineToken& line, Time now);
  void command_dial(const CallId& call, const TicketId& operator_ticket, Time now);
  void dial_answered(const CallId& call, Time now);
  void dial_failed(const CallId& call, routing::AttemptOutcome outcome, const std::string& detail,
                   Time now);
  Result<void> stop_dialling(routing::OperatorKey who, routing::AttemptOutcome outcome, Time now);

  Entropy& entropy_;
  routing::Engine engine_;

  std::deque<Desk> desks_;          // by DeskKey::index
  std::deque<Operator> operators_;  // by OperatorKey::index
  std::unordered_map<CallId, Call> calls_;
  std::unordered_map<routing::CallKey, CallId> call_ids_;
  std::unordered_map<CallId, CallRecord> ended_;  // of today and yesterday: may still be settled
  std::unordered_map<PromiseId, Promise> promises_;
  std::unordered_map<routing::PromiseKey, PromiseId> promise_ids_;
  std::unordered_map<WishId, PromiseId> wishes_;
  std::unordered_map<AttemptId, LegRecord> legs_;  // without end
  std::unordered_map<CallId, DialOut> dials_;
  std::set<std::pair<Time, CallId>> places_;  // who is to be told the place, and when
  std::unordered_map<RecordingId, RecordingRecord> recordings_;  // without end
  struct Asked {
    AttemptId attempt;
    CallId dial;
  };
  std::unordered_map<CommandId, Asked> asked_;  // commands whose refusal matters

  PositionRecord position_;
  bool position_changed_ = false;
  bool attached_ = false;
  std::optional<Snapshot> catching_up_;  // events up to its number are still to come
  std::optional<Time> catch_up_by_;
  std::optional<Time> store_away_since_;
  std::uint64_t desks_version_ = 0;
  std::optional<calendar::Day> pruned_;

  // What the current command is about, for events of routing that need it.
  WishId asking_wish_;

  Effects effects_;
  std::map<std::string, std::size_t> saved_;  // where in effects_.records
  std::set<CallId> changed_calls_;
  std::set<std::uint32_t> changed_operators_;
  std::set<std::uint32_t> changed_queues_;
  std::set<std::pair<std::uint32_t, calendar::Day>> changed_balances_;
};

}  // namespace madoguchi::centre
