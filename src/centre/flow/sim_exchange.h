// An exchange for the call flow's tests: it keeps calls, carries out commands, logs events with
// sequence numbers until they are acknowledged, and can crash. Only as much of one as the centre
// can see.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "centre/flow/exchange_link.h"

namespace madoguchi::centre {

class SimExchange {
 public:
  struct SimCall {
    LiveCall live;
    LineToken token;      // what the vault would say
    bool thanks = false;  // hears that we will ring back, then it ends
    bool asked = false;   // to be rung back
  };

  explicit SimExchange(const Time& now) : now_(now) {}

  // Desks that tell callers: who is lost while waiting is rung back.
  std::set<DeskId> announcing;
  // Callers who do not hear that, since their lines cannot be rung.
  std::set<CallId> unringable;

  // ---- The world
  void arrive(const CallId& id, const DeskId& desk, const LineToken& token, bool withheld,
              bool open = true) {
    SimCall call;
    call.live.call = id;
    call.live.desk = desk;
    call.live.organisation = OrganisationId("org");
    call.live.withheld = withheld;
    call.live.arrived = now_;
    call.token = token;
    calls_[id] = call;
    log(CallArrived{id, "+81501", desk, OrganisationId("org"), withheld, "trunk", open});
  }
  void identify(const CallId& id) {
    SimCall* call = find(id);
    if (call == nullptr || call->live.withheld || !call->live.line.empty()) return;
    call->live.line = call->token;
    log(CallIdentified{id, call->token});
  }
  void answer(const CallId& id) {
    if (find(id) == nullptr) return;
    log(CallAnswered{id});
    wait(id);
  }
  void record(const CallId& id) {
    if (find(id) != nullptr) log(RecordingStarted{id, RecordingId(id.text() + ".1")});
  }
  void interrupt_recording(const CallId& id, bool on) {
    if (SimCall* call = find(id)) call->live.recording_interrupted = on;
    log(RecordingInterrupted{id, on});
  }
  void hang_up(const CallId& id, CallEndCause cause = CallEndCause::kCallerHungUp) {
    if (find(id) != nullptr) end(id, cause);
  }
  void ask_callback(const CallId& id, bool other_line, const LineToken& line) {
    begin_thanks(id, other_line, line);
    if (find(id) != nullptr) end(id, CallEndCause::kCallbackChosen);
  }
  void begin_thanks(const CallId& id, bool other_line, const LineToken& line) {
    SimCall* call = find(id);
    if (call == nullptr) return;
    if (call->live.stage == CallStage::kRinging) ring_failed(*call, RingFailure::kCancelled);
    call->thanks = true;
    wish(*call, other_line, line, routing::PromiseBasis::kKey);
  }
  // The operator's telephone transfers by itself (REFER).
  void refer(const CallId& id, const DeskId& desk) {
    SimCall* call = find(id);
    call->live.desk = desk;
    left(*call, "transferred");
  }
  // The vault has said whose line a wish is for.
  void tell_line(const CallId& id, bool other_line, const LineToken& line) {
    log(CallbackAsked{id, other_line, line, WishId("wish." + id.text()), {}});
  }
  void pick_up_phone(const OperatorId& who) { picked_up(who); }
  void seat(const OperatorId& who, bool connected) {
    if (connected == seats_.contains(who)) return;
    if (connected) {
      seats_.insert(who);
    } else {
      seats_.erase(who);
      for (auto next = calls_.begin(); next != calls_.end();) {
        SimCall& call = (next++)->second;
        if (call.live.who != who) continue;
        if (call.live.stage == CallStage::kRinging)
          ring_failed(call, RingFailure::kUnreachable);
        else if (call.live.stage == CallStage::kTalking)
          left(call, "seat lost");
      }
    }
    log(SeatChanged{who, connected});
  }
  // The line that is being rung answers, or does not.
  void dial_ends(const CallId& id, DialOutcome outcome) {
    SimCall* call = find(id);
    if (call == nullptr || call->live.stage != CallStage::kDialling) return;
    if (outcome == DialOutcome::kTalked) line_answers(id);
    log(DialProgress{id, call->live.ticket, outcome, ""});
    if (outcome != DialOutcome::kTalked) return end(id, CallEndCause::kNotConnected);
    call->live.stage = CallStage::kTalking;
    log(Connected{id, call->live.who});
  }
  // It picks up, and hears the notice first.
  void line_answers(const CallId& id) {
    log(CallAnswered{id});
    log(RecordingStarted{id, RecordingId("rec." + id.text())});
  }
  void crash() {
    ++epoch_;
    std::vector<CallId> all;
    for (const auto& [id, call] : calls_) all.push_back(id);
    for (const CallId& id : all) {
      SimCall& call = calls_.at(id);
      lost(call);
      log(CallEnded{id, CallEndCause::kCutOff, "crash", call.live.stage,
                    call.live.withheld ? LineToken{} : call.token});
      calls_.erase(id);
    }
  }

