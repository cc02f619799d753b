#include "centre/clock_watch.h"

#include <gtest/gtest.h>

namespace madoguchi::centre {
namespace {

using namespace std::chrono_literals;

TEST(ClockWatch, SeesTheClockSetEitherWayAndNothingElse) {
  ClockWatch watch;
  Time wall{std::chrono::seconds(1'795'312'800)};
  MonoTime mono{5s};
  EXPECT_FALSE(watch.moved(wall, mono));
  EXPECT_FALSE(watch.moved(wall += 10min, mono += 10min));
  EXPECT_FALSE(watch.moved(wall += 1100ms, mono += 500ms));  // a correction
  EXPECT_EQ(watch.moved(wall += 1h, mono += 1s), Micros(1h) - Micros(1s));
  EXPECT_EQ(watch.moved(wall -= 2h, mono += 1s), -Micros(2h) - Micros(1s));
  EXPECT_FALSE(watch.moved(wall += 1s, mono += 1s));
}

}  // namespace
}  // namespace madoguchi::centre
