#include "sip/registration.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

using std::chrono::seconds;

constexpr seconds kFirstPause{30};
constexpr seconds kLongestPause{900};
constexpr seconds kRefusedPause{300};  // a wrong password does not mend itself by asking often
constexpr int kMostLoginsInRow = 3;

std::string token(Entropy& entropy) {
  std::uint8_t bytes[12];
  entropy.fill(bytes, sizeof bytes);
  return to_hex(bytes);
}

// The life the carrier gave our contact; other telephones' contacts may stand beside it.
seconds granted_life(const Message& response, const Uri& contact, seconds asked) {
  if (const auto contacts = response.name_addrs(Header::kContact)) {
    for (const NameAddr& candidate : *contacts) {
      const auto uri = candidate.parse_uri();
      if (!uri || !uri->equivalent(contact)) continue;
      if (const auto life = candidate.expires()) return seconds(*life);
    }
  }
  return seconds(response.expires().value_or(static_cast<std::uint32_t>(asked.count())));
}

}  // namespace

Registration::Registration(RegistrationOptions options, Entropy& entropy)
    : options_(std::move(options)),
      entropy_(entropy),
      expires_(options_.expires),
      call_id_(token(entropy)),
      tag_(token(entropy)) {
  if (options_.login)
    login_.emplace(DigestCredentials{options_.login->user, options_.login->password}, entropy);
}

void Registration::start(MonoTime now) {
  if (running_) return;
  running_ = true;
  leaving_ = false;
  next_try_ = now;
  advance(now);
}

void Registration::stop(MonoTime now) {
  if (!running_) return;
  running_ = false;
  next_try_ = expires_at_ = MonoTime::max();
  asked_.reset();
  trying_ = server_;
  leaving_ = state_ == State::kRegistered && server_;
  logins_in_row_ = 0;
  if (leaving_) send_to(*trying_, seconds(0), now);
  server_.reset();
  change(State::kUnregistered, 0);
}

void Registration::change(State state, int status) {
  if (state == state_) return;
  state_ = state;
  actions_.push_back(Changed{state, status});
}

void Registration::located(std::vector<LocatedTarget> targets, MonoTime now) {
  if (!running_ || asked_ || sending_) return;
  targets_ = std::move(targets);
  tried_ = 0;
  if (targets_.empty()) return server_failed(503, now);
  send(now);
}

void Registration::send(MonoTime now) {
  // The server that knows us, as long as it answers.
  const bool same = server_ &&
                    std::find(targets_.begin(), targets_.end(), *server_) != targets_.end() &&
                    tried_ == 0;
  trying_ = same ? server_ : fail_over_.choose(targets_, now);
  if (!trying_) return server_failed(503, now);
  send_to(*trying_, expires_, now);
}

void Registration::send_to(const LocatedTarget& target, seconds expires, MonoTime) {
  SendRequest action;
  OutgoingRequest& request = action.request;
  request.method = Method::kRegister;
  request.target = options_.registrar;
  request.flow = options_.flow_for(target);
  request.from = options_.address;
  request.to = options_.address;
  request.from_tag = tag_;
  request.call_id = call_id_;
  request.cseq = ++cseq_;
  request.headers.push_back({"Contact", "<" + options_.contact_for(request.flow).text() + ">"});
  request.headers.push_back({"Expires", std::to_string(expires.count())});
  if (login_) {
    Message probe = Message::request(Method::kRegister, options_.registrar);
    login_->authorize(probe);
    for (const Header header : {Header::kAuthorization, Header::kProxyAuthorization})
      for (std::size_t i = 0; i < probe.field_count(); ++i)
        if (const auto field = probe.field(i); field.id == header)
          request.headers.push_back({std::string(field.name), std::string(field.value)});
  }
  sending_ = true;
  actions_.push_back(std::move(action));
}

