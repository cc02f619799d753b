// The one UDP port of all browser legs: reads many datagrams with one system call, gathers what
// goes out and sends it with one. The engine behind it (rtp::BrowserPort) does ICE, DTLS and SRTP.
// Media thread only; the buffers are made once.
#pragma once

#include <memory>

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
  [[nodiscard]] rtp::BrowserPort& port();

  // Reads up to kBatch datagrams; how many.
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
  struct Batch;
  UdpSocket socket_;
  std::unique_ptr<rtp::BrowserPort> port_;
  std::unique_ptr<Batch> in_;
  std::unique_ptr<Batch> out_;
  std::size_t refused_ = 0;
};

}  // namespace madoguchi::exchange
