// The exchange's sound: sockets, media thread and recording thread behind one object that call
// control drives. Owned by the exchange's control loop; every method is for that one thread.
// Commands go to the media thread by value over a bounded queue, in order; events come back the
// same way: watch event_fd() for readability, then poll().
//
// What it promises. Adding (calls, legs, seats) and loading prompts answer at once and may be
// refused; all else is taken without an answer, and what names a leg or call that is gone is
// ignored. Adding is refused while the command queue is half full, so commands for calls in
// progress find room; one that finds none is dropped and counted (that takes a media thread that
// hangs). No packet allocates memory in the steady state. A leg that hears exactly one other leg is
// relayed without re-encoding; only a leg that hears two or more is mixed. A recording never delays
// sound: what the disk can't take becomes a marked gap.
//
// A usual inbound call:
//   plane.create_call(call);
//   auto local = plane.add_sip_leg(call, caller, {"192.0.2.1", Side::kCaller});   // port for the
//   SDP answer plane.set_remote(caller, remote);                                             //
//   from the INVITE's SDP plane.start_recording(call, spec); // at 200 OK plane.play(caller,
//   {{greeting, notice}, OnOff::kOff});                        // … PromptFinished
//   plane.play(caller, {{music}, OnOff::kOn});
//   plane.attach_seat(call, seat);  plane.stop(caller);                           // an operator
//   answers plane.connect(call, caller, seat, Hearing::kBoth); plane.remove_call(call); // BYE:
//   statistics, RecordingClosed; the seat stays
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "exchange/media/media_types.h"

namespace madoguchi::exchange {

class Prompt;

enum class Hearing : std::uint8_t {
  kBoth,    // each hears the other
  kOneWay,  // `listener` hears `speaker`, not the reverse: as a supervisor who listens
};

enum class RecordingMark : std::uint8_t {
  kNotice,     // "this call is recorded" was played or said
  kLegChange,  // an operator joined, left or handed over
  kHold,
  kResumeFromHold,
  kOther,
};

struct SipLegSpec {
  std::string local_address;  // where to bind: the address that the SDP will name
  Side side = Side::kCaller;
};

class MediaPlane {
 public:
  static constexpr std::size_t kMostLegs = 8;  // of one call

  // Opens the browser port and the recordings directory, makes the DTLS certificate, starts the
  // threads. `clock` and `entropy` must be usable from several threads (the System… ones are) and
  // outlive the plane.
  static Result<std::unique_ptr<MediaPlane>> start(const MediaSettings& settings,
                                                   const Clock& clock, Entropy& entropy);

  // Ends every recording cleanly, then stops the threads. Events not yet polled are lost: prefer
  // stop_all().
  ~MediaPlane();
  MediaPlane(const MediaPlane&) = delete;
  MediaPlane& operator=(const MediaPlane&) = delete;

  // ---- calls and legs

  // kConflict when the call exists; kExhausted when the plane is overloaded.
  Result<void> create_call(const CallId& call);
  // Removes the call's telephone legs, detaches its seats, closes its recording (kept).
  void remove_call(const CallId& call);

  // Binds an RTP/RTCP port pair. Sound that comes before set_remote() is dropped.
  // kExhausted: no port left or too many legs; kUnavailable: the address can't be bound.
  Result<LocalSound> add_sip_leg(const CallId& call, const LegId& leg, const SipLegSpec& spec);
  // First answer, re-INVITE, UPDATE: as often as the SDP changes. A new address is latched anew.
  // kInvalid when the address is no IP address or no codec is usable.
  Result<void> set_remote(const LegId& leg, const RemoteSound& remote);
  // Closes the ports, then gives LegStatistics (final).
  void remove_leg(const LegId& leg);
  // Takes a telephone leg or a seat over into another call (attended transfer). It hears nobody
  // there until connected; what plays to it goes on. kNotFound; kExhausted when the call has
  // kMostLegs.
  Result<void> move_leg(const LegId& leg, const CallId& to);

  // ---- browser seats

