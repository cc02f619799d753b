// The values that pass between call control and the media plane: settings, descriptions of legs,
// what to play and record, and the events that come back. Values only, owned by whoever holds them;
// no thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/sealing.h"
#include "base/time.h"
#include "recording/format.h"

namespace madoguchi::exchange {

using PromptId = Id<struct PromptTag>;
using RecordingKeyId = recording::KeyId;
using PlayId = std::uint64_t;  // one play() on one leg; never 0, never used twice by one plane

// The two codecs that telephone lines and browsers share; the values are their RTP payload types
// (RFC 3551, 6).
enum class SoundCodec : std::uint8_t { kPcmu = 0, kPcma = 8 };

enum class OnOff : std::uint8_t { kOff, kOn };

struct MediaSettings {
  // Port pairs for telephone legs, even RTP and odd RTCP: [first, last], first even. Two ports a
  // leg.
  std::uint16_t rtp_port_first = 20000;
  std::uint16_t rtp_port_last = 29999;

  // One UDP port for every browser leg. Port 0 lets the machine choose (see browser_port()).
  std::string browser_bind_address = "127.0.0.1";
  std::uint16_t browser_port = 0;
  // What browsers are told to send to, as IP addresses; empty means browser_bind_address.
  std::vector<std::string> browser_candidate_addresses;

  // Where sealed recordings go; must exist. Opened at start, so a later sandbox may forbid opening
  // more.
  std::string recordings_directory;
  // Chunks waiting for the disk; beyond it a recording gets a marked gap and the call goes on.
  std::size_t recording_queue_chunks = 8192;

