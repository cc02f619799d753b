#include "exchange/sip_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/check.h"

namespace madoguchi::exchange {
namespace {

constexpr std::size_t kMostStrangers = 10'000;
constexpr std::uint32_t kStrangersAnswered = 20;  // refusals an address gets in ten seconds
constexpr std::string_view kRealm = "madoguchi";

sip::UserAgentOptions agent_options(const Settings& settings, const SipTransport& transport) {
  sip::UserAgentOptions options;
  for (std::size_t i = 0; i < settings.sip.size(); ++i) {
    const auto address = sip::IpAddress::parse(settings.public_address);
    options.sockets.push_back({settings.sip[i].transport,
                               address ? address->uri_host() : settings.public_address,
                               transport.port(i)});
  }
  options.delivered_methods = {sip::Method::kRegister};
  options.session_interval = settings.session_interval;
  return options;
}

// Of two telephones' refusals, whether the first says more about the person called: a word of the
// person's before "nobody home", and that before what only the network says.
bool says_more(int status, int than) {
  const auto weight = [](int of) {
    if (of >= 600 || of == 486) return 3;
    if (of == 480 || of == 408 || of == 487) return 2;
    return of == 0 ? 0 : 1;
  };
  return weight(status) > weight(than);
}

sip::DigestServerOptions digest_options() {
  sip::DigestServerOptions options;
  options.realm = std::string(kRealm);
  return options;
}

}  // namespace

SipLines::SipLines(const Settings& settings, const Tables& tables, SipTransport& transport,
                   const Clock& clock, Entropy& entropy, AskDns ask_dns, OnPhone on_phone)
    : settings_(settings),
      tables_(tables),
      transport_(transport),
      clock_(clock),
      entropy_(entropy),
      ask_dns_(std::move(ask_dns)),
      on_phone_(std::move(on_phone)),
      authenticator_(digest_options(), entropy),
      registrar_(sip::RegistrarOptions{}, authenticator_,
                 [this](std::string_view user) -> std::optional<sip::DigestSecret> {
                   const wire::Phone* phone = tables_.phone_of_user(user);
                   if (phone == nullptr) return std::nullopt;
                   return sip::DigestSecret{phone->ha1_md5(), phone->ha1_sha256()};
                 }),
      agent_(agent_options(settings, transport), *this, entropy) {
  for (const TrunkSettings& trunk : settings.trunks) trunks_.push_back({&trunk, nullptr, nullptr});
  transport_.keep_open([this] { return flows_in_use(); });
}

SipLines::~SipLines() = default;

std::string SipLines::our_host() const {
  const auto address = sip::IpAddress::parse(settings_.public_address);
  return address ? address->uri_host() : settings_.public_address;
}

// ---- who may call

const SipLines::Trunk* SipLines::trunk_of(const sip::Flow& flow) const {
  for (const Trunk& trunk : trunks_) {
    for (const AddressRange& range : trunk.settings->addresses)
      if (range.contains(flow.remote.address)) return &trunk;
    if (trunk.registration && trunk.registration->server() &&
        trunk.registration->server()->remote.address == flow.remote.address)
      return &trunk;
  }
  return nullptr;
}

// What an address asked for lately; whoever has many addresses makes us forget, never grow.
SipLines::Bucket& SipLines::bucket_of(const sip::IpAddress& address, MonoTime now) {
  if (strangers_.size() >= kMostStrangers && !strangers_.contains(address)) strangers_.clear();
  Bucket& bucket = strangers_[address];
  if (now - bucket.since > std::chrono::seconds(10)) bucket = {now, 0};
  return bucket;
}

sip::Admission SipLines::stranger(const sip::Flow& flow, MonoTime now) {
  ++refused_strangers_;
  // A scanner learns little from silence, and a flood of answers helps nobody.
  if (++bucket_of(flow.remote.address, now).count > kStrangersAnswered)
    return sip::Admission::ignore();
  return sip::Admission::refuse(403);
}

sip::Admission SipLines::admit(const sip::Message& request, const sip::Flow& flow, MonoTime now) {
  if (request.method() == sip::Method::kInvite) return admit_call(request, flow, now);
  if (request.method() != sip::Method::kRegister) return stranger(flow, now);
  // The registrar authenticates, and slows down who guesses; only who keeps asking is a stranger.
  if (!request.has(sip::Header::kAuthorization) &&
      ++bucket_of(flow.remote.address, now).count > 50 * kStrangersAnswered)
    return sip::Admission::ignore();
  return sip::Admission::accept(sip::Trust::kUntrusted);
}

// Who is called by a request of this trunk's: of those it may mean, the first that is a number of
// ours, else the first.
std::string SipLines::number_called(const sip::Message& request, const Trunk* trunk) const {
  const auto numbers = sip::called_numbers(request, trunk == nullptr ? "" : trunk->settings->user);
  for (const std::string& number : numbers)
    if (const std::string full = normal_number(number, settings_.country);
        tables_.organisation_of(full) != nullptr || tables_.desk_of(full) != nullptr)
      return number;
  return numbers.front();
}

sip::Admission SipLines::admit_call(const sip::Message& request, const sip::Flow& flow,
                                    MonoTime now) {
  if (own_call_ids_.contains(std::string(request.call_id())))
    return sip::Admission::accept(sip::Trust::kTrusted, "demo");
  const Trunk* trunk = trunk_of(flow);
  if (trunk == nullptr) return stranger(flow, now);
  const auto& numbers = trunk->settings->numbers;
  if (!numbers.empty() &&
      std::find(numbers.begin(), numbers.end(),
                normal_number(number_called(request, trunk), settings_.country)) == numbers.end())
    return sip::Admission::refuse(404);
  if (now - arrivals_.since >= std::chrono::seconds(1)) arrivals_ = {now, 0};
  if (++arrivals_.count > settings_.new_calls_per_second)
    return sip::Admission::refuse(503, {{"Retry-After", "5"}});
  return sip::Admission::accept(
      trunk->settings->trusted ? sip::Trust::kTrusted : sip::Trust::kUntrusted,
      trunk->settings->name);
}

// ---- the pump

void SipLines::pump() {
  now_ = clock_.mono();
  agent_.advance(now_);
  registrar_.advance(now_);
  transport_.receive([&](const sip::Flow& flow,
                         std::string bytes) { agent_.receive(flow, std::move(bytes), now_); },
                     [&](std::uint64_t origin) { agent_.send_failed(origin, now_); },
                     [&](sip::ConnectionId connection) {
                       agent_.connection_closed(connection, now_);
                       registrar_.connection_closed(connection);
                     });
  do {
    drive_registrations();
    drive_look_ups();
    while (auto out = agent_.poll_transmit())
      transport_.send(out->flow, std::move(out->bytes), out->origin);
  } while (dispatch());
  while (auto change = registrar_.poll())
    if (const wire::Phone* phone = tables_.phone_of_user(change->account))
      on_phone_(phone->operator_id(), change->reachable);
  transport_.flush();
}

bool SipLines::dispatch() {
  bool any = false;
  while (auto event = agent_.poll_event()) {
    any = true;
    dispatch(*event);
  }
  while (!over_.empty()) {
    any = true;
    const LineId line = over_.front();
    over_.pop_front();
    control_->line_ended(line, sip::EndCause::kTransport, 503);
  }
  return any;
}

LineId SipLines::line_of(sip::SessionId session) const {
  const auto found = by_session_.find(static_cast<std::uint64_t>(session));
  return found == by_session_.end() ? LineId{} : found->second;
}

void SipLines::dispatch(sip::UserAgentEvent& event) {
  if (auto* call = std::get_if<sip::IncomingCall>(&event)) {
    incoming(*call);
  } else if (auto* progress = std::get_if<sip::CallProgress>(&event)) {
    const LineId line = line_of(progress->session);
    LineState* state = find(line);
    if (state != nullptr && state->out) state->out->heard = true;
    // Of several telephones nobody knows yet which one will speak.
    const bool early =
        progress->role == sip::SdpRole::kAnswer && (state == nullptr || state->branches.empty());
    control_->line_progress(line, progress->status, early ? progress->sdp : "");
  } else if (auto* picked_up = std::get_if<sip::CallAnswered>(&event)) {
    answered(*picked_up);
  } else if (auto* offer = std::get_if<sip::OfferReceived>(&event)) {
    control_->line_offer(line_of(offer->session), offer->sdp);
  } else if (auto* wanted = std::get_if<sip::OfferWanted>(&event)) {
    control_->line_offer_wanted(line_of(wanted->session));
  } else if (auto* answer = std::get_if<sip::AnswerReceived>(&event)) {
    control_->line_answer(line_of(answer->session), answer->sdp);
  } else if (auto* info = std::get_if<sip::InfoReceived>(&event)) {
    if (info->digit) control_->line_digit(line_of(info->session), *info->digit);
  } else if (auto* refer = std::get_if<sip::ReferReceived>(&event)) {
    control_->line_refer(line_of(refer->session), refer->refer_to.user_decoded());
  } else if (auto* lost = std::get_if<sip::PeerLost>(&event)) {
    control_->line_lost(line_of(lost->session));
  } else if (auto* over = std::get_if<sip::SessionEnded>(&event)) {
    ended(*over);
  } else if (auto* asked = std::get_if<sip::RequestReceived>(&event)) {
    request(*asked);
  } else if (auto* response = std::get_if<sip::ResponseReceived>(&event)) {
    for (Trunk& trunk : trunks_)
      if (trunk.registration) trunk.registration->response(*response, now_);
  }
}

// The first of an operator's telephones has the call; the others stop ringing.
void SipLines::answered(const sip::CallAnswered& answered) {
  const LineId line = line_of(answered.session);
  if (LineState* state = find(line); state != nullptr && !state->branches.empty()) {
    for (const sip::SessionId branch : std::exchange(state->branches, {})) {
      if (branch == answered.session) continue;
      by_session_.erase(static_cast<std::uint64_t>(branch));
      (void)agent_.hang_up(branch, now_, {486, "SIP;cause=200;text=\"Call completed elsewhere\""});
    }
    state->session = answered.session;
  }
  control_->line_answered(line, answered.sdp);
}

void SipLines::incoming(const sip::IncomingCall& call) {
  IncomingLine incoming;
  incoming.line = LineId{next_line_++};
  incoming.called = number_called(call.request, trunk_of(call.flow));
  incoming.caller = call.caller;
  incoming.sdp = call.sdp;
  incoming.trunk = call.account;
  lines_[incoming.line].session = call.session;
  by_session_[static_cast<std::uint64_t>(call.session)] = incoming.line;
  control_->incoming(incoming);
}

void SipLines::request(const sip::RequestReceived& request) {
  auto reply = registrar_.handle(request.message, request.flow, now_);
  (void)agent_.respond(request.request, reply.status, now_, std::move(reply.headers));
}

void SipLines::ended(const sip::SessionEnded& ended) {
  const LineId line = line_of(ended.session);
  by_session_.erase(static_cast<std::uint64_t>(ended.session));
  LineState* state = find(line);
  if (state == nullptr) return;
  if (std::erase(state->branches, ended.session) > 0) {
    if (says_more(ended.status, state->refused_with)) state->refused_with = ended.status;
    if (ended.status >= 600)  // for the person, wherever (RFC 3261, 16.7)
      for (const sip::SessionId other : std::vector(state->branches))
        (void)agent_.hang_up(other, now_, {});
    if (!state->branches.empty()) return;  // others still ring, or are on their way out
    const int status = state->refused_with;
    const bool refused = status != 0 && status != 408;
    lines_.erase(line);
    return control_->line_ended(line, refused ? sip::EndCause::kRefused : ended.cause, status);
  }
  const bool elsewhere = ended.cause == sip::EndCause::kTransport ||
                         ended.cause == sip::EndCause::kTimedOut ||
                         (ended.cause == sip::EndCause::kRefused && ended.status == 503);
  if (state->out && elsewhere && !state->out->heard) {
    if (state->out->next > 0) fail_over_.failed(state->out->targets[state->out->next - 1], now_);
    if (state->out->next < state->out->targets.size() || next_trunk(*state->out))
      return try_next(line, *state);
  }
  lines_.erase(line);
  control_->line_ended(line, ended.cause, ended.status);
}

std::optional<MonoTime> SipLines::next_deadline() const {
  std::optional<MonoTime> next = agent_.next_deadline();
  const auto sooner = [&](std::optional<MonoTime> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  sooner(registrar_.next_deadline());
  for (const Trunk& trunk : trunks_)
    if (trunk.registration) sooner(trunk.registration->next_deadline());
  return next;
}

// Connections over which someone is in a call, can be called, or has our registration.
std::vector<sip::Flow> SipLines::flows_in_use() const {
  std::vector<sip::Flow> flows = agent_.flows();
  for (const sip::Flow& flow : registrar_.flows()) flows.push_back(flow);
  for (const Trunk& trunk : trunks_)
    if (trunk.registration && trunk.registration->server())
      if (const auto flow = transport_.flow_to(trunk.registration->server()->transport,
                                               trunk.registration->server()->remote))
        flows.push_back(*flow);
  return flows;
}

std::vector<wire::PhoneState> SipLines::phones() const {
  std::vector<wire::PhoneState> states;
  for (const wire::Phone& phone : tables_.phones()) {
    wire::PhoneState& state = states.emplace_back();
    state.set_operator_id(phone.operator_id());
    state.set_registered(!registrar_.find(phone.user(), clock_.mono()).empty());
  }
  return states;
}

TelephoneFile::Changes SipLines::take_changed_telephones() {
  TelephoneFile::Changes changes;
  const Time wall = clock_.now();
  const MonoTime now = clock_.mono();
  for (const std::string& account : registrar_.take_touched()) {
    std::string& lines = changes[account];
    const auto bindings = registrar_.find(account, now);
    for (auto binding = bindings.rbegin(); binding != bindings.rend(); ++binding) {
      if (binding->flow.transport != sip::Transport::kUdp) continue;
      lines += text_of({account, binding->contact.text(), settings_.sip.at(binding->flow.socket).at,
                        binding->flow.remote, binding->q, wall + (binding->expires - now),
                        binding->call_id, binding->cseq});
    }
  }
  return changes;
}

void SipLines::restore_telephones(std::string_view kept) {
  const Time wall = clock_.now();
  const MonoTime now = clock_.mono();
  for (const KeptTelephone& telephone : telephones_in(kept)) {
    const auto socket =
        std::find_if(settings_.sip.begin(), settings_.sip.end(), [&](const SipListen& one) {
          return one.transport == sip::Transport::kUdp && one.at == telephone.ours;
        });
    auto contact = sip::Uri::parse(telephone.contact);
    if (socket == settings_.sip.end() || !contact || !contact->is_sip_or_sips() ||
        tables_.phone_of_user(telephone.account) == nullptr)
      continue;
    const auto index = static_cast<std::uint16_t>(socket - settings_.sip.begin());
    registrar_.restore(telephone.account,
                       {*std::move(contact),
                        {sip::Transport::kUdp, index, telephone.remote, 0},
                        telephone.q,
                        now + (telephone.expires - wall),
                        telephone.call_id,
                        telephone.cseq},
                       now);
  }
}

// ---- commands

// A command may come long after the last pump; timers that it starts must not be due already.
MonoTime SipLines::now() {
  return now_ = clock_.mono();
}

SipLines::LineState* SipLines::find(LineId line) {
  const auto found = lines_.find(line);
  return found == lines_.end() ? nullptr : &found->second;
}

// The agent refuses what comes too late for a session; its SessionEnded is then on the way.
void SipLines::ring_back(LineId line) {
  if (LineState* state = find(line)) (void)agent_.provisional(state->session, 180, "", now());
}

void SipLines::answer(LineId line, std::string sdp) {
  if (LineState* state = find(line)) (void)agent_.accept(state->session, std::move(sdp), now());
}

void SipLines::refuse(LineId line, int status, std::chrono::seconds retry_after) {
  LineState* state = find(line);
  if (state == nullptr) return;
  std::vector<sip::HeaderLine> headers;
  if (retry_after.count() > 0)
    headers.push_back({"Retry-After", std::to_string(retry_after.count())});
  (void)agent_.reject(state->session, status, now(), {}, std::move(headers));
}

void SipLines::hang_up(LineId line, std::string_view) {
  LineState* state = find(line);
  if (state == nullptr) return;
  if (!state->branches.empty()) {
    const auto branches = state->branches;  // each one's end takes it from there
    for (const sip::SessionId branch : branches) (void)agent_.hang_up(branch, now(), {});
    return;
  }
  if (state->session != sip::SessionId{}) {
    if (state->out) state->out->heard = true;  // no other server is tried any more
    (void)agent_.hang_up(state->session, now(), {});
    return;
  }
  lines_.erase(line);
  over_.push_back(line);
}

void SipLines::answer_offer(LineId line, std::string sdp) {
  if (LineState* state = find(line))
    (void)agent_.answer_offer(state->session, std::move(sdp), now());
}

void SipLines::refuse_offer(LineId line, int status) {
  if (LineState* state = find(line)) (void)agent_.refuse_offer(state->session, status, now());
}

void SipLines::accept_refer(LineId line, int final_status) {
  LineState* state = find(line);
  if (state == nullptr || !agent_.accept_refer(state->session, now())) return;
  (void)agent_.refer_progress(state->session, final_status, now());
}

void SipLines::probe(LineId line, std::chrono::seconds heard_within) {
  if (LineState* state = find(line)) (void)agent_.probe(state->session, heard_within, now());
}

void SipLines::reject_refer(LineId line, int status) {
  if (LineState* state = find(line)) (void)agent_.reject_refer(state->session, status, now());
}

}  // namespace madoguchi::exchange
