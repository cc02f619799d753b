// The floor, the queues, and the matching of callers with operators.
#include "routing/engine.h"

#include <algorithm>

#include "base/check.h"

namespace madoguchi::routing {

namespace chr = std::chrono;

// ---- The floor

GroupKey Engine::put_group(const GroupId& id) {
  const auto known = group_names_.find(id);
  if (known != group_names_.end()) return known->second;
  const GroupKey key{static_cast<std::uint32_t>(groups_.size())};
  groups_.emplace_back().id = id;
  group_names_.emplace(id, key);
  return key;
}

DeskKey Engine::put_desk(const Desk& desk, Time now) {
  const GroupKey group = put_group(desk.group);
  auto [known, is_new] =
      desk_names_.emplace(desk.id, DeskKey{static_cast<std::uint32_t>(desks_.size())});
  if (is_new) desks_.emplace_back();
  DeskNode& node = at(known->second);
  node.settings = desk;
  node.open_until = {};  // ask the calendar again
  node.day_until = {};
  if (std::exchange(node.group, group) != group) regroup(known->second, now);
  return known->second;
}

void Engine::regroup(DeskKey desk, Time now) {
  const GroupKey group = at(desk).group;
  for (std::size_t slot = 0; slot < calls_.bound(); ++slot) {
    CallNode* call = calls_.at(slot);
    if (call == nullptr || call->ended || call->desk != desk) continue;
    const bool waits = call->queued;
    dequeue(*call);
    call->group = group;
    if (waits) enqueue(*call, now);
  }
  match(groups_[group.index], now);
}

OperatorKey Engine::put_operator(const Operator& who, Time now) {
  auto [known, is_new] =
      operator_names_.emplace(who.id, OperatorKey{static_cast<std::uint32_t>(operators_.size())});
  const OperatorKey key = known->second;
  if (is_new) {
    operators_.emplace_back().id = who.id;
    at(key).since = now;
  }
  OperatorNode& node = at(key);
  const bool was_listed = node.listed;
  unlist(key);
  node.ring_longer = who.ring_longer;
  node.groups.clear();
  for (const GroupId& group : who.groups) node.groups.push_back({key, put_group(group)});
  if (was_listed) {
    list(key);
    match(key, now);
  }
  return key;
}

std::optional<DeskKey> Engine::desk(const DeskId& id) const {
  const auto found = desk_names_.find(id);
  if (found == desk_names_.end()) return std::nullopt;
  return found->second;
}

std::optional<OperatorKey> Engine::operator_named(const OperatorId& id) const {
  const auto found = operator_names_.find(id);
  if (found == operator_names_.end()) return std::nullopt;
  return found->second;
}

const OperatorId& Engine::id_of(OperatorKey key) const {
  return operators_[key.index].id;
}

bool Engine::serves(OperatorKey who, const GroupId& group) const {
  const auto& mine = operators_[who.index].groups;
  return std::any_of(mine.begin(), mine.end(),
                     [&](const Membership& one) { return groups_[one.group.index].id == group; });
}

bool Engine::is_open(DeskKey key, Time now) {
  DeskNode& desk = at(key);
  if (now >= desk.open_until || now < desk.open_from) {
    const auto& hours = desk.settings.hours;
    desk.open = hours.is_open(now);
    desk.open_from = now;
    desk.open_until = hours.next_change(now).value_or(now + chr::days(300));
  }
  return desk.open;
}

void Engine::refresh_day(DeskNode& desk, DeskKey key, Time time) {
  if (time >= desk.day_from && time < desk.day_until) return;
  const calendar::Zone& zone = desk.settings.hours.zone();
  desk.day = zone.day_of(time);
  desk.day_from = zone.start_of(desk.day);
  desk.day_until = zone.start_of(Day(chr::local_days(desk.day) + chr::days(1)));
  desk.row = balance_.row(key, desk.day);
}

BalanceRow Engine::row_of(DeskKey desk, Time time) {
  DeskNode& node = at(desk);
  refresh_day(node, desk, time);
  return node.row;
}

Day Engine::day_of(DeskKey desk, Time time) const {
  return desks_[desk.index].settings.hours.zone().day_of(time);
}

LineKey Engine::line(const OrganisationId& organisation, const LineToken& token) {
  return lines_.key(organisation, token);
}

// ---- Queues

bool Engine::stands_before(const CallNode& a, const CallNode& b) {
  if (a.returned != b.returned) return a.returned;
  const auto second = [](const CallNode& call) { return chr::floor<chr::seconds>(call.arrived); };
  if (second(a) != second(b)) return second(a) < second(b);
  if (a.withheld != b.withheld) return a.withheld;
  return a.arrived < b.arrived;
}

void Engine::enqueue(CallNode& call, Time now) {
  GroupNode& group = groups_[call.group.index];
  call.phase = CallPhase::kWaiting;
  call.with = {};
  // New callers belong near the end, those put back near the beginning.
  CallNode* before = group.last;
  if (call.returned) {
    before = nullptr;
    for (CallNode* next = group.first; next != nullptr && !stands_before(call, *next);
         next = next->after)
      before = next;
  } else {
    while (before != nullptr && stands_before(call, *before)) before = before->before;
  }
  call.before = before;
  call.after = before == nullptr ? group.first : before->after;
  (call.before == nullptr ? group.first : call.before->after) = &call;
  (call.after == nullptr ? group.last : call.after->before) = &call;
  call.queued = true;
  ++group.waiting;
  ++at(call.desk).waiting;
  tell(CallQueued{call.key, call.group, call.returned, now});
}

void Engine::dequeue(CallNode& call) {
  if (!call.queued) return;
  GroupNode& group = groups_[call.group.index];
  (call.before == nullptr ? group.first : call.before->after) = call.after;
  (call.after == nullptr ? group.last : call.after->before) = call.before;
  call.before = call.after = nullptr;
  call.queued = false;
  --group.waiting;
  --at(call.desk).waiting;
}

void Engine::list(OperatorKey who) {
  OperatorNode& node = at(who);
  if (node.listed) return;
  node.listed = true;
  for (Membership& mine : node.groups) {
    GroupNode& group = groups_[mine.group.index];
    Membership* before = group.idle_last;
    while (before != nullptr && at(before->who).idle_since > node.idle_since)
      before = before->before;
    mine.before = before;
    mine.after = before == nullptr ? group.idle_first : before->after;
    (mine.before == nullptr ? group.idle_first : mine.before->after) = &mine;
    (mine.after == nullptr ? group.idle_last : mine.after->before) = &mine;
  }
}

void Engine::unlist(OperatorKey who) {
  OperatorNode& node = at(who);
  if (!node.listed) return;
  node.listed = false;
  for (Membership& mine : node.groups) {
    GroupNode& group = groups_[mine.group.index];
    (mine.before == nullptr ? group.idle_first : mine.before->after) = mine.after;
    (mine.after == nullptr ? group.idle_last : mine.after->before) = mine.before;
    mine.before = mine.after = nullptr;
  }
}

// ---- Matching. Between commands no group has both a waiting caller and a listed operator, unless
// offers are held.

void Engine::match(GroupNode& group, Time now) {
  while (!holding_ && group.first != nullptr && group.idle_first != nullptr)
    offer(*group.first, group.idle_first->who, Offer::kQueue, now);
}

void Engine::match(OperatorKey who, Time now) {
  if (holding_ || !at(who).listed) return;
  CallNode* best = nullptr;
  for (const Membership& mine : at(who).groups) {
    CallNode* first = groups_[mine.group.index].first;
    if (first != nullptr && (best == nullptr || stands_before(*first, *best))) best = first;
  }
  if (best != nullptr) offer(*best, who, Offer::kQueue, now);
}

void Engine::offer(CallNode& call, OperatorKey who, Offer offer, Time now) {
  OperatorNode& node = at(who);
  const Time until = now + at(call.desk).settings.ring_limit + node.ring_longer;
  if (offer == Offer::kConsult) {
    call.consulted = who;
    call.consulting = false;
  } else {
    dequeue(call);
    call.phase = CallPhase::kRinging;
    call.with = who;
    call.offer = offer;
  }
  node.call = call.key;
  node.desk = call.desk;
  node.accepted = false;
  change(who, OperatorState::kRinging, AwayReason::kNone, now);
  node.deadline = until;
  deadlines_.set(Deadlines::Of::kOperator, who.index, until);
  tell(CallOffered{call.key, who, offer, until, now});
}

// The one place where an operator's state changes.
void Engine::change(OperatorKey who, OperatorState to, AwayReason reason, Time now) {
  OperatorNode& node = at(who);
  const OperatorState from = node.state;
  if (from == OperatorState::kReady) unlist(who);
  if (from == OperatorState::kTalking && !node.promise.none())
    resolve_attempt(who, node.outcome, now);
  node.deadline = {};
  deadlines_.clear(Deadlines::Of::kOperator, who.index);
  if (to != OperatorState::kRinging && to != OperatorState::kTalking &&
      to != OperatorState::kWrapUp)
    node.call = {};
  if (to == OperatorState::kReady || to == OperatorState::kAway || to == OperatorState::kOffline) {
    node.promise = {};
    node.next = OperatorState::kReady;
    node.next_reason = AwayReason::kNone;
  }
  node.state = to;
  node.reason = reason;
  node.since = now;
  tell(OperatorChanged{who, from, to, reason, node.call, now});
}

// ---- Looking

const Call* Engine::find(CallKey key) const {
  const CallNode* call = calls_.find(key);
  return call == nullptr || call->ended ? nullptr : call;
}

const Promise* Engine::find(PromiseKey key) const {
  return promises_.find(key);
}

OperatorView Engine::look(OperatorKey key) const {
  return operators_[key.index];
}

std::vector<PromiseKey> Engine::open_promises() const {
  std::vector<const PromiseNode*> open;
  for (std::size_t slot = 0; slot < promises_.bound(); ++slot)
    if (const PromiseNode* promise = promises_.at(slot)) open.push_back(promise);
  std::sort(open.begin(), open.end(), [](const PromiseNode* a, const PromiseNode* b) {
    return std::pair(a->deadline, a->key) < std::pair(b->deadline, b->key);
  });
  std::vector<PromiseKey> keys;
  keys.reserve(open.size());
  for (const PromiseNode* promise : open) keys.push_back(promise->key);
  return keys;
}

std::uint32_t Engine::waiting(GroupKey group) const {
  return groups_[group.index].waiting;
}

std::optional<Time> Engine::longest_wait_since(GroupKey group) const {
  std::optional<Time> longest;
  for (const CallNode* call = groups_[group.index].first; call != nullptr; call = call->after) {
    longest = longest ? std::min(*longest, call->arrived) : call->arrived;
    if (!call->returned) break;  // behind the returned ones they stand by arrival
  }
  return longest;
}

std::uint32_t Engine::place(CallKey key) const {
  const CallNode* call = calls_.find(key);
  if (call == nullptr || !call->queued) return 0;
  std::uint32_t place = 1;
  for (; call->before != nullptr; call = call->before) ++place;
  return place;
}

// ---- Time

void Engine::advance(Time now) {
  while (const auto due = deadlines_.pop(now)) {
    switch (due->of) {
      case Deadlines::Of::kOperator:
        operator_due(OperatorKey{due->index}, now);
        break;
      case Deadlines::Of::kPromise:
        promise_due(due->index, now);
        break;
    }
  }
}

void Engine::postpone(Micros by) {
  deadlines_.shift(Deadlines::Of::kOperator, by);
  for (OperatorNode& who : operators_)
    if (who.deadline != Time{}) who.deadline += by;
}

void Engine::clock_was_set(Micros by) {
  postpone(by);
  for (OperatorNode& who : operators_) {
    who.since += by;
    who.idle_since += by;
  }
  // Who comes next must still stand behind who waits already.
  for (std::size_t slot = 0; slot < calls_.bound(); ++slot)
    if (CallNode* call = calls_.at(slot); call != nullptr && !call->ended) call->arrived += by;
}

std::optional<Event> Engine::poll() {
  if (next_event_ == events_.size()) {
    events_.clear();
    next_event_ = 0;
    return std::nullopt;
  }
  return events_[next_event_++];
}

void Engine::forget_before(Day day) {
  Time before = Time::max();
  for (std::uint32_t i = 0; i < desks_.size(); ++i)
    before = std::min(before, desks_[i].settings.hours.zone().start_of(day));
  for (std::size_t slot = 0; slot < calls_.bound(); ++slot) {
    const CallNode* call = calls_.at(slot);
    if (call != nullptr && call->ended && call->ended_at < before) calls_.erase(call->key);
  }
  lines_.forget_before(before);
  balance_.forget_before(day);
}

void Engine::resume(Time now) {
  holding_ = false;
  for (GroupNode& group : groups_) match(group, now);
}

}  // namespace madoguchi::routing
