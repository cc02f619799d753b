#include "rtp/symmetric_latch.h"

namespace madoguchi::rtp {

bool SymmetricLatch::refuse() {
  ++refused_;
  return false;
}

bool SymmetricLatch::latch(const Address& from, MonoTime now) {
  if (latched_) ++relatches_;
  current_ = from;
  latched_ = true;
  last_heard_ = now;
  candidate_packets_ = 0;
  return true;
}

bool SymmetricLatch::candidate_ripens(const Address& from, std::uint32_t ssrc, int packets_needed) {
  if (candidate_packets_ == 0 || candidate_ != from || candidate_ssrc_ != ssrc) {
    candidate_ = from;
    candidate_ssrc_ = ssrc;
    candidate_packets_ = 0;
  }
  return ++candidate_packets_ >= packets_needed;
}

bool SymmetricLatch::may_relatch(MonoTime now) {
  if (relatches_this_minute_ == 0 || now - minute_began_ >= std::chrono::minutes(1)) {
    minute_began_ = now;
    relatches_this_minute_ = 0;
  }
  if (relatches_this_minute_ >= policy_.relatches_per_minute) return false;
  ++relatches_this_minute_;
  return true;
}

bool SymmetricLatch::accept(const Address& from, std::uint32_t ssrc, MonoTime now) {
  if (latched_ && from == current_) {
    last_heard_ = now;
    // Two sources in turn: the other one's packets do not add up to "in a row".
    candidate_packets_ = 0;
    return true;
  }
  if (policy_.trust == Trust::kSignalledIp && !from.same_ip(signalled_)) return refuse();
  if (!latched_) {
    // Another port of the signalled host is a NAT on that host's own side, or a phone with two
    // sockets.
    const int needed = from.same_ip(signalled_) ? 1 : policy_.packets_to_latch;
    return candidate_ripens(from, ssrc, needed) ? latch(from, now) : refuse();
  }
  // What SDP named outranks whatever came first, in case that was someone else.
  if (from == signalled_) return may_relatch(now) ? latch(from, now) : refuse();
  if (now - last_heard_ < policy_.silence_to_relatch) return refuse();
  if (!candidate_ripens(from, ssrc, policy_.packets_to_relatch)) return refuse();
  return may_relatch(now) ? latch(from, now) : refuse();
}

void SymmetricLatch::signal(const Address& address) {
  if (address == signalled_) return;
  signalled_ = address;
  latched_ = false;
  candidate_packets_ = 0;
}

}  // namespace madoguchi::rtp
