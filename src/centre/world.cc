#include "centre/world.h"

#include <algorithm>
#include <utility>

#include "centre/json_writer.h"
#include "routing/names.h"

namespace madoguchi::centre {
namespace {

std::string stage_of(const CallView& view) {
  if (view.outbound && !view.talked) return "dialling";
  switch (view.phase) {
    case routing::CallPhase::kListening:
      return "listening";
    case routing::CallPhase::kOutOfHours:
      return "closed";
    case routing::CallPhase::kWaiting:
      return "waiting";
    case routing::CallPhase::kRinging:
      return "ringing";
    case routing::CallPhase::kTalking:
      return view.consulted.empty() ? "talking" : "consulting";
  }
  return "waiting";
}

std::string recording_of(const CallView& view) {
  if (view.recording_refused) return "refused";
  if (view.recording_paused) return "paused";
  return view.recording ? "on" : "off";
}

bool is_open(const PromiseRecord& promise) {
  return !promise.ended && promise.absorbed_by.empty();
}

}  // namespace

Viewer viewer_of(const AccountRow& account) {
  return {account.id,
          account.role,
          account.operator_id,
          account.organisation,
          {account.groups.begin(), account.groups.end()}};
}

bool World::has_changes() const {
  return changed_.balance || !changed_.calls.empty() || !changed_.operators.empty() ||
         !changed_.promises.empty() || !changed_.desks.empty() || !changed_.groups.empty();
}

void World::forget(const PromiseId& id) {
  const auto found = promises_.find(id);
  if (found != promises_.end() && !is_open(found->second)) promises_.erase(found);
}

void World::floor_changed() {
  for (const auto& [id, desk] : floor_.desks) changed_.desks.insert(id);
  for (const auto& [id, group] : floor_.groups) changed_.groups.insert(id);
  for (const AccountRow& account : accounts_.all())
    if (!account.operator_id.empty()) changed_.operators.insert(account.operator_id);
  changed_.balance = true;
}

void World::apply(const Record& record) {
  const auto* call = std::get_if<CallRecord>(&record);
  if (call == nullptr) return;
  const auto found = calls_.find(call->id);
  if (found != calls_.end()) {
    found->second.record = *call;
    changed_.calls.insert(call->id);
  } else if (!call->ended) {
    // Its view comes in the same batch; until then it is not shown.
    calls_[call->id].record = *call;
  }
}

void World::apply(const View& view, Time now) {
  struct Apply {
    World& world;
    Time now;
    void operator()(const OperatorView& view) const { world.apply_operator(view); }
    void operator()(const RingView&) const {}  // the call and the operator say it too
    void operator()(const RingOver&) const {}
    void operator()(const CallView& view) const { world.apply_call(view, now); }
    void operator()(const CallGone& gone) const { world.apply_gone(gone); }
    void operator()(const QueueView& view) const {
      world.queues_[view.desk] = view;
      world.changed_.desks.insert(view.desk);
      world.groups_of_desk(view.desk);
    }
    void operator()(const PromiseRecord& promise) const {
      if (is_open(promise))
        world.promises_[promise.id] = promise;
      else if (const auto found = world.promises_.find(promise.id); found != world.promises_.end())
        found->second = promise;  // shown once more, then dropped by whoever takes the changes
      else
        world.promises_[promise.id] = promise;
      world.changed_.promises.insert(promise.id);
    }
    void operator()(const BalanceView& view) const {
      const auto known = world.balances_.find(view.desk);
      if (known != world.balances_.end() && view.day < known->second.day) return;
      world.balances_[view.desk] = view;
      world.changed_.balance = true;
    }
  };
  std::visit(Apply{*this, now}, view);
}

void World::apply_call(const CallView& view, Time now) {
  Live& live = calls_[view.id];
  const std::string stage = stage_of(view);
  if (stage != live.stage) {
    // After a restart nobody remembers when a stage began; the arrival is the honest lower bound.
    live.stage_since = live.stage.empty() && stage != "talking" ? view.arrived : now;
    if (live.stage.empty() && view.talked) live.stage_since = *view.talked;
    live.stage = stage;
  }
  live.view = view;
  changed_.calls.insert(view.id);
}

OperatorId World::wrapping(const CallId& id) const {
  const auto first = wrap_ups_.lower_bound({id, {}});
  return first == wrap_ups_.end() || first->first != id ? OperatorId() : first->second;
}

void World::apply_gone(const CallGone& gone) {
  const auto found = calls_.find(gone.id);
  if (found == calls_.end()) return;
  Live& live = found->second;
  live.gone = true;
  just_gone_.push_back(gone.id);
  changed_.calls.insert(gone.id);
  live.wraps_up = wrapping(gone.id);
  live.stage = "wrap_up";
  live.stage_since = gone.at;
}

Changed World::take_changed() {
  // Whether somebody wraps up after a call is told after its end, in the same batch: only now it is
  // known which of the calls that ended are of no more interest.
  for (const CallId& id : std::exchange(just_gone_, {})) {
    const auto found = calls_.find(id);
    if (found != calls_.end() && found->second.wraps_up.empty()) calls_.erase(found);
  }
  return std::exchange(changed_, {});
}

void World::apply_operator(const OperatorView& view) {
  OperatorView& known = operators_[view.id];
  const CallId before = known.call;
  wrap_ups_.erase({before, view.id});
  if (view.state == routing::OperatorState::kWrapUp) wrap_ups_.emplace(view.call, view.id);
  known = view;
  changed_.operators.insert(view.id);
  groups_of_operator(view.id);
  if (!before.empty()) release(before);
  const auto call = calls_.find(view.call);
  if (call != calls_.end() && call->second.gone && view.state == routing::OperatorState::kWrapUp)
    call->second.wraps_up = view.id;
}

void World::release(const CallId& id) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || !found->second.gone || !wrapping(id).empty()) return;
  calls_.erase(found);
  changed_.calls.insert(id);
}

