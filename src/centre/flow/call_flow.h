// The centre's call domain: joins what the exchange tells, what operators do and what routing
// decides, and says what the exchange must do, what the store must keep and what screens must show.
// Pure: no socket, clock, SQL; ids come from the Entropy it is given. The centre's loop thread owns
// it.
//
// The shell's loop: take() a batch of events (or one operator command), then drain() once; commit
// all of `records` in one transaction; only then send `commands`, acknowledge up to the committed
// PositionRecord and publish `views`. Commands need no outbox: after a restart or a reconnect
// attach() compares the exchange's state with ours and asks again for what is missing. Every method
// may be followed by drain().
//
// Restart: restore() what was committed, then attach() with the exchange's snapshot, then take()
// events as they come. Events that were already worked in are recognised (by epoch and sequence
// number, and by what they say) and change nothing. Until the events up to the snapshot's number
// are in, nobody is offered a call. A call that is open here but up nowhere is ended as cut off
// after `kMissingLimit`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "centre/flow/exchange_link.h"
#include "centre/flow/records.h"
#include "centre/flow/views.h"
#include "routing/types.h"

namespace madoguchi::centre {

// A desk as the whole centre knows it: routing's part, what the exchange plays, what consoles show.
struct DeskSettings {
  routing::Desk routing;
  std::string name;
  std::string greeting_text;
  DeskPlan
      plan;  // prompts, intervals, recorded, shown number; the rest is filled in from `routing`
  Micros place_every = std::chrono::minutes(1);
  std::vector<std::string> place_prompts;  // for the first, second, … in the queue
};

struct OperatorSettings {
  OperatorId id;
  std::vector<GroupId> groups;
  bool own_phone = false;  // chose to be rung at an own phone, wherever else a seat is open
};

struct Floor {
  std::vector<DeskSettings> desks;
  std::vector<OperatorSettings> operators;
};

// Of the words by which the vault refuses to have a line rung: whether it will never be otherwise.
// A word that is not known is no reason to drop what was promised.
bool is_for_good(std::string_view word);

// Asked of the vault before a promise can be rung; answer with ticket_given() or ticket_denied().
// With `own_phone` it is for a ring at the operator's own phone instead: for this attempt, or,
// where there is none, for the operator's leg of this call out. Answer with own_phone_ticket() or
// own_phone_denied().
struct TicketWanted {
  CallId call;  // the call out that it is for
  PromiseId promise;
  WishId wish;
  OrganisationId organisation;
  LineToken line;
  OperatorId who;
  DeskId desk;
  bool own_phone = false;
  AttemptId attempt{};
};

struct Effects {
  std::vector<Record> records;  // commit together, before anything else below happens
  std::vector<ExchangeCommand> commands;
  std::vector<TicketWanted> tickets;
  std::vector<View> views;
  [[nodiscard]] bool empty() const {
    return records.empty() && commands.empty() && tickets.empty() && views.empty();
  }
};

class CallFlow {
 public:
  // How long an operator's leg may take to connect after it was picked up; a desk that answers only
  // then may have to say first that it records.
  static constexpr Micros kConnectLimit = std::chrono::seconds(30);
  // How much longer than the desk's limit an operator's own phone rings: a ticket, a network's way
  // and the key that takes the call stand before the answer.
  static constexpr Micros kOwnPhoneLonger = std::chrono::seconds(15);
  // How long the vault may take over a ticket.
  static constexpr Micros kTicketLimit = std::chrono::seconds(10);
  // How long a call out may take, from the command to an outcome.
  static constexpr Micros kDialLimit = std::chrono::seconds(100);
  // How long a call may be open here and unknown to an attached exchange.
  static constexpr Micros kMissingLimit = std::chrono::seconds(3);
  // How long a caller waits before being told the place in the queue for the first time.
  static constexpr Micros kFirstPlace = std::chrono::seconds(20);
  // How far ahead an operator may promise to ring back.
  static constexpr Micros kLatestPromise = std::chrono::days(31);

  // `entropy` must outlive the flow.
  explicit CallFlow(Entropy& entropy);
  ~CallFlow();
  CallFlow(const CallFlow&) = delete;
  CallFlow& operator=(const CallFlow&) = delete;

  // ---- The floor. Put again to change; desks and operators that are left out stay as they were
  // for what is live. Sends SetDesks when the exchange is attached.
  void set_floor(const Floor& floor, Time now);

