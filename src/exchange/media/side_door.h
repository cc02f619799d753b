// A second way to the browsers' port, for browsers on this very machine while the port is bound to
// loopback alone. Firefox has no loopback address among its ICE candidates and pairs none of its
// others with one, so such a seat is told an address of a network interface too. Who is elsewhere
// is not heard there: only what comes from an address of this machine counts, and the kernel takes
// such a source from no network. Control thread; the sockets it makes are the media thread's.
#pragma once

#include <optional>
#include <vector>

#include "exchange/media/media_commands.h"
#include "rtp/address.h"

namespace madoguchi::exchange {

// Of the network interfaces that are up, but for loopback and link-local ones; port 0.
std::vector<rtp::Address> own_addresses();

class SideDoor {
 public:
  // Where the browsers' port is bound.
  explicit SideDoor(rtp::Address front) : front_(front) {}

  // To be called before a seat is answered: what the media thread is told when `own` is not what it
  // was, since a machine may have moved to another network.
  std::optional<command::SetSideDoor> look(std::vector<rtp::Address> own);

 private:
  rtp::Address front_;
  std::vector<rtp::Address> own_;
  std::optional<rtp::Address> at_;
};

}  // namespace madoguchi::exchange
