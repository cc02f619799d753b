// What the kernel alone asks for the packets of bench/media: the same legs, pace and rests, but
// each packet is only taken in and sent on to the call's other leg, nothing looked at, nothing
// recorded. Four ways: a port for each leg; the same with connected sockets; all legs behind one
// port, read and written in batches; and only the rests. What bench/media needs above the first is
// ours.
//
// Prints {"own_ports_ms_per_call_second":…,"connected_ms_per_call_second":…,
//         "one_port_ms_per_call_second":…,"rests_ms_per_call_second":…,"calls":…}
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "exchange/media/udp_socket.h"

namespace {

using namespace madoguchi;
using namespace std::chrono_literals;
using exchange::UdpSocket;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::size_t kSlots = 80;  // of 250 µs: legs send in turn, every 20 ms
constexpr std::size_t kPacket = 172;
constexpr auto kRest = 1400us;  // MediaSettings::gather

struct Options {
  std::size_t calls = 200;
  int seconds = 10;
};

UdpSocket bound() {
  auto socket = UdpSocket::bind("127.0.0.1", 0, 1 << 20);
  if (!socket) {
    fmt::print(stderr, "bench/udp_floor: {}\n", socket.error().message);
    std::exit(1);
  }
  return std::move(*socket);
}
std::vector<UdpSocket> bound(std::size_t count) {
  std::vector<UdpSocket> sockets;
  for (std::size_t n = 0; n < count; ++n) sockets.push_back(bound());
  return sockets;
}
rtp::Address address_of(const UdpSocket& socket) {
  return *rtp::Address::parse("127.0.0.1", socket.port());
}

// The telephones, in a process of their own: each sends to its port of ours, and what comes back is
// thrown away.
[[noreturn]] void be_telephones(std::span<UdpSocket> phones, std::span<const rtp::Address> ours,
                                int seconds) {
  ::prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, 15, 0, 0, 0);
  std::array<std::uint8_t, 2048> packet{};
  rtp::Address from;
  auto when = std::chrono::steady_clock::now();
  for (std::size_t slot = 0; slot < static_cast<std::size_t>(seconds) * 4000; ++slot) {
    std::this_thread::sleep_until(when += 250us);
    for (std::size_t n = slot % kSlots; n < phones.size(); n += kSlots) {
      static_cast<void>(phones[n].send(ByteView(packet).first(kPacket), ours[n]));
      while (phones[n].receive(packet, from)) continue;
    }
  }
  std::_Exit(0);
}

Milliseconds cpu_used() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// Calls `pass`, which tells how many packets it passed on, once a rest while the telephones send;
// milliseconds of CPU for the hundred packets that make a second of a call.
template <typename Pass>
double measure(const Options& options, std::span<UdpSocket> phones,
               std::span<const rtp::Address> ours, Pass pass) {
  const pid_t child = ::fork();
  if (child == 0) be_telephones(phones, ours, options.seconds);
  const Milliseconds before = cpu_used();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  std::size_t passed = 0;
  while (std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kRest);
    passed += pass();
  }
  const Milliseconds used = cpu_used() - before;
  ::waitpid(child, nullptr, 0);
  const double call_seconds = passed > 0 ? static_cast<double>(passed) / 100
                                         : options.seconds * static_cast<double>(options.calls);
  return used.count() / call_seconds;
}

enum class Sockets { kOpen, kConnected };

double own_ports(const Options& options, Sockets kind) {
  std::vector<UdpSocket> phones = bound(options.calls * 2);
  std::vector<UdpSocket> ours = bound(options.calls * 2);
  std::vector<rtp::Address> phones_at;
  std::vector<rtp::Address> ours_at;
  for (const UdpSocket& phone : phones) phones_at.push_back(address_of(phone));
  for (const UdpSocket& socket : ours) ours_at.push_back(address_of(socket));
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t n = 0; n < ours.size(); ++n) {
    if (kind == Sockets::kConnected) {
      auto twin = ours[n].twin_connected_to(phones_at[n]);
      if (!twin) std::exit(1);
      ours[n] = std::move(*twin);
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = n;
    ::epoll_ctl(poller, EPOLL_CTL_ADD, ours[n].fd(), &event);
  }
  std::array<epoll_event, 1024> ready;
  std::array<std::uint8_t, 2048> packet;
  const double cost = measure(options, phones, ours_at, [&] {
    const int count = ::epoll_wait(poller, ready.data(), static_cast<int>(ready.size()), 0);
    for (int i = 0; i < count; ++i) {
      const std::size_t leg = ready[static_cast<std::size_t>(i)].data.u64;
      const std::size_t other = leg ^ 1;
      rtp::Address from;
      const auto size = ours[leg].receive(packet, from);
      if (!size) continue;
      const ByteView sound = ByteView(packet).first(*size);
      static_cast<void>(kind == Sockets::kConnected ? ours[other].send(sound)
                                                    : ours[other].send(sound, phones_at[other]));
    }
    return static_cast<std::size_t>(std::max(count, 0));
  });
  ::close(poller);
  return cost;
}

// Each packet goes back to where it came from: as far as the kernel goes, any leg is as good.
double one_port(const Options& options) {
  constexpr std::size_t kBatch = 64;
  std::vector<UdpSocket> phones = bound(options.calls * 2);
  const UdpSocket ours = bound();
  const std::vector<rtp::Address> ours_at(phones.size(), address_of(ours));
  std::array<std::array<std::uint8_t, 2048>, kBatch> packets;
  std::array<sockaddr_in, kBatch> names;
  std::array<iovec, kBatch> vectors;
  std::array<mmsghdr, kBatch> messages{};
  return measure(options, phones, ours_at, [&] {
    int count = 0;
    std::size_t passed = 0;
    do {
      for (std::size_t n = 0; n < kBatch; ++n) {
        vectors[n] = {packets[n].data(), packets[n].size()};
        messages[n].msg_hdr.msg_iov = &vectors[n];
        messages[n].msg_hdr.msg_iovlen = 1;
        messages[n].msg_hdr.msg_name = &names[n];
        messages[n].msg_hdr.msg_namelen = sizeof names[n];
      }
      count = ::recvmmsg(ours.fd(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
      for (int n = 0; n < count; ++n)
        vectors[static_cast<std::size_t>(n)].iov_len =
            messages[static_cast<std::size_t>(n)].msg_len;
      if (count > 0)
        ::sendmmsg(ours.fd(), messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
      passed += static_cast<std::size_t>(std::max(count, 0));
    } while (count == static_cast<int>(kBatch));
    return passed;
  });
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("What the kernel alone asks for the packets of bench/media");
  app.add_option("--calls", options.calls, "calls at a time")->check(CLI::Range(1, 400));
  app.add_option("--seconds", options.seconds, "of each way")->check(CLI::Range(1, 86400));
  CLI11_PARSE(app, argc, argv);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const double open = own_ports(options, Sockets::kOpen);
  const double connected = own_ports(options, Sockets::kConnected);
  const double batched = one_port(options);
  const double rests = measure(options, {}, {}, [] { return std::size_t{0}; });
  fmt::print(
      "{{\"own_ports_ms_per_call_second\":{:.3f},\"connected_ms_per_call_second\":{:.3f},"
      "\"one_port_ms_per_call_second\":{:.3f},\"rests_ms_per_call_second\":{:.3f},\"calls\":{}}}\n",
      open, connected, batched, rests, options.calls);
  return 0;
}
