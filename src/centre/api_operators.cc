// What operators do: their state, their sound, their call.
#include <fmt/format.h>

#include <algorithm>

#include "centre/api.h"
#include "centre/json_input.h"
#include "centre/json_writer.h"
#include "routing/names.h"

namespace madoguchi::centre {
namespace {

constexpr Micros kExtension = std::chrono::minutes(1);  // of a wrap-up, each time it is asked
constexpr Micros kSeatWithin = std::chrono::seconds(10);

std::string ice_json(const IceServer& server) {
  JsonObject out;
  out.raw("urls", json_texts(server.urls));
  if (!server.username.empty())
    out.text("username", server.username).text("credential", server.credential);
  return std::move(out).done();
}

}  // namespace

const AccountRow* Api::operator_of(const Ask& ask) const {
  const std::string_view id = ask.request.param("operator");
  if (id == "me")
    return ask.account.operator_id.empty() ? nullptr : core_.accounts_.find(ask.account.id);
  return core_.accounts_.of_operator(OperatorId(std::string(id)));
}

void Api::list_operators(const Ask& ask) {
  const auto page = page_of(ask.request);
  if (!page) return ask.refuse(page.error());
  std::vector<ListItem> items;
  for (const AccountRow& account : core_.accounts_.all())
    if (!account.operator_id.empty() && !account.disabled)
      items.push_back({account.operator_id.text(), core_.world_.operator_json(account)});
  ask.answer(200, page_json(items, *page));
}

void Api::get_operator(const Ask& ask) {
  const AccountRow* account = operator_of(ask);
  if (account == nullptr) return ask.refuse(ErrorCode::kNotFound, "there is no such operator");
  ask.answer(200, core_.world_.operator_json(*account));
}

Result<void> Api::become(const OperatorId& who, const std::string& state, const std::string& reason,
                         Time now) {
  const auto view = core_.flow_.look(who);
  const bool offline = !view || view->state == routing::OperatorState::kOffline;
  if (state == "offline") return offline ? Result<void>() : core_.flow_.sign_off(who, now);
  if (offline)
    if (auto on = core_.flow_.sign_on(who, now); !on) return on;
  if (state == "ready") return core_.flow_.ready(who, now);
  const auto why = routing::from_name<routing::AwayReason>(reason.empty() ? "other" : reason);
  if (state != "away" || !why)
    return fail(ErrorCode::kInvalid,
                "state: must be ready, away or offline; reason: one of the choices");
  return core_.flow_.away(who, *why, now);
}

void Api::set_operator_state(const Ask& ask) {
  const AccountRow* account = operator_of(ask);
  if (account == nullptr) return ask.refuse(ErrorCode::kNotFound, "there is no such operator");
  if (account->operator_id != ask.viewer.operator_id && !ask.viewer.sees_all())
    return ask.refuse(ErrorCode::kDenied, "only a supervisor sets another's state");
  JsonInput input(ask.request.body);
  const std::string state = input.text("state");
  const std::string reason = input.optional_text("reason").value_or("");
  auto good = input.finish();
  if (good && account->disabled && state != "offline")
    good = fail(ErrorCode::kConflict, "this account is disabled: enable it first");
  const std::string not_now = core_.pipe_.failing() ? core_.not_now() : "";
  if (good && !not_now.empty()) good = fail(ErrorCode::kUnavailable, not_now);
  const Time now = core_.clock_.now();
  if (good) good = become(account->operator_id, state, reason, now);
  if (!good) return ask.refuse(good.error());
  // The event stream tells after the commit; this answer is of what was decided.
  if (const auto view = core_.flow_.look(account->operator_id))
    core_.world_.apply(View(*view), now);
  ask.answer(200, core_.world_.operator_json(*account));
}

void Api::set_own_phone(const Ask& ask) {
  const AccountRow* known = operator_of(ask);
  if (known == nullptr) return ask.refuse(ErrorCode::kNotFound, "there is no such operator");
  if (known->operator_id != ask.viewer.operator_id && !ask.viewer.sees_all())
    return ask.refuse(ErrorCode::kDenied, "only a supervisor chooses where another is rung");
  JsonInput input(ask.request.body);
  const auto on = input.optional_flag("own_phone");
  if (!on) input.refuse("own_phone", "must be true or false");
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  AccountRow account = *known;
  account.own_phone = *on;
  core_.accounts_.put(account, {}, [this, ask](const Result<AccountRow>& put) {
    if (!put) return ask.refuse(put.error());
    // The event stream tells after the commit; this answer is of what was decided.
    if (const auto view = core_.flow_.look(put->operator_id))
      core_.world_.apply(View(*view), core_.clock_.now());
    ask.answer(200, core_.world_.operator_json(*put));
  });
}

void Api::get_seat(const Ask& ask) {
  if (ask.account.operator_id.empty())
    return ask.refuse(ErrorCode::kDenied, "this account answers no calls");
  const OperatorView* view = core_.world_.look(ask.account.operator_id);
  JsonList servers;
  for (const IceServer& server : core_.settings_.ice_servers) servers.raw(ice_json(server));
  ask.answer(200, JsonObject()
                      .id("operator_id", ask.account.operator_id)
                      .flag("connected", view != nullptr && view->seat_connected)
                      .id_or_null("leg_id", newest_leg(ask.account.operator_id))
                      .flag("phone_registered", view != nullptr && view->phone_registered)
                      .raw("ice_servers", std::move(servers).done())
                      .done());
}

LegId Api::newest_leg(const OperatorId& who) const {
  const auto found = newest_legs_.find(who);
  return found == newest_legs_.end() ? LegId() : found->second;
}

void Api::open_seat(const Ask& ask) {
  if (ask.account.operator_id.empty())
    return ask.refuse(ErrorCode::kDenied, "this account answers no calls");
  JsonInput input(ask.request.body);
  const std::string offer = input.text("sdp_offer", 20'000);
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  if (!core_.exchange_->attached())
    return ask.refuse(ErrorCode::kUnavailable, "the exchange is away: it is tried again by itself");
  const Time now = core_.clock_.now();
  const LegId leg = LegId::fresh(now, core_.entropy_);
  core_.exchange_->open_seat(ask.account.operator_id, leg, offer, core_.command_id());
  seats_.insert_or_assign(leg, WaitingSeat{ask, now + kSeatWithin});
}

void Api::seat_opened(const SeatOpened& seat) {
  const auto waiting = seats_.find(seat.leg);
  if (waiting == seats_.end()) return;
  if (seat.error.empty()) {
    newest_legs_.insert_or_assign(waiting->second.ask.account.operator_id, seat.leg);
    waiting->second.ask.answer(
        200, JsonObject().id("leg_id", seat.leg).text("sdp_answer", seat.sdp_answer).done());
  } else {
    waiting->second.ask.refuse(ErrorCode::kInvalid, "sdp_offer: " + seat.error);
  }
  seats_.erase(waiting);
}

void Api::close_seat(const Ask& ask) {
  if (ask.account.operator_id.empty())
    return ask.refuse(ErrorCode::kDenied, "this account answers no calls");
  core_.exchange_->close_seat(ask.account.operator_id, core_.command_id());
  ask.done();
}

void Api::command(const Ask& ask, const std::function<Result<void>(const OperatorId&, Time)>& run) {
  const OperatorId& who = ask.account.operator_id;
  if (who.empty()) return ask.refuse(ErrorCode::kDenied, "this account answers no calls");
  const std::string not_now = core_.not_now();
  if (!not_now.empty()) return ask.refuse(ErrorCode::kUnavailable, not_now);
  const auto view = core_.flow_.look(who);
  if (!view || view->call.text() != ask.request.param("call"))
    return ask.refuse(ErrorCode::kConflict, "this call is not with you now");
  if (const auto done = run(who, core_.clock_.now()); !done) return ask.refuse(done.error());
  ask.accepted();
}

void Api::answer_call(const Ask& ask) {
  command(ask, [this](const OperatorId& who, Time now) { return core_.flow_.accept(who, now); });
}

void Api::decline_call(const Ask& ask) {
  command(ask, [this](const OperatorId& who, Time now) { return core_.flow_.refuse(who, now); });
}

void Api::hold_call(const Ask& ask) {
  command(ask,
          [this](const OperatorId& who, Time now) { return core_.flow_.hold(who, true, now); });
}

void Api::resume_call(const Ask& ask) {
  command(ask,
          [this](const OperatorId& who, Time now) { return core_.flow_.hold(who, false, now); });
}

void Api::mute_call(const Ask& ask) {
  command(ask,
          [this](const OperatorId& who, Time now) { return core_.flow_.mute(who, true, now); });
}

void Api::unmute_call(const Ask& ask) {
  command(ask,
          [this](const OperatorId& who, Time now) { return core_.flow_.mute(who, false, now); });
}

namespace {

// Exactly one of desk and operator.
Result<void> read_target(const web::Request& request, DeskId& desk, OperatorId& who) {
  JsonInput input(request.body);
  desk = DeskId(input.optional_text("desk_id").value_or(""));
  who = OperatorId(input.optional_text("operator_id").value_or(""));
  if (desk.empty() == who.empty()) input.refuse("desk_id", "give this or operator_id, not both");
  return input.finish();
}

}  // namespace

void Api::transfer_call(const Ask& ask) {
  DeskId desk;
  OperatorId other;
  if (const auto good = read_target(ask.request, desk, other); !good)
    return ask.refuse(good.error());
  command(ask, [&](const OperatorId& who, Time now) {
    return desk.empty() ? core_.flow_.transfer(who, other, now)
                        : core_.flow_.transfer(who, desk, now);
  });
}

void Api::consult(const Ask& ask) {
  DeskId desk;
  OperatorId other;
  if (const auto good = read_target(ask.request, desk, other); !good)
    return ask.refuse(good.error());
  command(ask, [&](const OperatorId& who, Time now) {
    return desk.empty() ? core_.flow_.consult(who, other, now)
                        : core_.flow_.consult(who, desk, now);
  });
}

void Api::complete_transfer(const Ask& ask) {
  command(ask, [this](const OperatorId& who, Time now) { return core_.flow_.hand_over(who, now); });
}

void Api::cancel_consult(const Ask& ask) {
  command(ask,
          [this](const OperatorId& who, Time now) { return core_.flow_.consult_over(who, now); });
}

void Api::end_call(const Ask& ask) {
  command(ask, [this](const OperatorId& who, Time now) { return core_.flow_.end(who, now); });
}

void Api::pause_recording(const Ask& ask) {
  command(ask, [this](const OperatorId& who, Time now) {
    return core_.flow_.pause_recording(who, true, now);
  });
}

void Api::resume_recording(const Ask& ask) {
  command(ask, [this](const OperatorId& who, Time now) {
    return core_.flow_.pause_recording(who, false, now);
  });
}

void Api::wrap_up(const Ask& ask) {
  JsonInput input(ask.request.body);
  const std::string disposition = input.text("disposition", 64);
  const auto next = input.optional_text("next");
  const std::string reason = input.optional_text("reason").value_or("");
  const auto& known = core_.settings_.dispositions;
  if (std::none_of(known.begin(), known.end(),
                   [&](const Choice& one) { return one.id == disposition; }))
    input.refuse("disposition", "must be one of the choices");
  if (next && *next != "ready" && *next != "away" && *next != "offline")
    input.refuse("next", "must be ready, away or offline");
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  const auto why = routing::from_name<routing::AwayReason>(reason.empty() ? "other" : reason);
  if (!why) return ask.refuse(ErrorCode::kInvalid, "reason: must be one of the choices");
  command(ask, [&](const OperatorId& who, Time now) {
    if (!next || *next == "ready") return core_.flow_.wrapped_up(who, disposition, now);
    auto done = core_.flow_.wrapped_up(who, disposition, *why, now);
    if (done && *next == "offline") done = core_.flow_.sign_off(who, now);
    return done;
  });
}

void Api::extend_wrap_up(const Ask& ask) {
  command(ask, [this](const OperatorId& who, Time now) {
    return core_.flow_.extend_wrap_up(who, kExtension, now);
  });
}

void Api::promise_callback(const Ask& ask) {
  JsonInput input(ask.request.body);
  const std::string reason = input.text("reason", 64);
  const auto at = input.optional_text("at", 40);
  if (std::none_of(kPromiseReasons.begin(), kPromiseReasons.end(),
                   [&](const auto& one) { return one[0] == reason; }))
    input.refuse("reason", "must be one of the choices");
  std::optional<Time> due;
  if (at) {
    const auto time = parse_utc(*at);
    if (!time) input.refuse("at", time.error().message);
    if (time) due = *time;
  }
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  command(ask, [&](const OperatorId& who, Time now) -> Result<void> {
    if (const auto made = core_.flow_.promise_callback(who, reason, due, now); !made)
      return tl::unexpected<Error>(made.error());
    return {};
  });
}

void Api::ring_me(const Ask& ask) {
  JsonInput input(ask.request.body.empty() ? std::string_view("{}") : ask.request.body);
  const DeskId wanted(input.optional_text("desk_id").value_or(""));
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  if (!core_.settings_.demo.ring_me)
    return ask.refuse(ErrorCode::kConflict, "these settings are not a demo's");
  if (const std::string not_now = core_.not_now(); !not_now.empty())
    return ask.refuse(ErrorCode::kUnavailable, not_now);
  for (const auto& [id, desk] : core_.floor_.desks) {
    const bool fits =
        wanted.empty() ? ask.viewer.groups.contains(desk.routing.group) : id == wanted;
    if (!fits || desk.routing.numbers.empty()) continue;
    core_.exchange_->send(
        {{CommandId(core_.command_id()),
          DemoCall{desk.routing.numbers.front(), core_.prompts_->caller_prompt()}}});
    return ask.accepted();
  }
  ask.refuse(ErrorCode::kNotFound, "there is no such desk, or none of your groups has one");
}

}  // namespace madoguchi::centre
