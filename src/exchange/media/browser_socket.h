// The one UDP port of all browser legs: reads many datagrams with one system call, gathers what
// goes out and sends it with one. The engine behind it (rtp::BrowserPort) does ICE, DTLS and SRTP.
// Media thread only; the buffers are made once.
#pragma once

#include <array>
#include <memory>
#include <unordered_set>
#include <vector>

#include "exchange/media/udp_socket.h"
#include "rtp/browser_port.h"

namespace madoguchi::exchange {

class BrowserSocket {
 public:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kRoom = rtp::kMaxDatagram + 32;  // for what SRTP adds

  BrowserSocket(UdpSocket socket, std::unique_ptr<rtp::BrowserPort> port);
  ~BrowserSocket();
  BrowserSocket(BrowserSocket&&) noexcept;

  [[nodiscard]] int fd() const;
  // The second door (see side_door.h); -1 where there is none.
  [[nodiscard]] int side_fd() const { return side_.fd(); }
  void set_side(UdpSocket socket);
  // Whose datagrams count there, whatever their port.
  void hear_at_side(std::vector<rtp::Address> neighbours);
  [[nodiscard]] rtp::BrowserPort& port();

  // Reads up to kBatch datagrams, of both doors; how many.
  std::size_t read();
  // The n-th of them, open to be decrypted in place.
  rtp::MutableBytes datagram(std::size_t n);
  [[nodiscard]] const rtp::Address& from(std::size_t n) const;

  // Room for the next datagram out: write it there, then send() its size. Flushes when the batch is
  // full.
  rtp::MutableBytes room();
  void send(std::size_t size, const rtp::Address& to);
  void send(ByteView datagram, const rtp::Address& to);
  // How many the kernel refused.
  std::size_t flush();

 private:
  static constexpr std::size_t kMostAtSide = 4096;  // beyond, they are learnt anew

  struct Batch;
  std::size_t receive(const UdpSocket& socket, std::size_t first);
  void receive_at_side();
  UdpSocket socket_;
  UdpSocket side_;
  std::vector<rtp::Address> neighbours_;
  std::unordered_set<rtp::Address> at_side_;  // came by the second door: so does what they get
  std::unique_ptr<rtp::BrowserPort> port_;
  std::unique_ptr<Batch> in_;
  std::unique_ptr<Batch> out_;
  std::size_t refused_ = 0;
};

}  // namespace madoguchi::exchange
