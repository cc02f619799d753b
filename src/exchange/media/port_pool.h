// Hands out RTP/RTCP port pairs of a range as bound sockets. A pair that comes back stays open for
// another call, since opening and closing costs more than all else that a leg does to the kernel;
// but it rests first, so that late packets of the last call find nobody. Owned by the control
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "exchange/media/udp_socket.h"

namespace madoguchi::exchange {

struct PortPair {
  UdpSocket rtp;
  UdpSocket rtcp;
  std::string ip{};  // it is bound to
};

class PortPool {
 public:
  static constexpr Micros kRest = std::chrono::seconds(2);
  static constexpr std::size_t kMostResting = 2048;  // pairs; more are closed

  // `first` is even, `last` at least first + 1.
  PortPool(std::uint16_t first, std::uint16_t last);

  // Skips ports that others hold. kExhausted when none is left; other errors are bind's.
  Result<PortPair> take(const std::string& ip, MonoTime now);
  // A pair that take() gave.
  void give_back(PortPair pair, MonoTime now);
  // One whose sockets are closed.
  void forget(std::uint16_t rtp_port);

  [[nodiscard]] std::size_t taken() const { return taken_; }

 private:
  struct Resting {
    PortPair ports;
    MonoTime since;
  };
  Result<PortPair> open_another(const std::string& ip);
  PortPair wake_oldest();

  std::uint16_t first_;
  std::vector<bool> used_;  // by pair
  std::size_t next_ = 0;
  std::size_t taken_ = 0;
  std::deque<Resting> resting_;  // oldest first; used_, too
};

}  // namespace madoguchi::exchange
