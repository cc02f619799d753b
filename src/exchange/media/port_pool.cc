#include "exchange/media/port_pool.h"

#include <fmt/format.h>

namespace madoguchi::exchange {

PortPool::PortPool(std::uint16_t first, std::uint16_t last, const Rest& rest)
    : rest_(rest), first_(first), used_((static_cast<std::size_t>(last) - first + 1) / 2, false) {}

Result<PortPair> PortPool::take(const std::string& ip, MonoTime now) {
  const bool fits = !resting_.empty() && resting_.front().ports.ip == ip;
  if (fits && has_rested(now)) return wake_oldest();
  auto opened = open_another(ip);
  // Where the range or the descriptors are few, one that has not rested is better than none.
  if (!opened && fits) return wake_oldest();
  if (!opened && opened.error().code == ErrorCode::kExhausted && !resting_.empty()) {
    ++taken_;  // forget() takes it away again
    const std::uint16_t port = resting_.front().ports.rtp.port();
    resting_.pop_front();
    forget(port);
    return open_another(ip);
  }
  return opened;
}

Result<PortPair> PortPool::open_another(const std::string& ip) {
  for (std::size_t tried = 0; tried < used_.size(); ++tried) {
    const std::size_t pair = next_;
    next_ = (next_ + 1) % used_.size();
    if (used_[pair]) continue;
    const auto port = static_cast<std::uint16_t>(first_ + pair * 2);
    auto rtp = UdpSocket::bind(ip, port);
    if (!rtp && rtp.error().code == ErrorCode::kConflict) continue;
    if (!rtp) return tl::unexpected(rtp.error());
    auto rtcp = UdpSocket::bind(ip, static_cast<std::uint16_t>(port + 1));
    if (!rtcp && rtcp.error().code == ErrorCode::kConflict) continue;
    if (!rtcp) return tl::unexpected(rtcp.error());
    used_[pair] = true;
    ++taken_;
    return PortPair{std::move(*rtp), std::move(*rtcp), ip};
  }
  return fail(ErrorCode::kExhausted,
              fmt::format("no RTP port pair is free in {} to {}: widen the range", first_,
                          first_ + used_.size() * 2 - 1));
}

bool PortPool::has_rested(MonoTime now) const {
  const auto rested = now - resting_.front().since;
  return rested >= (resting_.size() < rest_.many ? rest_.wanted : rest_.least);
}

PortPair PortPool::wake_oldest() {
  PortPair ports = std::move(resting_.front().ports);
  resting_.pop_front();
  ports.rtp.discard();
  ports.rtcp.discard();
  ++taken_;
  return ports;
}

void PortPool::give_back(PortPair ports, MonoTime now) {
  if (!ports.rtp.open() || resting_.size() >= kMostResting) {
    const std::uint16_t port = ports.rtp.port();
    ports = {};
    return forget(port);
  }
  resting_.push_back({std::move(ports), now});
  --taken_;
}

void PortPool::forget(std::uint16_t rtp_port) {
  const std::size_t pair = (static_cast<std::size_t>(rtp_port) - first_) / 2;
  if (rtp_port < first_ || pair >= used_.size() || !used_[pair]) return;
  used_[pair] = false;
  --taken_;
}

}  // namespace madoguchi::exchange
