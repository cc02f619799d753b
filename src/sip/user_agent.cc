#include "sip/user_agent.h"

#include <utility>

#include "sip/offer_answer.h"
#include "sip/user_agent_core.h"

namespace madoguchi::sip {

Admission Admission::accept(Trust trust, std::string account) {
  Admission admission;
  admission.verdict = Verdict::kAccept;
  admission.trust = trust;
  admission.account = std::move(account);
  return admission;
}

Admission Admission::refuse(int status, std::vector<HeaderLine> headers) {
  Admission admission;
  admission.status = status;
  admission.headers = std::move(headers);
  return admission;
}

Admission Admission::challenge(const Message& response) {
  Admission admission;
  admission.status = response.status();
  for (const Header header : {Header::kWwwAuthenticate, Header::kProxyAuthenticate})
    for (std::size_t i = 0; i < response.field_count(); ++i)
      if (const auto field = response.field(i); field.id == header)
        admission.headers.push_back({std::string(name_of(header)), std::string(field.value)});
  return admission;
}

Admission Admission::ignore() {
  Admission admission;
  admission.verdict = Verdict::kIgnore;
  return admission;
}

UserAgent::UserAgent(UserAgentOptions options, Policy& policy, Entropy& entropy)
    : core_(std::make_unique<Core>(std::move(options), policy, entropy)) {}

UserAgent::~UserAgent() = default;

void UserAgent::receive(const Flow& flow, std::string bytes, MonoTime now) {
  ++core_->context.counters.received;
  core_->context.layer.receive(std::move(bytes), flow, now);
  core_->settle(now);
}

void UserAgent::send_failed(std::uint64_t origin, MonoTime now) {
  core_->context.layer.send_failed(origin, now);
  core_->settle(now);
}

void UserAgent::connection_closed(ConnectionId connection, MonoTime now) {
  core_->connection_closed(connection, now);
}

void UserAgent::advance(MonoTime now) {
  core_->advance(now);
}

std::optional<MonoTime> UserAgent::next_deadline() const {
  return core_->next_deadline();
}

std::optional<Transmit> UserAgent::poll_transmit() {
  auto outgoing = core_->context.layer.poll_output();
  if (!outgoing) return std::nullopt;
  return Transmit{outgoing->flow, std::move(outgoing->bytes), outgoing->origin};
}

std::optional<UserAgentEvent> UserAgent::poll_event() {
  auto& events = core_->context.events;
  if (events.empty()) return std::nullopt;
  UserAgentEvent event = std::move(events.front());
  events.pop_front();
  return event;
}

Result<SessionId> UserAgent::invite(OutgoingCall call, MonoTime now) {
  return core_->invite(std::move(call), now);
}

Result<void> UserAgent::provisional(SessionId session, int status, std::string sdp, MonoTime now,
                                    ReliableProvisionals reliable) {
  return core_->command(session, now, [&](Session& call) {
    return call.provisional(status, std::move(sdp), reliable, now);
  });
}

Result<void> UserAgent::accept(SessionId session, std::string sdp, MonoTime now,
                               std::vector<HeaderLine> headers) {
  return core_->command(session, now, [&](Session& call) {
    return call.accept(std::move(sdp), std::move(headers), now);
  });
}

Result<void> UserAgent::reject(SessionId session, int status, MonoTime now,
                               std::string reason_phrase, std::vector<HeaderLine> headers) {
  return core_->command(session, now, [&](Session& call) {
    return call.reject(status, reason_phrase, headers, now);
  });
}

Result<void> UserAgent::cancel(SessionId session, MonoTime now, std::string reason) {
  return core_->command(session, now, [&](Session& call) { return call.cancel(reason, now); });
}

Result<void> UserAgent::bye(SessionId session, MonoTime now, std::string reason) {
  return core_->command(session, now, [&](Session& call) { return call.bye(reason, now); });
}

Result<void> UserAgent::hang_up(SessionId session, MonoTime now, const HangUp& how) {
  return core_->command(session, now, [&](Session& call) { return call.hang_up(how, now); });
}

Result<void> UserAgent::offer(SessionId session, std::string sdp, OfferBy by, MonoTime now) {
  return core_->command(session, now,
                        [&](Session& call) { return call.offer(std::move(sdp), by, now); });
}

Result<void> UserAgent::answer_offer(SessionId session, std::string sdp, MonoTime now) {
  return core_->command(session, now,
                        [&](Session& call) { return call.answer_offer(std::move(sdp), now); });
}

Result<void> UserAgent::refuse_offer(SessionId session, int status, MonoTime now) {
  return core_->command(session, now,
                        [&](Session& call) { return call.refuse_offer(status, now); });
}

Result<void> UserAgent::info(SessionId session, std::string content_type, std::string body,
                             MonoTime now) {
  return core_->command(session, now,
                        [&](Session& call) { return call.info(content_type, body, now); });
}

Result<void> UserAgent::probe(SessionId session, std::chrono::seconds heard_within, MonoTime now) {
  return core_->command(session, now, [&](Session& call) { return call.probe(heard_within, now); });
}

Result<void> UserAgent::accept_refer(SessionId session, MonoTime now) {
  return core_->command(session, now, [&](Session& call) { return call.accept_refer(now); });
}

Result<void> UserAgent::refer_progress(SessionId session, int status, MonoTime now) {
  return core_->command(session, now,
                        [&](Session& call) { return call.refer_progress(status, now); });
}

Result<void> UserAgent::reject_refer(SessionId session, int status, MonoTime now) {
  return core_->command(session, now,
                        [&](Session& call) { return call.reject_refer(status, now); });
}

Result<RequestId> UserAgent::send_request(OutgoingRequest request, MonoTime now) {
  return core_->send_request(std::move(request), now);
}

Result<void> UserAgent::respond(RequestId request, int status, MonoTime now,
                                std::vector<HeaderLine> headers) {
  return core_->respond(request, status, now, headers);
}

std::optional<SessionSummary> UserAgent::summary(SessionId session) const {
  const Session* call = core_->find(session);
  return call == nullptr ? std::nullopt : std::optional(call->summary());
}

std::vector<SessionId> UserAgent::sessions() const {
  return core_->live_sessions();
}

std::size_t UserAgent::session_count() const {
  return core_->context.live_sessions;
}

std::size_t UserAgent::transaction_count() const {
  return core_->context.layer.size();
}

UserAgentCounters UserAgent::counters() const {
  UserAgentCounters counters = core_->context.counters;
  counters.transactions = core_->context.layer.counters();
  return counters;
}

std::vector<Flow> UserAgent::flows() const {
  std::vector<Flow> flows;
  for (const SessionId session : core_->live_sessions())
    flows.push_back(core_->find(session)->summary().flow);
  return flows;
}

Uri UserAgent::contact_for(const Flow& flow) const {
  const auto contact = NameAddr::parse(core_->context.contact_field(flow));
  const auto uri = contact ? contact->parse_uri() : std::nullopt;
  return uri.value_or(Uri());
}

Result<void> answer_with(UserAgent& agent, OfferAnswer& negotiation, const OfferReceived& offer,
                         Direction wanted, MonoTime now) {
  auto answer = negotiation.answer(offer.sdp, wanted);
  if (!answer) return agent.refuse_offer(offer.session, refusal_status(answer.error()), now);
  return agent.answer_offer(offer.session, *std::move(answer), now);
}

}  // namespace madoguchi::sip
