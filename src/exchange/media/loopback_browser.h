// A browser of a few lines for tests and benchmarks of the media plane: ICE checks, DTLS, SRTP and
// frames of G.711 over a loopback socket. Not used by the exchange.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exchange/media/loopback_phone.h"
#include "exchange/media/media_types.h"
#include "rtp/dtls.h"
#include "rtp/srtp.h"
#include "rtp/stun.h"

namespace madoguchi::exchange {

class LoopbackBrowser {
 public:
  using Heard = LoopbackPhone::Heard;

  // Sends from `ip`, and to it.
  LoopbackBrowser(const rtp::DtlsIdentity& identity, std::uint32_t ssrc,
                  std::string ip = "127.0.0.1")
      : identity_(identity), ip_(std::move(ip)), socket_(bound()) {
    header_.ssrc = ssrc;
  }

  [[nodiscard]] BrowserOffer offer() const {
    return {ufrag_,
            "passwordofthebrowser0123",
            "sha-256 " + identity_.fingerprint().text(),
            {{SoundCodec::kPcmu, 0}, {SoundCodec::kPcma, 8}},
            101};
  }
  // For the next offer: other credentials, as after a change of network.
  void restart_ice() { ufrag_ += "x"; }
  void move() { socket_ = bound(); }

  void answer(const std::string& ufrag, const std::string& password, const std::string& fingerprint,
              std::uint16_t port) {
    far_ = *rtp::Address::parse(ip_, port);
    theirs_ = {ufrag, password};
    if (dtls_) return;
    const auto hash = fingerprint.find(' ') == std::string::npos ? 0 : fingerprint.find(' ') + 1;
    dtls_ = std::move(*rtp::DtlsEndpoint::create(
        identity_, {rtp::DtlsRole::kActive, *rtp::Fingerprint::parse(fingerprint.substr(hash))}));
  }

  // A check that nominates; its answer starts DTLS.
  void check() {
    std::array<std::uint8_t, 256> buffer;
    rtp::StunTransaction transaction{};
    transaction[0] = ++checks_;
    rtp::StunWriter writer(buffer, rtp::StunClass::kRequest, rtp::kStunBinding, transaction);
    writer.username(theirs_.first + ":" + ufrag_);
    writer.priority(1'845'501'695);
    writer.controlling(42);
    writer.use_candidate();
    writer.integrity(theirs_.second);
    writer.fingerprint();
    static_cast<void>(socket_.send(ByteView(buffer).first(writer.size()), far_));
  }

  // Takes in everything that has arrived; the sound of it.
  std::vector<Heard> listen(MonoTime now) {
    std::vector<Heard> heard;
    std::array<std::uint8_t, 2048> buffer;
    rtp::Address from;
    while (const auto size = socket_.receive(buffer, from)) {
      const rtp::MutableBytes datagram = rtp::MutableBytes(buffer).first(*size);
      switch (rtp::classify(datagram)) {
        case rtp::PacketKind::kStun:
          begin_dtls(now);
          break;
        case rtp::PacketKind::kDtls:
          dtls_->receive(datagram, now);
          break;
        case rtp::PacketKind::kRtp:
          take_sound(datagram, heard);
          break;
        case rtp::PacketKind::kRtcp:
        case rtp::PacketKind::kUnknown:
          break;
      }
    }
    flush_dtls();
    return heard;
  }

  [[nodiscard]] bool connected() const { return srtp_.has_value(); }
  [[nodiscard]] int fd() const { return socket_.fd(); }
  rtp::RtpHeader& header() { return header_; }

  void say(std::uint8_t code) { send(Bytes(160, code)); }
  bool send(ByteView payload) {
    std::array<std::uint8_t, rtp::kMaxDatagram> packet;
    const std::size_t size = rtp::write_rtp(packet, header_, payload);
    ++header_.sequence;
    header_.timestamp += 160;
    const auto sealed = srtp_->protect_rtp(packet, size);
    return sealed && socket_.send(ByteView(packet).first(*sealed), far_);
  }
  // Another session of the same keys, for a thread that only receives.
  [[nodiscard]] rtp::SrtpSession receiving_session() const {
    const auto& keys = *dtls_->srtp_keys();
    return std::move(*rtp::SrtpSession::create(keys.profile, keys.sending, keys.receiving));
  }

 private:
  [[nodiscard]] UdpSocket bound() const { return std::move(*UdpSocket::bind(ip_, 0, 1 << 20)); }
  void begin_dtls(MonoTime now) {
    if (started_) return;
    started_ = true;
    dtls_->start(now);
  }
  void flush_dtls() {
    while (auto datagram = dtls_->poll_transmit()) static_cast<void>(socket_.send(*datagram, far_));
    if (srtp_ || !dtls_->srtp_keys()) return;
    const auto& keys = *dtls_->srtp_keys();
    srtp_ = std::move(*rtp::SrtpSession::create(keys.profile, keys.sending, keys.receiving));
  }
  void take_sound(rtp::MutableBytes datagram, std::vector<Heard>& heard) {
    if (!srtp_) return;
    const auto opened = srtp_->unprotect_rtp(datagram);
    if (opened.verdict != rtp::Unprotected::kOk) return;
    const auto view = rtp::RtpView::parse(ByteView(datagram).first(opened.size));
    if (view) heard.push_back({view->header, {view->payload.begin(), view->payload.end()}});
  }

  const rtp::DtlsIdentity& identity_;
  std::string ip_;
  UdpSocket socket_;
  rtp::RtpHeader header_;
  rtp::Address far_;
  std::string ufrag_ = "brow";
  std::pair<std::string, std::string> theirs_;  // ufrag and password
  std::uint8_t checks_ = 0;
  bool started_ = false;
  std::optional<rtp::DtlsEndpoint> dtls_;
  std::optional<rtp::SrtpSession> srtp_;
};

}  // namespace madoguchi::exchange