void World::groups_of_desk(const DeskId& desk) {
  const auto found = floor_.desks.find(desk);
  if (found != floor_.desks.end()) changed_.groups.insert(found->second.routing.group);
}

void World::groups_of_operator(const OperatorId& who) {
  if (const AccountRow* account = accounts_.of_operator(who))
    changed_.groups.insert(account->groups.begin(), account->groups.end());
}

bool World::may_see(const Viewer& who, const CallRecord& call) const {
  if (who.sees_all()) return true;
  if (who.is_client()) return call.organisation == who.organisation;
  return !who.operator_id.empty() && call.with == who.operator_id;
}

bool World::may_see_call(const Viewer& who, const CallId& id) const {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second.stage.empty()) return false;
  const Live& live = found->second;
  if (may_see(who, live.record)) return true;
  return !who.is_client() && !who.operator_id.empty() &&
         (live.view.with == who.operator_id || live.view.consulted == who.operator_id ||
          live.wraps_up == who.operator_id);
}

bool World::may_see(const Viewer& who, const PromiseRecord& promise) const {
  if (who.sees_all()) return true;
  if (who.is_client()) return promise.organisation == who.organisation;
  const auto desk = floor_.desks.find(promise.desk);
  return promise.owner == who.operator_id ||
         (desk != floor_.desks.end() && who.groups.contains(desk->second.routing.group));
}

bool World::may_see(const Viewer& who, const DeskPart& desk) const {
  return !who.is_client() || desk.routing.organisation == who.organisation;
}

std::vector<CallId> World::calls() const {
  std::vector<CallId> ids;
  for (const auto& [id, live] : calls_)
    if (!live.stage.empty()) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<PromiseId> World::promises() const {
  std::vector<const PromiseRecord*> open;
  for (const auto& [id, promise] : promises_)
    if (is_open(promise)) open.push_back(&promise);
  std::sort(open.begin(), open.end(), [](const PromiseRecord* a, const PromiseRecord* b) {
    return std::tie(a->deadline, a->id) < std::tie(b->deadline, b->id);
  });
  std::vector<PromiseId> ids;
  for (const PromiseRecord* promise : open) ids.push_back(promise->id);
  return ids;
}

const PromiseRecord* World::promise(const PromiseId& id) const {
  const auto found = promises_.find(id);
  return found == promises_.end() ? nullptr : &found->second;
}

const CallView* World::call(const CallId& id) const {
  const auto found = calls_.find(id);
  return found == calls_.end() || found->second.gone ? nullptr : &found->second.view;
}

const OperatorView* World::look(const OperatorId& id) const {
  const auto found = operators_.find(id);
  return found == operators_.end() ? nullptr : &found->second;
}

void World::ticket_changed(const CallId& id, const OperatorId& who, const TicketId& ticket) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (ticket.empty())
    found->second.opening_tickets.erase(who);
  else
    found->second.opening_tickets[who] = ticket;
  changed_.calls.insert(id);
}

std::string World::call_json(const CallId& id) const {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second.stage.empty()) return {};
  const Live& live = found->second;
  const CallView& view = live.view;
  const OperatorId& shown = live.wraps_up.empty() ? view.with : live.wraps_up;
  const auto ticket = live.opening_tickets.find(shown);
  const auto consulted = live.opening_tickets.find(view.consulted);
  const auto id_of = [&](auto at) {
    return at == live.opening_tickets.end() ? TicketId() : at->second;
  };
  JsonObject out;
  out.id("id", id)
      .text("direction", view.outbound ? "out" : "in")
      .id("desk_id", view.desk)
      .id("organisation_id", live.record.organisation)
      .text("number_called", live.record.number_called)
      .id_or_null("line_token", view.line)
      .flag("withheld", view.withheld)
      .text("stage", live.stage)
      .id_or_null("operator_id", shown)
      .id_or_null("consulting_operator_id", view.consulted)
      .flag("held", view.held)
      .flag("muted", view.muted)
      .text("recording", live.gone ? "off" : recording_of(view))
      .time("arrived_at", view.arrived)
      .time("stage_since", live.stage_since)
      .time_or_null("talking_since", view.talked)
      .time_or_null("ended_at", live.record.ended)
      .text_or_null("end_cause", live.record.cause ? routing::name_of(*live.record.cause) : "")
      .raw("outcome", "null")
      .text_or_null("disposition", live.record.disposition)
      .id_or_null("promise_id", view.promise)
      .id_or_null("opening_ticket", id_of(ticket))
      .id_or_null("consulting_opening_ticket", id_of(consulted));
  return std::move(out).done();
}

