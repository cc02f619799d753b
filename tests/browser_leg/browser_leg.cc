// A browser's audio leg against a real browser, with nothing else of the exchange: one UDP socket
// around a BrowserPort.
//   browser_leg PORT SECONDS
// reads a line from stdin about what the browser offered (ufrag, password, SHA-256 fingerprint,
// setup) and writes what the answer must say (ufrag, password, fingerprint, setup, IP, port); a
// further line is a further offer of the same browser. It sends a 440 Hz tone as PCMU for so many
// seconds and then prints one JSON line about what it heard. run.mjs drives it.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/time.h"
#include "rtp/browser_port.h"
#include "rtp/g711.h"
#include "rtp/stream.h"
#include "rtp/tone.h"

namespace madoguchi::rtp {
namespace {

constexpr double kSentTone = 440;
constexpr double kExpectedTone = 1000;
constexpr Micros kFrame = std::chrono::milliseconds(20);

class KernelEntropy final : public Entropy {
 public:
  void fill(void* bytes, std::size_t count) override {
    if (getrandom(bytes, count, 0) != static_cast<ssize_t>(count)) std::abort();
  }
};

class Leg {
 public:
  Leg(const DtlsIdentity& identity, int socket, std::uint16_t port)
      : socket_(socket), port_(identity, entropy_, settings(port)) {}

  // Reads an offer and writes the answer; false if either is impossible.
  bool answer_offer() {
    const auto remote = read_offer();
    if (!remote) {
      std::cerr << "browser_leg: expected \"ufrag password fingerprint setup\" on stdin\n";
      return false;
    }
    const auto local = take_offer(*remote);
    if (!local) {
      std::cerr << "browser_leg: " << local.error().message << "\n";
      return false;
    }
    std::cout << local->ice.ufrag << ' ' << local->ice.password << ' ' << local->fingerprint.text()
              << ' ' << (local->setup == DtlsSetup::kActive ? "active" : "passive") << ' '
              << local->candidates[0].ip_text() << ' ' << local->candidates[0].port << std::endl;
    return true;
  }

  void run(Micros duration) {
    const MonoTime end = clock_.mono() + duration;
    MonoTime next_frame = clock_.mono();
    while (clock_.mono() < end) {
      std::array<pollfd, 2> waiting{pollfd{socket_, POLLIN, 0}, pollfd{STDIN_FILENO, POLLIN, 0}};
      const Micros left = std::max(Micros(0), next_frame - clock_.mono());
      poll(waiting.data(), waiting.size(), static_cast<int>(left.count() / 1000) + 1);
      if ((waiting[0].revents & POLLIN) != 0) receive();
      if ((waiting[1].revents & POLLIN) != 0 && !answer_offer()) return;
      if (clock_.mono() < next_frame) continue;
      next_frame += kFrame;
      port_.advance(clock_.mono());
      settle();
      send_media();
    }
    port_.close(peer_);
    settle();
  }

  void report() {
    const ReceiveTotals heard = received_.totals();
    std::size_t with_tone = 0;
    for (const ToneRun& run : find_tone(sound_, kExpectedTone)) with_tone += run.end - run.begin;
    std::printf(
        "{\"connected\":%s,\"packets_in\":%llu,\"lost_in\":%lld,\"packets_out\":%llu,\"tone_"
        "share\":%.3f,"
        "\"jitter_ms\":%.2f,\"reports_in\":%llu,\"round_trip_ms\":%.2f,\"refused_out\":%llu,"
        "\"checks\":%llu,\"strangers\":%llu,\"closed\":\"%s\"}\n",
        connected_ ? "true" : "false", static_cast<unsigned long long>(heard.packets),
        static_cast<long long>(heard.lost), static_cast<unsigned long long>(send_.packets()),
        sound_.empty() ? 0.0 : static_cast<double>(with_tone) / static_cast<double>(sound_.size()),
        static_cast<double>(heard.jitter.count()) / 1000,
        static_cast<unsigned long long>(reporter_.remote().reports),
        static_cast<double>(reporter_.remote().round_trip.value_or(Micros(0)).count()) / 1000,
        static_cast<unsigned long long>(refused_),
        static_cast<unsigned long long>(port_.totals().checks),
        static_cast<unsigned long long>(port_.totals().strangers), closed_.c_str());
  }

 private:
  static std::optional<RemotePeer> read_offer() {
    std::string line;
    char next = 0;
    while (line.size() < 1000 && read(STDIN_FILENO, &next, 1) == 1 && next != '\n') line += next;
    std::istringstream words(line);
    std::string fingerprint;
    std::string setup;
    RemotePeer remote;
    words >> remote.ufrag >> remote.password >> fingerprint >> setup;
    const auto parsed = Fingerprint::parse(fingerprint);
    if (!parsed) return std::nullopt;
    remote.fingerprint = *parsed;
    if (setup == "active") remote.setup = DtlsSetup::kActive;
    if (setup == "passive") remote.setup = DtlsSetup::kPassive;
    return remote;
  }

