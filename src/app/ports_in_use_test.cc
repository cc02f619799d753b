#include "app/ports_in_use.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace madoguchi::app {
namespace {

// A listener on a port that the kernel chose.
class Listener {
 public:
  explicit Listener(int type) : fd_(socket(AF_INET, type, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    if (type == SOCK_STREAM) {
      EXPECT_EQ(listen(fd_, 1), 0);
    }
    socklen_t size = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(fd_); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

WantedPort wanted(WantedPort::Kind kind, std::uint16_t port, std::string address = "127.0.0.1") {
  return {kind, std::move(address), port, "consoles", "--web-port", "/d/centre.toml", "web.port"};
}

TEST(PortsInUse, ATakenPortIsNamedWithTheOptionAtFirstAndTheSettingLater) {
  const Listener tcp(SOCK_STREAM);
  const auto first = check_free({wanted(WantedPort::Kind::kTcp, tcp.port())}, Start::kFirst);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(first.error().message,
            "127.0.0.1:" + std::to_string(tcp.port()) +
                " TCP (consoles) is taken by another program; stop it, or give another with "
                "--web-port");
  const auto later = check_free({wanted(WantedPort::Kind::kTcp, tcp.port())}, Start::kLater);
  ASSERT_FALSE(later);
  EXPECT_TRUE(later.error().message.ends_with("change web.port in /d/centre.toml"));
  // UDP and TCP ports are different ports.
  EXPECT_TRUE(check_free({wanted(WantedPort::Kind::kUdp, tcp.port())}, Start::kFirst));
}

TEST(PortsInUse, TwoThatWantOnePortAreBothNamed) {
  WantedPort web = wanted(WantedPort::Kind::kTcp, 8080);
  WantedPort glass{WantedPort::Kind::kTcp, "127.0.0.1",     8080,        "glass",
                   "--glass-port",         "/d/vault.toml", "glass.port"};
  const auto wrong = [&](Start start) {
    const auto good = check_different({web, glass}, start);
    return good ? "" : good.error().message;
  };
  EXPECT_EQ(wrong(Start::kFirst),
            "--web-port and --glass-port are both TCP 8080: give one of them another");
  EXPECT_EQ(wrong(Start::kLater),
            "web.port in /d/centre.toml and glass.port in /d/vault.toml are both TCP 8080: give "
            "one of them another");
  glass.address = "0.0.0.0";
  EXPECT_NE(wrong(Start::kFirst), "");
  glass.address = "127.0.0.2";
  EXPECT_EQ(wrong(Start::kFirst), "");
  glass = web;
  glass.kind = WantedPort::Kind::kUdp;
  EXPECT_EQ(wrong(Start::kFirst), "");
  web.port = glass.port = 0;  // the kernel chooses
  glass.kind = web.kind;
  EXPECT_EQ(wrong(Start::kFirst), "");
}

TEST(PortsInUse, AnAddressThatIsNotOursIsSaidToBeThat) {
  const auto elsewhere =
      check_free({wanted(WantedPort::Kind::kUdp, 5060, "192.0.2.1")}, Start::kFirst);
  ASSERT_FALSE(elsewhere);
  EXPECT_NE(elsewhere.error().message.find("is no address of this machine"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::app
