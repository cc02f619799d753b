// Being asked to ring back, and doing so: ticket, dialling, talk.
#include <algorithm>
#include <array>

#include "centre/flow/domain.h"
#include "routing/names.h"

namespace madoguchi::centre {

using routing::AttemptOutcome;

namespace {

AttemptOutcome outcome_of(const DialProgress& progress) {
  switch (progress.outcome) {
    case DialOutcome::kBusy:
    case DialOutcome::kRefused:  // the telephone was rejected, not the wish: that only words can do
      return AttemptOutcome::kBusy;
    case DialOutcome::kNoAnswer:
      return AttemptOutcome::kNoAnswer;
    case DialOutcome::kUnreachable:
      // "SIP 404": the network says there is no such number; otherwise the fault is on our side.
      return progress.detail.rfind("SIP 4", 0) == 0 || progress.detail.rfind("SIP 6", 0) == 0
                 ? AttemptOutcome::kNoAnswer
                 : AttemptOutcome::kFault;
    case DialOutcome::kNotPermitted:
      return progress.detail.find("permitted destinations") != std::string::npos
                 ? AttemptOutcome::kNotPermitted
                 : AttemptOutcome::kTooSoon;
    case DialOutcome::kRinging:
    case DialOutcome::kTalked:
    case DialOutcome::kOperatorGone:
      return AttemptOutcome::kFault;
  }
  return AttemptOutcome::kFault;
}

}  // namespace

bool is_for_good(std::string_view word) {
  constexpr std::array<std::string_view, 10> kForGood{
      "emergency",     "special_service", "premium",      "freephone", "machine",
      "international", "own_number",      "wish_expired", "invalid",   "withheld"};
  return std::find(kForGood.begin(), kForGood.end(), word) != kForGood.end();
}

void CallFlow::Domain::on(const CallbackAsked& event, Time now) {
  if (const auto known = wishes_.find(event.wish); known != wishes_.end()) {
    Promise* promise = find(known->second);
    if (promise != nullptr) promise_line(promise->key, event.line, now);
    return;
  }
  // The promise may have come first: said aloud.
  const CallRecord* record = record_of(event.call);
  if (Promise* made = record == nullptr ? nullptr : find(record->promise);
      made != nullptr &&
      (made->record.wish.empty() ? !event.other_line
                                 : event.basis == routing::PromiseBasis::kOperator))
    return keep_wish(*made, event, now);
  if (event.basis == routing::PromiseBasis::kOperator) return;
  Call* call = find(event.call);
  if (call == nullptr) return wish_after_end(event, now);
  const auto kind = event.other_line ? routing::PromiseLine::kOther : routing::PromiseLine::kOwn;
  routing::LineKey line;
  if (!event.line.empty()) line = engine_.line(call->record.organisation, event.line);
  asking_wish_ = event.wish;
  // Who keyed it hears our thanks; who was lost, as the desk announces, is gone.
  if (event.basis == routing::PromiseBasis::kKey) set_aside(*call, kThanksLimit, now);
  follow();
  const auto asked = engine_.callback_asked(call->key, event.basis, kind,
                                            event.other_line ? line : routing::LineKey{}, now);
  follow();
  asking_wish_ = {};
  if (asked) promise_line(*asked, event.line, now);
}

void CallFlow::Domain::keep_wish(Promise& promise, const CallbackAsked& event, Time now) {
  promise.record.wish = event.wish;
  wishes_[event.wish] = promise.record.id;
  save(promise.record);
  show(promise.record);
  promise_line(promise.key, event.line, now);
}

// The call was over here before this was told: who heard that we ring back is rung all the same.
void CallFlow::Domain::wish_after_end(const CallbackAsked& event, Time now) {
  const auto ended = ended_.find(event.call);
  if (ended == ended_.end() || !ended->second.promise.empty()) return;
  CallRecord& record = ended->second;
  routing::Engine::LateWish wish;
  wish.number = desk_for(record.number_desk, record.organisation);
  wish.withheld = record.withheld;
  wish.basis = event.basis;
  wish.kind = event.other_line ? routing::PromiseLine::kOther : routing::PromiseLine::kOwn;
  const LineToken& line = event.line.empty() && !event.other_line ? record.line : event.line;
  if (!line.empty()) wish.line = engine_.line(record.organisation, line);
  const auto asked = engine_.callback_asked_late(wish, now);
  follow();
  Promise* promise = asked ? find(*asked) : nullptr;
  if (promise == nullptr) return;
  promise->record.call = record.id;
  record.promise = promise->record.id;
  save(record);
  keep_wish(*promise, event, now);
}

// What this operator's talk promises: its own promise, made now if need be, or the one that it
// keeps, which then stays open.
Result<CallFlow::Domain::Promise*> CallFlow::Domain::say_promise(const Talk& talk, Time now) {
  CallRecord& record = talk.call->record;
  Promise* promise = find(record.promise);
  if (record.outbound) {
    if (promise == nullptr) return fail(ErrorCode::kConflict, "this promise is not open any more");
    if (auto again = engine_.callback_outcome(talk.who, AttemptOutcome::kGivenUp); !again)
      return tl::unexpected(again.error());
    command(PromiseCallback{record.id});  // asked for anew: a wish does not last for ever
    return promise;
  }
  if (promise == nullptr || promise->record.basis != routing::PromiseBasis::kOperator) {
    const auto made = engine_.callback_asked(talk.call->key, routing::PromiseBasis::kOperator,
                                             routing::PromiseLine::kOwn, {}, now);
    follow();
    if (!made) return tl::unexpected(made.error());
    promise = find(*made);
  }
  if (promise->record.wish.empty()) command(PromiseCallback{record.id});
  return promise;
}

// The vault says which line a promise is to ring.
void CallFlow::Domain::promise_line(routing::PromiseKey key, const LineToken& line, Time now) {
  Promise* promise = find(key);
  if (promise == nullptr || line.empty() || promise->record.line == line) return;
  static_cast<void>(
      engine_.promise_identified(key, engine_.line(promise->record.organisation, line), now));
  follow();
  promise = find(key);
  if (promise == nullptr) return;  // merged into the line's other promise
  promise->record.line = line;
  save(promise->record);
  show(promise->record);
}

Result<void> CallFlow::Domain::take_promise(routing::OperatorKey who, const PromiseId& id,
                                            Time now) {
  if (!attached_) return need_line();
  Promise* promise = find(id);
  if (promise == nullptr) return fail(ErrorCode::kNotFound, "this promise is not open any more");
  DialOut dial;
  dial.record.call = CallId::fresh(now, entropy_);
  dial.record.promise = id;
  dial.record.who = at(who).id;
  dial.record.started = now;
  dial.desk = promise->record.desk;
  dial.who = who;
  dial.deadline = now + kTicketLimit;
  if (auto taken = engine_.take(who, promise->key, now); !taken) return taken;
  at(who).dialling = dial.record.call;
  save(dial.record);
  const PromiseRecord& record = promise->record;
  effects_.tickets.push_back({dial.record.call, id, record.wish, record.organisation, record.line,
                              at(who).id, record.desk});
  dials_.emplace(dial.record.call, std::move(dial));
  follow();
  touch(who);
  return {};
}

void CallFlow::Domain::ticket_given(const CallId& call, const TicketId& ticket, Time now) {
  const auto found = dials_.find(call);
  if (found == dials_.end() || found->second.commanded) return;
  DialOut& dial = found->second;
  dial.ticket = ticket;
  if (!at(dial.who).own_phone) return command_dial(call, {}, now);
  dial.deadline = now + kTicketLimit;
  TicketWanted wanted;
  wanted.call = call;
  wanted.who = dial.record.who;
  wanted.desk = dial.desk;
  wanted.own_phone = true;
  if (const Promise* promise = find(dial.record.promise))
    wanted.organisation = promise->record.organisation;
  effects_.tickets.push_back(std::move(wanted));
}

void CallFlow::Domain::command_dial(const CallId& call, const TicketId& operator_ticket, Time now) {
  const auto found = dials_.find(call);
  if (found == dials_.end() || found->second.commanded) return;
  DialOut& dial = found->second;
  dial.commanded = true;
  dial.record.ticket = dial.ticket;
  dial.deadline = now + kDialLimit;
  save(dial.record);
  command(Dial{call, dial.ticket, dial.record.who, at(dial.who).by_phone(), dial.desk,
               std::chrono::seconds(45), operator_ticket});
  asked_[effects_.commands.back().id] = {{}, call};
}

void CallFlow::Domain::ticket_denied(const CallId& call, const std::string& word, Time now) {
  dial_failed(call, is_for_good(word) ? AttemptOutcome::kNotPermitted : AttemptOutcome::kTooSoon,
              word, now);
}

void CallFlow::Domain::on(const DialProgress& event, Time now) {
  if (event.outcome == DialOutcome::kRinging) return;
  if (event.outcome == DialOutcome::kTalked) return dial_answered(event.call, now);
  dial_failed(event.call, outcome_of(event), event.detail, now);
}

void CallFlow::Domain::dial_answered(const CallId& id, Time now) {
  const auto found = dials_.find(id);
  if (found == dials_.end() || find(id) != nullptr) return;
  DialOut& dial = found->second;
  const auto key = engine_.callback_answered(dial.who, now);
  if (!key) return;
  dial.deadline.reset();  // from here on the call itself is watched
  Call call;
  call.key = *key;
  call.recording = is_recorded(id);
  CallRecord& record = call.record;
  record.id = id;
  record.number_desk = record.desk = dial.desk;
  record.outbound = true;
  record.arrived = dial.record.started;
  record.answered = now;
  record.promise = dial.record.promise;
  if (const Promise* promise = find(record.promise)) {
    record.organisation = promise->record.organisation;
    record.line = promise->record.line;
  } else {
    record.organisation = engine_.desk(desk_for(dial.desk, {})).organisation;
  }
  call_ids_[*key] = id;
  Call& kept = calls_.emplace(id, std::move(call)).first->second;
  at(dial.who).call = id;
  follow();
  note_talk(kept, dial.who, now);
}

void CallFlow::Domain::dial_failed(const CallId& id, AttemptOutcome outcome,
                                   const std::string& detail, Time now) {
  const auto found = dials_.find(id);
  if (found == dials_.end() || find(id) != nullptr) return;
  const routing::OperatorKey who = found->second.who;
  found->second.record.detail = detail;
  if (!found->second.record.outcome) {
    found->second.record.outcome = outcome;
    found->second.record.ended = now;
  }
  save(found->second.record);
  static_cast<void>(engine_.callback_failed(who, outcome, now));
  follow();
  at(who).dialling = {};
  touch(who);
  dials_.erase(id);
}

Result<void> CallFlow::Domain::stop_dialling(routing::OperatorKey who, AttemptOutcome outcome,
                                             Time now) {
  const CallId id = at(who).dialling;
  const auto found = dials_.find(id);
  if (found == dials_.end()) return fail(ErrorCode::kConflict, "this operator rings nobody");
  if (find(id) != nullptr) {  // answered: the promise is resolved as the talk ends
    if (auto noted = engine_.callback_outcome(who, outcome); !noted) return noted;
    find(id)->ending = true;
    command(EndCall{id, std::string(routing::name_of(outcome))});
    return {};
  }
  if (found->second.commanded) command(EndCall{id, std::string(routing::name_of(outcome))});
  dial_failed(id, outcome, "", now);
  return {};
}

}  // namespace madoguchi::centre