  Result<LocalPeer> take_offer(const RemotePeer& remote) {
    if (port_.find(peer_) != nullptr) return port_.update(peer_, remote, clock_.mono());
    auto opened = port_.open(remote, clock_.mono());
    if (!opened) return tl::unexpected(opened.error());
    peer_ = opened->peer;
    return opened->local;
  }

  static BrowserPort::Settings settings(std::uint16_t port) {
    BrowserPort::Settings settings;
    settings.candidates = {Address::v4(0x7f000001, port)};
    return settings;
  }

  void send_to(const Address& to, ByteView datagram) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    std::memcpy(&address.sin_addr, to.v4_bytes().data(), 4);
    sendto(socket_, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&address),
           sizeof address);
  }

  void settle() {
    while (auto transmit = port_.poll_transmit()) send_to(transmit->to, transmit->datagram);
    while (auto event = port_.poll_event()) {
      if (event->event.kind == PeerEvent::Kind::kConnected) connected_ = true;
      if (event->event.kind == PeerEvent::Kind::kClosed) closed_ = event->event.reason;
    }
  }

  void receive() {
    std::array<std::uint8_t, kMaxDatagram> buffer{};
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const ssize_t size = recvfrom(socket_, buffer.data(), buffer.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &length);
    if (size <= 0) return;
    const Address address = Address::v4(ntohl(from.sin_addr.s_addr), ntohs(from.sin_port));
    const auto got = port_.receive(MutableBytes(buffer).first(static_cast<std::size_t>(size)),
                                   address, clock_.mono());
    if (!got.answer.empty()) send_to(address, got.answer);
    if (got.kind == PacketKind::kRtp) hear(got.packet);
    if (got.kind == PacketKind::kRtcp)
      reporter_.receive(got.packet, send_, received_, clock_.mono());
    settle();
  }

  void hear(ByteView packet) {
    const auto view = RtpView::parse(packet);
    if (!view || view->header.payload_type != kMuPayloadType) return;
    received_.receive(*view, clock_.mono());
    std::vector<std::int16_t> samples(view->payload.size());
    decode(Law::kMu, view->payload, samples);
    sound_.insert(sound_.end(), samples.begin(), samples.end());
  }

  void send_media() {
    if (!connected_ || !closed_.empty()) return;
    std::array<std::uint8_t, 512> buffer{};
    Frame frame{};
    std::array<std::uint8_t, kFrameSamples> encoded{};
    tone_.fill(frame);
    encode(Law::kMu, frame, encoded);
    const RtpHeader header =
        send_.produce(kMuPayloadType, kFrameSamples, encoded.size(), clock_.mono());
    forward(port_.protect_rtp(peer_, buffer, write_rtp(buffer, header, encoded)), buffer);
    if (clock_.mono() < reporter_.next_report()) return;
    const std::size_t size = reporter_.write(buffer, send_, received_, clock_.mono(), clock_.now());
    forward(port_.protect_rtcp(peer_, buffer, size), buffer);
  }

  void forward(const std::optional<Peer::Protected>& packet, ByteView buffer) {
    if (packet) {
      send_to(packet->to, buffer.first(packet->size));
    } else {
      ++refused_;
    }
  }

  SystemClock clock_;
  KernelEntropy entropy_;
  int socket_;
  BrowserPort port_;
  PeerHandle peer_;
  SendState send_{0x11223344, 100, 0};
  ReceiveStats received_;
  RtcpReporter reporter_{"browser-leg", clock_.mono(), 0.0};
  ToneGenerator tone_{kSentTone, 8000};
  std::vector<std::int16_t> sound_;
  bool connected_ = false;
  std::string closed_;
  std::uint64_t refused_ = 0;
};

int main_with(std::uint16_t port, int seconds) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket < 0 || bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::cerr << "browser_leg: UDP port " << port << " on 127.0.0.1 cannot be bound\n";
    return 1;
  }
  const SystemClock clock;
  const auto identity = DtlsIdentity::create(clock.now());
  if (!identity) {
    std::cerr << "browser_leg: " << identity.error().message << "\n";
    return 1;
  }
  Leg leg(*identity, socket, port);
  if (!leg.answer_offer()) return 2;
  leg.run(std::chrono::seconds(seconds));
  leg.report();
  ::close(socket);
  return 0;
}

}  // namespace
}  // namespace madoguchi::rtp

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: browser_leg PORT SECONDS\n";
    return 2;
  }
  return madoguchi::rtp::main_with(static_cast<std::uint16_t>(std::atoi(argv[1])),
                                   std::atoi(argv[2]));
}