  // ---- The centre's side
  [[nodiscard]] Snapshot snapshot() const {
    Snapshot shot;
    shot.epoch = "epoch" + std::to_string(epoch_);
    shot.sequence = sequence_;
    for (const auto& [id, call] : calls_) shot.calls.push_back(call.live);
    shot.seats.assign(seats_.begin(), seats_.end());
    return shot;
  }
  [[nodiscard]] const std::vector<ExchangeEvent>& unacknowledged() const { return log_; }
  void acknowledge(std::uint64_t sequence) {
    std::erase_if(log_, [&](const ExchangeEvent& event) { return event.sequence <= sequence; });
  }
  void carry_out(const ExchangeCommand& command) {
    if (!done_.insert(command.id).second) return;
    std::visit([this](const auto& one) { act(one); }, command.what);
  }
  [[nodiscard]] const std::map<CallId, SimCall>& calls() const { return calls_; }
  [[nodiscard]] const std::vector<Dial>& dialled() const { return dialled_; }
  [[nodiscard]] const std::vector<RingOperator>& rung() const { return rung_; }
  [[nodiscard]] const std::vector<AnnouncePlace>& places() const { return places_; }
  [[nodiscard]] std::size_t wishes() const { return wishes_; }
  SimCall* find(const CallId& id) {
    const auto found = calls_.find(id);
    return found == calls_.end() ? nullptr : &found->second;
  }

 private:
  template <typename T>
  void log(T what) {
    log_.push_back({++sequence_, now_, std::move(what)});
  }
  void wish(SimCall& call, bool other_line, const LineToken& line, routing::PromiseBasis basis) {
    if (std::exchange(call.asked, true)) return;
    ++wishes_;
    call.live.callback_asked = true;
    const CallId& id = call.live.call;
    log(CallbackAsked{id, other_line, line, WishId("wish." + id.text()), basis});
  }
  void lost(SimCall& call) {
    const LiveCall& live = call.live;
    const bool waited = live.stage == CallStage::kArrived || live.stage == CallStage::kWaiting ||
                        live.stage == CallStage::kRinging;
    if (waited && !live.outbound && !live.withheld && announcing.contains(live.desk) &&
        !unringable.contains(live.call))
      wish(call, false, {}, routing::PromiseBasis::kAnnounced);
  }
  void end(const CallId& id, CallEndCause cause) {
    if (cause != CallEndCause::kCallbackChosen && cause != CallEndCause::kEndedByCentre)
      lost(calls_.at(id));
    log(CallEnded{id, cause, "", calls_.at(id).live.stage, {}});
    calls_.erase(id);
  }
  void wait(const CallId& id) {
    SimCall& call = calls_.at(id);
    call.live.stage = CallStage::kWaiting;
    call.live.who = {};
    call.live.attempt = {};
    call.live.consulting = {};
    call.live.held = call.live.muted = false;
    log(CallWaiting{id, call.live.desk});
  }
  void ring_failed(SimCall& call, RingFailure why) {
    log(RingFailed{call.live.call, call.live.attempt, call.live.who, why});
    call.live.stage = CallStage::kWaiting;
    call.live.who = {};
    call.live.attempt = {};
  }
  void left(SimCall& call, const std::string& why) {
    if (call.live.outbound) return end(call.live.call, CallEndCause::kCutOff);
    log(OperatorLeft{call.live.call, call.live.who, why});
    wait(call.live.call);
  }
  void connected(SimCall& call) {
    call.live.stage = CallStage::kTalking;
    call.live.held = call.live.muted = false;
    log(Connected{call.live.call, call.live.who});
  }
  void picked_up(const OperatorId& who) {
    for (auto& [id, call] : calls_) {
      if (call.live.stage == CallStage::kRinging && call.live.who == who) {
        log(OperatorAnswered{id, call.live.attempt, who});
        connected(call);
      } else if (call.live.stage == CallStage::kConsulting && call.live.consulting == who) {
        log(OperatorAnswered{id, call.live.attempt, who});
      }
    }
  }

