#include "exchange/media/side_door.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace madoguchi::exchange {

std::vector<rtp::Address> own_addresses() {
  std::vector<rtp::Address> found;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return found;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_RUNNING) == 0) continue;
    const auto family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    sockaddr_storage address{};
    std::memcpy(&address, one->ifa_addr,
                family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    const rtp::Address ours = from_kernel(address);
    if (!ours.is_loopback() && !ours.is_link_local()) found.push_back(ours);
  }
  ::freeifaddrs(all);
  return found;
}

std::optional<command::SetSideDoor> SideDoor::look(std::vector<rtp::Address> own) {
  std::erase_if(own, [&](const rtp::Address& one) { return one.is_v4() != front_.is_v4(); });
  if (own == own_) return std::nullopt;
  own_ = own;
  command::SetSideDoor told;
  told.neighbours = own;
  const auto is_door = [&](const rtp::Address& one) { return at_ && one.same_ip(*at_); };
  if (std::none_of(own.begin(), own.end(), is_door)) {
    at_.reset();
    for (rtp::Address& one : own) {
      auto socket = UdpSocket::bind(one.ip_text(), front_.port);
      if (!socket) continue;  // another program's port, or the address is not ready yet
      told.socket = std::move(*socket);
      at_ = one;
      at_->port = front_.port;
      break;
    }
  }
  told.at = at_;
  return told;
}

}  // namespace madoguchi::exchange
