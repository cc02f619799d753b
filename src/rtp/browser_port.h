// All browser legs behind one UDP port: finds the peer of a datagram (a check by its USERNAME,
// everything else by the address that a check proved before), and drives their timers. The shell
// owns socket and thread; every call comes from that one thread. Tables are bounded; strangers get
// at most one short error answer, never more than they sent plus a few bytes, and are counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "rtp/address.h"
#include "rtp/dtls.h"
#include "rtp/ice_lite.h"
#include "rtp/packet.h"
#include "rtp/peer.h"

namespace madoguchi::rtp {

// Names a peer for its lifetime; a number is not used again for another.
struct PeerHandle {
  std::uint64_t value = 0;  // 0: none
  friend bool operator==(PeerHandle, PeerHandle) = default;
};

// What our SDP says of one leg. Candidates are host candidates of component 1 (rtcp-mux), best
// first; SDP also says a=ice-lite.
struct LocalPeer {
  IceCredentials ice;
  Fingerprint fingerprint;
  DtlsSetup setup = DtlsSetup::kActpass;  // kActpass in our offer, else our part
  std::vector<Address> candidates;
};

class BrowserPort {
 public:
  struct Settings {
    std::vector<Address> candidates;  // under which browsers reach the port
    std::size_t most_peers = 2000;
    std::size_t most_handshakes = 200;  // peers not yet connected, at a time
  };

  struct Totals {
    std::uint64_t strangers = 0;  // datagrams of no peer of ours
    std::uint64_t malformed = 0;  // neither STUN, DTLS, RTP nor RTCP
    std::uint64_t refused = 0;    // checks answered with an error
    std::uint64_t checks = 0;     // good ones
  };

  // `identity` and `entropy` outlive the port.
  BrowserPort(const DtlsIdentity& identity, Entropy& entropy, Settings settings);
  ~BrowserPort();

  struct Opened {
    PeerHandle peer;
    LocalPeer local;
  };

  // The browser offered, or (without `remote`) we will. kExhausted when a table is full.
  Result<Opened> open(const std::optional<RemotePeer>& remote, MonoTime now);

  // The browser's answer to our offer, or a later offer of its own (ICE restart, new fingerprint).
  // What our next SDP says.
  Result<LocalPeer> update(PeerHandle peer, const RemotePeer& remote, MonoTime now);

  // From the next answer on, browsers are told of this one too, or (nothing) no longer.
  void also_at(std::optional<Address> candidate) { also_at_ = candidate; }

  // Says goodbye to the browser and forgets the peer; its last datagrams still come out of
  // poll_transmit().
  void close(PeerHandle peer);

  struct Received {
    PeerHandle peer;  // none: a stranger
    // kRtp or kRtcp: `packet` is in clear.
    PacketKind kind = PacketKind::kUnknown;
    MutableBytes packet;
    // If not empty, send it back to where the datagram came from; valid until the next call.
    ByteView answer;
  };

  // `datagram` is opened in place.
  Received receive(MutableBytes datagram, const Address& from, MonoTime now);

  // See Peer. Nothing if the peer is gone or not connected.
  std::optional<Peer::Protected> protect_rtp(PeerHandle peer, MutableBytes buffer,
                                             std::size_t size);
  std::optional<Peer::Protected> protect_rtcp(PeerHandle peer, MutableBytes buffer,
                                              std::size_t size);

  // Call every 20 to 50 ms, or at next_deadline(). Then drain both polls; also after receive() of
  // kDtls or kStun.
  void advance(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  struct Event {
    PeerHandle peer;
    PeerEvent event;  // after kClosed the handle is dead
  };
  std::optional<Event> poll_event();
  std::optional<Peer::Transmit> poll_transmit();

  [[nodiscard]] std::size_t peers() const { return peers_.size(); }
  [[nodiscard]] const Peer* find(PeerHandle peer) const;
  [[nodiscard]] const Totals& totals() const { return totals_; }

 private:
  struct Seat {
    std::unique_ptr<Peer> peer;  // stays in place while the table grows
    PeerHandle handle;
    std::vector<std::string> ufrags;  // under which checks find it: ours, and the ones before
  };
  static constexpr std::size_t kUfragsOfAPeer = 2;
  static constexpr std::size_t kMostTransmits = 4096;  // beyond, datagrams are lost as on a network

  void name(Seat& seat);
  Received receive_check(ByteView datagram, const Address& from, MonoTime now);
  Seat* find_seat(PeerHandle handle);
  Seat* seat_of_address(const Address& from);
  void learn_address(const Address& from, const Seat& seat);
  void sweep_addresses();
  bool drain(Seat& seat);
  void forget(PeerHandle handle);
  [[nodiscard]] LocalPeer describe(const Peer& peer, bool offering) const;

  const DtlsIdentity& identity_;
  Entropy& entropy_;
  Settings settings_;
  std::optional<Address> also_at_;
  std::uint64_t last_handle_ = 0;
  std::unordered_map<std::uint64_t, Seat> peers_;
  std::unordered_map<std::string, PeerHandle> by_ufrag_;
  std::unordered_map<Address, PeerHandle> by_address_;
  std::deque<Event> events_;
  std::deque<Peer::Transmit> transmits_;
  std::array<std::uint8_t, kStunAnswerSize> answer_{};
  Totals totals_;
};

}  // namespace madoguchi::rtp
