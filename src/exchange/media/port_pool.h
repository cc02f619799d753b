// Hands out RTP/RTCP port pairs of a range as bound sockets. Goes round the range, so that a port
// rests before it serves another call and a late packet of the last one finds nobody. Owned by the
// control thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "exchange/media/udp_socket.h"

namespace madoguchi::exchange {

struct PortPair {
  UdpSocket rtp;
  UdpSocket rtcp;
};

class PortPool {
 public:
  // `first` is even, `last` at least first + 1.
  PortPool(std::uint16_t first, std::uint16_t last);

  // Skips ports that others hold. kExhausted when none is left; other errors are bind's.
  Result<PortPair> take(const std::string& ip);
  void give_back(std::uint16_t rtp_port);

  [[nodiscard]] std::size_t taken() const { return taken_; }

 private:
  std::uint16_t first_;
  std::vector<bool> used_;  // by pair
  std::size_t next_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace madoguchi::exchange
