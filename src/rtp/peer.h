// One browser's leg: ICE-lite answers, the DTLS handshake and SRTP as one engine. Bytes, addresses
// and time in; clear RTP and RTCP, events and datagrams out. What SDP carries goes in and out as
// plain structs; the SDP text is sip's affair. Several peers share an UDP port through
// browser_port.h. One thread. After the handshake nothing is allocated per packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "rtp/address.h"
#include "rtp/dtls.h"
#include "rtp/ice_lite.h"
#include "rtp/packet.h"
#include "rtp/srtp.h"

namespace madoguchi::rtp {

// a=setup of an offer or answer (RFC 8842, 5).
enum class DtlsSetup { kActpass, kActive, kPassive };

// The role we take towards what the other side said: passive wherever we may choose.
DtlsRole role_towards(DtlsSetup theirs);

// What the browser's SDP says. Its candidates are not needed: it is the browser that finds the
// path.
struct RemotePeer {
  std::string ufrag;
  std::string password;  // compared only, to notice an ICE restart
  Fingerprint fingerprint;
  DtlsSetup setup = DtlsSetup::kActpass;
};

struct PeerEvent {
  enum class Kind {
    kConnected,    // keys are there: media may flow both ways
    kPathChanged,  // the browser is reached elsewhere now (`path`); media needs nothing done
    kClosed,       // for good; `reason` says why in one line. The peer answers nothing any more
  };
  Kind kind = Kind::kConnected;
  std::optional<Address> path;
  std::optional<Fingerprint> proved;  // kConnected: of the certificate that the other side holds
  std::string reason;
};

struct PeerTotals {
  std::uint64_t rtp_in = 0;
  std::uint64_t rtcp_in = 0;
  std::uint64_t rtp_out = 0;
  std::uint64_t rtcp_out = 0;
  std::uint64_t forged = 0;
  std::uint64_t replayed = 0;
  std::uint64_t malformed = 0;
  std::uint64_t unproven = 0;  // from an address without a good check
  std::uint64_t early = 0;     // media before the keys, either way
  std::uint64_t checks_refused = 0;
};

class Peer {
 public:
  // `identity` outlives the peer. Without `remote` (our own offer) nothing but checks is taken
  // until set_remote().
  Peer(const DtlsIdentity& identity, IceCredentials local, MonoTime now);

  // Also for a later offer of the same browser: other ICE credentials are a restart (give fresh
  // ones in `restart_with`; they are not used otherwise), another fingerprint a new handshake
  // (for a new one under the same certificate, close the leg and open another). Fails if OpenSSL
  // does.
  Result<void> set_remote(const RemotePeer& remote, const IceCredentials& restart_with,
                          MonoTime now);

  struct Received {
    // kRtp or kRtcp: `packet` is in clear; else there is nothing to look at.
    PacketKind kind = PacketKind::kUnknown;
    MutableBytes packet;
  };

  // DTLS, SRTP and SRTCP; opened in place.
  Received receive(MutableBytes datagram, const Address& from, MonoTime now);

  // A check that names one of our ufrags; the answer belongs to `from`.
  IceSession::Outcome receive_check(const StunView& check, const Address& from, MutableBytes answer,
                                    MonoTime now);

  struct Protected {
    std::size_t size = 0;
    Address to;
  };

  // The packet is the first `size` bytes of `buffer`, with room for the tag behind it. Nothing
  // while not connected.
  std::optional<Protected> protect_rtp(MutableBytes buffer, std::size_t size);
  std::optional<Protected> protect_rtcp(MutableBytes buffer, std::size_t size);

  void advance(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;
  void close();  // ends it from our side: close_notify, then kClosed

  std::optional<PeerEvent> poll_event();

  struct Transmit {
    Address to;
    Bytes datagram;
  };
  std::optional<Transmit> poll_transmit();

  [[nodiscard]] bool connected() const { return srtp_.has_value() && !closed_; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] const IceSession& ice() const { return ice_; }
  [[nodiscard]] const Fingerprint& fingerprint() const { return identity_->fingerprint(); }
  [[nodiscard]] DtlsRole role() const { return role_; }
  [[nodiscard]] const PeerTotals& totals() const { return totals_; }

 private:
  Result<void> begin_handshake(const RemotePeer& remote, MonoTime now);
  void look_at_dtls();
  void finish(std::string reason);
  std::optional<Protected> count_sent(std::optional<std::size_t> size, std::uint64_t& counter);

  const DtlsIdentity* identity_;
  IceSession ice_;
  std::optional<RemotePeer> remote_;
  DtlsRole role_ = DtlsRole::kPassive;
  std::optional<DtlsEndpoint> dtls_;
  std::optional<SrtpSession> srtp_;
  bool closed_ = false;
  std::deque<PeerEvent> events_;
  PeerTotals totals_;
};

}  // namespace madoguchi::rtp
