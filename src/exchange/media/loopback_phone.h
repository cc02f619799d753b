// A telephone of a few lines for tests and benchmarks of the media plane: sends RTP frames over a
// loopback socket and takes in what comes back. Not used by the exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "exchange/media/udp_socket.h"
#include "rtp/packet.h"

namespace madoguchi::exchange {

class LoopbackPhone {
 public:
  struct Heard {
    rtp::RtpHeader header;
    Bytes payload;
  };

  LoopbackPhone(std::uint8_t payload_type, std::uint32_t ssrc)
      : socket_(std::move(*UdpSocket::bind("127.0.0.1", 0))) {
    header_.payload_type = payload_type;
    header_.ssrc = ssrc;
    header_.sequence = 65'530;  // so that it wraps soon
    header_.timestamp = 4'294'966'000U;
  }

  [[nodiscard]] std::uint16_t port() const { return socket_.port(); }
  [[nodiscard]] int fd() const { return socket_.fd(); }
  rtp::RtpHeader& header() { return header_; }

  void call(std::uint16_t port) { far_ = *rtp::Address::parse("127.0.0.1", port); }

  // The next 20 ms, all of one G.711 code.
  void say(std::uint8_t code) { send(Bytes(160, code)); }
  void send(ByteView payload) {
    std::array<std::uint8_t, rtp::kMaxDatagram> packet;
    const std::size_t size = rtp::write_rtp(packet, header_, payload);
    static_cast<void>(socket_.send(ByteView(packet).first(size), far_));
    skip();
  }
  void skip() {
    ++header_.sequence;
    header_.timestamp += 160;
  }
  // RFC 4733: one packet of a key held for `duration` timestamp units.
  void press(std::uint8_t payload_type, std::uint8_t event, std::uint16_t duration, bool end) {
    std::array<std::uint8_t, 4> payload{event, static_cast<std::uint8_t>(end ? 0x8a : 0x0a),
                                        static_cast<std::uint8_t>(duration >> 8),
                                        static_cast<std::uint8_t>(duration)};
    rtp::RtpHeader header = header_;
    header.payload_type = payload_type;
    std::array<std::uint8_t, 64> packet;
    const std::size_t size = rtp::write_rtp(packet, header, payload);
    static_cast<void>(socket_.send(ByteView(packet).first(size), far_));
    ++header_.sequence;
  }
  void send_raw(ByteView bytes) { static_cast<void>(socket_.send(bytes, far_)); }

  // Everything that has arrived.
  std::vector<Heard> listen() {
    std::vector<Heard> heard;
    std::array<std::uint8_t, 2048> buffer;
    rtp::Address from;
    while (const auto size = socket_.receive(buffer, from)) {
      const auto view = rtp::RtpView::parse(ByteView(buffer).first(*size));
      if (view) heard.push_back({view->header, {view->payload.begin(), view->payload.end()}});
    }
    return heard;
  }

 private:
  UdpSocket socket_;
  rtp::RtpHeader header_;
  rtp::Address far_;
};

}  // namespace madoguchi::exchange