void Registration::sent(std::optional<RequestId> request, MonoTime now) {
  sending_ = false;
  asked_ = request;
  if (running_ && !request) server_failed(503, now);
}

void Registration::response(const ResponseReceived& response, MonoTime now) {
  if (!asked_ || response.request != *asked_) return;
  asked_.reset();
  const int status = response.status;
  if (leaving_) {
    const bool again = (status == 401 || status == 407) && login_ && response.message &&
                       ++logins_in_row_ <= kMostLoginsInRow &&
                       login_->take_challenge(*response.message);
    if (again) return send_to(*trying_, seconds(0), now);
    leaving_ = false;
  }
  if (!running_) return;
  if (!response.message) return server_failed(status, now);
  const Message& message = *response.message;
  if (status < 300) return granted(message, now);
  if ((status == 401 || status == 407) && login_ && ++logins_in_row_ <= kMostLoginsInRow &&
      login_->take_challenge(message))
    return send_to(*trying_, expires_, now);
  if (status == 423) {
    const auto least = message.number(Header::kMinExpires);
    if (least && seconds(*least) > expires_ && *least <= 24 * 3600) {
      expires_ = seconds(*least);
      return send_to(*trying_, expires_, now);
    }
  }
  const bool servers_fault = status == 408 || status >= 500;
  if (servers_fault && status < 600) return server_failed(status, now);
  refused(status, now);
}

void Registration::granted(const Message& response, MonoTime now) {
  if (login_) login_->take_success(response);
  logins_in_row_ = 0;
  failures_ = 0;
  tried_ = 0;
  server_ = trying_;
  fail_over_.succeeded(*trying_);
  const Uri contact = options_.contact_for(options_.flow_for(*trying_));
  const seconds life =
      std::clamp(granted_life(response, contact, expires_), seconds(10), seconds(24 * 3600));
  expires_at_ = now + life;
  // With a quarter of its life left, and not all trunks at the same moment.
  std::uint32_t drawn = 0;
  entropy_.fill(&drawn, sizeof drawn);
  next_try_ = now + Micros(life) * (65 + drawn % 10) / 100;
  change(State::kRegistered, response.status());
}

void Registration::refused(int status, MonoTime now) {
  logins_in_row_ = 0;
  server_.reset();
  expires_at_ = MonoTime::max();
  change(State::kRefused, status);
  back_off(kRefusedPause, now);
}

void Registration::server_failed(int status, MonoTime now) {
  logins_in_row_ = 0;
  if (trying_) fail_over_.failed(*trying_, now);
  ++tried_;
  if (tried_ < targets_.size()) return send(now);
  trying_.reset();
  if (state_ == State::kUnregistered) actions_.push_back(Changed{state_, status});
  back_off(kFirstPause, now);
}

// RFC 5626, 4.5: doubling pauses, drawn from their upper half so that trunks do not march in step.
void Registration::back_off(seconds least, MonoTime now) {
  const seconds pause = std::min(least * (1U << std::min(failures_, 10U)), kLongestPause);
  ++failures_;
  std::uint32_t drawn = 0;
  entropy_.fill(&drawn, sizeof drawn);
  next_try_ = now + Micros(pause) * (50 + drawn % 51) / 100;
  tried_ = 0;
}

void Registration::advance(MonoTime now) {
  if (!running_) return;
  if (now >= expires_at_) {
    expires_at_ = MonoTime::max();
    server_.reset();
    change(State::kUnregistered, 0);
  }
  if (now < next_try_) return;
  next_try_ = MonoTime::max();
  if (!asked_ && !sending_) actions_.push_back(NeedServers{});
}

std::optional<MonoTime> Registration::next_deadline() const {
  const MonoTime next = std::min(next_try_, expires_at_);
  return next == MonoTime::max() ? std::nullopt : std::optional(next);
}

std::optional<Registration::Action> Registration::poll() {
  if (actions_.empty()) return std::nullopt;
  Action action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

}  // namespace madoguchi::sip
