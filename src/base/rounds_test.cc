#include "base/rounds.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>

namespace madoguchi {
namespace {

using namespace std::chrono_literals;

TEST(Rounds, RestUntilTheyAreWoken) {
  std::promise<void> first;
  std::promise<void> second;
  int count = 0;  // the thread's
  Rounds rounds("test", Rounds::kUntilWoken, [&] {
    (++count == 1 ? first : second).set_value();
    return Rounds::kUntilWoken;
  });
  rounds.wake();
  first.get_future().wait();
  rounds.wake();
  second.get_future().wait();
  rounds.stop();
  EXPECT_EQ(count, 2);
}

TEST(Rounds, ComeByThemselvesAfterTheRestThatEachAskedFor) {
  std::promise<void> third;
  int count = 0;
  Rounds rounds("test", 0ms, [&] {
    if (++count == 3) third.set_value();
    return count < 3 ? 1ms : Rounds::kUntilWoken;
  });
  third.get_future().wait();
  rounds.stop();
  EXPECT_EQ(count, 3);
}

TEST(Rounds, AWakingAmidARoundIsNotLost) {
  std::promise<void> begun;
  std::promise<void> go_on;
  std::promise<void> again;
  int count = 0;
  Rounds rounds("test", 0ms, [&] {
    if (++count == 1) {
      begun.set_value();
      go_on.get_future().wait();
    } else {
      again.set_value();
    }
    return Rounds::kUntilWoken;
  });
  begun.get_future().wait();
  rounds.wake();
  go_on.set_value();
  again.get_future().wait();
  rounds.stop();
  EXPECT_EQ(count, 2);
}

TEST(Rounds, StoppingEndsTheRestAndDoesNoMore) {
  std::atomic<int> count{0};
  {
    Rounds rounds("test", 1h, [&] { return ++count, 1h; });
    rounds.stop();
    rounds.wake();
    rounds.stop();
  }
  EXPECT_EQ(count, 0);
}

}  // namespace
}  // namespace madoguchi
