#include "bench/media_load.h"

#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "exchange/media/loopback_browser.h"
#include "exchange/media/udp_socket.h"
#include "rtp/packet.h"

namespace {

using namespace madoguchi;

constexpr std::int64_t kFrame = 20'000'000;  // ns
constexpr std::int64_t kFramesPerCheck = 250;
constexpr std::int64_t kSlots = 80;  // legs send in turn, 250 µs apart
constexpr std::int64_t kWarmUp = 2'000'000'000;
constexpr std::int64_t kSettle = 500'000'000;  // for the last packets
constexpr std::size_t kBuckets = 100'000;      // of 10 µs: up to a second

template <typename T>
void write_all(int fd, const T* values, std::size_t count) {
  if (::write(fd, values, sizeof(T) * count) != static_cast<ssize_t>(sizeof(T) * count))
    std::exit(1);
}
template <typename T>
void read_all(int fd, T* values, std::size_t count) {
  auto* at = reinterpret_cast<char*>(values);
  std::size_t left = sizeof(T) * count;
  while (left > 0) {
    const ssize_t got = ::read(fd, at, left);
    if (got <= 0) std::exit(1);
    at += got;
    left -= static_cast<std::size_t>(got);
  }
}

// The wall clock, because the kernel stamps arrivals with it.
std::int64_t wall_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

void sleep_until(std::int64_t when) {
  timespec until{when / 1'000'000'000, when % 1'000'000'000};
  while (::clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr) == EINTR) continue;
}

// Where the machine allows it the sender keeps its schedule whatever else runs: its own lateness
// would be taken for the plane's delay.
void keep_the_schedule() {
  const sched_param lowest{::sched_get_priority_min(SCHED_RR)};
  static_cast<void>(::sched_setscheduler(0, SCHED_RR, &lowest));
}

// A caller, or an operator at a telephone or in a browser.
struct Phone {
  exchange::UdpSocket socket;
  rtp::Address far;
  std::unique_ptr<exchange::LoopbackBrowser> browser;
  std::optional<rtp::SrtpSession> receiving;

  [[nodiscard]] int fd() const { return browser ? browser->fd() : socket.fd(); }
};

template <std::size_t kRoom>
void put_text(std::array<char, kRoom>& into, const std::string& text) {
  if (text.size() >= kRoom) std::exit(1);
  std::copy(text.begin(), text.end(), into.begin());
}

class Load {
 public:
  Load(std::vector<Phone>& phones, int seconds) : phones_(phones), seconds_(seconds) {}

  LoadResult run(const LoadEnd& parent) {
    const std::int64_t start = wall_ns() + 100'000'000;
    counted_from_ = start + kWarmUp;
    std::thread receiver([this] { receive(); });
    keep_the_schedule();  // this thread; the receiver has time, stamps being the kernel's
    const std::int64_t frames = (kWarmUp + seconds_ * 1'000'000'000LL) / kFrame;
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      if (frame * kFrame == kWarmUp) write_all(parent.out, "w", 1);
      if (frame % kFramesPerCheck == 0) keep_consent();
      for (std::int64_t slot = 0; slot < kSlots; ++slot) {
        const std::int64_t when = start + frame * kFrame + slot * (kFrame / kSlots);
        sleep_until(when);
        send_slot(slot, frame, when);
      }
    }
    sleep_until(wall_ns() + kSettle);
    done_.store(true);
    receiver.join();
    return result();
  }

 private:
  // RFC 7675: a browser that does not check is given up after 30 s.
  void keep_consent() {
    for (Phone& phone : phones_)
      if (phone.browser) phone.browser->check();
  }

