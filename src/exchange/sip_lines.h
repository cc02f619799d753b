// Telephone lines over SIP: carries what call control asks to the user agent and its events back,
// decides who may call at all (trunks, our own demo calls; nobody else), keeps the registrar of
// operators' phones and our registrations at carriers, and finds where a call out goes. Loop
// thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "exchange/call_control.h"
#include "exchange/kept_telephones.h"
#include "exchange/ports.h"
#include "exchange/resolver.h"
#include "exchange/sip_transport.h"
#include "sip/registrar.h"
#include "sip/registration.h"
#include "sip/user_agent.h"

namespace madoguchi::exchange {

class SipLines final : public Lines, private sip::Policy {
 public:
  using OnPhone = std::function<void(const std::string& operator_id, bool registered)>;
  using AskDns = std::function<bool(const sip::DnsQuestion& question)>;

  SipLines(const Settings& settings, const Tables& tables, SipTransport& transport,
           const Clock& clock, Entropy& entropy, AskDns ask_dns, OnPhone on_phone);
  ~SipLines() override;

  // Before anything else is called.
  void set_control(CallControl& control) { control_ = &control; }
  void start();  // registers at carriers
  void stop();   // takes the registrations back

  // One pass: everything that came in, then everything it led to; sends.
  void pump();
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;
  void dns_answer(const sip::DnsQuestion& question, sip::DnsAnswer answer);

  [[nodiscard]] std::vector<wire::PhoneState> phones() const;
  // What has changed of them since the last call, for TelephoneFile.
  [[nodiscard]] bool has_changed_telephones() const { return registrar_.has_touched(); }
  TelephoneFile::Changes take_changed_telephones();
  // What TelephoneFile kept; before start().
  void restore_telephones(std::string_view kept);
  [[nodiscard]] const sip::UserAgent& agent() const { return agent_; }
  [[nodiscard]] std::uint64_t refused_strangers() const { return refused_strangers_; }
  [[nodiscard]] const sip::GuessGuard& password_guesses() const { return registrar_.guesses(); }
  // Nothing is left to say: for an orderly end.
  [[nodiscard]] bool quiet() const { return agent_.session_count() == 0; }

  // --- Lines
  void ring_back(LineId line) override;
  void answer(LineId line, std::string sdp) override;
  void refuse(LineId line, int status, std::chrono::seconds retry_after) override;
  void hang_up(LineId line, std::string_view reason) override;
  void answer_offer(LineId line, std::string sdp) override;
  void refuse_offer(LineId line, int status) override;
  void accept_refer(LineId line, int final_status) override;
  void reject_refer(LineId line, int status) override;
  void probe(LineId line, std::chrono::seconds heard_within) override;
  std::optional<LineId> call_phone(const OperatorId& operator_id, const std::string& display,
                                   const std::string& sdp) override;
  std::optional<LineId> call_out(const Personal<std::string>& number,
                                 const std::string& shown_number, const std::string& sdp) override;
  std::optional<LineId> call_self(const std::string& number_called, const std::string& caller_user,
                                  const std::string& sdp) override;

 private:
  struct Trunk {
    const TrunkSettings* settings = nullptr;
    std::unique_ptr<sip::Registration> registration;
    std::unique_ptr<sip::Locate> locate;  // of the registrar, while being looked up
  };
  struct CallingOut {                  // a line that is still looking for its server
    std::vector<const Trunk*> trunks;  // those not tried yet, in order
    Personal<std::string> number;
    std::string shown_number;
    std::unique_ptr<sip::Locate> locate;
    std::vector<sip::LocatedTarget> targets;  // of the trunk that is being tried
    std::size_t next = 0;
    sip::OutgoingCall call;
    bool heard = false;  // a provisional came: no other server is tried
  };
  struct LineState {
    sip::SessionId session{};
    std::unique_ptr<CallingOut> out;
    // An operator's several telephones, all rung: until one answers, those that still ring.
    std::vector<sip::SessionId> branches;
    int refused_with = 0;  // the status that says most, of those that do not ring any more
  };
  struct Bucket {
    MonoTime since{};
    std::uint32_t count = 0;
  };

  sip::Admission admit(const sip::Message& request, const sip::Flow& flow, MonoTime now) override;
  sip::Admission admit_call(const sip::Message& request, const sip::Flow& flow, MonoTime now);
  sip::Admission stranger(const sip::Flow& flow, MonoTime now);
  const Trunk* trunk_of(const sip::Flow& flow) const;
  [[nodiscard]] std::string number_called(const sip::Message& request, const Trunk* trunk) const;
  Bucket& bucket_of(const sip::IpAddress& address, MonoTime now);

  LineState* find(LineId line);
  MonoTime now();
  std::optional<LineId> start_call(sip::OutgoingCall call);
  void try_next(LineId line, LineState& state);
  bool next_trunk(CallingOut& out);
  void answered(const sip::CallAnswered& answered);
  [[nodiscard]] std::vector<sip::Flow> flows_in_use() const;
  bool dispatch();
  void dispatch(sip::UserAgentEvent& event);
  void incoming(const sip::IncomingCall& call);
  void request(const sip::RequestReceived& request);
  void ended(const sip::SessionEnded& ended);
  void drive_registrations();
  void drive_look_ups();
  void ask_all(sip::Locate& locate);
  LineId line_of(sip::SessionId session) const;
  [[nodiscard]] std::string our_host() const;

  const Settings& settings_;
  const Tables& tables_;
  SipTransport& transport_;
  const Clock& clock_;
  Entropy& entropy_;
  const AskDns ask_dns_;
  const OnPhone on_phone_;
  CallControl* control_ = nullptr;
  MonoTime now_;  // of the last pump or command

  sip::DigestAuthenticator authenticator_;
  sip::Registrar registrar_;
  sip::UserAgent agent_;
  std::vector<Trunk> trunks_;
  sip::FailOver fail_over_;

  std::uint64_t next_line_ = 1;
  std::unordered_map<LineId, LineState> lines_;
  std::unordered_map<std::uint64_t, LineId> by_session_;
  std::vector<LineId> looking_up_;      // lines that wait for name servers
  std::deque<LineId> over_;             // ended before they had a session
  std::set<std::string> own_call_ids_;  // of demo calls to ourselves
  std::map<sip::IpAddress, Bucket> strangers_;
  Bucket arrivals_;
  std::uint64_t refused_strangers_ = 0;
};

}  // namespace madoguchi::exchange
