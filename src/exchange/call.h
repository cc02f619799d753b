// One call as call control keeps it: the caller's leg (for a call out: the person called), the
// operators' legs, and where in the desk's script it stands. Plain state without rules; owned by
// CallControl.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "exchange/ports.h"
#include "sip/offer_answer.h"

namespace madoguchi::exchange {

struct TelephoneLeg {
  LineId line{};
  LegId sound;
  std::optional<sip::OfferAnswer> sdp;
  bool up = false;  // a 200 was sent or received
  // Gateways may send one key both ways, by INFO and as an event in the sound (RFC 4733).
  bool events_heard = false;
  struct {
    char digit = 0;
    MonoTime at{};
  } last_info;
};

struct OperatorLeg {
  OperatorId operator_id;
  std::string attempt_id;
  bool by_phone = false;
  bool answered = false;
  std::string ticket_id;  // of the operator's own phone, rung through a trunk; else empty
  LegId sound;            // of the seat or of the phone
  TelephoneLeg phone;     // when by_phone
};

// What the caller's leg is going through. The order is that of a usual call.
enum class Step : std::uint8_t {
  kStoring,   // not yet on disk
  kHeldBack,  // 180: the desk answers when an operator is free
  kGreeting,
  kNotice,      // "this call is recorded": key 9 refuses
  kUnrecorded,  // after a refusal
  kWaiting,
  kOffer,   // while waiting: words about being rung back, or about the place in the queue
  kDigits,  // keying another number
  kThanks,
  kClosed,
  kClosedOffer,
  kConnecting,  // an operator has answered; the caller hears the notice first
  kTalking,
  kDialOperator,  // a call out: the operator's phone rings
  kDialTicket,    // the vault is asked
  kDialLine,      // the person called is rung
};

enum class TimerKind : std::uint8_t { kScript, kOffer, kRing, kDial, kDead };
inline constexpr std::size_t kTimerKinds = 5;

struct Call {
  std::uint64_t serial = 0;
  CallId id;
  std::string desk_id;
  std::string organisation_id;
  std::string number_called;
  std::string sealed_number;
  bool withheld = false;
  bool line_rings = false;  // the other side's line is known, and we may and can ring it
  bool outbound = false;
  bool desk_open = true;  // as applied on arrival
  bool asked_callback = false;
  bool notice_heard = false;
  bool refused_recording = false;
  bool held = false;
  bool held_by_phone = false;  // the operator's phone put the caller on hold, and may take it back
  bool silent = false;         // nothing is heard from the caller, though it should be
  bool told_waiting = false;   // the centre knows that the caller waits

  Step step = Step::kStoring;
  std::optional<PlayId> playing;  // the prompt whose end moves the script
  std::string digits;
  int digit_tries = 0;

  TelephoneLeg caller;
  std::optional<OperatorLeg> active;     // talks with the caller
  std::optional<OperatorLeg> ringing;    // is rung, to talk or to be consulted
  std::optional<OperatorLeg> consulted;  // talks with `active`, the caller on hold

  int legs_made = 0;
  int recordings_made = 0;
  std::string recording_id;  // empty: none is open

  std::string ticket_id;  // of a call out
  std::chrono::microseconds dial_timeout{0};
  bool dial_ringing = false;
  bool dial_told = false;  // what came of it

  std::array<std::uint32_t, kTimerKinds> timer_stamps{};
};

}  // namespace madoguchi::exchange