  void act(const SetDesks&) {}
  void act(const RingOperator& ring) {
    SimCall* call = find(ring.call);
    if (call == nullptr) return;
    if (call->live.stage != CallStage::kWaiting || call->thanks)
      return log(RingFailed{ring.call, ring.attempt, ring.who, RingFailure::kCancelled});
    call->live.stage = CallStage::kRinging;
    call->live.who = ring.who;
    call->live.attempt = ring.attempt;
    log(OperatorRinging{ring.call, ring.attempt, ring.who});
    rung_.push_back(ring);
    if (ring.ticket.empty() && !seats_.contains(ring.who))
      ring_failed(*call, RingFailure::kUnreachable);
  }
  void act(const CancelRing& cancel) {
    for (auto& [id, call] : calls_)
      if (call.live.attempt == cancel.attempt && call.live.stage == CallStage::kRinging)
        return ring_failed(call, RingFailure::kCancelled);
  }
  void act(const AnswerSeat& answer) {
    for (auto& [id, call] : calls_) {
      if (call.live.attempt != answer.attempt) continue;
      return picked_up(call.live.stage == CallStage::kConsulting ? call.live.consulting
                                                                 : call.live.who);
    }
  }
  void act(const HoldCaller& hold) {
    SimCall* call = find(hold.call);
    if (call == nullptr || std::exchange(call->live.held, hold.on) == hold.on) return;
    log(HoldChanged{hold.call, hold.on});
  }
  void act(const MuteOperator& mute) {
    SimCall* call = find(mute.call);
    if (call == nullptr) return;
    call->live.muted = mute.on;
    log(MuteChanged{mute.call, mute.on});
  }
  void act(const Requeue& requeue) {
    SimCall* call = find(requeue.call);
    if (call == nullptr) return;
    call->live.desk = requeue.desk;
    left(*call, "requeued");
  }
  void act(const Consult& consult) {
    SimCall* call = find(consult.call);
    if (call == nullptr || call->live.stage != CallStage::kTalking) return;
    call->live.stage = CallStage::kConsulting;
    call->live.consulting = consult.who;
    call->live.attempt = consult.attempt;
    log(OperatorRinging{consult.call, consult.attempt, consult.who});
  }
  void act(const CompleteTransfer& complete) {
    SimCall* call = find(complete.call);
    if (call == nullptr || call->live.stage != CallStage::kConsulting) return;
    log(OperatorLeft{complete.call, call->live.who, "transferred"});
    call->live.who = std::exchange(call->live.consulting, {});
    connected(*call);
  }
  void act(const CancelConsult& cancel) {
    SimCall* call = find(cancel.call);
    if (call == nullptr || call->live.stage != CallStage::kConsulting) return;
    log(OperatorLeft{cancel.call, std::exchange(call->live.consulting, {}), "consultation over"});
    call->live.stage = CallStage::kTalking;
  }
  void act(const PromiseCallback& said) {
    SimCall* call = find(said.call);
    if (call != nullptr && !call->live.withheld)
      wish(*call, false, {}, routing::PromiseBasis::kOperator);
  }
  void act(const AnnouncePlace& place) { places_.push_back(place); }
  void act(const EndCall& ended) {
    if (find(ended.call) != nullptr) end(ended.call, CallEndCause::kEndedByCentre);
  }
  void act(const PauseRecording& pause) { log(RecordingPaused{pause.call, pause.on}); }
  void act(const Dial& dial) {
    if (find(dial.call) != nullptr) return;
    dialled_.push_back(dial);
    SimCall call;
    call.live.call = dial.call;
    call.live.desk = dial.desk;
    call.live.organisation = OrganisationId("org");
    call.live.stage = CallStage::kDialling;
    call.live.who = dial.who;
    call.live.outbound = true;
    call.live.ticket = dial.ticket;
    call.live.arrived = now_;
    calls_[dial.call] = call;
  }
  void act(const DemoCall&) {}

  const Time& now_;
  int epoch_ = 1;
  std::uint64_t sequence_ = 0;
  std::map<CallId, SimCall> calls_;
  std::set<OperatorId> seats_;
  std::vector<ExchangeEvent> log_;
  std::set<CommandId> done_;
  std::vector<Dial> dialled_;
  std::vector<RingOperator> rung_;
  std::vector<AnnouncePlace> places_;
  std::size_t wishes_ = 0;
};

}  // namespace madoguchi::centre
