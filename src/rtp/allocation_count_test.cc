#include "rtp/allocation_count.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>

namespace {

std::atomic<std::size_t> counted{0};

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// operator new ends here as well.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);

void* malloc(std::size_t size) {
  counted.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  counted.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
  counted.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(old, size);
}
}
#endif

namespace madoguchi::rtp {

std::size_t allocations() {
  return counted.load(std::memory_order_relaxed);
}

bool allocations_are_counted() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

TEST(AllocationCount, SeesAnAllocation) {
  if (!allocations_are_counted()) GTEST_SKIP();
  const std::size_t before = allocations();
  const auto kept = std::make_unique<int>(1);
  EXPECT_EQ(allocations(), before + 1) << *kept;
}

}  // namespace madoguchi::rtp