std::string World::call_json(const CallRecord& record) const {
  const bool is_up = !record.ended && call(record.id) != nullptr;
  std::string now = is_up ? call_json(record.id) : "";
  return now.empty() ? centre::call_json(record) : now;
}

std::string World::operator_json(const AccountRow& account) const {
  static const OperatorView kUnknown;
  const OperatorView* known = look(account.operator_id);
  const OperatorView& view = known == nullptr ? kUnknown : *known;
  using State = routing::OperatorState;
  const bool busy = view.state == State::kRinging || view.state == State::kTalking ||
                    view.state == State::kDialling || view.state == State::kWrapUp;
  JsonObject out;
  out.id("id", account.operator_id)
      .text("display_name", account.display_name)
      .raw("groups", json_ids(account.groups))
      .text("state", routing::name_of(view.state))
      .text_or_null("away_reason", view.state == State::kAway ? routing::name_of(view.reason) : "")
      .time_or_null("since", view.since == Time{} ? std::nullopt : std::optional(view.since))
      .id_or_null("call_id", view.call)
      .text_or_null("next_state", busy ? routing::name_of(view.next) : "")
      .flag("seat_connected", view.seat_connected)
      .flag("phone_registered", view.phone_registered)
      .flag("own_phone", view.own_phone);
  return std::move(out).done();
}

std::string World::desk_json(const DeskPart& desk, bool speech, Time now) const {
  const routing::Desk& routing = desk.routing;
  const auto organisation = floor_.organisations.find(routing.organisation);
  const auto queue = queues_.find(routing.id);
  JsonObject texts;
  for (const Sound sound : {Sound::kGreeting, Sound::kNotice, Sound::kClosed, Sound::kCallbackOffer,
                            Sound::kCallbackThanks, Sound::kCallbackAnnouncement})
    texts.text(name_of(sound), desk.texts[static_cast<std::size_t>(sound)]);
  JsonObject prompts;
  for (std::size_t i = 0; i < kSounds; ++i)
    prompts.text(name_of(static_cast<Sound>(i)), desk.prompt_for(static_cast<Sound>(i), speech));
  std::vector<std::string> unspoken;
  for (const Sound sound : desk.unspoken(speech)) unspoken.emplace_back(name_of(sound));
  JsonObject out;
  out.id("id", routing.id)
      .text("name", desk.name)
      .id("organisation_id", routing.organisation)
      .text("organisation_name",
            organisation == floor_.organisations.end() ? "" : organisation->second.name)
      .id("group_id", routing.group)
      .raw("numbers", json_texts(routing.numbers))
      .text("shown_number", desk.shown_number)
      .text("answer", routing::name_of(routing.answer))
      .text("callback", routing::name_of(routing.callback))
      .flag("recorded", desk.recorded)
      .flag("announce_place", routing.announce_place)
      .flag("open", routing.hours.is_open(now))
      .time_or_null("next_change", routing.hours.next_change(now))
      .number("waiting", queue == queues_.end() ? 0 : queue->second.waiting)
      .raw("texts", texts.done())
      .raw("prompts", prompts.done())
      .raw("unspoken", json_texts(unspoken));
  return std::move(out).done();
}

std::string World::group_json(const GroupPart& group) const {
  std::int64_t waiting = 0;
  std::optional<Time> longest;
  for (const auto& [id, desk] : floor_.desks) {
    const auto queue = queues_.find(id);
    if (desk.routing.group != group.id || queue == queues_.end()) continue;
    waiting += queue->second.waiting;
    const auto& since = queue->second.longest_since;
    if (since && (!longest || *since < *longest)) longest = since;
  }
  std::array<std::int64_t, routing::kOperatorStates> counts{};
  for (const auto& [who, view] : operators_) {
    const AccountRow* account = accounts_.of_operator(who);
    if (account == nullptr) continue;
    if (std::find(account->groups.begin(), account->groups.end(), group.id) !=
        account->groups.end())
      ++counts[static_cast<std::size_t>(view.state)];
  }
  const auto in = [&](routing::OperatorState state) {
    return counts[static_cast<std::size_t>(state)];
  };
  using State = routing::OperatorState;
  JsonObject out;
  out.id("id", group.id)
      .text("name", group.name)
      .number("waiting", waiting)
      .time_or_null("longest_wait_since", waiting == 0 ? std::nullopt : longest)
      .number("ready", in(State::kReady))
      .number("talking", in(State::kTalking) + in(State::kRinging) + in(State::kDialling))
      .number("wrap_up", in(State::kWrapUp))
      .number("away", in(State::kAway));
  return std::move(out).done();
}

std::map<DeskId, routing::DeskBalance> World::today(calendar::Day day) const {
  std::map<DeskId, routing::DeskBalance> of;
  for (const auto& [id, view] : balances_)
    if (view.day == day) of[id] = view.balance;
  return of;
}

}  // namespace madoguchi::centre
