// A centre for the call flow's tests: the shell's loop around a CallFlow, with a store that can be
// lost up to the last commit, and a process that can die before or after it.
#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <memory>
#include <random>

#include "centre/flow/call_flow.h"
#include "centre/flow/sim_exchange.h"

namespace madoguchi::centre {

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(void* bytes, std::size_t count) override {
    auto* out = static_cast<unsigned char*>(bytes);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<unsigned char>(random_());
  }

 private:
  std::mt19937_64 random_;
};

// What was committed, by key.
struct SimStore {
  PositionRecord position;
  std::map<CallId, CallRecord> calls;
  std::map<AttemptId, LegRecord> legs;
  std::map<StateId, StateRecord> states;
  std::map<PromiseId, PromiseRecord> promises;
  std::map<CallId, AttemptRecord> attempts;
  std::map<RecordingId, RecordingRecord> recordings;
  std::map<WishId, SettledWishRecord> settled;

  void put(const Record& record) {
    std::visit([this](const auto& one) { keep(one); }, record);
  }
  void keep(const PositionRecord& record) { position = record; }
  void keep(const CallRecord& record) { calls[record.id] = record; }
  void keep(const LegRecord& record) { legs[record.id] = record; }
  void keep(const StateRecord& record) { states[record.id] = record; }
  void keep(const PromiseRecord& record) { promises[record.id] = record; }
  void keep(const AttemptRecord& record) { attempts[record.call] = record; }
  void keep(const RecordingRecord& record) { recordings[record.id] = record; }
  void keep(const SettledWishRecord& record) { settled[record.wish] = record; }

  [[nodiscard]] Stored load() const {
    Stored stored;
    stored.position = position;
    for (const auto& [id, call] : calls) stored.calls.push_back(call);
    for (const auto& [id, leg] : legs)
      if (!leg.ended) stored.legs.push_back(leg);
    for (const auto& [id, state] : states)
      if (!state.until) stored.states.push_back(state);
    for (const auto& [id, promise] : promises) stored.promises.push_back(promise);
    for (const auto& [id, attempt] : attempts)
      if (!attempt.ended) stored.attempts.push_back(attempt);
    for (const auto& [id, recording] : recordings)
      if (!recording.closed) stored.recordings.push_back(recording);
    return stored;
  }
};

class SimCentre {
 public:
  enum class Death { kNone, kBeforeCommit, kAfterCommit };

  SimCentre(SimExchange& exchange, const Time& now, Floor floor, std::uint64_t seed)
      : exchange_(exchange), now_(now), floor_(std::move(floor)), entropy_(seed) {}

  void start() {
    flow_ = std::make_unique<CallFlow>(entropy_);
    flow_->set_floor(floor_, now_);
    flow_->restore(store_.load(), now_);
    flow_->attach(exchange_.snapshot(), now_);
    taken_ = 0;
    work();
  }
  void die() { flow_.reset(); }
  void set_floor(Floor floor) {
    floor_ = std::move(floor);
    flow_->set_floor(floor_, now_);
    work();
  }
  std::string own_phone_denied;  // the vault's word for tickets of operators' own phones
  // The exchange came back as a new one.
  void reattach() {
    flow_->detached(now_);
    flow_->attach(exchange_.snapshot(), now_);
  }
  void die_at_next_commit(Death how) { death_ = how; }
  [[nodiscard]] bool up() const { return flow_ != nullptr; }
  CallFlow& flow() { return *flow_; }
  SimStore& store() { return store_; }
  [[nodiscard]] const std::vector<TicketWanted>& tickets() const { return tickets_; }

  // How many events reach it in one work(): a replay may take long.
  std::size_t most_events = std::numeric_limits<std::size_t>::max();

  // Works in what the exchange has told, and what is due, until nothing is left.
  void work() {
    std::size_t read = 0;
    while (up()) {
      bool any = false;
      const std::vector<ExchangeEvent> pending = exchange_.unacknowledged();
      for (const ExchangeEvent& event : pending) {
        if (event.sequence <= taken_) continue;
        if (++read > most_events) break;
        taken_ = event.sequence;
        flow_->take(event, now_);
        any = true;
      }
      const auto due = flow_->next_deadline();
      if (due && *due <= now_) {
        flow_->advance(now_);
        any = true;
      }
      if (!commit() && !any) return;
    }
  }

 private:
  bool commit() {
    const Effects effects = flow_->drain();
    if (effects.empty()) return false;
    if (death_ == Death::kBeforeCommit) return fall();
    for (const Record& record : effects.records) store_.put(record);
    if (death_ == Death::kAfterCommit) return fall();
    exchange_.acknowledge(store_.position.sequence);
    for (const ExchangeCommand& command : effects.commands) exchange_.carry_out(command);
    for (const TicketWanted& wanted : effects.tickets) {
      tickets_.push_back(wanted);
      if (wanted.own_phone && !own_phone_denied.empty())
        flow_->own_phone_denied(wanted, own_phone_denied, now_);
      else if (wanted.own_phone)
        flow_->own_phone_ticket(wanted, TicketId("own." + wanted.call.text()), now_);
      else
        flow_->ticket_given(wanted.call, TicketId("ticket." + wanted.call.text()), now_);
    }
    return true;
  }
  bool fall() {
    death_ = Death::kNone;
    die();
    return false;
  }

  SimExchange& exchange_;
  const Time& now_;
  Floor floor_;
  SeededEntropy entropy_;
  std::unique_ptr<CallFlow> flow_;
  SimStore store_;
  Death death_ = Death::kNone;
  std::uint64_t taken_ = 0;
  std::vector<TicketWanted> tickets_;
};

inline DeskSettings sim_desk(const std::string& name, const std::string& group = "g") {
  DeskSettings desk;
  desk.routing.id = DeskId(name);
  desk.routing.organisation = OrganisationId("org");
  desk.routing.group = GroupId(group);
  desk.routing.numbers = {"+8150" + name};
  desk.name = name + " desk";
  desk.greeting_text = "greeting of " + name;
  return desk;
}

}  // namespace madoguchi::centre
