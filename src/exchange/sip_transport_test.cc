#include "exchange/sip_transport.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/steady_timer.hpp>
#include <string_view>
#include <vector>

namespace madoguchi::exchange {
namespace {

constexpr std::string_view kMessage =
    "OPTIONS sip:127.0.0.1 SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n";

// A connection of a telephone's on which one message was sent.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    EXPECT_EQ(::send(socket_, kMessage.data(), kMessage.size(), 0), std::ssize(kMessage));
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(socket_); }

 private:
  int socket_;
};

TEST(SipTransport, ClosesConnectionsThatAreLongIdleButNotThoseInUse) {
  ManualClock clock{Time{}};
  Loop loop(clock, Micros(0));
  Settings settings;
  settings.sip.push_back({sip::Transport::kTcp, {*sip::IpAddress::parse("127.0.0.1"), 0}});
  auto opened = SipTransport::open(loop, clock, settings);
  ASSERT_TRUE(opened) << opened.error().message;
  SipTransport& transport = **opened;
  const Connection one(transport.port(0));
  const Connection other(transport.port(0));
  std::vector<sip::Flow> flows;
  std::vector<sip::ConnectionId> closed;
  transport.keep_open([&] { return std::vector{flows.front()}; });
  asio::steady_timer too_long(loop.context(), std::chrono::seconds(20));
  too_long.async_wait([&](const asio::error_code& stopped) {
    if (!stopped) loop.stop();
  });
  loop.run([&]() -> std::optional<MonoTime> {
    const bool knew_both = flows.size() == 2;
    transport.receive([&](const sip::Flow& flow, const std::string&) { flows.push_back(flow); },
                      [](std::uint64_t) {},
                      [&](sip::ConnectionId connection) { closed.push_back(connection); });
    if (!knew_both && flows.size() == 2) clock.advance(std::chrono::minutes(31));
    if (!closed.empty()) loop.stop();
    return std::nullopt;
  });
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(closed, std::vector{flows[1].connection});
}

}  // namespace
}  // namespace madoguchi::exchange
