// What call control needs of the world, as interfaces: telephone lines (the SIP engine), sound (the
// media plane), the spool and the vault. The process gives it the real ones, tests give it fakes
// that write down what was asked. Loop thread only; nothing here blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/personal.h"
#include "base/result.h"
#include "base/time.h"
#include "exchange.pb.h"
#include "exchange/media/media_plane.h"
#include "exchange/media/media_types.h"
#include "sip/caller_identity.h"
#include "sip/session_events.h"
#include "vault.pb.h"

namespace madoguchi::exchange {

// One telephone call leg, whichever way it was set up. Never 0 once used, never used twice.
enum class LineId : std::uint64_t {};

struct Moment {
  Time wall{};
  MonoTime mono{};
};

// A call that reaches us.
struct IncomingLine {
  LineId line{};
  std::string called;  // the number or user part that was called, separators removed
  sip::CallerIdentity caller;
  std::string sdp;  // the offer; empty: the caller wants ours
  std::string trunk;
};

// Commands about a line that is over are ignored. Each line ends with exactly one
// CallControl::line_ended(), also after hang_up() and refuse().
class Lines {
 public:
  virtual ~Lines() = default;
  virtual void ring_back(LineId line) = 0;                // 180
  virtual void answer(LineId line, std::string sdp) = 0;  // 200
  virtual void refuse(LineId line, int status, std::chrono::seconds retry_after) = 0;
  virtual void hang_up(LineId line, std::string_view reason) = 0;
  virtual void answer_offer(LineId line, std::string sdp) = 0;
  virtual void refuse_offer(LineId line, int status) = 0;
  virtual void accept_refer(LineId line, int final_status) = 0;
  virtual void reject_refer(LineId line, int status) = 0;
  // Asks the far end whether its call still stands, unless it was heard from within `heard_within`.
  // If not: CallControl::line_lost().
  virtual void probe(LineId line, std::chrono::seconds heard_within) = 0;

  // The INVITEs of ours; `sdp` is the offer. nullopt: there is nowhere to send it.
  virtual std::optional<LineId> call_phone(const OperatorId& operator_id,
                                           const std::string& display, const std::string& sdp) = 0;
  virtual std::optional<LineId> call_out(const Personal<std::string>& number,
                                         const std::string& shown_number,
                                         const std::string& sdp) = 0;
  virtual std::optional<LineId> call_self(const std::string& number_called,
                                          const std::string& caller_user,
                                          const std::string& sdp) = 0;
};

// The part of MediaPlane that call control drives; see there for what each promises.
class Sound {
 public:
  virtual ~Sound() = default;
  virtual Result<void> create_call(const CallId& call) = 0;
  virtual void remove_call(const CallId& call) = 0;
  virtual Result<LocalSound> add_sip_leg(const CallId& call, const LegId& leg, Side side) = 0;
  virtual Result<void> set_remote(const LegId& leg, const RemoteSound& remote) = 0;
  virtual void remove_leg(const LegId& leg) = 0;
  virtual Result<BrowserAnswer> add_browser_seat(const LegId& leg, const BrowserOffer& offer) = 0;
  virtual Result<BrowserAnswer> renew_browser_seat(const LegId& leg, const BrowserOffer& offer) = 0;
  virtual void attach_seat(const CallId& call, const LegId& seat) = 0;
  virtual void detach_seat(const LegId& seat) = 0;
  virtual void connect(const CallId& call, const LegId& one, const LegId& other) = 0;
  virtual void disconnect(const CallId& call, const LegId& one, const LegId& other) = 0;
  virtual void mute(const LegId& leg, OnOff muted) = 0;
  virtual void hold(const LegId& leg, OnOff held) = 0;
  virtual Result<PlayId> play(const LegId& leg, const Playlist& list) = 0;
  virtual void stop(const LegId& leg) = 0;
  virtual Result<void> start_recording(const CallId& call, const RecordingSpec& spec) = 0;
  virtual void pause_recording(const CallId& call, OnOff paused) = 0;
  virtual void mark_recording(const CallId& call, RecordingMark mark) = 0;
  virtual void stop_recording(const CallId& call, RecordingFate fate) = 0;
};

// The spool, and through it the centre and the vault. event() gives the event its sequence number
// and time.
class Report {
 public:
  virtual ~Report() = default;
  virtual void event(wire::Event event) = 0;
  virtual void live_call(const wire::LiveCall& call) = 0;
  virtual void tokenise(const wire::Tokenise& ask) = 0;
  virtual void wish(const wire::Wish& ask) = 0;
  virtual void recording(const wire::RecordingDigest& digest) = 0;
  // Calls CallControl::stored() when everything reported so far is on disk, or could not be put
  // there.
  virtual void store(const CallId& call) = 0;
  // The disk refuses: no new call may be taken.
  [[nodiscard]] virtual bool in_trouble() const = 0;
};

// Questions that are worth nothing after a restart; those that are go through Report.
class VaultAsks {
 public:
  virtual ~VaultAsks() = default;
  virtual bool redeem(const wire::RedeemTicket& ticket) = 0;  // false: the vault is away
  virtual void dial_result(const wire::DialResult& result) = 0;
  // "This call is up with these legs", until the next one or the end; renewed by whoever takes it.
  virtual void lease(const wire::CallLease& lease) = 0;
  virtual void lease_over(const CallId& call) = 0;
};

}  // namespace madoguchi::exchange
