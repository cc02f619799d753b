#include "rtp/allocation_count.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>

// gcc and clang say differently that a sanitizer owns malloc.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef COUNTS_ALLOCATIONS
#define COUNTS_ALLOCATIONS 1
#endif

namespace {

std::atomic<std::size_t> counted{0};

}  // namespace

#if COUNTS_ALLOCATIONS
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
  return COUNTS_ALLOCATIONS == 1;
}

TEST(AllocationCount, SeesAnAllocation) {
  if (!allocations_are_counted()) GTEST_SKIP();
  const std::size_t before = allocations();
  const auto kept = std::make_unique<int>(1);
  EXPECT_EQ(allocations(), before + 1) << *kept;
}

}  // namespace madoguchi::rtp
