// Counts this program's allocations, so that a test can claim "nothing is allocated per packet" of
// C++ and C code alike. Linked into the test program only (allocation_count_test.cc holds the
// counting malloc). Under a sanitizer, which has its own malloc, nothing is counted and counts() is
// false.
#pragma once

#include <cstddef>

namespace madoguchi::rtp {

std::size_t allocations();  // since the program began
bool allocations_are_counted();

}  // namespace madoguchi::rtp