  std::chrono::seconds silent_after{15};  // no RTP for this long makes a LegSilent
  std::size_t most_legs = 8192;           // beyond it, adding a leg is refused
  // Packets are gathered this long before they are passed on, so that one wake-up serves many. It
  // is most of the delay that we add to speech, for which the budget is 2 ms.
  Micros gather{1400};
};

// Whose sound a leg carries, for the recording: the caller is the left channel, everyone of ours
// the right.
enum class Side : std::uint8_t { kCaller, kOurs };

// What we do on the leg now, as sip::AudioAgreement has it: kSendOnly is "we send, they do not".
enum class Direction : std::uint8_t { kSendRecv, kSendOnly, kRecvOnly, kInactive };

struct OfferedCodec {
  SoundCodec codec = SoundCodec::kPcmu;
  std::uint8_t payload_type = 0;  // 0 and 8 unless the SDP maps another
};

// What offer and answer agreed for a telephone leg.
struct RemoteSound {
  std::string address;  // IPv4 or IPv6, never a name; 0.0.0.0 or ::, nothing is sent
  std::uint16_t port = 0;
  std::optional<std::uint16_t> rtcp_port;  // a=rtcp; port + 1 when absent
  // In order of preference; the first is what we send, all are received.
  std::vector<OfferedCodec> codecs;
  std::optional<std::uint8_t> digits_send;     // their payload type for telephone-event
  std::optional<std::uint8_t> digits_receive;  // ours
  Direction direction = Direction::kSendRecv;
  OnOff rtcp_mux = OnOff::kOff;
};

struct LocalSound {
  std::uint16_t rtp_port = 0;
  std::uint16_t rtcp_port = 0;
};

// What a browser's SDP offer said (one audio section, rtcp-mux, DTLS-SRTP, a=setup:actpass or
// active).
struct BrowserOffer {
  std::string ice_ufrag;
  std::string ice_pwd;
  std::string fingerprint;  // "sha-256 AA:BB:…", as in a=fingerprint; of the DTLS certificate
  std::vector<OfferedCodec> codecs;
  std::optional<std::uint8_t> digits;  // its payload type for telephone-event, used both ways
};

struct BrowserCandidate {
  std::string address;
  std::uint16_t port = 0;
};

// What our SDP answer must say: a=ice-lite, a=setup:passive, a=rtcp-mux and these.
struct BrowserAnswer {
  std::string ice_ufrag;
  std::string ice_pwd;
  std::string fingerprint;                   // "sha-256 AA:BB:…"
  std::vector<BrowserCandidate> candidates;  // host candidates, UDP, component 1
  SoundCodec codec = SoundCodec::kPcmu;      // what we shall send
  std::uint8_t payload_type = 0;
};

struct Playlist {
  std::vector<PromptId> prompts;  // one after another
  OnOff loop = OnOff::kOff;       // from the first again after the last, until stopped
};

// A recording of one call. The file is <call id>.<n>.mdgrec in the recordings directory.
struct RecordingSpec {
  OrganisationId organisation;
  RecordingKeyId key;
  SealPublicKey public_key{};
};

enum class RecordingFate : std::uint8_t { kKeep, kErase };  // kErase: the file is removed

// ---- events

// By RFC 4733, once a press, when it begins.
struct DigitPressed {
  CallId call;  // empty for a seat outside a call
  LegId leg;
  char digit = 0;  // 0-9 * # A-D
};

// Not sent for what stop(), another play() or the end of the leg cut short.
struct PromptFinished {
  CallId call;
  LegId leg;
  PlayId play = 0;
};

// Neither sound nor a report (RTCP) came from the leg for `silent_for`, though both sides had
// agreed to send. Once per silence; when something comes again, or nothing is expected any more,
// LegHeard follows.
struct LegSilent {
  CallId call;
  LegId leg;
  std::chrono::seconds silent_for{0};
  OnOff ever_heard = OnOff::kOn;  // kOff: it has sent no sound since its call began
};
struct LegHeard {
  CallId call;
  LegId leg;
};

enum class SeatChange : std::uint8_t {
  kConnected,    // ICE and DTLS are up: the seat can be attached and rung
  kPathChanged,  // the browser now sends from another address; sound goes on
  kLost,         // no consent for 30 s, or DTLS closed; the seat stays and may be renewed
  kFailed,       // the certificate was not the one the offer named, or the handshake failed
};
struct SeatChanged {
  LegId leg;
  SeatChange change = SeatChange::kConnected;
  std::string reason;         // for kLost and kFailed, in words
  std::string fingerprint{};  // kConnected: "sha-256 AA:BB:…", proved in the handshake
};

// Ends every recording that start_recording() accepted, exactly once.
struct RecordingClosed {
  CallId call;
  std::string file;                       // name within the recordings directory
  std::array<std::uint8_t, 32> digest{};  // SHA-256 of the whole file
  std::uint64_t bytes = 0;
  std::uint32_t gaps = 0;   // times that sound was lost because the disk was too slow, or full
  OnOff cut = OnOff::kOff;  // kOn: the file has no end (disk full or failing); `reason` says why
  OnOff erased = OnOff::kOff;
  std::string reason;
};

// The disk is full: the call goes on without being recorded, until kOff says that there is room
// again and the recording goes on, behind a mark for the gap.
struct RecordingInterrupted {
  CallId call;
  OnOff on = OnOff::kOff;
  std::string reason;
};

// The disk refused a recording's bytes; the call goes on. RecordingClosed follows at once.
struct RecordingFailed {
  CallId call;
  std::string reason;
};

// In answer to ask_statistics(), and once when a leg is removed.
struct LegStatistics {
  CallId call;
  LegId leg;
  std::uint64_t packets_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t octets_received = 0;  // of payload
  std::uint64_t octets_sent = 0;
  std::uint64_t lost = 0;     // expected and never seen (RFC 3550, A.3)
  std::uint64_t refused = 0;  // garbage, foreign senders, failed authentication
  Micros jitter{0};           // RFC 3550, 6.4.1
  int level_dbov = -127;      // of the last second heard: 0 loudest, -127 silence
  OnOff final = OnOff::kOff;  // kOn: the leg is gone
};

using MediaEvent =
    std::variant<DigitPressed, PromptFinished, LegSilent, LegHeard, SeatChanged, RecordingClosed,
                 RecordingInterrupted, RecordingFailed, LegStatistics>;

// What was refused since start, over all legs; for the metrics page.
struct MediaCounters {
  std::uint64_t packets_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t malformed = 0;        // not RTP, RTCP, STUN or DTLS as they must be
  std::uint64_t foreign_sender = 0;   // well formed, from an address that is none of ours
  std::uint64_t not_authentic = 0;    // SRTP or STUN integrity failed, or replayed
  std::uint64_t unknown_payload = 0;  // a payload type that was not agreed
  std::uint64_t send_failed = 0;      // the kernel refused a packet
  std::uint64_t commands_dropped = 0;
  std::uint64_t events_dropped = 0;  // digits and statistics only, while control was not polling
};

}  // namespace madoguchi::exchange
