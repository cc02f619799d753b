#include "bench/media_load.h"

#include <netinet/in.h>
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
#include <thread>

#include "exchange/media/udp_socket.h"
#include "rtp/packet.h"

namespace {

using namespace madoguchi;

constexpr std::int64_t kFrame = 20'000'000;  // ns
constexpr std::int64_t kSlots = 80;          // legs send in turn, 250 µs apart
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

struct Phone {
  exchange::UdpSocket socket;
  rtp::Address far;
};

class Load {
 public:
  Load(std::vector<Phone>& phones, int seconds) : phones_(phones), seconds_(seconds) {}

  LoadResult run(const LoadEnd& parent) {
    const std::int64_t start = wall_ns() + 100'000'000;
    counted_from_ = start + kWarmUp;
    std::thread receiver([this] { receive(); });
    const std::int64_t frames = (kWarmUp + seconds_ * 1'000'000'000LL) / kFrame;
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      if (frame * kFrame == kWarmUp) write_all(parent.out, "w", 1);
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
  void send_slot(std::int64_t slot, std::int64_t frame, std::int64_t when) {
    std::array<std::uint8_t, rtp::kRtpHeaderSize + 160> packet;
    packet.fill(0x55);
    std::memcpy(packet.data() + rtp::kRtpHeaderSize, &when, sizeof when);
    for (std::size_t n = static_cast<std::size_t>(slot); n < phones_.size(); n += kSlots) {
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
      ::epoll_ctl(poller, EPOLL_CTL_ADD, phones_[n].socket.fd(), &event);
    }
    std::array<epoll_event, 512> ready;
    while (!done_.load(std::memory_order_relaxed)) {
      const int got = ::epoll_wait(poller, ready.data(), ready.size(), 10);
      for (int n = 0; n < got; ++n)
        while (take(phones_[ready[static_cast<std::size_t>(n)].data.u64].socket.fd())) continue;
      // Stamps are the kernel's, so nothing is lost by waiting for more.
      sleep_until(wall_ns() + 2'000'000);
    }
    ::close(poller);
  }

  bool take(int fd) {
    std::array<std::uint8_t, 2048> packet;
    alignas(cmsghdr) std::array<char, 256> control;
    iovec vector{packet.data(), packet.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(fd, &message, MSG_DONTWAIT);
    if (size < 0) return false;
    if (static_cast<std::size_t>(size) != rtp::kRtpHeaderSize + 160) return true;
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
void LoadEnd::wait_for_warm_up() const {
  char warm = 0;
  read_all(in, &warm, 1);
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

int run_load(LoadEnd parent, int legs, int seconds) {
  ::prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, 15, 0, 0, 0);
  std::vector<Phone> phones(static_cast<std::size_t>(legs));
  std::vector<std::uint16_t> ports;
  for (Phone& phone : phones) {
    auto socket = exchange::UdpSocket::bind("127.0.0.1", 0, 1 << 20);
    if (!socket) return 1;
    phone.socket = std::move(*socket);
    const int on = 1;
    ::setsockopt(phone.socket.fd(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    ports.push_back(phone.socket.port());
  }
  parent.write_ports(ports);
  const auto far = parent.read_ports();
  for (std::size_t n = 0; n < phones.size(); ++n)
    phones[n].far = *rtp::Address::parse("127.0.0.1", far[n]);
  const LoadResult result = Load(phones, seconds).run(parent);
  write_all(parent.out, &result, 1);
  return 0;
}
