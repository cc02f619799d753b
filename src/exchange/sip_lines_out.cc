// Calls of ours: to operators' phones, by trunks, to ourselves; registrations and look-ups.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "exchange/sip_lines.h"

namespace madoguchi::exchange {
namespace {

// A server that is there says 100 within 200 ms (RFC 3261, 17.2.1), a person waits meanwhile: who
// says nothing for this long is passed over for the next one.
constexpr std::chrono::seconds kFirstResponseWithin{4};

}  // namespace

std::optional<LineId> SipLines::start_call(sip::OutgoingCall call) {
  const auto session = agent_.invite(std::move(call), now());
  if (!session) return std::nullopt;
  const LineId line{next_line_++};
  lines_[line].session = *session;
  by_session_[static_cast<std::uint64_t>(*session)] = line;
  return line;
}

std::optional<LineId> SipLines::call_phone(const OperatorId& operator_id,
                                           const std::string& display, const std::string& sdp) {
  const wire::Phone* phone = tables_.phone_of_operator(operator_id.text());
  if (phone == nullptr) return std::nullopt;
  const auto bindings = registrar_.find(phone->user(), now());
  sip::OutgoingCall call;
  call.from = sip::Uri::sip("madoguchi", our_host());
  call.from_display = display;
  call.sdp = sdp;
  // Wherever the operator is: the telephone on the desk, the one in the bag.
  std::vector<sip::SessionId> rung;
  for (const sip::Binding& binding : bindings) {
    call.target = binding.contact;
    call.flow = binding.flow;
    if (const auto session = agent_.invite(call, now())) rung.push_back(*session);
  }
  if (rung.empty()) return std::nullopt;
  const LineId line{next_line_++};
  for (const sip::SessionId session : rung) by_session_[static_cast<std::uint64_t>(session)] = line;
  LineState& state = lines_[line];
  state.session = rung.front();
  if (rung.size() > 1) state.branches = std::move(rung);
  return line;
}

std::optional<LineId> SipLines::call_self(const std::string& number_called,
                                          const std::string& caller_user, const std::string& sdp) {
  sip::Endpoint own{*sip::IpAddress::parse(settings_.public_address), transport_.port(0)};
  const SipListen& listen = settings_.sip.front();
  const std::string bound = listen.at.address.text();
  if (bound != "0.0.0.0" && bound != "::") own.address = listen.at.address;
  const auto flow = transport_.flow_to(listen.transport, own);
  if (!flow) return std::nullopt;
  sip::OutgoingCall call;
  call.target = sip::Uri::sip(number_called, own.address.uri_host(), own.port);
  call.flow = *flow;
  call.from = sip::Uri::sip(caller_user.empty() ? "anonymous" : caller_user, our_host());
  call.sdp = sdp;
  const auto line = start_call(std::move(call));
  if (!line) return std::nullopt;
  if (const auto summary = agent_.summary(lines_[*line].session)) {
    if (own_call_ids_.size() > 1000) own_call_ids_.clear();
    own_call_ids_.insert(summary->call_id);
  }
  return line;
}

std::optional<LineId> SipLines::call_out(const Personal<std::string>& number,
                                         const std::string& shown_number, const std::string& sdp) {
  auto out = std::make_unique<CallingOut>();
  for (const Trunk& trunk : trunks_) {
    if (trunk.settings->target.empty()) continue;
    if (trunk.registration && trunk.registration->state() != sip::Registration::State::kRegistered)
      continue;
    out->trunks.push_back(&trunk);
  }
  out->number = number;
  out->shown_number = shown_number;
  out->call.sdp = sdp;
  out->call.first_response_within = kFirstResponseWithin;
  if (!next_trunk(*out)) return std::nullopt;
  const LineId line{next_line_++};
  LineState& state = lines_[line];
  state.out = std::move(out);
  try_next(line, state);
  return line;
}

// Prepares the call for the next trunk; false: there is none.
bool SipLines::next_trunk(CallingOut& out) {
  if (out.trunks.empty()) return false;
  const Trunk& chosen = *out.trunks.front();
  out.trunks.erase(out.trunks.begin());
  const TrunkSettings& trunk = *chosen.settings;
  const std::string host(trunk.target.host());
  out.call.target = trunk.target;
  out.call.target.set_user(out.number.reveal());
  out.call.from = sip::Uri::sip(out.shown_number, host);
  out.call.headers = {{"P-Asserted-Identity",
                       sip::format_name_addr("", sip::Uri::sip(out.shown_number, host).text())}};
  out.call.login.reset();
  if (!trunk.user.empty()) out.call.login = sip::Login{trunk.user, trunk.password};
  out.targets.clear();
  out.next = 0;
  if (chosen.registration && chosen.registration->server())
    out.targets = {*chosen.registration->server()};
  else
    out.locate = std::make_unique<sip::Locate>(trunk.target, sip::LocateOptions{}, entropy_);
  return true;
}

// The next server, of the next trunk after the last one's; the line is over when none is left.
void SipLines::try_next(LineId line, LineState& state) {
  CallingOut& out = *state.out;
  state.session = sip::SessionId{};
  do {
    if (out.locate) return looking_up_.push_back(line);
    while (out.next < out.targets.size()) {
      const sip::LocatedTarget& target = out.targets[out.next++];
      const auto flow = transport_.flow_to(target.transport, target.remote);
      if (!flow) continue;
      transport_.expect_name(target.remote, target.tls_name);
      out.call.flow = *flow;
      const auto session = agent_.invite(out.call, now());
      if (!session) continue;
      state.session = *session;
      by_session_[static_cast<std::uint64_t>(*session)] = line;
      return;
    }
  } while (next_trunk(out));
  lines_.erase(line);
  over_.push_back(line);
}

// ---- look-ups

void SipLines::ask_all(sip::Locate& locate) {
  while (auto question = locate.poll_question())
    if (!ask_dns_(*question)) locate.answer(*question, {});  // as if there were none
}

void SipLines::dns_answer(const sip::DnsQuestion& question, sip::DnsAnswer answer) {
  // Who did not ask ignores it.
  for (Trunk& trunk : trunks_)
    if (trunk.locate) trunk.locate->answer(question, answer);
  for (const LineId line : looking_up_)
    if (LineState* state = find(line); state != nullptr && state->out && state->out->locate)
      state->out->locate->answer(question, answer);
}

void SipLines::drive_look_ups() {
  for (Trunk& trunk : trunks_) {
    if (!trunk.locate) continue;
    ask_all(*trunk.locate);
    if (!trunk.locate->done()) continue;
    const auto targets = trunk.locate->targets();
    for (const sip::LocatedTarget& target : targets)
      transport_.expect_name(target.remote, target.tls_name);
    trunk.locate.reset();
    trunk.registration->located(targets, now_);
  }
  std::vector<LineId> found;
  std::erase_if(looking_up_, [&](LineId line) {
    LineState* state = find(line);
    if (state == nullptr || !state->out || !state->out->locate) return true;  // hung up meanwhile
    ask_all(*state->out->locate);
    if (!state->out->locate->done()) return false;
    found.push_back(line);
    return true;
  });
  for (const LineId line : found) {
    LineState& state = lines_[line];
    state.out->targets = state.out->locate->targets();
    state.out->locate.reset();
    // Servers that failed lately go last.
    if (const auto best = fail_over_.choose(state.out->targets, now_)) {
      auto& targets = state.out->targets;
      const auto at = std::find(targets.begin(), targets.end(), *best);
      std::rotate(targets.begin(), at, targets.end());
    }
    try_next(line, state);
  }
}

// ---- registrations

void SipLines::start() {
  now_ = clock_.mono();
  for (Trunk& trunk : trunks_) {
    if (!trunk.settings->registers) continue;
    sip::RegistrationOptions options;
    options.registrar = trunk.settings->target;
    options.address = trunk.settings->target;
    options.address.set_user(trunk.settings->user);
    options.login = sip::Login{trunk.settings->user, trunk.settings->password};
    options.flow_for = [this](const sip::LocatedTarget& target) {
      return transport_.flow_to(target.transport, target.remote).value_or(sip::Flow{});
    };
    options.contact_for = [this, user = trunk.settings->user](const sip::Flow& flow) {
      sip::Uri contact = agent_.contact_for(flow);
      contact.set_user(user);
      return contact;
    };
    trunk.registration = std::make_unique<sip::Registration>(std::move(options), entropy_);
    trunk.registration->start(now_);
  }
}

void SipLines::stop() {
  now_ = clock_.mono();
  for (Trunk& trunk : trunks_)
    if (trunk.registration) trunk.registration->stop(now_);
}

void SipLines::drive_registrations() {
  for (Trunk& trunk : trunks_) {
    if (!trunk.registration) continue;
    trunk.registration->advance(now_);
    while (auto action = trunk.registration->poll()) {
      if (auto* send = std::get_if<sip::Registration::SendRequest>(&*action)) {
        const auto sent = agent_.send_request(std::move(send->request), now_);
        trunk.registration->sent(sent ? std::optional(*sent) : std::nullopt, now_);
      } else if (std::holds_alternative<sip::Registration::NeedServers>(*action)) {
        trunk.locate =
            std::make_unique<sip::Locate>(trunk.settings->target, sip::LocateOptions{}, entropy_);
      }
    }
  }
}

}  // namespace madoguchi::exchange
