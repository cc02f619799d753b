// What happens on a call: the desk's script for the caller (greeting, notice, waiting sound,
// callback by key), operators rung and connected, hold, transfer, calls out by ticket, seats of
// browsers. An engine: commands of the centre, what the lines, the sound and the vault report, and
// time go in; what is to be done goes out through the ports (ports.h). It never blocks and reads no
// clock: call at() before each input. The loop thread owns it.
//
// Promises: a call is answered only after the spool has it on disk; every call that arrived ends in
// exactly one CallEnded; a caller whose operator disappears by a fault waits again; nothing rings
// out but by a ticket that the vault granted and the settings permit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "exchange/call.h"
#include "exchange/ports.h"
#include "exchange/settings.h"
#include "exchange/tables.h"

namespace madoguchi::exchange {

struct ControlPorts {
  Lines& lines;
  Sound& sound;
  Report& report;
  VaultAsks& vault;
};

class CallControl {
 public:
  // All references outlive the control.
  CallControl(const Settings& settings, const Tables& tables, ControlPorts ports, Entropy& entropy);
  ~CallControl();

  void at(Moment now) { now_ = now; }

  // Everything but SetDesks, SetPhones, which change the tables.
  void command(const wire::Command& command);

  void incoming(const IncomingLine& incoming);
  void line_progress(LineId line, int status, const std::string& sdp);
  void line_answered(LineId line, const std::string& sdp);
  void line_offer(LineId line, const std::string& sdp);
  void line_offer_wanted(LineId line);
  void line_answer(LineId line, const std::string& sdp);  // to an offer of ours
  void line_digit(LineId line, char digit);
  void line_refer(LineId line, std::string_view target_user);
  // Asked by Lines::probe(), the far end knows of no such call, or says nothing at all.
  void line_lost(LineId line);
  void line_ended(LineId line, sip::EndCause cause, int status);

  void media(const MediaEvent& event);
  void stored(const CallId& call, bool durable);
  void granted(const wire::DialGranted& grant);
  void denied(const wire::DialDenied& denial);

  void advance();
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // Every call that is up, again: the vault's directory came anew.
  void lease_all();

  // Ends every call politely: CallEnded SHUT_DOWN.
  void shut_down();

  [[nodiscard]] std::size_t call_count() const { return calls_.size(); }
  [[nodiscard]] std::vector<wire::SeatState> seats() const;

 private:
  struct Seat {
    OperatorId operator_id;
    LegId sound;
    std::string leg_id;  // as the centre names it
    std::optional<sip::OfferAnswer> sdp;
    bool connected = false;
    std::string offered;     // fingerprint of the last offer
    std::string proved;      // of the certificate that the handshake proved; empty: none yet
    std::uint64_t call = 0;  // serial
  };
  struct Timer {
    MonoTime at;
    std::uint64_t call;
    TimerKind kind;
    std::uint32_t stamp;
    friend bool operator>(const Timer& a, const Timer& b) { return a.at > b.at; }
  };
  struct DemoCall {
    CallId call;
    TelephoneLeg leg;
    std::string prompt;
  };
  enum class Ring { kToTalk, kToConsult };

  // --- calls (call_control.cc)
  Call& make_call(CallId id);
  Call* find(const std::string& call_id);
  Call* find_serial(std::uint64_t serial);
  Call* find_line(LineId line);
  Call* find_attempt(const std::string& attempt_id);
  [[nodiscard]] const wire::DeskPlan& plan(const Call& call) const;
  void set_timer(Call& call, TimerKind kind, std::chrono::microseconds after);
  void cancel_timer(Call& call, TimerKind kind);
  void timer_due(Call& call, TimerKind kind);
  void end_call(Call& call, wire::EndCause cause, std::string detail = {});
  void refuse_command(const wire::Command& command, std::string why);
  void talk_command(const wire::Command& command);
  void with_call(const wire::Command& command, const std::string& call_id,
                 const std::function<void(Call&)>& act);
  void with_talk(const wire::Command& command, const std::string& call_id,
                 const std::function<void(Call&)>& act);

  // --- arrival (control_arrival.cc)
  void arrive(const IncomingLine& incoming, const wire::DeskPlan& desk, const std::string& number,
              const std::string& organisation);
  void open_call(Call& call);
  bool prepare_caller(Call& call, const std::string& sdp);
  bool answer_caller(Call& call);
  void start_recording(Call& call);
  void pause_recording(Call& call, const wire::Command& command);
  [[nodiscard]] sip::LocalAudio local_audio(const LocalSound& ports) const;
  bool take_remote(TelephoneLeg& leg);
  std::optional<std::string> offer_for(Call& call, TelephoneLeg& leg, LegId sound, Side side);

