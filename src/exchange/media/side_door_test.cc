#include "exchange/media/side_door.h"

#include <gtest/gtest.h>

#include <string>

#include "exchange/media/browser_socket.h"

namespace madoguchi::exchange {
namespace {

rtp::Address at(const std::string& ip, std::uint16_t port = 0) {
  return *rtp::Address::parse(ip, port);
}

std::string text_of(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

class Doors : public testing::Test {
 protected:
  Doors() {
    browsers_.set_side(std::move(*UdpSocket::bind("127.0.0.2", port_)));
    browsers_.hear_at_side({at("127.0.0.3")});
  }
  void knock(UdpSocket& from, const std::string& door) {
    EXPECT_TRUE(from.send(as_bytes("knock"), at(door, port_)));
  }
  // Where the answer to all that was heard came from.
  rtp::Address answer(UdpSocket& knocker) {
    for (std::size_t n = 0, count = browsers_.read(); n < count; ++n) {
      EXPECT_EQ(text_of(browsers_.datagram(n)), "knock");
      browsers_.send(as_bytes("who is there"), browsers_.from(n));
    }
    EXPECT_EQ(browsers_.flush(), 0U);
    std::array<std::uint8_t, 64> buffer;
    rtp::Address from;
    return knocker.receive(buffer, from) ? from : rtp::Address{};
  }

  UdpSocket front_ = std::move(*UdpSocket::bind("127.0.0.1", 0));
  std::uint16_t port_ = front_.port();
  BrowserSocket browsers_{std::move(front_), nullptr};
  UdpSocket neighbour_ = std::move(*UdpSocket::bind("127.0.0.3", 0));
  UdpSocket stranger_ = std::move(*UdpSocket::bind("127.0.0.4", 0));
};

TEST_F(Doors, EachIsAnsweredByTheDoorThatItCameTo) {
  knock(neighbour_, "127.0.0.2");
  EXPECT_EQ(answer(neighbour_), at("127.0.0.2", port_));
  knock(neighbour_, "127.0.0.1");
  EXPECT_EQ(answer(neighbour_), at("127.0.0.1", port_));
  knock(stranger_, "127.0.0.1");
  EXPECT_EQ(answer(stranger_), at("127.0.0.1", port_));
}

TEST_F(Doors, BothAreServedInOneBatch) {
  knock(neighbour_, "127.0.0.2");
  knock(stranger_, "127.0.0.1");
  EXPECT_EQ(answer(neighbour_), at("127.0.0.2", port_));
  std::array<std::uint8_t, 64> buffer;
  rtp::Address from;
  ASSERT_TRUE(stranger_.receive(buffer, from).has_value());
  EXPECT_EQ(from, at("127.0.0.1", port_));
}

TEST_F(Doors, AStrangerIsNotHeardAtTheSide) {
  knock(stranger_, "127.0.0.2");
  EXPECT_EQ(browsers_.read(), 0U);
}

class Side : public testing::Test {
 protected:
  UdpSocket front_ = std::move(*UdpSocket::bind("127.0.0.1", 0));
  SideDoor door_{at("127.0.0.1", front_.port())};
};

TEST_F(Side, OpensAtAnAddressOfThisMachine) {
  const auto told = door_.look({at("2001:db8::5"), at("127.0.0.2"), at("127.0.0.3")});
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->at, at("127.0.0.2", front_.port()));
  ASSERT_TRUE(told->socket.has_value());
  EXPECT_EQ(told->socket->port(), front_.port());
  EXPECT_EQ(told->neighbours, (std::vector{at("127.0.0.2"), at("127.0.0.3")}));
}

TEST_F(Side, StaysWhileItsAddressDoes) {
  const auto first = door_.look({at("127.0.0.2")});
  EXPECT_FALSE(door_.look({at("127.0.0.2")}).has_value());
  const auto more = door_.look({at("127.0.0.3"), at("127.0.0.2")});
  ASSERT_TRUE(more.has_value());
  EXPECT_FALSE(more->socket.has_value());
  EXPECT_EQ(more->at, first->at);
  EXPECT_EQ(more->neighbours.size(), 2U);
}

TEST_F(Side, FollowsTheMachineToAnotherNetwork) {
  static_cast<void>(door_.look({at("127.0.0.2")}));
  const auto moved = door_.look({at("127.0.0.3")});
  ASSERT_TRUE(moved.has_value());
  EXPECT_EQ(moved->at, at("127.0.0.3", front_.port()));
  EXPECT_TRUE(moved->socket.has_value());
  const auto away = door_.look({});
  ASSERT_TRUE(away.has_value());
  EXPECT_FALSE(away->at.has_value());
  EXPECT_FALSE(away->socket.has_value());
}

TEST_F(Side, TakesTheNextAddressWhereAnotherProgramHasThePort) {
  const UdpSocket other = std::move(*UdpSocket::bind("127.0.0.2", front_.port()));
  const auto told = door_.look({at("127.0.0.2"), at("127.0.0.3")});
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->at, at("127.0.0.3", front_.port()));
}

TEST(OwnAddresses, AreNeitherLoopbackNorLinkLocal) {
  for (const rtp::Address& one : own_addresses())
    EXPECT_FALSE(one.is_loopback() || one.is_link_local()) << one.text();
  EXPECT_TRUE(at("127.3.2.1").is_loopback());
  EXPECT_TRUE(at("::1").is_loopback());
  EXPECT_FALSE(at("2001:db8::1").is_loopback());
  EXPECT_TRUE(at("fe80::1").is_link_local());
  EXPECT_TRUE(at("169.254.1.1").is_link_local());
}

}  // namespace
}  // namespace madoguchi::exchange
