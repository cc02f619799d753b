// What the store keeps, in the API's JSON shapes.
#include <algorithm>

#include "centre/json_writer.h"
#include "centre/world.h"
#include "routing/names.h"

namespace madoguchi::centre {
namespace {

using routing::Bucket;

std::string outcome_of(const CallRecord& record) {
  if (!record.ended) return {};
  if (record.outbound) return record.talked ? "talked" : "not_reached";
  return std::string(routing::name_of(record.bucket));
}

std::string counts_json(const routing::DeskBalance& of) {
  JsonObject reasons;
  for (std::size_t i = 0; i < routing::kCloseReasons; ++i)
    reasons.number(routing::name_of(static_cast<routing::CloseReason>(i)),
                   of.promises.without_success[i]);
  JsonObject promises;
  promises.number("asked", of.promises.asked)
      .number("merged", of.promises.merged)
      .number("open", of.promises.open)
      .number("kept_by_ringing", of.promises.kept_by_ringing)
      .number("kept_by_caller", of.promises.kept_by_caller)
      .raw("without_success", reasons.done());
  JsonObject out;
  out.number("arrived", of.arrived);
  for (std::size_t i = 0; i < routing::kBuckets; ++i)
    out.number(routing::name_of(static_cast<Bucket>(i)), of.calls[i]);
  out.number("lost", of.lost())
      .number("settled", of.settled_in(Bucket::kAbandoned))
      .number("talking_now", of.talking_now)
      .number("cut_off_talking", of.cut_off_talking)
      .number("withheld", of.withheld)
      .raw("promises", promises.done());
  return std::move(out).done();
}

std::string leg_json(const LegRecord& leg) {
  static constexpr std::array<const char*, 6> kHow{"talked",     "missed",    "refused",
                                                   "audio_lost", "cancelled", "handed_over"};
  JsonObject out;
  out.text("party", leg.kind == LegKind::kDialled ? "caller" : "operator")
      .id_or_null("operator_id", leg.who)
      .time("began_at", leg.offered)
      .time_or_null("answered_at", leg.connected)
      .time_or_null("ended_at", leg.ended)
      .text("result", leg.how ? kHow[static_cast<std::size_t>(*leg.how)] : "");
  return std::move(out).done();
}

std::string state_json(Time at, std::string_view stage, const OperatorId& who,
                       std::string_view detail) {
  JsonObject out;
  out.time("at", at).text("stage", stage).id_or_null("operator_id", who).text("detail", detail);
  return std::move(out).done();
}

// The caller's way through the call, from its times and its operators' states, by time.
std::string states_json(const LoggedCall& logged) {
  const CallRecord& call = logged.call;
  std::vector<std::pair<Time, std::string>> states;
  const auto add = [&](Time at, std::string_view stage, const OperatorId& who = {},
                       std::string_view detail = {}) {
    states.emplace_back(at, state_json(at, stage, who, detail));
  };
  add(call.arrived, "arrived", {}, call.in_hours ? "" : "out_of_hours");
  if (call.answered) add(*call.answered, "answered");
  for (const StateRecord& state : logged.states)
    add(state.since, routing::name_of(state.state), state.who);
  for (const RecordingRecord& recording : logged.recordings) {
    add(recording.started, "recording", {}, "started");
    for (const auto& [at, paused] : recording.pauses)
      add(at, "recording", {}, paused ? "paused" : "resumed");
    if (recording.closed) add(*recording.closed, "recording", {}, "closed");
  }
  if (call.ended) add(*call.ended, "ended", {}, call.cause ? routing::name_of(*call.cause) : "");
  if (call.settled) add(*call.settled, "settled");
  std::stable_sort(states.begin(), states.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  JsonList list;
  for (const auto& [at, json] : states) list.raw(json);
  return std::move(list).done();
}

void write_promise(JsonObject& out, const PromiseRecord& promise) {
  out.id("id", promise.id)
      .id("desk_id", promise.desk)
      .id("organisation_id", promise.organisation)
      .id_or_null("line_token", promise.line)
      .text("basis", routing::name_of(promise.basis))
      .text("line", routing::name_of(promise.kind))
      .text("state", routing::name_of(promise.state))
      .time("asked_at", promise.asked)
      .time("deadline", promise.deadline)
      .number("missed", promise.missed)
      .number("asks", promise.asks)
      .number("attempts", promise.attempts)
      .id_or_null("operator_id", promise.owner)
      .id_or_null("call_id", promise.call)
      .text_or_null("stated_reason", promise.stated_reason)
      .text_or_null("kept_how", promise.how ? routing::name_of(*promise.how) : "")
      .text_or_null("closed_reason", promise.reason ? routing::name_of(*promise.reason) : "")
      .time_or_null("settled_at", promise.ended);
}

}  // namespace

std::string call_json(const CallRecord& record) {
  JsonObject out;
  out.id("id", record.id)
      .text("direction", record.outbound ? "out" : "in")
      .id("desk_id", record.desk)
      .id("organisation_id", record.organisation)
      .text("number_called", record.number_called)
      .id_or_null("line_token", record.line)
      .flag("withheld", record.withheld)
      .text("stage", record.ended      ? "ended"
                     : record.talked   ? "talking"
                     : record.outbound ? "dialling"
                                       : "waiting")
      .id_or_null("operator_id", record.with)
      .raw("consulting_operator_id", "null")
      .flag("held", false)
      .flag("muted", false)
      .text("recording", record.recording_refused ? "refused" : "off")
      .time("arrived_at", record.arrived)
      .time("stage_since", record.ended ? *record.ended : record.arrived)
      .time_or_null("talking_since", record.talked)
      .time_or_null("ended_at", record.ended)
      .text_or_null("end_cause", record.cause ? routing::name_of(*record.cause) : "")
      .text_or_null("outcome", outcome_of(record))
      .text_or_null("disposition", record.disposition)
      .id_or_null("promise_id", record.promise);
  return std::move(out).done();
}

std::string call_detail_json(std::string call, const LoggedCall& logged) {
  JsonList legs;
  for (const LegRecord& leg : logged.legs) legs.raw(leg_json(leg));
  JsonObject more;
  more.raw("legs", std::move(legs).done()).raw("states", states_json(logged));
  call.back() = ',';  // one object of both
  return call + std::move(more).done().substr(1);
}

std::string promise_json(const PromiseRecord& promise) {
  JsonObject out;
  write_promise(out, promise);
  return std::move(out).done();
}

std::string promise_detail_json(const PromiseRecord& promise,
                                const std::vector<AttemptRecord>& attempts) {
  JsonList history;
  for (const AttemptRecord& attempt : attempts) {
    if (!attempt.outcome) continue;  // under way
    JsonObject one;
    one.time("at", attempt.started)
        .id("operator_id", attempt.who)
        .id_or_null("call_id", attempt.call)
        .text("outcome", routing::name_of(*attempt.outcome));
    history.raw(std::move(one).done());
  }
  JsonObject out;
  write_promise(out, promise);
  out.raw("history", std::move(history).done());
  return std::move(out).done();
}

std::string account_json(const AccountRow& account, Time now) {
  const bool locked = account.locked_until && *account.locked_until > now;
  JsonObject out;
  out.id("id", account.id)
      .text("name", account.name)
      .text("display_name", account.display_name)
      .text("role", name_of(account.role))
      .id_or_null("operator_id", account.operator_id)
      .id_or_null("organisation_id", account.organisation)
      .raw("groups", json_ids(account.groups))
      .text_or_null("phone_user", account.phone.user)
      .flag("disabled", account.disabled)
      .time_or_null("locked_until", locked ? account.locked_until : std::nullopt);
  return std::move(out).done();
}

std::string prompt_json(const PromptRow& prompt, bool at_exchange) {
  JsonObject out;
  out.id("id", prompt.id)
      .text("name", prompt.name)
      .text_or_null("text", prompt.text)
      .text("source", name_of(prompt.source))
      .number("duration_ms", prompt.duration.count() / 1000)
      .number("bytes", prompt.bytes)
      .time("made_at", prompt.made)
      .flag("at_exchange", at_exchange);
  return std::move(out).done();
}

std::string World::balance_json(const Viewer& who, calendar::Day day,
                                const std::map<DeskId, routing::DeskBalance>& of) const {
  routing::DeskBalance total;
  bool exact = true;
  JsonList desks;
  for (const auto& [id, part] : floor_.desks) {
    if (!may_see(who, part)) continue;
    const auto found = of.find(id);
    const routing::DeskBalance balance = found == of.end() ? routing::DeskBalance() : found->second;
    exact = exact && balance.is_exact();
    total += balance;
    desks.raw(JsonObject().id("desk_id", id).raw("counts", counts_json(balance)).done());
  }
  JsonObject out;
  out.text("day", calendar::format_day(day))
      .flag("exact", exact && total.is_exact())
      .raw("total", counts_json(total))
      .raw("desks", std::move(desks).done());
  return std::move(out).done();
}

}  // namespace madoguchi::centre
