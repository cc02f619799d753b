#include "sip/user_agent_core.h"

#include <algorithm>
#include <utility>

namespace madoguchi::sip {
namespace {

// A SessionId is serial * 2^20 + slot: found without a table, and never used twice.
constexpr std::uint64_t kSlotBits = 20;
constexpr std::uint64_t kSlots = 1ULL << kSlotBits;

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

Session* UserAgent::Core::any(SessionId id) const {
  const std::uint64_t slot = static_cast<std::uint64_t>(id) % kSlots;
  if (slot >= slots_.size() || !slots_[slot] || slots_[slot]->id() != id) return nullptr;
  return slots_[slot].get();
}

Session* UserAgent::Core::find(SessionId id) const {
  Session* session = any(id);
  return session == nullptr || session->over() ? nullptr : session;
}

SessionId UserAgent::Core::next_id() {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  return SessionId(++serial_ * kSlots + free_.back());
}

void UserAgent::Core::adopt(std::unique_ptr<Session> session) {
  const SessionId id = session->id();
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  context.by_local_tag[session->local_tag()] = id;
  if (session->received_invite().valid()) context.invites[session->received_invite()] = id;
  slots_[slot] = std::move(session);
  touch(id);
}

void UserAgent::Core::tidy(SessionId id) {
  Session* session = any(id);
  if (session == nullptr) return;
  const auto slot = static_cast<TimerHeap::SlotIndex>(static_cast<std::uint64_t>(id) % kSlots);
  if (!session->finished()) {
    const MonoTime due = session->deadline();
    due == MonoTime::max() ? timers_.cancel(slot) : timers_.set(slot, due);
    return;
  }
  timers_.cancel(slot);
  context.by_local_tag.erase(session->local_tag());
  context.invites.erase(session->received_invite());
  slots_[slot].reset();
  free_.push_back(slot);
}

void UserAgent::Core::settle(MonoTime now) {
  for (;;) {
    while (auto event = context.layer.poll_event()) {
      std::visit(Overloaded{
                     [&](ClientTimedOut& e) {
                       client_failed(e.transaction, Session::Failure::kTimedOut, now);
                     },
                     [&](ClientTransportFailed& e) {
                       client_failed(e.transaction, Session::Failure::kTransport, now);
                     },
                     [&](ClientEnded& e) { client_ended(e.transaction); },
                     [&](auto& e) { handle(std::move(e), now); },
                 },
                 *event);
    }
    if (touched_.empty()) break;
    const std::vector<SessionId> touched = std::exchange(touched_, {});
    for (const SessionId id : touched) tidy(id);
  }
}

void UserAgent::Core::advance(MonoTime now) {
  context.layer.advance(now);
  settle(now);
  while (const auto slot = timers_.pop_due(now)) {
    Session* session = slots_[*slot].get();
    if (session == nullptr) continue;
    touch(session->id());
    session->advance(now);
    settle(now);
  }
}

std::optional<MonoTime> UserAgent::Core::next_deadline() const {
  const auto ours = timers_.next();
  const auto theirs = context.layer.next_deadline();
  if (!ours) return theirs;
  return theirs ? std::min(*ours, *theirs) : ours;
}

void UserAgent::Core::connection_closed(ConnectionId connection, MonoTime now) {
  for (const auto& session : slots_)
    if (session) session->connection_closed(connection);
  context.layer.connection_closed(connection, now);
  settle(now);
}

bool UserAgent::Core::overloaded() const {
  return context.live_sessions >= context.options.max_sessions || slots_.size() >= kSlots ||
         context.events.size() >= context.options.max_pending_events;
}

void UserAgent::Core::refuse(const RequestArrived& arrived, int status, MonoTime now,
                             const std::vector<HeaderLine>& headers) {
  Message response =
      Message::response_to(arrived.message, status, {}, context.layer.to_tag(arrived.transaction));
  for (const HeaderLine& line : headers) response.add(line.name, line.value);
  context.layer.respond_and_forget(arrived.transaction, std::move(response), now);
}

void UserAgent::Core::handle(RequestArrived arrived, MonoTime now) {
  if (!arrived.message.to_tag().empty()) return within_dialog(std::move(arrived), now);
  outside_dialog(std::move(arrived), now);
}

void UserAgent::Core::within_dialog(RequestArrived arrived, MonoTime now) {
  const auto found = context.by_local_tag.find(arrived.message.to_tag());
  Session* session = found == context.by_local_tag.end() ? nullptr : any(found->second);
  if (session == nullptr ||
      !session->has_dialog_with(arrived.message.call_id(), arrived.message.from_tag()))
    return refuse(arrived, 481, now);
  if (context.events.size() >= context.options.max_pending_events &&
      arrived.message.method() != Method::kBye) {
    ++context.counters.overload;
    return refuse(arrived, 503, now, {{"Retry-After", "5"}});
  }
  touch(session->id());
  session->request(arrived.transaction, std::move(arrived.message), arrived.flow, now);
}

void UserAgent::Core::outside_dialog(RequestArrived arrived, MonoTime now) {
  const Method method = arrived.message.method();
  if (method == Method::kOptions) {
    Message response =
        Message::response_to(arrived.message, 200, {}, context.layer.to_tag(arrived.transaction));
    context.describe_abilities(response);
    context.layer.respond_and_forget(arrived.transaction, std::move(response), now);
    return;
  }
  const auto& delivered = context.options.delivered_methods;
  const bool deliverable = std::find(delivered.begin(), delivered.end(), method) != delivered.end();
  if (method != Method::kInvite && !deliverable) {
    // REFER and SUBSCRIBE without a call are nothing we do; the rest only exists within one.
    return refuse(arrived, method == Method::kRefer ? 403 : 481, now);
  }
  if (overloaded()) {
    ++context.counters.overload;
    return refuse(arrived, 503, now, {{"Retry-After", "5"}});
  }
  Admission admission = policy_.admit(arrived.message, arrived.flow, now);
  switch (admission.verdict) {
    case Admission::Verdict::kRefuse:
      return refuse(arrived, admission.status, now, admission.headers);
    case Admission::Verdict::kIgnore:
      ++context.counters.ignored;
      context.layer.forget(arrived.transaction);
      return;
    case Admission::Verdict::kAccept:
      break;
  }
  if (method == Method::kInvite)
    return incoming_call(std::move(arrived), std::move(admission), now);
  deliver(std::move(arrived), std::move(admission), now);
}

void UserAgent::Core::incoming_call(RequestArrived arrived, Admission admission, MonoTime now) {
  std::string tag = context.layer.to_tag(arrived.transaction);
  const SessionId id = next_id();
  auto session = std::make_unique<Session>(
      context, id, arrived.transaction, std::move(arrived.message), arrived.flow, std::move(tag));
  if (!session->start_called(std::move(admission), now)) return;
  adopt(std::move(session));
}

void UserAgent::Core::deliver(RequestArrived arrived, Admission admission, MonoTime now) {
  // Those whose transaction is gone were never answered: their senders have given up.
  while (!waiting_.empty() && !context.layer.alive(waiting_.begin()->second.transaction))
    waiting_.erase(waiting_.begin());
  if (waiting_.size() >= context.options.max_sessions) {
    ++context.counters.overload;
    return refuse(arrived, 503, now, {{"Retry-After", "5"}});
  }
  RequestReceived event;
  event.request = RequestId(++request_serial_);
  event.flow = arrived.flow;
  event.account = std::move(admission.account);
  event.message = arrived.message;
  waiting_.emplace(event.request, Waiting{arrived.transaction, std::move(arrived.message)});
  context.emit(std::move(event));
}

Result<void> UserAgent::Core::respond(RequestId request, int status, MonoTime now,
                                      const std::vector<HeaderLine>& headers) {
  if (status < 200 || status > 699)
    return fail(ErrorCode::kInvalid, "a final status is 200 to 699");
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return fail(ErrorCode::kNotFound, "the request is answered or gone");
  const Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  Message response =
      Message::response_to(waiting.message, status, {}, context.layer.to_tag(waiting.transaction));
  for (const HeaderLine& line : headers) response.add(line.name, line.value);
  // A refusal, which anyone can provoke in numbers, leaves nothing behind.
  if (status >= 300)
    context.layer.respond_and_forget(waiting.transaction, std::move(response), now);
  else
    context.layer.respond(waiting.transaction, std::move(response), now);
  settle(now);
  return {};
}

void UserAgent::Core::handle(const AckArrived& arrived, MonoTime now) {
  const auto found = context.by_local_tag.find(arrived.message.to_tag());
  Session* session = found == context.by_local_tag.end() ? nullptr : any(found->second);
  if (session == nullptr ||
      !session->has_dialog_with(arrived.message.call_id(), arrived.message.from_tag())) {
    ++context.counters.stray_acks;
    return;
  }
  touch(session->id());
  session->ack(arrived.message, now);
}

void UserAgent::Core::handle(const CancelArrived& arrived, MonoTime now) {
  const auto found = context.invites.find(arrived.invite);
  Session* session = found == context.invites.end() ? nullptr : any(found->second);
  if (session == nullptr) return;
  touch(session->id());
  session->cancelled(arrived.invite, arrived.message, now);
}

void UserAgent::Core::handle(const ResponseArrived& arrived, MonoTime now) {
  const auto found = context.clients.find(arrived.transaction);
  if (found == context.clients.end()) return;
  if (found->second.purpose == Purpose::kAlone) {
    if (arrived.message.status() < 200) return;
    context.emit(
        ResponseReceived{found->second.request, arrived.message.status(), arrived.message});
    context.clients.erase(found);
    return;
  }
  Session* session = any(found->second.session);
  if (session == nullptr) return;
  touch(session->id());
  const ClientUse use = found->second;
  session->response(arrived.transaction, use, arrived.message, now);
}

void UserAgent::Core::client_failed(ClientId id, Session::Failure failure, MonoTime now) {
  const auto found = context.clients.find(id);
  if (found == context.clients.end()) return;
  if (found->second.purpose == Purpose::kAlone) {
    const int status = failure == Session::Failure::kTimedOut ? 408 : 503;
    context.emit(ResponseReceived{found->second.request, status, std::nullopt});
    context.clients.erase(found);
    return;
  }
  Session* session = any(found->second.session);
  if (session == nullptr) return;
  touch(session->id());
  const ClientUse use = found->second;
  session->client_failed(id, use, failure, now);
}

void UserAgent::Core::client_ended(ClientId id) {
  const auto found = context.clients.find(id);
  if (found == context.clients.end()) return;
  const SessionId session_id = found->second.session;
  context.clients.erase(found);
  Session* session = any(session_id);
  if (session == nullptr) return;
  touch(session_id);
  session->client_ended(id);
}

void UserAgent::Core::handle(const ServerFailed& failed, MonoTime now) {
  const auto found = context.invites.find(failed.transaction);
  Session* session = found == context.invites.end() ? nullptr : any(found->second);
  if (session == nullptr) return;
  touch(session->id());
  session->server_failed(failed.transaction, now);
}

Result<SessionId> UserAgent::Core::invite(OutgoingCall call, MonoTime now) {
  if (!call.target.is_sip_or_sips())
    return fail(ErrorCode::kInvalid, "only sip and sips URIs can be called");
  if (overloaded()) return fail(ErrorCode::kExhausted, "too many calls at once; try again later");
  const SessionId id = next_id();
  auto session = std::make_unique<Session>(context, id, std::move(call));
  Session& started = *session;
  if (auto result = started.start_calling(now); !result) return tl::unexpected(result.error());
  adopt(std::move(session));
  settle(now);
  return id;
}

Result<RequestId> UserAgent::Core::send_request(OutgoingRequest wanted, MonoTime now) {
  Message message = Message::request(wanted.method, wanted.target);
  for (const Uri& route : wanted.route) message.add(Header::kRoute, "<" + route.text() + ">");
  const std::string tag =
      wanted.from_tag.empty() ? context.layer.fresh_token() : std::move(wanted.from_tag);
  const Uri& to = wanted.to ? *wanted.to : wanted.target;
  message.add(Header::kFrom, format_name_addr({}, wanted.from.text(), tag));
  message.add(Header::kTo, format_name_addr({}, to.text()));
  message.add(Header::kCallId, wanted.call_id.empty()
                                   ? context.layer.fresh_token() + context.layer.fresh_token()
                                   : wanted.call_id);
  message.add(Header::kCSeq, std::to_string(wanted.cseq == 0 ? 1 : wanted.cseq) + " " +
                                 std::string(name_of(wanted.method)));
  if (!context.options.product.empty()) message.add(Header::kUserAgent, context.options.product);
  for (const HeaderLine& line : wanted.headers) message.add(line.name, line.value);
  if (!wanted.body.empty()) message.set_body(wanted.content_type, wanted.body);
  ClientUse use;
  use.purpose = Purpose::kAlone;
  use.request = RequestId(++request_serial_);
  const RequestId id = use.request;
  if (!context.send(std::move(use), std::move(message), wanted.flow, now).valid())
    return fail(ErrorCode::kExhausted, "too many SIP transactions at once; try again later");
  settle(now);
  return id;
}

std::vector<SessionId> UserAgent::Core::live_sessions() const {
  std::vector<SessionId> ids;
  for (const auto& session : slots_)
    if (session && !session->over()) ids.push_back(session->id());
  return ids;
}

}  // namespace madoguchi::sip
