// What the exchange tells.
#include <algorithm>

#include "centre/flow/domain.h"

namespace madoguchi::centre {

using routing::CallPhase;
using routing::EndCause;

void CallFlow::Domain::take(const ExchangeEvent& event, Time now) {
  replay_goes_on(now);
  if (event.sequence != 0) {
    if (event.sequence <= position_.sequence) return;  // worked in before
    position_.sequence = event.sequence;
    position_changed_ = true;
  }
  // What happened while we were away happened then; otherwise our own clock rules our deadlines.
  apply(event, catching_up_ ? std::min(event.at, now) : now);
  follow();
  if (catching_up_ && catching_up_->sequence != 0 && event.sequence >= catching_up_->sequence)
    catch_up(now);
}

void CallFlow::Domain::apply(const ExchangeEvent& event, Time at) {
  const auto of_call = [this](const CallId& id) {
    if (Call* call = find(id)) call->missing_at.reset();
  };
  std::visit(
      [&](const auto& one) {
        using T = std::decay_t<decltype(one)>;
        if constexpr (requires { one.call; }) of_call(one.call);
        if constexpr (std::is_same_v<T, CallArrived>) {
          on(one, std::min(event.at, at), at);
        } else if constexpr (std::is_same_v<T, HoldChanged>) {
          if (Call* call = find(one.call)) {
            call->held = one.on;
            touch(*call);
          }
        } else if constexpr (std::is_same_v<T, MuteChanged>) {
          if (Call* call = find(one.call)) {
            call->muted = one.on;
            touch(*call);
          }
        } else if constexpr (std::is_same_v<T, RecordingInterrupted>) {
          if (Call* call = find(one.call)) {
            call->recording = !one.on;
            touch(*call);
          }
        } else if constexpr (std::is_same_v<T, SeatChanged>) {
          reachable(one.who, one.connected, std::nullopt, at);
        } else if constexpr (std::is_same_v<T, PhoneChanged>) {
          reachable(one.who, std::nullopt, one.registered, at);
        } else if constexpr (!std::is_same_v<T, OperatorRinging> &&
                             !std::is_same_v<T, ToldToOthers>) {
          on(one, at);
        }
      },
      event.what);
}

// ---- Calls

void CallFlow::Domain::on(const CallArrived& event, Time arrived, Time now) {
  if (record_of(event.call) != nullptr || dials_.contains(event.call)) return;
  const routing::DeskKey desk = desk_of(event);
  routing::Arrival arrival;
  arrival.desk = desk;
  arrival.withheld = event.withheld;
  arrival.open = event.open;
  arrival.listening = true;
  arrival.arrived = arrived;
  const auto key = engine_.arrived(arrival, now);
  if (!key) return;
  Call call;
  call.key = *key;
  CallRecord& record = call.record;
  record.id = event.call;
  record.number_called = event.number_called;
  record.number_desk = record.desk = engine_.desk(desk).id;
  record.organisation = engine_.desk(desk).organisation;
  record.withheld = event.withheld;
  record.trunk = event.trunk;
  record.in_hours = event.open;
  record.phase = engine_.find(*key)->phase;
  record.arrived = arrived;
  call_ids_[*key] = event.call;
  touch(calls_.emplace(event.call, std::move(call)).first->second);
}

void CallFlow::Domain::on(const CallIdentified& event, Time now) {
  if (Call* call = find(event.call)) {
    identify(call->record, call->key, event.line, now);
    touch(*call);
    return;
  }
  const auto ended = ended_.find(event.call);
  if (ended == ended_.end()) return;
  const auto key = std::find_if(call_ids_.begin(), call_ids_.end(),
                                [&](const auto& one) { return one.second == event.call; });
  if (key != call_ids_.end()) identify(ended->second, key->first, event.line, now);
  save(ended->second);
}

void CallFlow::Domain::identify(CallRecord& record, routing::CallKey key, const LineToken& line,
                                Time now) {
  if (!record.line.empty() || record.withheld || line.empty()) return;
  record.line = line;
  static_cast<void>(engine_.identified(key, engine_.line(record.organisation, line), now));
  follow();
  Promise* promise = find(record.promise);
  if (promise == nullptr || !promise->record.line.empty()) return;
  const routing::Promise* known = engine_.find(promise->key);
  if (known == nullptr || known->line.none()) return;
  promise->record.line = engine_.token_of(known->line);
  save(promise->record);
  show(promise->record);
}

void CallFlow::Domain::on(const CallAnswered& event, Time now) {
  // Whoever is rung back hears the notice first; its end, or the call's, is told.
  if (const auto dial = dials_.find(event.call); dial != dials_.end())
    dial->second.deadline.reset();
  Call* call = find(event.call);
  if (call == nullptr || call->record.answered) return;
  call->record.answered = now;
  touch(*call);
}

void CallFlow::Domain::on(const CallWaiting& event, Time now) {
  Call* call = find(event.call);
  if (call == nullptr) return;
  call->aside_until.reset();
  // A telephone's own transfer (REFER) moves the call without asking us.
  if (const auto desk = engine_.desk(event.desk);
      desk && event.desk != call->record.desk && call->record.phase != CallPhase::kTalking)
    static_cast<void>(engine_.transfer(call->key, *desk, now));
  else
    static_cast<void>(engine_.heard(call->key, now));
}

void CallFlow::Domain::set_aside(Call& call, Micros most, Time now) {
  if (!engine_.set_aside(call.key, now)) return;
  call.aside_until = now + most;
  call.record.phase = CallPhase::kListening;
  touch(call);
}

void CallFlow::Domain::on(const RecordingRefused& event, Time) {
  Call* call = find(event.call);
  if (call == nullptr) return;
  call->record.recording_refused = true;
  touch(*call);
}

void CallFlow::Domain::on(const CallEnded& event, Time now) {
  if (dials_.contains(event.call) && find(event.call) == nullptr) {
    const bool cut = event.cause == CallEndCause::kCutOff || event.cause == CallEndCause::kShutDown;
    const bool left =
        event.cause == CallEndCause::kOperatorHungUp || event.cause == CallEndCause::kEndedByCentre;
    using routing::AttemptOutcome;
    return dial_failed(event.call,
                       cut    ? AttemptOutcome::kFault
                       : left ? AttemptOutcome::kGivenUp
                              : AttemptOutcome::kNoAnswer,
                       event.detail, now);
  }
  Call* call = find(event.call);
  if (call == nullptr) return;
  identify(call->record, call->key, event.line, now);
  switch (event.cause) {
    case CallEndCause::kCallerHungUp:
    case CallEndCause::kCallerCancelled:
    case CallEndCause::kNotConnected:
      return end_call(*call, EndCause::kCaller, event.detail, now);
    case CallEndCause::kOperatorHungUp:
      return end_call(*call, EndCause::kOperator, event.detail, now);
    case CallEndCause::kEndedByCentre:
      return end_call(*call, call->ending ? EndCause::kOperator : EndCause::kDesk, event.detail,
                      now);
    case CallEndCause::kClosedHours:
    case CallEndCause::kCallbackChosen:
      return end_call(*call, EndCause::kDesk, event.detail, now);
    case CallEndCause::kCutOff:
    case CallEndCause::kShutDown:
      return end_call(*call, EndCause::kFault, event.detail, now);
  }
}

void CallFlow::Domain::end_call(Call& call, EndCause cause, const std::string& detail, Time now) {
  const CallId id = call.record.id;
  call.record.ended = now;
  call.record.cause = cause;
  call.record.cause_detail = detail;
  static_cast<void>(engine_.ended(call.key, cause, now));
  follow();
  touch(call);
  show(CallGone{id, call.record.bucket, now});
  changed_calls_.erase(id);
  if (const auto dial = dials_.find(id); dial != dials_.end()) {
    Operator& who = at(dial->second.who);
    if (who.dialling == id) who.dialling = {};
    touch(dial->second.who);
    dials_.erase(dial);
  }
  // Its key is kept for what may still be told of it: its line, its settling.
  ended_.emplace(id, std::move(call.record));
  calls_.erase(id);
}

// ---- Rings and talks

void CallFlow::Domain::on(const OperatorAnswered& event, Time now) {
  const auto who = key_of(event.who);
  if (!who || at(*who).attempt != event.attempt) return;
  Call* call = find(event.call);
  const routing::Call* now_is = call == nullptr ? nullptr : engine_.find(call->key);
  if (now_is != nullptr && now_is->consulted == *who) return consult_answered(*call, *who, now);
  static_cast<void>(engine_.accepted(*who, now + kConnectLimit, now));
  touch(*who);
}

// The two operators hear each other; the caller is on hold.
void CallFlow::Domain::consult_answered(Call& call, routing::OperatorKey key, Time now) {
  if (!engine_.answered(key, now)) return;
  call.consulting = true;
  Operator& who = at(key);
  if (const auto leg = legs_.find(who.attempt); leg != legs_.end()) {
    leg->second.connected = now;
    save(leg->second);
  }
  show(RingOver{who.id, who.attempt});
  touch(call);
}

void CallFlow::Domain::on(const RingFailed& event, Time now) {
  const auto key = key_of(event.who);
  if (!key || at(*key).attempt != event.attempt) return;
  at(*key).ring_over = true;
  switch (event.why) {
    case RingFailure::kNoAnswer:
      static_cast<void>(engine_.missed(*key, now));
      break;
    case RingFailure::kRefused:
      static_cast<void>(engine_.refused(*key, now));
      break;
    case RingFailure::kUnreachable:
      static_cast<void>(engine_.ring_failed(*key, now));
      break;
    case RingFailure::kCancelled:  // the caller went, or is keying: its end or its waiting follows
      if (Call* call = find(event.call);
          call != nullptr && call->record.phase == CallPhase::kRinging)
        set_aside(*call, kAsideLimit, now);
      else
        static_cast<void>(engine_.consult_over(*key, now));
      break;
  }
  follow();
  at(*key).ring_over = false;
}

void CallFlow::Domain::note_talk(Call& call, routing::OperatorKey key, Time now) {
  Operator& who = at(key);
  CallRecord& record = call.record;
  record.phase = CallPhase::kTalking;
  record.with = who.id;
  record.returned = false;
  if (!record.talked) record.talked = now;
  record.bucket = routing::Bucket::kTalked;
  call.held = call.muted = false;  // both end with the operator who did it
  call.from = {};
  auto leg = legs_.find(who.attempt);
  if (leg == legs_.end() || leg->second.call != record.id) {
    LegRecord found;
    found.id = AttemptId::fresh(now, entropy_);
    found.call = record.id;
    found.kind = record.outbound ? LegKind::kDialled : LegKind::kOperator;
    found.who = who.id;
    found.by_phone = who.by_phone();
    found.offered = now;
    who.attempt = found.id;
    leg = legs_.emplace(found.id, found).first;
  }
  if (!leg->second.connected) leg->second.connected = now;
  save(leg->second);
  touch(call);
}

void CallFlow::Domain::on(const Connected& event, Time now) {
  const auto who = key_of(event.who);
  if (!who) return;
  if (dials_.contains(event.call) && find(event.call) == nullptr)
    return dial_answered(event.call, now);
  Call* call = find(event.call);
  if (call == nullptr) return;
  const routing::Call* now_is = engine_.find(call->key);
  if (now_is == nullptr) return;
  if (now_is->consulted == *who && !now_is->consulting) return consult_answered(*call, *who, now);
  if (now_is->phase == CallPhase::kTalking && now_is->with == *who) return;
  show(RingOver{event.who, at(*who).attempt});
  static_cast<void>(engine_.found_talking(call->key, *who, now));
  follow();
  note_talk(*call, *who, now);
}

void CallFlow::Domain::on(const OperatorLeft& event, Time now) {
  const auto who = key_of(event.who);
  Call* call = find(event.call);
  if (!who || call == nullptr) return;
  const routing::Call* now_is = engine_.find(call->key);
  if (now_is == nullptr) return;
  if (now_is->consulted == *who) {
    call->consulted = {};
    call->consulting = false;
    static_cast<void>(engine_.consult_over(*who, now));
    touch(*call);
    return;
  }
  if (now_is->with != *who || now_is->phase != CallPhase::kTalking) return;
  if (now_is->consulting) {  // the exchange joins the other one with the caller by itself
    handed_over(*call, *who, now);
    return;
  }
  if (event.why == "transferred")  // by the telephone itself; where to follows
    static_cast<void>(engine_.transfer(call->key, now_is->desk, now));
  else
    static_cast<void>(engine_.leg_lost(*who, now));
}

void CallFlow::Domain::reachable(const OperatorId& id, std::optional<bool> seat,
                                 std::optional<bool> phone, Time now) {
  const auto key = key_of(id);
  if (!key) return;
  Operator& who = at(*key);
  who.seat = seat.value_or(who.seat);
  who.phone = phone.value_or(who.phone);
  static_cast<void>(engine_.reachable(*key, who.seat || who.phone || who.own_phone, now));
  touch(*key);
}

void CallFlow::Domain::on(const CommandRefused& event, Time now) {
  const auto found = asked_.find(event.command);
  if (found == asked_.end()) return;
  const Asked asked = found->second;
  asked_.erase(found);
  if (!asked.dial.empty())
    return dial_failed(asked.dial, routing::AttemptOutcome::kFault, event.why, now);
  const auto leg = legs_.find(asked.attempt);
  if (leg == legs_.end()) return;
  const auto who = key_of(leg->second.who);
  if (!who || at(*who).attempt != asked.attempt) return;
  at(*who).ring_over = true;
  static_cast<void>(engine_.ring_failed(*who, now));
  follow();
  at(*who).ring_over = false;
}

// ---- Recordings

void CallFlow::Domain::on(const RecordingStarted& event, Time now) {
  if (recordings_.contains(event.recording)) return;
  RecordingRecord record;
  record.id = event.recording;
  record.call = event.call;
  record.started = now;
  save(record);
  recordings_.emplace(record.id, record);
  if (Call* call = find(event.call)) {
    call->recording = true;
    touch(*call);
  }
}

bool CallFlow::Domain::is_recorded(const CallId& id) const {
  return std::any_of(recordings_.begin(), recordings_.end(),
                     [&](const auto& one) { return one.second.call == id; });
}

void CallFlow::Domain::on(const RecordingPaused& event, Time now) {
  for (auto& [id, record] : recordings_) {
    if (record.call != event.call) continue;
    record.pauses.emplace_back(now, event.on);
    save(record);
  }
  if (Call* call = find(event.call)) {
    call->recording_paused = event.on;
    touch(*call);
  }
}

void CallFlow::Domain::on(const RecordingClosed& event, Time now) {
  auto found = recordings_.find(event.recording);
  if (found == recordings_.end()) {
    RecordingRecord record;
    record.id = event.recording;
    record.call = event.call;
    record.started = now;
    found = recordings_.emplace(record.id, record).first;
  }
  RecordingRecord& record = found->second;
  record.closed = now;
  record.digest_hex = event.digest_hex;
  record.bytes = event.bytes;
  record.cut_off = event.cut_off;
  save(record);
  recordings_.erase(found);
  if (Call* call = find(event.call)) {
    call->recording = false;
    touch(*call);
  }
}

}  // namespace madoguchi::centre
