// Our registration at one carrier (RFC 3261, 10.2): refreshed before it runs out, with
// authentication, back-off and fail-over to the carrier's next server. An engine: it asks the
// process, through poll(), to send requests (UserAgent::send_request, then sent()), to look up the
// carrier's servers (Locate, then located()), and tells when the state changes. One object per
// trunk, on the loop thread. A registration that was granted stays in force until it expires,
// whatever fails meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "sip/digest.h"
#include "sip/locate.h"
#include "sip/session_events.h"
#include "sip/user_agent.h"

namespace madoguchi::sip {

struct RegistrationOptions {
  Uri registrar;  // the carrier's domain: "sip:sip.example.jp"
  Uri address;    // what is registered: "sip:0312345678@sip.example.jp"
  std::optional<Login> login;
  std::chrono::seconds expires{3600};
  std::function<Flow(const LocatedTarget&)> flow_for;  // by which socket of ours
  std::function<Uri(const Flow&)> contact_for;  // UserAgent::contact_for, with the right user
};

class Registration {
 public:
  enum class State : std::uint8_t {
    kUnregistered,  // not (or no longer) registered; trying unless stopped
    kRegistered,
    kRefused,  // the carrier said no (wrong password, unknown number); tried again slowly
  };
  struct SendRequest {
    OutgoingRequest request;
  };
  struct NeedServers {};  // look up `registrar`, then located()
  struct Changed {
    State state = State::kUnregistered;
    int status = 0;  // of the carrier's last response; 408 none came, 503 not sent
  };
  using Action = std::variant<SendRequest, NeedServers, Changed>;

  Registration(RegistrationOptions options, Entropy& entropy);

  void start(MonoTime now);
  // Takes the binding away at the carrier, if there is one, and rests.
  void stop(MonoTime now);
  // In the order to try; empty: the look-up failed.
  void located(std::vector<LocatedTarget> targets, MonoTime now);
  // What UserAgent::send_request() returned; nullopt: it could not be sent.
  void sent(std::optional<RequestId> request, MonoTime now);
  void response(const ResponseReceived& response, MonoTime now);
  void advance(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;
  std::optional<Action> poll();

  [[nodiscard]] State state() const { return state_; }
  // The server that holds our registration: calls from it are the carrier's, calls out go to it.
  [[nodiscard]] const std::optional<LocatedTarget>& server() const { return server_; }

 private:
  void send(MonoTime now);
  void send_to(const LocatedTarget& target, std::chrono::seconds expires, MonoTime now);
  void granted(const Message& response, MonoTime now);
  void refused(int status, MonoTime now);
  void server_failed(int status, MonoTime now);
  void back_off(std::chrono::seconds least, MonoTime now);
  void change(State state, int status);

  RegistrationOptions options_;
  Entropy& entropy_;
  std::optional<DigestClient> login_;
  State state_ = State::kUnregistered;
  bool running_ = false;
  bool leaving_ = false;  // the request that takes the binding away is out
  std::chrono::seconds expires_;
  std::string call_id_;
  std::string tag_;
  std::uint32_t cseq_ = 0;
  std::optional<RequestId> asked_;  // the request that is out
  bool sending_ = false;            // between SendRequest and sent()
  int logins_in_row_ = 0;
  std::vector<LocatedTarget> targets_;
  std::size_t tried_ = 0;  // servers tried since the last success or back-off
  FailOver fail_over_;
  std::optional<LocatedTarget> trying_;
  std::optional<LocatedTarget> server_;
  std::uint32_t failures_ = 0;
  MonoTime next_try_ = MonoTime::max();
  MonoTime expires_at_ = MonoTime::max();
  std::deque<Action> actions_;
};

}  // namespace madoguchi::sip