  // --- the caller's script (control_script.cc)
  bool play(Call& call, const std::string& prompt, OnOff loop);
  bool play(Call& call, std::vector<PromptId> prompts, OnOff loop);
  void step_done(Call& call);
  void begin_script(Call& call);
  void begin_notice(Call& call);
  void begin_waiting(Call& call);
  void wait_on(Call& call);
  void offer_callback(Call& call);
  void begin_closed(Call& call);
  void begin_digits(Call& call);
  void digit(Call& call, const LegId& leg, char digit);
  void collect(Call& call, char digit);
  bool has_keyed_number(const Call& call) const;
  void digits_complete(Call& call);
  void leave_digits(Call& call);
  void refuse_recording(Call& call);
  void choose_callback(Call& call, const std::optional<Personal<std::string>>& other_number);
  void ask_callback(Call& call, const std::string& sealed, bool other_line,
                    wire::CallbackBasis basis);
  void promise_callback(Call& call, const wire::Command& command);
  void announce_place(Call& call, const wire::AnnouncePlace& place);
  [[nodiscard]] bool is_lost_as_announced(const Call& call, wire::EndCause cause) const;
  [[nodiscard]] const std::string& callback_words(const Call& call) const;
  [[nodiscard]] const std::string& closed_offer(const Call& call) const;
  [[nodiscard]] bool may_ask_callback(const Call& call) const;
  [[nodiscard]] bool can_ring(const std::string& number) const;

  // --- operators (control_operators.cc)
  void ring_operator(Call& call, const wire::RingOperator& ring, Ring why);
  bool ring_leg(Call& call, OperatorLeg& leg, const std::string& display);
  bool ask_own_phone(const Call& call, const OperatorLeg& leg);
  void own_phone_granted(Call& call, const wire::DialGranted& grant);
  void own_phone_picked_up(Call& call);
  void own_phone_key(Call& call, const LegId& leg, char digit);
  void tell_own_phone(const OperatorLeg& leg, std::string_view outcome);
  void ring_failed(Call& call, wire::RingFailure why, bool hang_up);
  void operator_answered(Call& call);
  void connect_caller(Call& call);
  void join(Call& call);
  void operator_gone(Call& call, const char* why);
  void drop_operator(Call& call, std::optional<OperatorLeg>& leg, const char* why);
  void release_leg(Call& call, OperatorLeg& leg);
  void set_hold(Call& call, bool on);
  void phone_hold_changed(Call& call, const TelephoneLeg& leg);
  void set_mute(Call& call, bool on);
  void consult_answered(Call& call);
  void complete_transfer(Call& call);
  void cancel_consult(Call& call);
  void requeue(Call& call, const std::string& desk_id, const char* why);
  [[nodiscard]] bool attach(Call& call, OperatorLeg& leg);

  // --- leases: whose legs are in the call, for the vault (control_leases.cc)
  void lease(const Call& call);
  void lease_leg(const OperatorLeg& leg, wire::CallLease& into);

  // --- calls out and demo calls (control_dial.cc)
  void dial(const wire::Command& command);
  void dial_operator_ready(Call& call);
  void dial_line_answered(Call& call, const std::string& sdp);
  void dial_progress(Call& call, int status, const std::string& sdp);
  void dial_failed(Call& call, wire::DialOutcome outcome, std::string detail);
  void dial_line_ended(Call& call, sip::EndCause cause, int status);
  void tell_dial(Call& call, wire::DialOutcome outcome, std::string detail = {});
  void tell_result(Call& call, const std::string& word);  // the vault, once for a call
  void demo_call(const wire::Command& command);
  void demo_answered(DemoCall& demo, const std::string& sdp);

  // --- seats (control_seats.cc)
  void open_seat(const wire::OpenSeat& open);
  void close_seat(const std::string& operator_id);
  Result<std::string> seat_answer(Seat& seat, const std::string& sdp_offer);
  void seat_changed(const SeatChanged& change);
  Seat* seat_of(const OperatorId& operator_id);

  // --- within a call (control_lines.cc)
  void caller_line_ended(Call& call, sip::EndCause cause);
  void phone_line_ended(Call& call, LineId line, sip::EndCause cause, int status);
  TelephoneLeg* leg_of(Call& call, LineId line);
  void event_digit(const DigitPressed& pressed);
  void recording_closed(const RecordingClosed& closed);
  void recording_interrupted(const RecordingInterrupted& change);
  void recording_trouble(std::string text);
  void recording_well();
  void caller_silent(const LegSilent& silent);
  void caller_heard(const LegHeard& heard);
  void ask_whether_there(Call& call);

  const Settings& settings_;
  const Tables& tables_;
  Lines& lines_;
  Sound& sound_;
  Report& report_;
  VaultAsks& vault_;
  Entropy& entropy_;
  Moment now_;
  bool stopping_ = false;

  std::uint64_t next_serial_ = 1;
  std::uint64_t next_sdp_session_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<Call>> calls_;
  std::unordered_map<std::string, std::uint64_t> by_id_;
  std::unordered_map<LineId, std::uint64_t> by_line_;
  std::unordered_map<std::string, std::uint64_t> by_attempt_;
  std::unordered_map<std::string, Seat> seats_;  // by operator
  std::unordered_map<LineId, DemoCall> demos_;
  // Recordings not yet closed outlive their calls: recording id to organisation.
  std::unordered_map<std::string, std::string> recording_owners_;
  std::unordered_set<std::string> interrupted_;  // calls whose recording waits for room
  bool recording_trouble_ = false;  // told, and to be taken back when a recording is well again
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
};

}  // namespace madoguchi::exchange
