// The floor, the tables, and what comes out.
#include "centre/flow/domain.h"

#include <algorithm>

namespace madoguchi::centre {

// ---- The floor

void CallFlow::Domain::set_floor(const Floor& floor, Time now) {
  for (const DeskSettings& settings : floor.desks) {
    const routing::DeskKey key = engine_.put_desk(settings.routing, now);
    if (key.index >= desks_.size()) desks_.resize(key.index + 1);
    at(key).settings = settings;
    changed_queues_.insert(key.index);
  }
  for (const OperatorSettings& settings : floor.operators) {
    const routing::OperatorKey key =
        engine_.put_operator({.id = settings.id,
                              .groups = settings.groups,
                              .ring_longer = settings.own_phone ? kOwnPhoneLonger : Micros(0)},
                             now);
    if (key.index >= operators_.size()) operators_.resize(key.index + 1);
    Operator& who = at(key);
    who.id = settings.id;
    touch(key);
    if (who.own_phone == settings.own_phone) continue;
    who.own_phone = settings.own_phone;
    reachable(who.id, std::nullopt, std::nullopt, now);
  }
  follow();
  check_hours(now);
  if (attached_) send_desks(now);
}

void CallFlow::Domain::check_hours(Time now) {
  bool changed = false;
  for (Desk& desk : desks_) {
    const auto& hours = desk.settings.routing.hours;
    const bool open = hours.is_open(now);
    changed = changed || open != desk.open;
    desk.open = open;
    desk.hours_change = hours.next_change(now);
  }
  if (changed && attached_) send_desks(now);
}

void CallFlow::Domain::send_desks(Time now) {
  SetDesks set;
  // The exchange keeps the table with the highest version, also over our restarts.
  desks_version_ = std::max<std::uint64_t>(desks_version_ + 1, to_micros(now));
  set.version = desks_version_;
  for (const Desk& desk : desks_) {
    const routing::Desk& settings = desk.settings.routing;
    DeskPlan plan = desk.settings.plan;
    plan.desk = settings.id;
    plan.organisation = settings.organisation;
    plan.numbers_called = settings.numbers;
    plan.answer_mode = settings.answer;
    plan.callback_policy = settings.callback;
    plan.open = desk.open;
    set.desks.push_back(std::move(plan));
  }
  command(std::move(set));
}

// A desk that was taken out of the settings while its callers were on their way still counts them.
routing::DeskKey CallFlow::Domain::desk_for(const DeskId& id, const OrganisationId& organisation) {
  if (const auto known = engine_.desk(id)) return *known;
  DeskSettings settings;
  settings.routing.id = id.empty() ? DeskId("unassigned") : id;
  settings.routing.organisation = organisation;
  settings.routing.group = GroupId("unassigned");
  settings.name = settings.routing.id.text();
  // It is new: nobody waits for it.
  const routing::DeskKey key = engine_.put_desk(settings.routing, Time{});
  if (key.index >= desks_.size()) desks_.resize(key.index + 1);
  at(key).settings = std::move(settings);
  return key;
}

routing::DeskKey CallFlow::Domain::desk_of(const CallArrived& arrived) {
  if (const auto known = engine_.desk(arrived.desk)) return *known;
  for (const Desk& desk : desks_) {
    const auto& numbers = desk.settings.routing.numbers;
    if (std::find(numbers.begin(), numbers.end(), arrived.number_called) != numbers.end())
      return *engine_.desk(desk.settings.routing.id);
  }
  return desk_for(arrived.desk, arrived.organisation);
}

// ---- Finding

Result<routing::OperatorKey> CallFlow::Domain::key_of(const OperatorId& who) const {
  const auto key = engine_.operator_named(who);
  if (!key) return fail(ErrorCode::kNotFound, "there is no such operator");
  return *key;
}

CallFlow::Domain::Call* CallFlow::Domain::find(const CallId& id) {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : &found->second;
}

CallFlow::Domain::Call* CallFlow::Domain::find(routing::CallKey key) {
  const auto found = call_ids_.find(key);
  return found == call_ids_.end() ? nullptr : find(found->second);
}

CallFlow::Domain::Promise* CallFlow::Domain::find(const PromiseId& id) {
  const auto found = promises_.find(id);
  return found == promises_.end() ? nullptr : &found->second;
}

CallFlow::Domain::Promise* CallFlow::Domain::find(routing::PromiseKey key) {
  const auto found = promise_ids_.find(key);
  return found == promise_ids_.end() ? nullptr : find(found->second);
}

CallRecord* CallFlow::Domain::record_of(const CallId& id) {
  if (Call* call = find(id)) return &call->record;
  const auto ended = ended_.find(id);
  return ended == ended_.end() ? nullptr : &ended->second;
}

// ---- Saving: the last content of each row, in the order of first mention

template <typename T>
void CallFlow::Domain::save(const T& record, const std::string& key) {
  const auto [known, is_new] = saved_.emplace(key, effects_.records.size());
  if (is_new)
    effects_.records.emplace_back(record);
  else
    effects_.records[known->second] = record;
}

void CallFlow::Domain::save(const CallRecord& record) {
  save(record, "c " + record.id.text());
}
void CallFlow::Domain::save(const LegRecord& record) {
  save(record, "l " + record.id.text());
}
void CallFlow::Domain::save(const StateRecord& record) {
  save(record, "s " + record.id.text());
}
void CallFlow::Domain::save(const PromiseRecord& record) {
  save(record, "p " + record.id.text());
}
void CallFlow::Domain::save(const AttemptRecord& record) {
  save(record, "a " + record.call.text());
}
void CallFlow::Domain::save(const RecordingRecord& record) {
  save(record, "r " + record.id.text());
}

void CallFlow::Domain::save(const SettledWishRecord& record) {
  save(record, "w " + record.wish.text());
}

void CallFlow::Domain::command(decltype(ExchangeCommand::what) what) {
  const Time mark{};  // ids of commands need only differ; their order is the order here
  effects_.commands.push_back({CommandId::fresh(mark, entropy_), std::move(what)});
}

void CallFlow::Domain::touch(const Call& call) {
  save(call.record);
  changed_calls_.insert(call.record.id);
  touch_desk(desk_for(call.record.desk, call.record.organisation), call.record.arrived);
  if (call.record.number_desk != call.record.desk)
    touch_desk(desk_for(call.record.number_desk, call.record.organisation), call.record.arrived);
}

void CallFlow::Domain::touch_desk(routing::DeskKey desk, Time arrived) {
  changed_queues_.insert(desk.index);
  changed_balances_.emplace(desk.index, engine_.day_of(desk, arrived));
}

// ---- Views

OperatorView CallFlow::Domain::view_of(const Operator& who) const {
  OperatorView view;
  view.id = who.id;
  const routing::OperatorView now_is = engine_.look(*engine_.operator_named(who.id));
  view.state = now_is.state;
  view.reason = now_is.reason;
  view.since = now_is.since;
  view.seat_connected = who.seat;
  view.phone_registered = who.phone;
  view.own_phone = who.own_phone;
  view.call = who.call;
  if (const auto dial = dials_.find(who.dialling); dial != dials_.end()) {
    view.call = who.dialling;
    view.promise = dial->second.record.promise;
  } else if (const auto call = calls_.find(who.call);
             call != calls_.end() && call->second.record.outbound) {
    view.promise = call->second.record.promise;
  }
  if (now_is.deadline != Time{}) view.deadline = now_is.deadline;
  view.overdue = who.overdue;
  view.next = now_is.next;
  view.next_reason = now_is.next_reason;
  return view;
}

CallView CallFlow::Domain::view_of(const Call& call) const {
  const CallRecord& record = call.record;
  CallView view;
  view.id = record.id;
  view.desk = record.desk;
  if (const auto key = engine_.desk(record.desk)) {
    view.desk_name = desks_[key->index].settings.name;
    view.greeting_text = desks_[key->index].settings.greeting_text;
  }
  view.number_desk = record.number_desk;
  view.line = record.line;
  view.withheld = record.withheld;
  view.outbound = record.outbound;
  view.phase = record.phase;
  view.agreed = record.agreed;
  if (record.phase == routing::CallPhase::kTalking || record.phase == routing::CallPhase::kRinging)
    view.with = record.with;
  view.consulted = call.consulted;
  view.consulting = call.consulting;
  view.held = call.held;
  view.muted = call.muted;
  view.recording = call.recording;
  view.recording_paused = call.recording_paused;
  view.recording_refused = record.recording_refused;
  view.promise = record.promise;
  view.arrived = record.arrived;
  view.talked = record.talked;
  return view;
}

QueueView CallFlow::Domain::queue_of(routing::DeskKey desk) const {
  QueueView view;
  view.desk = engine_.desk(desk).id;
  view.waiting = engine_.waiting(desk);
  view.longest_since = engine_.longest_wait_since(engine_.group_of(desk));
  return view;
}

std::optional<RingView> CallFlow::Domain::ring_of(const Operator& who) const {
  const routing::OperatorView now_is = engine_.look(*engine_.operator_named(who.id));
  const auto leg = legs_.find(who.attempt);
  const auto call = calls_.find(who.call);
  if (now_is.state != routing::OperatorState::kRinging || leg == legs_.end() ||
      call == calls_.end())
    return std::nullopt;
  const Call& ringing = call->second;
  const CallView shown = view_of(ringing);
  RingView view;
  view.who = who.id;
  view.call = shown.id;
  view.attempt = who.attempt;
  if (leg->second.kind == LegKind::kConsulted)
    view.offer = routing::Offer::kConsult;
  else if (!ringing.from.empty())
    view.offer = routing::Offer::kDirect;
  view.from = ringing.from;
  view.desk = shown.desk;
  view.desk_name = shown.desk_name;
  view.greeting_text = shown.greeting_text;
  view.by_phone = leg->second.by_phone;
  view.until = now_is.deadline;
  return view;
}

BalanceView CallFlow::Domain::balance(routing::DeskKey desk, calendar::Day day) const {
  return {engine_.desk(desk).id, day, engine_.balance().of(desk, day)};
}

std::vector<View> CallFlow::Domain::views(Time now) const {
  std::vector<View> all;
  for (const Operator& who : operators_) all.emplace_back(view_of(who));
  for (const auto& [id, call] : calls_) all.emplace_back(view_of(call));
  for (const Operator& who : operators_)
    if (auto ring = ring_of(who)) all.emplace_back(std::move(*ring));
  for (std::uint32_t i = 0; i < desks_.size(); ++i) {
    const routing::DeskKey key{i};
    all.emplace_back(queue_of(key));
    all.emplace_back(balance(key, engine_.day_of(key, now)));
  }
  for (const auto& [id, promise] : promises_) all.emplace_back(promise.record);
  return all;
}

Effects CallFlow::Domain::drain() {
  if (position_changed_) effects_.records.emplace_back(position_);
  for (const std::uint32_t i : changed_operators_) show(view_of(operators_[i]));
  for (const CallId& id : changed_calls_)
    if (const Call* call = find(id)) show(view_of(*call));
  for (const std::uint32_t i : changed_queues_) show(queue_of(routing::DeskKey{i}));
  for (const auto& [desk, day] : changed_balances_) show(balance(routing::DeskKey{desk}, day));
  position_changed_ = false;
  changed_operators_.clear();
  changed_calls_.clear();
  changed_queues_.clear();
  changed_balances_.clear();
  saved_.clear();
  return std::exchange(effects_, {});
}

// ---- Time

std::optional<Time> CallFlow::Domain::next_deadline() const {
  if (store_away_since_) return std::nullopt;
  std::optional<Time> next = engine_.next_deadline();
  const auto sooner = [&](const std::optional<Time>& other) {
    if (other && (!next || *other < *next)) next = other;
  };
  sooner(catch_up_by_);
  if (!places_.empty()) sooner(places_.begin()->first);
  for (const Desk& desk : desks_) sooner(desk.hours_change);
  for (const auto& [id, dial] : dials_) sooner(dial.deadline);
  for (const auto& [id, call] : calls_) {
    sooner(call.missing_at);
    sooner(call.aside_until);
  }
  return next;
}

void CallFlow::Domain::advance(Time now) {
  if (store_away_since_) return;
  if (catch_up_by_ && *catch_up_by_ <= now) catch_up(now);
  engine_.advance(now);
  follow();
  if (std::any_of(desks_.begin(), desks_.end(),
                  [&](const Desk& desk) { return desk.hours_change && *desk.hours_change <= now; }))
    check_hours(now);
  std::vector<CallId> due;
  for (const auto& [id, dial] : dials_)
    if (dial.deadline && *dial.deadline <= now) due.push_back(id);
  for (const CallId& id : due)
    dial_failed(id, routing::AttemptOutcome::kFault, "no_answer_in_time", now);
  due.clear();
  for (const auto& [id, call] : calls_)
    if (call.missing_at && *call.missing_at <= now) due.push_back(id);
  for (const CallId& id : due)
    end_call(*find(id), routing::EndCause::kFault, "unknown_to_exchange", now);
  for (auto& [id, call] : calls_) {
    if (!call.aside_until || *call.aside_until > now) continue;
    call.aside_until.reset();
    static_cast<void>(engine_.heard(call.key, now));
  }
  follow();
  tell_places(now);
  prune(now);
}

void CallFlow::Domain::clock_was_set(Micros by, Time now) {
  engine_.clock_was_set(by);
  if (store_away_since_) *store_away_since_ += by;
  postpone(by);
  check_hours(now);
}

// Of what would be offered and due nothing could be told: an operator would have missed a ring
// that never rang.
void CallFlow::Domain::store_is_away(Time now) {
  if (store_away_since_) return;
  store_away_since_ = now;
  engine_.hold_offers();
}

void CallFlow::Domain::store_is_back(Time now) {
  if (!store_away_since_) return;
  const Micros by = now - *std::exchange(store_away_since_, std::nullopt);
  engine_.postpone(by);
  postpone(by);
  offer_again(now);
}

void CallFlow::Domain::offer_again(Time now) {
  if (!attached_ || catching_up_ || store_away_since_) return;
  engine_.resume(now);
  follow();
}

void CallFlow::Domain::postpone(Micros by) {
  const auto shift = [by](std::optional<Time>& at) {
    if (at) *at += by;
  };
  shift(catch_up_by_);
  for (auto& [id, dial] : dials_) shift(dial.deadline);
  places_.clear();
  for (auto& [id, call] : calls_) {
    shift(call.missing_at);
    shift(call.aside_until);
    shift(call.place_at);
    if (call.place_at) places_.emplace(*call.place_at, id);
  }
}

// ---- The place in the queue, where the desk tells it

void CallFlow::Domain::tell_place_at(Call& call, Time at) {
  const auto desk = engine_.desk(call.record.desk);
  if (!desk || this->at(*desk).settings.place_prompts.empty()) return;
  call.place_at = at;
  places_.emplace(at, call.record.id);
}

void CallFlow::Domain::tell_places(Time now) {
  while (!places_.empty() && places_.begin()->first <= now) {
    const auto [due, id] = *places_.begin();
    places_.erase(places_.begin());
    Call* call = find(id);
    if (call == nullptr || call->place_at != due) continue;  // gone, or queued anew since
    call->place_at.reset();
    const std::uint32_t place = engine_.place(call->key);
    const auto desk = engine_.desk(call->record.desk);
    if (place == 0 || !desk) continue;
    const DeskSettings& settings = at(*desk).settings;
    if (attached_ && place <= settings.place_prompts.size())
      command(AnnouncePlace{id, {settings.place_prompts[place - 1]}});
    tell_place_at(*call, now + settings.place_every);
  }
}

// Once a day, what can no longer change leaves memory; yesterday stays, for calls over midnight.
void CallFlow::Domain::prune(Time now) {
  if (desks_.empty()) return;
  const auto today = std::chrono::local_days(engine_.day_of(routing::DeskKey{0}, now));
  const calendar::Day keep_from{today - std::chrono::days(1)};
  if (pruned_ == keep_from) return;
  pruned_ = keep_from;
  engine_.forget_before(keep_from);
  const Time before = desks_[0].settings.routing.hours.zone().start_of(keep_from);
  std::erase_if(ended_, [&](const auto& one) { return *one.second.ended < before; });
  std::erase_if(call_ids_, [&](const auto& one) {
    return !calls_.contains(one.second) && !ended_.contains(one.second);
  });
  std::erase_if(wishes_, [&](const auto& one) { return !promises_.contains(one.second); });
}

}  // namespace madoguchi::centre