  void send_slot(std::int64_t slot, std::int64_t frame, std::int64_t when) {
    std::array<std::uint8_t, rtp::kRtpHeaderSize + 160> packet;
    packet.fill(0x55);
    std::memcpy(packet.data() + rtp::kRtpHeaderSize, &when, sizeof when);
    const ByteView payload = ByteView(packet).subspan(rtp::kRtpHeaderSize);
    for (std::size_t n = static_cast<std::size_t>(slot); n < phones_.size(); n += kSlots) {
      if (phones_[n].browser) {
        if (phones_[n].browser->send(payload) && when >= counted_from_) ++sent_;
        continue;
      }
      rtp::RtpHeader header;
      header.sequence = static_cast<std::uint16_t>(frame);
      header.timestamp = static_cast<std::uint32_t>(frame * 160);
      header.ssrc = static_cast<std::uint32_t>(n + 1);
      rtp::write_rtp_header(packet, header);
      const bool went = phones_[n].socket.send(packet, phones_[n].far);
      if (went && when >= counted_from_) ++sent_;
    }
  }

  void receive() {
    const int poller = ::epoll_create1(0);
    for (std::size_t n = 0; n < phones_.size(); ++n) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = n;
      ::epoll_ctl(poller, EPOLL_CTL_ADD, phones_[n].fd(), &event);
    }
    std::array<epoll_event, 512> ready;
    while (!done_.load(std::memory_order_relaxed)) {
      const int got = ::epoll_wait(poller, ready.data(), ready.size(), 10);
      for (int n = 0; n < got; ++n)
        while (take(phones_[ready[static_cast<std::size_t>(n)].data.u64])) continue;
      // Stamps are the kernel's, so nothing is lost by waiting for more.
      sleep_until(wall_ns() + 2'000'000);
    }
    ::close(poller);
  }

  bool take(Phone& phone) {
    std::array<std::uint8_t, 2048> packet;
    alignas(cmsghdr) std::array<char, 256> control;
    iovec vector{packet.data(), packet.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t size = ::recvmsg(phone.fd(), &message, MSG_DONTWAIT);
    if (size < 0) return false;
    const rtp::MutableBytes datagram =
        rtp::MutableBytes(packet).first(static_cast<std::size_t>(size));
    if (rtp::classify(datagram) != rtp::PacketKind::kRtp) return true;
    if (phone.receiving) size = static_cast<ssize_t>(phone.receiving->unprotect_rtp(datagram).size);
    if (static_cast<std::size_t>(size) != rtp::kRtpHeaderSize + 160) return true;
    return count(message, packet);
  }

  bool count(msghdr& message, const std::array<std::uint8_t, 2048>& packet) {
    std::int64_t sent_at = 0;
    std::memcpy(&sent_at, packet.data() + rtp::kRtpHeaderSize, sizeof sent_at);
    if (sent_at < counted_from_) return true;
    std::int64_t arrived = wall_ns();
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
      arrived = stamp.tv_sec * 1'000'000'000LL + stamp.tv_nsec;
    }
    ++received_;
    const std::int64_t bucket = std::max<std::int64_t>((arrived - sent_at) / 10'000, 0);
    ++delays_[std::min<std::size_t>(static_cast<std::size_t>(bucket), kBuckets - 1)];
    return true;
  }

  [[nodiscard]] double percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(received_) * share);
    std::uint64_t seen = 0;
    for (std::size_t n = 0; n < kBuckets; ++n) {
      seen += delays_[n];
      if (seen > wanted || (seen == received_ && seen >= wanted))
        return static_cast<double>(n + 1) / 100;
    }
    return 0;
  }
  [[nodiscard]] LoadResult result() const {
    return {sent_, received_, percentile(0.5), percentile(0.99), percentile(1)};
  }

  std::vector<Phone>& phones_;
  int seconds_;
  std::int64_t counted_from_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::atomic<bool> done_{false};
  std::vector<std::uint64_t> delays_ = std::vector<std::uint64_t>(kBuckets);
};

}  // namespace

