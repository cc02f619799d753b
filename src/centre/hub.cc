#include "centre/hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "centre/json_writer.h"

namespace madoguchi::centre {

void Hub::tell(Listener& to, std::string_view rest) {
  if (!to.socket->is_open()) return;
  to.socket->send(
      std::make_shared<const std::string>(fmt::format("{{\"seq\":{},{}", ++to.seq, rest)));
}

std::string Hub::snapshot(Listener& to, const std::string& session_json, Time now) {
  JsonList desks, groups, operators, calls, promises;
  for (const auto& [id, desk] : floor_.desks)
    if (world_.may_see(to.viewer, desk)) desks.raw(sources_.desk(desk));
  if (!to.viewer.is_client()) {
    for (const auto& [id, group] : floor_.groups) groups.raw(world_.group_json(group));
    for (const AccountRow& account : accounts_.all())
      if (!account.operator_id.empty() && !account.disabled)
        operators.raw(world_.operator_json(account));
  }
  for (const CallId& id : world_.calls()) {
    if (!world_.may_see_call(to.viewer, id)) continue;
    calls.raw(world_.call_json(id));
    to.calls.insert(id);
  }
  for (const PromiseId& id : world_.promises()) {
    const PromiseRecord* promise = world_.promise(id);
    if (promise == nullptr || !world_.may_see(to.viewer, *promise)) continue;
    promises.raw(promise_json(*promise));
    to.promises.insert(id);
  }
  JsonObject out;
  out.text("type", "snapshot")
      .number("seq", 0)
      .time("now", now)
      .raw("session", session_json)
      .raw("desks", std::move(desks).done())
      .raw("groups", std::move(groups).done())
      .raw("operators", std::move(operators).done())
      .raw("calls", std::move(calls).done())
      .raw("promises", std::move(promises).done())
      .raw("balance", sources_.balance(to.viewer))
      .raw("status", sources_.status());
  return std::move(out).done();
}

bool Hub::add(std::shared_ptr<web::Socket> socket, const std::string& session_digest,
              const Viewer& viewer, const std::string& session_json, Time now) {
  if (listeners_.size() >= kMostListeners) {
    socket->close();
    return false;
  }
  Listener listener{std::move(socket), session_digest, viewer, 0, {}, {}};
  const std::string text = snapshot(listener, session_json, now);
  if (listener.socket->send(std::make_shared<const std::string>(text)))
    listeners_.push_back(std::move(listener));
  return true;
}

void Hub::refuse(const OperatorId& who, const CallId& call, std::string_view code,
                 std::string_view message) {
  const std::string rest = fmt::format(R"("type":"refused","call_id":{},"code":{},"message":{}}})",
                                       call.empty() ? "null" : web::json_quote(call.text()),
                                       web::json_quote(code), web::json_quote(message));
  for (Listener& listener : listeners_)
    if (listener.viewer.operator_id == who && !who.empty()) tell(listener, rest);
}

void Hub::end_session(const std::string& session_digest) {
  for (Listener& listener : listeners_) {
    if (listener.session_digest != session_digest) continue;
    tell(listener, "\"type\":\"signed_out\"}");
    listener.socket->close();
  }
  std::erase_if(listeners_,
                [&](const Listener& one) { return one.session_digest == session_digest; });
}

void Hub::resync() {
  for (Listener& listener : listeners_) listener.socket->close();
  listeners_.clear();
}

void Hub::tell_calls(const std::set<CallId>& changed) {
  for (const CallId& id : changed) {
    std::string json;  // made for the first listener who may see it
    for (Listener& listener : listeners_) {
      if (world_.may_see_call(listener.viewer, id)) {
        if (json.empty()) json = fmt::format(R"("type":"call","call":{}}})", world_.call_json(id));
        tell(listener, json);
        listener.calls.insert(id);
      } else if (listener.calls.erase(id) > 0) {
        tell(listener,
             fmt::format(R"("type":"call_gone","call_id":{}}})", web::json_quote(id.text())));
      }
    }
  }
}

void Hub::tell_promises(const std::set<PromiseId>& changed) {
  for (const PromiseId& id : changed) {
    const PromiseRecord* promise = world_.promise(id);
    const bool absorbed = promise == nullptr || !promise->absorbed_by.empty();
    const bool over = absorbed || promise->ended.has_value();
    for (Listener& listener : listeners_) {
      if (!absorbed && world_.may_see(listener.viewer, *promise)) {
        tell(listener, fmt::format(R"("type":"promise","promise":{}}})", promise_json(*promise)));
        listener.promises.insert(id);
      } else if (listener.promises.erase(id) > 0) {
        tell(listener,
             fmt::format(R"("type":"promise_gone","promise_id":{}}})", web::json_quote(id.text())));
      }
    }
    if (over) world_.forget(id);
  }
}

void Hub::tell_staff(const Changed& changed) {
  if (listeners_.empty()) return;
  const auto tell_all = [this](const std::string& rest) {
    for (Listener& listener : listeners_)
      if (!listener.viewer.is_client()) tell(listener, rest);
  };
  for (const OperatorId& id : changed.operators)
    if (const AccountRow* account = accounts_.of_operator(id))
      tell_all(fmt::format(R"("type":"operator","operator":{}}})", world_.operator_json(*account)));
  for (const GroupId& id : changed.groups)
    if (const auto group = floor_.groups.find(id); group != floor_.groups.end())
      tell_all(fmt::format(R"("type":"group","group":{}}})", world_.group_json(group->second)));
}

void Hub::tell_desks(const std::set<DeskId>& changed) {
  if (listeners_.empty()) return;
  for (const DeskId& id : changed) {
    const auto desk = floor_.desks.find(id);
    if (desk == floor_.desks.end()) continue;
    const std::string rest =
        fmt::format(R"("type":"desk","desk":{}}})", sources_.desk(desk->second));
    for (Listener& listener : listeners_)
      if (world_.may_see(listener.viewer, desk->second)) tell(listener, rest);
  }
}

void Hub::tell_balance(Time now) {
  if (!balance_waits_ || now - last_balance_ < kBalanceEvery) return;
  balance_waits_ = false;
  last_balance_ = now;
  for (Listener& listener : listeners_)
    tell(listener,
         fmt::format(R"("type":"balance","balance":{}}})", sources_.balance(listener.viewer)));
}

void Hub::flush(Time now) {
  if (now - last_flush_ < kFlushEvery && now >= last_flush_) return;
  const Changed changed = world_.take_changed();
  last_flush_ = now;
  balance_waits_ = balance_waits_ || changed.balance;
  std::erase_if(listeners_, [](const Listener& one) { return !one.socket->is_open(); });
  tell_calls(changed.calls);
  tell_promises(changed.promises);
  tell_staff(changed);
  tell_desks(changed.desks);
  tell_balance(now);
  if (std::exchange(status_changed_, false)) {
    const std::string rest = fmt::format(R"("type":"status","status":{}}})", sources_.status());
    for (Listener& listener : listeners_) tell(listener, rest);
  }
}

std::optional<Time> Hub::next_flush() const {
  if (world_.has_changes() || status_changed_) return last_flush_ + kFlushEvery;
  if (balance_waits_) return last_balance_ + kBalanceEvery;
  return std::nullopt;
}

}  // namespace madoguchi::centre
