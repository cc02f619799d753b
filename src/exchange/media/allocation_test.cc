// Holds the claim that a packet allocates nothing: this test program counts its operator new.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "exchange/media/media_engine.h"
#include "exchange/media/test_rig.h"

namespace {

std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace madoguchi::exchange {
namespace {

using std::chrono::milliseconds;

class SteadyState : public testing::Test {
 protected:
  SteadyState() {
    rig_.add("caller", Side::kCaller, caller_);
    rig_.add("operator", Side::kOurs, operator_);
    rig_.add("supervisor", Side::kOurs, supervisor_);
    rig_.connect("caller", "operator");
  }

  // Half a minute is warm-up: RTCP's first reports, buffers that come back from the disk.
  std::size_t allocations_of_ten_seconds() {
    talk(1500);
    const std::size_t before = allocations.load();
    talk(500);
    return allocations.load() - before;
  }
  void talk(int frames) {
    const std::array<std::uint8_t, 160> sound{};
    for (int n = 0; n < frames; ++n) {
      caller_.send(sound);
      operator_.send(sound);
      supervisor_.send(sound);
      rig_.pump();
      rig_.pass(milliseconds(20));
    }
  }

  EngineRig rig_;
  LoopbackPhone caller_{0, 1};
  LoopbackPhone operator_{0, 2};
  LoopbackPhone supervisor_{0, 3};
};

TEST_F(SteadyState, RelayingAllocatesNothing) {
  EXPECT_EQ(allocations_of_ten_seconds(), 0U);
}

TEST_F(SteadyState, MixingAllocatesNothing) {
  rig_.connect("supervisor", "caller", Hearing::kOneWay);
  rig_.connect("supervisor", "operator", Hearing::kOneWay);
  EXPECT_EQ(allocations_of_ten_seconds(), 0U);
}

TEST_F(SteadyState, RecordingAllocatesPerChunkAtMost) {
  rig_.record();
  // Queues between the threads may grow once more; packets are 1,500.
  EXPECT_LT(allocations_of_ten_seconds(), 150U);
}

}  // namespace
}  // namespace madoguchi::exchange
