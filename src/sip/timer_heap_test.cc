#include "sip/timer_heap.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "sip/keyed_hash.h"

namespace madoguchi::sip {
namespace {

TEST(TimerHeap, PopsInOrderWhateverIsSetMovedAndCancelled) {
  std::mt19937 random(42);
  TimerHeap heap;
  std::map<TimerHeap::SlotIndex, MonoTime> expected;
  MonoTime now{};
  for (int step = 0; step < 20000; ++step) {
    const TimerHeap::SlotIndex slot = random() % 300;
    if (random() % 4 == 0) {
      heap.cancel(slot);
      expected.erase(slot);
    } else {
      const MonoTime due = now + Micros(random() % 5000);
      heap.set(slot, due);
      expected[slot] = due;
    }
    if (random() % 3 != 0) continue;
    now += Micros(random() % 100);
    MonoTime last{};
    while (const auto popped = heap.pop_due(now)) {
      ASSERT_EQ(expected.count(*popped), 1U);
      ASSERT_LE(expected[*popped], now);
      ASSERT_GE(expected[*popped], last);
      last = expected[*popped];
      expected.erase(*popped);
    }
    for (const auto& [slot_left, due] : expected) ASSERT_GT(due, now) << slot_left;
  }
  EXPECT_EQ(heap.size(), expected.size());
}

TEST(KeyedHash, IsSipHash) {
  // The authors' published vector: key 00..0f, empty input, 128-bit output.
  std::array<std::uint8_t, 16> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  const KeyedHash hash(key);
  EXPECT_EQ(hash("").low, 0xe6a825ba047f81a3ULL);
  EXPECT_EQ(hash("").high, 0x930255c71472f66dULL);
  EXPECT_NE(hash("a"), hash("b"));
  EXPECT_EQ(Hash128{0x0123456789abcdefULL}.short_text(), "0123456789abcdef");
}

}  // namespace
}  // namespace madoguchi::sip
