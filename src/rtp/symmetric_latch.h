// Symmetric RTP (RFC 4961): sends to where media comes from, not to what SDP said, because a phone
// behind a NAT cannot know its address. Whoever can send a datagram to our port could claim the
// call, so: the signalled address is believed at once, another one only after a few packets in a
// row of one SSRC; once latched only a source that replaces a silent one is believed, and only so
// often. One object per leg and media thread; no allocation.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "rtp/address.h"

namespace madoguchi::rtp {

class SymmetricLatch {
 public:
  enum class Trust {
    kAnySource,    // phones and callers behind NAT
    kSignalledIp,  // a trunk of known addresses: other IPs never, the port may differ
  };

  struct Policy {
    Trust trust = Trust::kAnySource;
    int packets_to_latch = 3;  // from an address that was not signalled
    int packets_to_relatch = 5;
    Micros silence_to_relatch = std::chrono::seconds(2);
    int relatches_per_minute = 3;
  };

  SymmetricLatch(const Address& signalled, Policy policy)
      : policy_(policy), signalled_(signalled) {}
  explicit SymmetricLatch(const Address& signalled) : SymmetricLatch(signalled, Policy{}) {}

  // For each packet that looks like RTP of a negotiated payload type. False: not from our peer,
  // drop it.
  bool accept(const Address& from, std::uint32_t ssrc, MonoTime now);

  // A new offer or answer gave another address. The latch opens again if it changed.
  void signal(const Address& address);

  // Where to send; the signalled address until something was latched. An unspecified one means:
  // nowhere yet.
  [[nodiscard]] const Address& target() const { return latched_ ? current_ : signalled_; }
  [[nodiscard]] bool latched() const { return latched_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t relatches() const { return relatches_; }

 private:
  bool latch(const Address& from, MonoTime now);
  bool refuse();
  bool candidate_ripens(const Address& from, std::uint32_t ssrc, int packets_needed);
  bool may_relatch(MonoTime now);

  Policy policy_;
  Address signalled_;
  Address current_;
  bool latched_ = false;
  MonoTime last_heard_{};

  Address candidate_;
  std::uint32_t candidate_ssrc_ = 0;
  int candidate_packets_ = 0;

  MonoTime minute_began_{};
  int relatches_this_minute_ = 0;
  std::uint64_t relatches_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace madoguchi::rtp
