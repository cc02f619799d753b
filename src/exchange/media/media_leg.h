// One leg on the media thread: a telephone's socket pair or a browser's seat, what was agreed for
// it, both directions of its RTP stream, and what plays to it. Owned by MediaEngine, used by the
// media thread only.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "exchange/media/media_types.h"
#include "exchange/media/prompt.h"
#include "exchange/media/udp_socket.h"
#include "rtp/browser_port.h"
#include "rtp/dtmf.h"
#include "rtp/jitter_buffer.h"
#include "rtp/stream.h"

namespace madoguchi::exchange {

struct MediaCall;

inline rtp::Law law_of(SoundCodec codec) {
  return codec == SoundCodec::kPcma ? rtp::Law::kA : rtp::Law::kMu;
}

// Asks the processor for the cache lines of [from, to).
inline void bring_near(const void* from, const void* to) {
  constexpr std::size_t kCacheLine = 64;
  for (const char* at = static_cast<const char*>(from); at < to; at += kCacheLine)
    __builtin_prefetch(at);
}

struct MediaLeg {
  MediaLeg(LegId id, Entropy& entropy, MonoTime now);

  // What to send and receive; false when no codec is usable.
  bool agree(const std::vector<OfferedCodec>& codecs);
  [[nodiscard]] std::optional<SoundCodec> codec_of(std::uint8_t payload_type) const;
  [[nodiscard]] bool may_send() const {
    return agreed && (direction == Direction::kSendRecv || direction == Direction::kSendOnly);
  }
  // To the telephone at `to`; false when the kernel refused it.
  bool send_to_telephone(ByteView packet, const rtp::Address& to) {
    const bool direct = direct_socket.open() && direct_peer == to;
    return direct ? direct_socket.send(packet) : rtp_socket.send(packet, to);
  }
  // A far end that holds us says that it may send; whether it does shows nothing.
  [[nodiscard]] bool expects_sound() const { return agreed && direction == Direction::kSendRecv; }
  // About the last second's level, from one packet in many.
  void measure_level(SoundCodec codec, ByteView payload);

  // A packet finds its leg cold, 20 ms after the last one. These have it brought near.
  void bring_near_to_receive() const { exchange::bring_near(this, &id); }
  void bring_near_to_send() const { exchange::bring_near(this, &received); }

  // ---- What every packet touches, kept together.

  // The call it is in, if any, and its place there.
  MediaCall* call = nullptr;
  std::uint8_t slot = 0;
  bool muted = false;
  bool held = false;
  Side side = Side::kCaller;
  bool is_seat = false;  // a browser's, not a telephone

  // What was agreed.
  bool agreed = false;
  SoundCodec send_codec = SoundCodec::kPcmu;
  std::uint8_t send_payload = 0;
  std::array<std::optional<std::uint8_t>, 2> receive_payload;  // of PCMU, PCMA
  std::optional<std::uint8_t> digits_send;
  std::optional<std::uint8_t> digits_receive;
  Direction direction = Direction::kSendRecv;

  // Watching.
  MonoTime last_heard;
  MonoTime last_sent;
  std::uint32_t since_level = 0;  // packets
  UdpSocket rtp_socket;           // a telephone's; a seat's handle is `peer`
  UdpSocket direct_socket;        // its twin, connected to `direct_peer`; once that has latched
  rtp::Address direct_peer;
  rtp::PeerHandle peer;

  // The streams.
  rtp::SendState sent;
  std::optional<rtp::SymmetricLatch> latch;  // a telephone's
  rtp::ReceiveStats received;

  // ---- The rest.

  LegId id;
  std::size_t index = 0;  // in the engine's table
  rtp::RtcpReporter reporter;
  bool reported = false;
  rtp::DtmfReceiver dtmf;
  std::unique_ptr<rtp::JitterBuffer> jitter;  // only while someone hears the leg mixed

  // A telephone leg.
  UdpSocket rtcp_socket;
  std::string local_ip;  // both sockets are bound to
  rtp::Address rtcp_address;
  OnOff rtcp_mux = OnOff::kOff;

  // A browser's seat.
  bool connected = false;

  // What plays.
  Player player;
  int play_phase = -1;  // the tick that serves it; -1 when nothing plays

  bool told_silent = false;
  std::uint64_t refused = 0;
  int level_dbov = -127;
};

}  // namespace madoguchi::exchange
