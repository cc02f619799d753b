#include "centre/flow/call_flow.h"

#include "centre/flow/domain.h"

namespace madoguchi::centre {

CallFlow::CallFlow(Entropy& entropy) : domain_(std::make_unique<Domain>(entropy)) {
  domain_->engine_.hold_offers();  // nobody can be rung without an exchange
}
CallFlow::~CallFlow() = default;

void CallFlow::set_floor(const Floor& floor, Time now) {
  domain_->set_floor(floor, now);
}
void CallFlow::restore(const Stored& stored, Time now) {
  domain_->restore(stored, now);
}
void CallFlow::attach(const Snapshot& snapshot, Time now) {
  domain_->attach(snapshot, now);
}
void CallFlow::detached(Time now) {
  domain_->detached(now);
}
void CallFlow::take(const ExchangeEvent& event, Time now) {
  domain_->take(event, now);
}
void CallFlow::reading_waits(Time now) {
  domain_->replay_goes_on(now);
}

Result<void> CallFlow::sign_on(const OperatorId& who, Time now) {
  const auto key = domain_->key_of(who);
  if (!key) return tl::unexpected(key.error());
  return domain_->settle(domain_->engine_.sign_on(*key, now));
}

Result<void> CallFlow::sign_off(const OperatorId& who, Time now) {
  const auto key = domain_->key_of(who);
  if (!key) return tl::unexpected(key.error());
  domain_->touch(*key);  // what comes after a call is shown too
  return domain_->settle(domain_->engine_.sign_off(*key, now));
}

Result<void> CallFlow::ready(const OperatorId& who, Time now) {
  const auto key = domain_->key_of(who);
  if (!key) return tl::unexpected(key.error());
  domain_->touch(*key);
  return domain_->settle(domain_->engine_.ready(*key, now));
}

Result<void> CallFlow::away(const OperatorId& who, routing::AwayReason reason, Time now) {
  const auto key = domain_->key_of(who);
  if (!key) return tl::unexpected(key.error());
  domain_->touch(*key);
  return domain_->settle(domain_->engine_.away(*key, reason, now));
}

void CallFlow::ticket_given(const CallId& call, const TicketId& ticket, Time now) {
  domain_->ticket_given(call, ticket, now);
}
void CallFlow::ticket_denied(const CallId& call, const std::string& word, Time now) {
  domain_->ticket_denied(call, word, now);
}

void CallFlow::own_phone_ticket(const TicketWanted& wanted, const TicketId& ticket, Time now) {
  domain_->own_phone_ticket(wanted, ticket, now);
}
void CallFlow::own_phone_denied(const TicketWanted& wanted, const std::string& word, Time now) {
  domain_->own_phone_denied(wanted, word, now);
}

void CallFlow::advance(Time now) {
  domain_->advance(now);
}
void CallFlow::clock_was_set(Micros by, Time now) {
  domain_->clock_was_set(by, now);
}
void CallFlow::store_is_away(Time now) {
  domain_->store_is_away(now);
}
void CallFlow::store_is_back(Time now) {
  domain_->store_is_back(now);
}
std::optional<Time> CallFlow::next_deadline() const {
  return domain_->next_deadline();
}

Effects CallFlow::drain() {
  return domain_->drain();
}
std::vector<View> CallFlow::views(Time now) const {
  return domain_->views(now);
}

std::optional<CallView> CallFlow::call(const CallId& id) const {
  const Domain::Call* call = domain_->find(id);
  if (call == nullptr) return std::nullopt;
  return domain_->view_of(*call);
}

std::optional<OperatorView> CallFlow::look(const OperatorId& who) const {
  const auto key = domain_->key_of(who);
  if (!key) return std::nullopt;
  return domain_->view_of(domain_->at(*key));
}

BalanceView CallFlow::balance(const DeskId& desk, calendar::Day day) const {
  const auto key = domain_->engine_.desk(desk);
  if (!key) return {desk, day, {}};
  return domain_->balance(*key, day);
}

bool CallFlow::attached() const {
  return domain_->attached_;
}

}  // namespace madoguchi::centre