  // A seat stands for a whole shift and is attached to one call after another. SeatChanged tells
  // when it is up. kInvalid names what the offer lacks; kConflict when the leg exists.
  Result<BrowserAnswer> add_browser_seat(const LegId& leg, const BrowserOffer& offer);
  // After an ICE restart (new ufrag and password, same certificate) or a reload (new certificate):
  // the seat stays in its call, and sound resumes when SeatChanged{kConnected} or {kPathChanged}
  // comes.
  Result<BrowserAnswer> renew_browser_seat(const LegId& leg, const BrowserOffer& offer);
  // A seat that is in another call leaves that. kNotFound; kExhausted when the call has kMostLegs.
  Result<void> attach_seat(const CallId& call, const LegId& seat);
  void detach_seat(const LegId& seat);
  void remove_seat(const LegId& seat) { remove_leg(seat); }

  // ---- who hears whom

  // Adds to what is connected; with kOneWay the first hears the second. A leg may be connected to
  // itself (echo). Both legs must be in the call. Keyed digits pass from our side to the caller's,
  // never back.
  void connect(const CallId& call, const LegId& listener, const LegId& speaker, Hearing hearing);
  // Neither hears the other any more.
  void disconnect(const CallId& call, const LegId& one, const LegId& other);
  // Nobody hears the leg while kOn.
  void mute(const LegId& leg, OnOff muted);
  // While kOn the leg neither hears nor is heard (prompts still play to it). Connections are kept.
  void hold(const LegId& leg, OnOff held);

  // ---- prompts

  // A WAV file's bytes (see prompt.h for what is taken); its duration. kInvalid says what is wrong
  // with it. Replaces a prompt of the same id; what plays of the old one plays to its end. A minute
  // of 48 kHz takes about 50 ms: give long ones to Prompt::from_wav() on another thread and load
  // what it made.
  Result<Micros> load_prompt(const PromptId& prompt, ByteView wav);
  void load_prompt(const PromptId& prompt, std::shared_ptr<const Prompt> sound);
  void forget_prompt(const PromptId& prompt);
  [[nodiscard]] bool has_prompt(const PromptId& prompt) const;

  // Plays to the leg instead of what it would hear; a running play is replaced. Unknown prompts are
  // left out; kNotFound when none is known. Waits while the leg can't hear: its remote is not set
  // yet, its far end holds us, its browser is not connected.
  Result<PlayId> play(const LegId& leg, const Playlist& list);
  void stop(const LegId& leg);

  // ---- recording

  // From now on: the caller's side as received, and of our side what a caller's leg can hear:
  // operators as received (not whispers, consultations, a muted or parting operator) and the
  // prompts that play to it. Digits keyed are never in it. kConflict while the call is being
  // recorded; after stop_recording() it may be recorded again, into another file.
  Result<void> start_recording(const CallId& call, const RecordingSpec& spec);
  // Paused parts are silent in the file; both ends are marked with their time.
  void pause_recording(const CallId& call);
  void resume_recording(const CallId& call);
  // `note` is stored sealed with the sound; at most 200 bytes, cut beyond.
  void mark_recording(const CallId& call, RecordingMark mark, std::string note);
  void stop_recording(const CallId& call, RecordingFate fate);

  // ---- looking

  // LegStatistics for each of the call's legs.
  void ask_statistics(const CallId& call);

  [[nodiscard]] std::uint16_t browser_port() const;
  [[nodiscard]] const std::string& fingerprint() const;  // of the plane's DTLS certificate
  [[nodiscard]] MediaCounters counters() const;

  // Readable while events wait. Level-triggered; poll() clears it.
  [[nodiscard]] int event_fd() const;
  // Everything that waits, in order; `into` is cleared first.
  void poll(std::vector<MediaEvent>& into);

  // For an orderly end: removes all calls and seats and closes all recordings, then waits until
  // they are on disk (at most `patience`) and gives the last events.
  void stop_all(std::chrono::milliseconds patience, std::vector<MediaEvent>& into);

 private:
  class Impl;
  explicit MediaPlane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace madoguchi::exchange
