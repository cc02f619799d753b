#include "exchange/media/port_pool.h"

#include <fmt/format.h>

namespace madoguchi::exchange {

PortPool::PortPool(std::uint16_t first, std::uint16_t last)
    : first_(first), used_((static_cast<std::size_t>(last) - first + 1) / 2, false) {}

Result<PortPair> PortPool::take(const std::string& ip) {
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
    return PortPair{std::move(*rtp), std::move(*rtcp)};
  }
  return fail(ErrorCode::kExhausted,
              fmt::format("no RTP port pair is free in {} to {}: widen the range", first_,
                          first_ + used_.size() * 2 - 1));
}

void PortPool::give_back(std::uint16_t rtp_port) {
  const std::size_t pair = (static_cast<std::size_t>(rtp_port) - first_) / 2;
  if (rtp_port < first_ || pair >= used_.size() || !used_[pair]) return;
  used_[pair] = false;
  --taken_;
}

}  // namespace madoguchi::exchange
