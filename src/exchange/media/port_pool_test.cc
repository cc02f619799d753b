#include "exchange/media/port_pool.h"

#include <gtest/gtest.h>

namespace madoguchi::exchange {
namespace {

constexpr const char* kLoopback = "127.0.0.1";
constexpr MonoTime kStart{std::chrono::hours(1)};

// A range whose first `pairs` pairs nobody holds just now.
std::uint16_t free_range(int pairs) {
  for (int first = 34000; first < 60000; first += 2 * pairs) {
    std::vector<UdpSocket> held;
    for (int port = first; port < first + 2 * pairs; ++port)
      if (auto socket = UdpSocket::bind(kLoopback, static_cast<std::uint16_t>(port)))
        held.push_back(std::move(*socket));
    if (held.size() == static_cast<std::size_t>(2 * pairs))
      return static_cast<std::uint16_t>(first);
  }
  ADD_FAILURE() << "no free ports";
  return 34000;
}

PortPool pool_of(int pairs, const PortPool::Rest& rest = {}) {
  const std::uint16_t first = free_range(pairs);
  return {first, static_cast<std::uint16_t>(first + 2 * pairs - 1), rest};
}

TEST(PortPool, APairThatRestedServesAgainWithoutWhatCameMeanwhile) {
  PortPool pool = pool_of(3);
  auto pair = pool.take(kLoopback, kStart);
  ASSERT_TRUE(pair);
  const std::uint16_t port = pair->rtp.port();
  const int fd = pair->rtp.fd();
  pool.give_back(std::move(*pair), kStart);
  EXPECT_EQ(pool.taken(), 0u);

  auto sender = UdpSocket::bind(kLoopback, 0);
  ASSERT_TRUE(sender);
  const Bytes late{1, 2, 3};
  ASSERT_TRUE(sender->send(late, *rtp::Address::parse(kLoopback, port)));
  auto again = pool.take(kLoopback, kStart + PortPool::Rest().wanted);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rtp.port(), port);
  EXPECT_EQ(again->rtp.fd(), fd);
  EXPECT_EQ(pool.taken(), 1u);
  std::array<std::uint8_t, 64> room{};
  rtp::Address from;
  EXPECT_FALSE(again->rtp.receive(room, from));
}

TEST(PortPool, OneThatHasNotRestedIsTakenLast) {
  PortPool pool = pool_of(2);
  auto first = pool.take(kLoopback, kStart);
  ASSERT_TRUE(first);
  const std::uint16_t port = first->rtp.port();
  pool.give_back(std::move(*first), kStart);
  auto second = pool.take(kLoopback, kStart);
  ASSERT_TRUE(second);
  EXPECT_NE(second->rtp.port(), port);
  auto third = pool.take(kLoopback, kStart);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->rtp.port(), port);
  EXPECT_EQ(pool.take(kLoopback, kStart).error().code, ErrorCode::kExhausted);
}

TEST(PortPool, WhereManyRestTheLongestRestedServesSooner) {
  PortPool pool = pool_of(4, {std::chrono::seconds(32), std::chrono::seconds(2), 2});
  std::vector<PortPair> pairs;
  for (int n = 0; n < 2; ++n) pairs.push_back(*pool.take(kLoopback, kStart));
  const std::uint16_t longest = pairs.front().rtp.port();
  for (PortPair& pair : pairs) pool.give_back(std::move(pair), kStart);
  const auto fresh = pool.take(kLoopback, kStart + std::chrono::seconds(1));
  ASSERT_TRUE(fresh);
  EXPECT_GT(fresh->rtp.port(), longest + 2);
  const auto sooner = pool.take(kLoopback, kStart + std::chrono::seconds(2));
  ASSERT_TRUE(sooner);
  EXPECT_EQ(sooner->rtp.port(), longest);
  const auto few_rest = pool.take(kLoopback, kStart + std::chrono::seconds(31));
  ASSERT_TRUE(few_rest);
  EXPECT_GT(few_rest->rtp.port(), fresh->rtp.port());
}

TEST(PortPool, AnAddressOfItsOwnGetsSocketsOfItsOwn) {
  PortPool pool = pool_of(1);
  auto pair = pool.take(kLoopback, kStart);
  ASSERT_TRUE(pair);
  pool.give_back(std::move(*pair), kStart);
  auto other = pool.take("127.0.0.2", kStart + PortPool::Rest().wanted);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->ip, "127.0.0.2");
  EXPECT_EQ(pool.taken(), 1u);
}

}  // namespace
}  // namespace madoguchi::exchange