std::vector<std::uint16_t> LoadEnd::read_ports() const {
  std::uint32_t count = 0;
  read_all(in, &count, 1);
  std::vector<std::uint16_t> ports(count);
  read_all(in, ports.data(), count);
  return ports;
}
void LoadEnd::write_ports(const std::vector<std::uint16_t>& ports) const {
  const auto count = static_cast<std::uint32_t>(ports.size());
  write_all(out, &count, 1);
  write_all(out, ports.data(), ports.size());
}
SeatWords LoadEnd::read_seat() const {
  SeatWords seat;
  read_all(in, &seat, 1);
  return seat;
}
void LoadEnd::write_seat(const SeatWords& seat) const {
  write_all(out, &seat, 1);
}
void LoadEnd::wait_for_byte() const {
  char byte = 0;
  read_all(in, &byte, 1);
}
LoadResult LoadEnd::read_result() const {
  LoadResult result;
  read_all(in, &result, 1);
  return result;
}

LoadPipes::LoadPipes() {
  if (::pipe(to_child_) != 0 || ::pipe(to_parent_) != 0) std::exit(1);
}
LoadEnd LoadPipes::parent_end() {
  ::close(to_child_[0]);
  ::close(to_parent_[1]);
  return {to_parent_[0], to_child_[1]};
}
LoadEnd LoadPipes::child_end() {
  ::close(to_child_[1]);
  ::close(to_parent_[0]);
  return {to_child_[0], to_parent_[1]};
}

namespace {

Phone telephone() {
  auto socket = exchange::UdpSocket::bind("127.0.0.1", 0, 1 << 20);
  if (!socket) std::exit(1);
  return {std::move(*socket), {}, nullptr, std::nullopt};
}

// Offers, takes the answer and shakes hands.
Phone browser_at(const LoadEnd& parent, const rtp::DtlsIdentity& identity, std::uint32_t ssrc) {
  const SystemClock clock;
  Phone phone;
  phone.browser = std::make_unique<exchange::LoopbackBrowser>(identity, ssrc);
  const exchange::BrowserOffer offer = phone.browser->offer();
  SeatWords ours;
  put_text(ours.ufrag, offer.ice_ufrag);
  put_text(ours.password, offer.ice_pwd);
  put_text(ours.fingerprint, offer.fingerprint);
  parent.write_seat(ours);
  const SeatWords theirs = parent.read_seat();
  phone.browser->answer(theirs.ufrag.data(), theirs.password.data(), theirs.fingerprint.data(),
                        theirs.port);
  phone.browser->check();
  while (!phone.browser->connected()) {
    pollfd ready{phone.fd(), POLLIN, 0};
    if (::poll(&ready, 1, 5000) <= 0) std::exit(1);
    static_cast<void>(phone.browser->listen(clock.mono()));
  }
  phone.receiving.emplace(phone.browser->receiving_session());
  return phone;
}

void stamp_arrivals(const Phone& phone) {
  const int on = 1;
  ::setsockopt(phone.fd(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

}  // namespace

int run_load(const LoadEnd& parent, int calls, int seconds, OperatorLegs operators) {
  ::prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, 15, 0, 0, 0);
  const SystemClock clock;
  const auto identity = rtp::DtlsIdentity::create(clock.now());
  if (!identity) return 1;
  std::vector<Phone> phones;
  for (int n = 0; n < calls * 2; ++n) {
    const bool is_browser = operators == OperatorLegs::kBrowsers && n % 2 == 1;
    phones.push_back(is_browser ? browser_at(parent, *identity, static_cast<std::uint32_t>(n + 1))
                                : telephone());
    stamp_arrivals(phones.back());
  }
  std::vector<std::uint16_t> ports;
  for (const Phone& phone : phones) ports.push_back(phone.browser ? 0 : phone.socket.port());
  parent.write_ports(ports);
  const auto far = parent.read_ports();
  for (std::size_t n = 0; n < phones.size(); ++n)
    phones[n].far = *rtp::Address::parse("127.0.0.1", far[n]);
  const LoadResult result = Load(phones, seconds).run(parent);
  write_all(parent.out, &result, 1);
  return 0;
}
