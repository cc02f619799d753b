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
  static constexpr std::size_t kMostResting = 2048;  // pairs; more are closed

  struct Rest {
    // So long a peer whose BYE got lost is told again, and may go on sending (RFC 3261, timer F).
    Micros wanted = std::chrono::seconds(32);
    // Where calls come in such numbers that `many` pairs rest, the one that rested longest serves.
    Micros least = std::chrono::seconds(2);
    std::size_t many = 1024;
  };

  // `first` is even, `last` at least first + 1.
  PortPool(std::uint16_t first, std::uint16_t last) : PortPool(first, last, Rest{}) {}
  PortPool(std::uint16_t first, std::uint16_t last, const Rest& rest);

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
  [[nodiscard]] bool has_rested(MonoTime now) const;

  Rest rest_;
  std::uint16_t first_;
  std::vector<bool> used_;  // by pair
  std::size_t next_ = 0;
  std::size_t taken_ = 0;
  std::deque<Resting> resting_;  // oldest first; used_, too
};

}  // namespace madoguchi::exchange
