#include "app/supervisor.h"

#include <gtest/gtest.h>

namespace madoguchi::app {
namespace {

using namespace std::chrono_literals;

TEST(BackOff, DoublesFromATenthOfASecondToFiveSeconds) {
  BackOff back_off;
  std::vector<Micros> waits;
  for (int i = 0; i < 8; ++i) waits.push_back(back_off.after_end(1s));
  EXPECT_EQ(waits, (std::vector<Micros>{100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5s, 5s}));
}

TEST(BackOff, StartsAfreshOnceItRanForHalfAMinute) {
  BackOff back_off;
  for (int i = 0; i < 5; ++i) back_off.after_end(1s);
  EXPECT_EQ(back_off.after_end(30s), Micros(100ms));
}

}  // namespace
}  // namespace madoguchi::app