  // ---- The exchange
  void restore(const Stored& stored, Time now);  // once, after set_floor() and before attach()
  void attach(const Snapshot& snapshot, Time now);
  void detached(Time now);  // the stream broke: nothing is offered until the next attach()
  void take(const ExchangeEvent& event, Time now);
  // No event is read just now, since what was read before must be stored first: those that belong
  // before a snapshot wait for us and not we for them. Before advance().
  void reading_waits(Time now);

  // ---- What operators and supervisors do. kNotFound for one nobody knows, kConflict where the
  // state does not allow it (the message says why, in English, for the API's detail field).
  Result<void> sign_on(const OperatorId& who, Time now);
  Result<void> sign_off(const OperatorId& who, Time now);
  Result<void> ready(const OperatorId& who, Time now);
  Result<void> away(const OperatorId& who, routing::AwayReason reason, Time now);
  Result<void> accept(const OperatorId& who, Time now);  // answers in the browser
  Result<void> refuse(const OperatorId& who, Time now);
  Result<void> hold(const OperatorId& who, bool on, Time now);
  Result<void> mute(const OperatorId& who, bool on, Time now);
  Result<void> pause_recording(const OperatorId& who, bool on, Time now);
  Result<void> transfer(const OperatorId& who, const DeskId& to, Time now);
  Result<void> transfer(const OperatorId& who, const OperatorId& to, Time now);
  Result<void> consult(const OperatorId& who, const DeskId& desk, Time now);
  Result<void> consult(const OperatorId& who, const OperatorId& other, Time now);
  Result<void> consult_over(const OperatorId& who, Time now);
  Result<void> hand_over(const OperatorId& who, Time now);
  Result<void> end(const OperatorId& who, Time now);
  Result<void> wrapped_up(const OperatorId& who, const std::string& disposition, Time now);
  // The same, and away at once: nothing is offered in between.
  Result<void> wrapped_up(const OperatorId& who, const std::string& disposition,
                          routing::AwayReason then_away, Time now);
  // Its limit comes later by this; kConflict where there is none.
  Result<void> extend_wrap_up(const OperatorId& who, Micros by, Time now);
  // The caller said so to the operator who talks with them: by `due` (within 31 days; else as the
  // desk promises). `reason` is a code. Said again in the same call it changes both. While ringing
  // back it means: once more, the promise stays open.
  Result<PromiseId> promise_callback(const OperatorId& who, const std::string& reason,
                                     std::optional<Time> due, Time now);
  Result<void> take_promise(const OperatorId& who, const PromiseId& promise, Time now);
  Result<void> give_up_dialling(const OperatorId& who, Time now);
  // After talking: it was the wrong person, a machine, or no longer wanted. Only for attempts that
  // did not count as talked: asked of the operator by the console while dialling.
  Result<void> dial_outcome(const OperatorId& who, routing::AttemptOutcome outcome, Time now);
  Result<void> close_promise(const PromiseId& promise, routing::CloseReason reason,
                             const std::string& by, const std::string& stated_reason, Time now);
  // ---- The vault
  void ticket_given(const CallId& call, const TicketId& ticket, Time now);
  // `word` is the vault's: no_wish, emergency, premium, international, own_number, redial_limit, …
  // The promise is closed where is_for_good(word).
  void ticket_denied(const CallId& call, const std::string& word, Time now);
  void own_phone_ticket(const TicketWanted& wanted, const TicketId& ticket, Time now);
  void own_phone_denied(const TicketWanted& wanted, const std::string& word, Time now);

  // ---- Time
  void advance(Time now);
  // The wall clock was set by this much: rings, wrap-ups and dialling go on as long as they would
  // have. Before the first advance() by the new time.
  void clock_was_set(Micros by, Time now);
  [[nodiscard]] std::optional<Time> next_deadline() const;
  // Nothing that we decide can be stored, nor thus be told: until it can be, nothing is offered
  // and nothing falls due; rings and wrap-ups then go on with the time they had left. What the
  // exchange tells is taken all the same.
  void store_is_away(Time now);
  void store_is_back(Time now);

  // ---- Results
  Effects drain();
  // Everything there is to show now, for a console that (re)connects: operators, live calls, rings,
  // queues, open promises, today's balance of each desk.
  [[nodiscard]] std::vector<View> views(Time now) const;
  [[nodiscard]] std::optional<CallView> call(const CallId& id) const;
  [[nodiscard]] std::optional<OperatorView> look(const OperatorId& who) const;
  [[nodiscard]] BalanceView balance(const DeskId& desk, calendar::Day day) const;
  [[nodiscard]] bool attached() const;

 private:
  class Domain;
  std::unique_ptr<Domain> domain_;
};

}  // namespace madoguchi::centre
