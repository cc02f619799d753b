// Restart and reconnection. What was committed is put back; the exchange's events since then are
// worked in as if they came now; then what the exchange has is compared with what we have, and the
// difference mended.
#include <algorithm>

#include "centre/flow/domain.h"

namespace madoguchi::centre {

using routing::CallPhase;
using routing::OperatorState;

// ---- From the store

void CallFlow::Domain::restore(const Stored& stored, Time now) {
  engine_.hold_offers();
  position_ = stored.position;
  for (const CallRecord& record : stored.calls)
    if (record.ended) restore_ended(record);
  for (const PromiseRecord& record : stored.promises) restore_promise(record, stored);
  for (const StateRecord& record : stored.states) {
    const auto key = engine_.operator_named(record.who);
    if (!key) continue;
    at(*key).state = record;
    routing::DeskKey desk;
    for (const CallRecord& call : stored.calls)
      if (call.id == record.call) desk = desk_for(call.desk, call.organisation);
    if (record.state == OperatorState::kWrapUp) at(*key).call = record.call;
    engine_.restore(*key, record.state, record.reason, desk, record.since);
  }
  for (const AttemptRecord& attempt : stored.attempts) restore_attempt(attempt, now);
  for (const CallRecord& record : stored.calls)
    if (!record.ended) restore_live(record, now);
  for (const LegRecord& leg : stored.legs) restore_leg(leg, now);
  for (const RecordingRecord& recording : stored.recordings) {
    recordings_.emplace(recording.id, recording);
    if (Call* call = find(recording.call)) {
      call->recording = true;
      call->recording_paused = !recording.pauses.empty() && recording.pauses.back().second;
    }
  }
  mend_states(now);
}

void CallFlow::Domain::restore_ended(const CallRecord& record) {
  ended_.emplace(record.id, record);
  if (record.outbound) return;
  routing::Engine::EndedCall ended;
  ended.number = desk_for(record.number_desk, record.organisation);
  if (!record.line.empty()) ended.line = engine_.line(record.organisation, record.line);
  ended.arrived = record.arrived;
  ended.answered = record.talked.value_or(Time{});
  ended.ended = *record.ended;
  ended.bucket = record.bucket;
  ended.withheld = record.withheld;
  ended.talked = record.talked.has_value();
  ended.talking_at_end = record.talking_at_end;
  ended.settled = record.settled.has_value();
  call_ids_[engine_.restore(ended)] = record.id;
}

void CallFlow::Domain::restore_promise(const PromiseRecord& stored, const Stored& all) {
  PromiseRecord record = stored;
  // A talk that had ended before the promise was written off as kept.
  const auto rung = std::find_if(
      all.attempts.begin(), all.attempts.end(),
      [&](const AttemptRecord& attempt) { return attempt.promise == record.id && !attempt.ended; });
  if (record.state == routing::PromiseState::kTaken && rung == all.attempts.end()) {
    record.state = routing::PromiseState::kOpen;
    record.owner = {};
    save(record);
  }
  routing::Engine::KnownPromise known;
  routing::Promise& promise = known.promise;
  promise.desk = desk_for(record.desk, record.organisation);
  if (!record.line.empty()) promise.line = engine_.line(record.organisation, record.line);
  promise.basis = record.basis;
  promise.kind = record.kind;
  promise.state = record.state;
  promise.asked = record.asked;
  promise.deadline = record.deadline;
  promise.missed = record.missed;
  promise.asks = record.asks;
  promise.merged = record.merged;
  promise.attempts = record.attempts;
  known.how = record.how.value_or(routing::KeptHow::kCalledBack);
  known.reason = record.reason.value_or(routing::CloseReason::kStaff);
  known.absorbed = !record.absorbed_by.empty();
  const routing::PromiseKey key = engine_.restore(known);
  if (!record.wish.empty()) wishes_[record.wish] = known.absorbed ? record.absorbed_by : record.id;
  if (key.none()) return;
  promise_ids_[key] = record.id;
  promises_.emplace(record.id, Promise{record, key});
}

// An attempt that had not ended: the exchange may still be at it, unless it was never told.
void CallFlow::Domain::restore_attempt(const AttemptRecord& attempt, Time now) {
  const auto who = engine_.operator_named(attempt.who);
  Promise* promise = find(attempt.promise);
  if (attempt.ticket.empty() || !who || promise == nullptr) {
    AttemptRecord over = attempt;
    over.ended = now;
    over.outcome = routing::AttemptOutcome::kFault;
    over.detail = "centre_restarted";
    save(over);
    if (promise == nullptr || promise->record.state != routing::PromiseState::kTaken) return;
    promise->record.state = routing::PromiseState::kOpen;
    promise->record.owner = {};
    save(promise->record);
    return;
  }
  DialOut dial;
  dial.record = attempt;
  dial.desk = promise->record.desk;
  dial.who = *who;
  dial.deadline = now + kDialLimit;
  dial.commanded = true;
  at(*who).dialling = attempt.call;
  dials_.emplace(attempt.call, std::move(dial));
  engine_.restore_dialling(*who, promise->key);
}

void CallFlow::Domain::restore_live(const CallRecord& record, Time now) {
  routing::Engine::LiveCall live;
  live.desk = desk_for(record.desk, record.organisation);
  live.number = desk_for(record.number_desk, record.organisation);
  if (!record.line.empty()) live.line = engine_.line(record.organisation, record.line);
  live.phase = record.phase;
  live.withheld = record.withheld;
  live.agreed = record.agreed;
  live.returned = record.returned;
  live.talked = record.talked.has_value();
  live.answered = record.talked.value_or(Time{});
  live.callback = record.outbound;
  live.arrived = record.arrived;
  if (const Promise* promise = find(record.promise)) live.promise = promise->key;
  const auto with = engine_.operator_named(record.with);
  if (live.phase == CallPhase::kTalking) {
    if (with)
      live.with = *with;
    else
      live.phase = CallPhase::kWaiting;  // its operator is no longer in the settings
  }
  Call call;
  call.record = record;
  call.key = engine_.restore(live, now);
  call.record.phase = engine_.find(call.key)->phase;
  call_ids_[call.key] = record.id;
  if (call.record.phase == CallPhase::kTalking) {
    at(*with).call = record.id;
    if (const auto dial = dials_.find(record.id); dial != dials_.end())
      dial->second.deadline.reset();
  }
  Call& kept = calls_.emplace(record.id, std::move(call)).first->second;
  if (kept.record.phase == CallPhase::kWaiting) tell_place_at(kept, now + kFirstPlace);
}

void CallFlow::Domain::restore_leg(const LegRecord& leg, Time now) {
  if (restore_consult(leg)) return;
  const auto who = engine_.operator_named(leg.who);
  if (leg.connected && who) {
    legs_.emplace(leg.id, leg);
    at(*who).attempt = leg.id;
    return;
  }
  LegRecord over = leg;  // what rang is offered anew
  over.ended = now;
  over.how = LegEnd::kCancelled;
  save(over);
}

// A consultation goes on as it was: the exchange rings, or joins the two, without us.
bool CallFlow::Domain::restore_consult(const LegRecord& leg) {
  const auto who = engine_.operator_named(leg.who);
  Call* call = find(leg.call);
  if (leg.kind != LegKind::kConsulted || !who || call == nullptr) return false;
  if (engine_.find(call->key)->with == *who) return false;  // has the caller by now
  const Desk& desk = at(*engine_.desk(call->record.desk));
  engine_.restore_consult(call->key, *who, leg.connected.has_value(),
                          leg.offered + desk.settings.routing.ring_limit);
  if (engine_.find(call->key)->consulted != *who) return false;
  legs_.emplace(leg.id, leg);
  at(*who).attempt = leg.id;
  at(*who).call = leg.call;
  call->consulted = leg.who;
  call->consulting = leg.connected.has_value();
  call->from = call->record.with;
  return true;
}

// The open interval of each operator must be of the state that was restored.
void CallFlow::Domain::mend_states(Time now) {
  for (std::uint32_t i = 0; i < operators_.size(); ++i) {
    const routing::OperatorKey key{i};
    const routing::OperatorView now_is = engine_.look(key);
    Operator& who = at(key);
    touch(key);
    if (who.state.id.empty() || who.state.state == now_is.state) continue;
    who.state.until = now;
    save(who.state);
    who.state = StateRecord{.id = StateId::fresh(now, entropy_),
                            .who = who.id,
                            .state = now_is.state,
                            .reason = now_is.reason,
                            .call = who.call,
                            .since = now,
                            .until = {}};
    save(who.state);
  }
}

// ---- To the exchange

void CallFlow::Domain::attach(const Snapshot& snapshot, Time now) {
  engine_.hold_offers();
  attached_ = true;
  if (position_.epoch != snapshot.epoch) {
    // A spool that begins anew would otherwise look as if it had been worked in already.
    if (snapshot.sequence < position_.sequence) position_.sequence = 0;
    position_.epoch = snapshot.epoch;
    position_changed_ = true;
  }
  send_desks(now);
  const auto holds = [](const std::vector<OperatorId>& ids, const OperatorId& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  for (const Operator& who : operators_)
    reachable(who.id, holds(snapshot.seats, who.id), holds(snapshot.phones, who.id), now);
  follow();
  catching_up_ = snapshot;
  if (snapshot.sequence != 0 && snapshot.sequence <= position_.sequence) return catch_up(now);
  // Without a number to wait for, what was pending comes at once after the snapshot.
  catch_up_by_ = now + (snapshot.sequence == 0 ? kUncountedReplay : kReplayLimit);
}

// However long it takes in all: calls that are not in the snapshot end by their own events.
void CallFlow::Domain::replay_goes_on(Time now) {
  if (catching_up_ && catching_up_->sequence != 0) catch_up_by_ = now + kReplayLimit;
}

void CallFlow::Domain::detached(Time) {
  engine_.hold_offers();
  attached_ = false;
  catching_up_.reset();
  catch_up_by_.reset();
}

void CallFlow::Domain::catch_up(Time now) {
  const Snapshot snapshot = *std::exchange(catching_up_, std::nullopt);
  catch_up_by_.reset();
  std::set<CallId> up;
  for (const LiveCall& live : snapshot.calls) {
    up.insert(live.call);
    if (Call* call = find(live.call))
      compare(live, *call, now);
    else if (!ended_.contains(live.call) && !dials_.contains(live.call))
      adopt(live, now);
    follow();
  }
  for (auto& [id, call] : calls_)
    if (!up.contains(id)) call.missing_at = now + kMissingLimit;
  for (auto& [id, dial] : dials_)
    if (!up.contains(id) && !calls_.contains(id)) dial.deadline = now + kMissingLimit;
  offer_again(now);
}

// A call that the exchange has and we do not: its arrival was lost with the store.
void CallFlow::Domain::adopt(const LiveCall& live, Time now) {
  if (live.outbound) return command(EndCall{live.call, "unknown"});
  CallRecord record;
  record.id = live.call;
  record.number_called = live.number_called;
  CallArrived as_arrived;
  as_arrived.desk = live.desk;
  as_arrived.organisation = live.organisation;
  as_arrived.number_called = live.number_called;
  record.desk = record.number_desk = engine_.desk(desk_of(as_arrived)).id;
  record.organisation = engine_.desk(desk_of(as_arrived)).organisation;
  record.line = live.line;
  record.withheld = live.withheld;
  record.arrived = live.arrived;
  record.phase = live.stage == CallStage::kArrived ? CallPhase::kListening : CallPhase::kWaiting;
  restore_live(record, now);
  Call& call = *find(live.call);
  compare(live, call, now);
  touch(call);
}

void CallFlow::Domain::compare(const LiveCall& live, Call& call, Time now) {
  identify(call.record, call.key, live.line, now);
  if (const Promise* said = find(call.record.promise);
      said != nullptr && said->record.wish.empty() && !live.callback_asked && !live.outbound)
    command(PromiseCallback{live.call});  // the command was lost on the way
  const routing::Call& now_is = *engine_.find(call.key);
  switch (live.stage) {
    case CallStage::kTalking:
    case CallStage::kConsulting:
      compare_talk(live, call, now);
      break;
    case CallStage::kRinging:
      if (!legs_.contains(live.attempt)) command(CancelRing{live.attempt});
      break;
    case CallStage::kWaiting:
      if (now_is.phase == CallPhase::kListening || now_is.phase == CallPhase::kOutOfHours)
        static_cast<void>(engine_.heard(call.key, now));
      else if (now_is.phase == CallPhase::kTalking)
        static_cast<void>(engine_.leg_lost(now_is.with, now));
      else if (now_is.phase == CallPhase::kRinging)
        ring_again(now_is.with, now);
      break;
    case CallStage::kArrived:
    case CallStage::kDialling:
      break;
  }
  call.held = live.held;
  call.muted = live.muted;
  if (live.recording_interrupted) call.recording = false;
  touch(call);
}

void CallFlow::Domain::compare_talk(const LiveCall& live, Call& call, Time now) {
  const routing::Call& now_is = *engine_.find(call.key);
  const bool talking = now_is.phase == CallPhase::kTalking;
  const auto who = engine_.operator_named(live.who);
  const bool joined = talking && who && now_is.with == *who;
  if (live.stage == CallStage::kConsulting) {
    if (talking && engine_.id_of(now_is.with) == live.consulting)  // handed over here already
      return command(CompleteTransfer{live.call});
    if (now_is.consulted.none()) command(CancelConsult{live.call});  // nobody here knows of it
  } else if (joined && !now_is.consulted.none()) {
    consult_again(call, now);
  }
  if (!who || joined) return;
  static_cast<void>(engine_.found_talking(call.key, *who, now));
  follow();
  note_talk(call, *who, now);
}

// The command to consult was lost on the way, or the consultation ended unseen.
void CallFlow::Domain::consult_again(Call& call, Time now) {
  const routing::Call& now_is = *engine_.find(call.key);
  const routing::OperatorView view = engine_.look(now_is.consulted);
  const auto leg = legs_.find(at(now_is.consulted).attempt);
  if (now_is.consulting || leg == legs_.end()) {
    call.consulted = {};
    call.consulting = false;
    static_cast<void>(engine_.consult_over(now_is.with, now));
    return follow();
  }
  ring(leg->second, std::max(view.deadline - now, Micros(std::chrono::seconds(1))));
}

// The command to ring was lost on the way.
void CallFlow::Domain::ring_again(routing::OperatorKey key, Time now) {
  const routing::OperatorView view = engine_.look(key);
  const auto leg = legs_.find(at(key).attempt);
  if (leg == legs_.end()) return;
  ring(leg->second, std::max(view.deadline - now, Micros(std::chrono::seconds(1))));
}

}  // namespace madoguchi::centre
