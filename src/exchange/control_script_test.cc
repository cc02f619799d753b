// How a number that a caller keys comes to its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/line_testing.h"

namespace madoguchi::exchange {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

TEST_F(Line, ANumberWithoutAHashCountsOnceNoKeyFollows) {
  reach_waiting();
  key('2');
  keys_in("09022223333");
  pass(seconds(4));
  EXPECT_TRUE(report.wishes.empty());
  pass(seconds(2));
  EXPECT_EQ(report.said.back(), "callback other line");
  EXPECT_EQ(sound.said.back(), "play thanks");
  prompt_ends();
  EXPECT_EQ(report.said.back(), "ended CALLBACK_CHOSEN");
}

TEST_F(Line, WhoHangsUpAfterTheLastDigitIsRungBackThere) {
  reach_waiting();
  key('2');
  keys_in("09022223333");
  control.line_ended(caller, sip::EndCause::kByPeer, 0);
  EXPECT_THAT(report.said, ElementsAre("callback other line", "ended CALLER_HUNG_UP"));
}

TEST_F(Line, HalfANumberIsAskedForAgainAndIsNoWishOfWhoHangsUp) {
  reach_waiting();
  key('2');
  keys_in("0902222");
  clear();
  pass(seconds(16));
  EXPECT_EQ(sound.said.back(), "play digits");
  keys_in("0902222");
  control.line_ended(caller, sip::EndCause::kByPeer, 0);
  EXPECT_TRUE(report.wishes.empty());
}

}  // namespace
}  // namespace madoguchi::exchange
