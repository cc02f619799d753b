// What routing decided: told to the exchange, the store and the screens.
#include <algorithm>
#include <utility>

#include "centre/flow/domain.h"
#include "routing/names.h"

namespace madoguchi::centre {

using routing::CallPhase;
using routing::OperatorState;

void CallFlow::Domain::follow() {
  while (const auto event = engine_.poll())
    std::visit([this](const auto& one) { on(one); }, *event);
}

// ---- Operators

void CallFlow::Domain::on(const routing::OperatorChanged& event) {
  Operator& who = at(event.who);
  if (event.to == OperatorState::kRinging || event.to == OperatorState::kTalking)
    if (const Call* call = find(event.call)) who.call = call->record.id;
  const bool in_hand = event.to == OperatorState::kRinging || event.to == OperatorState::kTalking ||
                       event.to == OperatorState::kWrapUp;
  if (!in_hand) who.call = {};
  if (event.from == OperatorState::kTalking && event.to != OperatorState::kTalking)
    end_leg(who, LegEnd::kTalked, event.at);
  who.overdue = false;
  if (!who.state.id.empty()) {
    who.state.until = event.at;
    save(who.state);
  }
  who.state = StateRecord{.id = StateId::fresh(event.at, entropy_),
                          .who = who.id,
                          .state = event.to,
                          .reason = event.reason,
                          .call = event.to == OperatorState::kDialling ? who.dialling : who.call,
                          .since = event.at,
                          .until = {}};
  save(who.state);
  touch(event.who);
}

void CallFlow::Domain::on(const routing::WrapUpOverdue& event) {
  at(event.who).overdue = true;
  touch(event.who);
}

void CallFlow::Domain::end_leg(Operator& who, LegEnd how, Time time) {
  const auto leg = legs_.find(who.attempt);
  if (leg != legs_.end()) {
    leg->second.ended = time;
    leg->second.how = how;
    save(leg->second);
    legs_.erase(leg);
  }
  who.attempt = {};
}

// ---- Calls

void CallFlow::Domain::on(const routing::CallQueued& event) {
  Call* call = find(event.call);
  if (call == nullptr) return;
  const routing::Call& now_is = *engine_.find(event.call);
  call->record.phase = CallPhase::kWaiting;
  call->record.returned = event.front;
  call->record.desk = engine_.desk(now_is.desk).id;
  call->consulted = {};
  call->consulting = false;
  call->held = call->muted = false;
  call->from = {};
  tell_place_at(*call, event.at + kFirstPlace);
  touch(*call);
}

void CallFlow::Domain::on(const routing::CallOffered& event) {
  Call* call = find(event.call);
  if (call == nullptr) return;
  Operator& who = at(event.who);
  const bool consult = event.offer == routing::Offer::kConsult;
  LegRecord leg;
  leg.id = AttemptId::fresh(event.at, entropy_);
  leg.call = call->record.id;
  leg.kind = consult ? LegKind::kConsulted : LegKind::kOperator;
  leg.who = who.id;
  leg.by_phone = who.by_phone();
  leg.offered = event.at;
  who.attempt = leg.id;
  if (consult) {
    call->consulted = who.id;
    call->consulting = false;
    call->from = call->record.with;
  } else {
    call->record.phase = CallPhase::kRinging;
    call->record.with = who.id;
  }
  ring(leg, event.until - event.at);
  save(leg);
  legs_.emplace(leg.id, leg);
  touch(*call);
  touch(event.who);
  if (auto ring = ring_of(who)) show(std::move(*ring));
}

// An own phone is rung by a ticket, which the vault must give first.
void CallFlow::Domain::ring(const LegRecord& leg, Micros timeout) {
  const Operator& who = at(*engine_.operator_named(leg.who));
  if (!who.own_phone) return command_ring(leg, {}, timeout);
  TicketWanted wanted;
  wanted.call = leg.call;
  wanted.who = leg.who;
  wanted.own_phone = true;
  wanted.attempt = leg.id;
  if (const Call* call = find(leg.call)) {
    wanted.organisation = call->record.organisation;
    wanted.desk = call->record.desk;
  }
  effects_.tickets.push_back(std::move(wanted));
}

void CallFlow::Domain::command_ring(const LegRecord& leg, const TicketId& ticket, Micros timeout) {
  const Call* call = find(leg.call);
  if (call == nullptr) return;
  const std::string& shown = at(*engine_.desk(call->record.desk)).settings.name;
  if (leg.kind == LegKind::kConsulted)
    command(Consult{leg.call, leg.id, leg.who, leg.by_phone, timeout, shown, ticket});
  else
    command(RingOperator{leg.call, leg.id, leg.who, leg.by_phone, timeout, shown, ticket});
  if (asked_.size() > 4096) asked_.clear();  // refusals come at once or not at all
  asked_[effects_.commands.back().id] = {leg.id, {}};
}

void CallFlow::Domain::own_phone_ticket(const TicketWanted& wanted, const TicketId& ticket,
                                        Time now) {
  if (wanted.attempt.empty()) return command_dial(wanted.call, ticket, now);
  const auto leg = legs_.find(wanted.attempt);
  const auto who = key_of(wanted.who);
  // Missed or cancelled meanwhile: the ticket expires by itself.
  if (leg == legs_.end() || !who || at(*who).attempt != wanted.attempt) return;
  const Micros left = engine_.look(*who).deadline - now;
  command_ring(leg->second, ticket, std::max(left, Micros(std::chrono::seconds(1))));
}

void CallFlow::Domain::own_phone_denied(const TicketWanted& wanted, const std::string& word,
                                        Time now) {
  if (wanted.attempt.empty())
    return dial_failed(wanted.call, routing::AttemptOutcome::kFault, word, now);
  const auto who = key_of(wanted.who);
  if (!who || at(*who).attempt != wanted.attempt) return;
  at(*who).ring_over = true;  // the exchange was not told of it
  static_cast<void>(engine_.ring_failed(*who, now));
  follow();
  at(*who).ring_over = false;
}

void CallFlow::Domain::on(const routing::OfferEnded& event) {
  Operator& who = at(event.who);
  const auto leg = legs_.find(who.attempt);
  if (leg == legs_.end()) return;
  show(RingOver{who.id, who.attempt});
  Call* call = find(leg->second.call);
  const bool tell_exchange = !std::exchange(who.ring_over, false);
  if (call != nullptr && !call->record.ended) {
    const bool consult = leg->second.kind == LegKind::kConsulted;
    if (consult) {
      call->consulted = {};
      call->consulting = false;
      call->from = {};
    }
    if (tell_exchange && consult)
      command(CancelConsult{call->record.id});
    else if (tell_exchange)
      command(CancelRing{who.attempt});
    touch(*call);
  }
  switch (event.why) {
    case routing::OfferEnd::kMissed:
      return end_leg(who, LegEnd::kMissed, event.at);
    case routing::OfferEnd::kRefused:
      return end_leg(who, LegEnd::kRefused, event.at);
    case routing::OfferEnd::kAudioLost:
      return end_leg(who, LegEnd::kAudioLost, event.at);
    case routing::OfferEnd::kCallGone:
      return end_leg(who, LegEnd::kCancelled, event.at);
  }
}

void CallFlow::Domain::on(const routing::CallOver& event) {
  Call* call = find(event.call);
  if (call == nullptr) return;
  call->record.bucket = event.bucket;
  call->record.talking_at_end = event.talking;
}

void CallFlow::Domain::on(const routing::CallSettled& event) {
  const auto id = call_ids_.find(event.earlier);
  if (id == call_ids_.end()) return;
  CallRecord* record = record_of(id->second);
  if (record == nullptr) return;
  record->settled = event.at;
  save(*record);
  touch_desk(desk_for(record->number_desk, record->organisation), record->arrived);
}

// ---- Promises

void CallFlow::Domain::on(const routing::PromiseMade& event) {
  const routing::Promise* found = engine_.find(event.promise);
  if (found == nullptr) return;
  const routing::Promise& made = *found;
  const routing::Desk& desk = engine_.desk(made.desk);
  Promise promise;
  promise.key = event.promise;
  PromiseRecord& record = promise.record;
  record.id = PromiseId::fresh(event.at, entropy_);
  record.organisation = desk.organisation;
  record.desk = desk.id;
  if (!made.line.none()) record.line = engine_.token_of(made.line);
  record.basis = made.basis;
  record.kind = made.kind;
  record.asked = made.asked;
  record.deadline = made.deadline;
  record.wish = asking_wish_;
  if (Call* call = find(event.call)) {
    record.call = call->record.id;
    call->record.promise = record.id;
    call->record.agreed = call->record.agreed || made.basis != routing::PromiseBasis::kAnnounced;
    touch(*call);
  }
  if (!record.wish.empty()) wishes_[record.wish] = record.id;
  promise_ids_[event.promise] = record.id;
  save(record);
  show(record);
  touch_desk(made.desk, record.asked);
  promises_.emplace(record.id, std::move(promise));
}

void CallFlow::Domain::on(const routing::PromiseMerged& event) {
  Promise* into = find(event.into);
  if (into == nullptr) return;
  const routing::Promise* now_is = engine_.find(event.into);
  if (now_is != nullptr) {
    into->record.asks = now_is->asks;
    into->record.merged = now_is->merged;
    into->record.kind = now_is->kind;
    into->record.deadline = now_is->deadline;
    if (!now_is->line.none()) into->record.line = engine_.token_of(now_is->line);
  }
  if (Promise* absorbed = find(event.absorbed)) {
    PromiseRecord& record = absorbed->record;
    record.absorbed_by = into->record.id;
    record.ended = event.at;
    if (!record.wish.empty()) {
      wishes_[record.wish] = into->record.id;
      into->record.wish = record.wish;
      into->record.call = record.call;
    }
    save(record);
    show(record);
    touch_desk(*engine_.desk(record.desk), record.asked);
    if (CallRecord* asked_in = record_of(record.call)) {
      asked_in->promise = into->record.id;
      save(*asked_in);
    }
    promise_ids_.erase(event.absorbed);
    promises_.erase(record.id);
  }
  if (Call* call = find(event.call)) {
    call->record.promise = into->record.id;
    call->record.agreed = engine_.find(event.call) != nullptr && engine_.find(event.call)->agreed;
    into->record.call = call->record.id;
    if (!asking_wish_.empty()) {
      into->record.wish = asking_wish_;
      wishes_[asking_wish_] = into->record.id;
    }
    touch(*call);
  }
  save(into->record);
  show(into->record);
  touch_desk(*engine_.desk(into->record.desk), into->record.asked);
}

void CallFlow::Domain::on(const routing::PromiseTaken& event) {
  Promise* promise = find(event.promise);
  if (promise == nullptr) return;
  promise->record.state = routing::PromiseState::kTaken;
  promise->record.owner = at(event.who).id;
  save(promise->record);
  show(promise->record);
}

void CallFlow::Domain::on(const routing::PromiseAttempted& event) {
  Promise* promise = find(event.promise);
  if (promise == nullptr) return;
  const routing::Promise* now_is = engine_.find(event.promise);
  PromiseRecord& record = promise->record;
  record.state = routing::PromiseState::kOpen;
  record.owner = {};
  record.last_outcome = event.outcome;
  if (now_is != nullptr) {
    record.attempts = now_is->attempts;
  } else if (event.outcome == routing::AttemptOutcome::kNoAnswer ||
             event.outcome == routing::AttemptOutcome::kBusy ||
             event.outcome == routing::AttemptOutcome::kMachine) {
    ++record.attempts;  // the one that closed it
  }
  Operator& who = at(event.who);
  const CallId& out = who.dialling.empty() ? who.call : who.dialling;
  if (const auto dial = dials_.find(out); dial != dials_.end()) {
    dial->second.record.outcome = event.outcome;
    dial->second.record.ended = event.at;
    save(dial->second.record);
  }
  save(record);
  show(record);
}

void CallFlow::Domain::on(const routing::PromiseKept& event) {
  if (Promise* promise = find(event.promise)) promise->record.how = event.how;
  promise_over(event.promise, routing::PromiseState::kKept, event.at);
}

void CallFlow::Domain::on(const routing::PromiseClosed& event) {
  if (Promise* promise = find(event.promise)) promise->record.reason = event.reason;
  promise_over(event.promise, routing::PromiseState::kClosed, event.at);
}

void CallFlow::Domain::promise_over(routing::PromiseKey key, routing::PromiseState how, Time time) {
  Promise* promise = find(key);
  if (promise == nullptr) return;
  PromiseRecord& record = promise->record;
  record.state = how;
  record.ended = time;
  record.owner = {};
  save(record);
  show(record);
  touch_desk(*engine_.desk(record.desk), record.asked);
  const std::string outcome(record.how      ? routing::name_of(*record.how)
                            : record.reason ? routing::name_of(*record.reason)
                                            : "settled");
  for (const auto& [wish, promised] : wishes_)  // those that were merged into it too
    if (promised == record.id) save(SettledWishRecord{wish, outcome, time});
  promises_.erase(record.id);
  promise_ids_.erase(key);
}

void CallFlow::Domain::on(const routing::PromiseDue& event) {
  Promise* promise = find(event.promise);
  if (promise == nullptr) return;
  ++promise->record.missed;
  promise->record.deadline = event.next;
  save(promise->record);
  show(promise->record);
}

}  // namespace madoguchi::centre
