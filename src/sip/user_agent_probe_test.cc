// Asking a silent peer whether the call still stands.
#include <gtest/gtest.h>

#include "sip/user_agent_testing.h"

namespace madoguchi::sip {
namespace {

TEST(Probe, APeerThatAnswersIsNotLostWhateverItAnswers) {
  TwoParties t;
  t.connect();
  t.sim.run_for(seconds(70));
  ASSERT_TRUE(t.alice.agent->probe(t.a, seconds(60), t.sim.now));
  ASSERT_TRUE(t.bob.agent->probe(t.b, seconds(60), t.sim.now));
  t.sim.run_for(seconds(60));
  EXPECT_EQ(count_sent(t.alice, "OPTIONS"), 1);
  EXPECT_FALSE(t.sim.take<PeerLost>(t.alice));
  t.sim.change = [](std::string& bytes) {
    if (bytes.starts_with("SIP/2.0 200")) bytes.replace(8, 6, "501 No");
  };
  t.sim.run_for(seconds(10));
  ASSERT_TRUE(t.alice.agent->probe(t.a, seconds(60), t.sim.now));
  t.sim.run_for(seconds(60));
  EXPECT_EQ(count_sent(t.alice, "OPTIONS"), 2);
  EXPECT_FALSE(t.sim.take<PeerLost>(t.alice));
  t.sim.change = nullptr;
  ASSERT_TRUE(t.alice.agent->hang_up(t.a, t.sim.now));
  t.expect_clean();
}

TEST(Probe, WhoWasHeardLatelyIsNotAsked) {
  TwoParties t;
  t.connect();
  t.sim.run_for(seconds(50));
  ASSERT_TRUE(t.bob.agent->info(t.b, "application/dtmf", "1", t.sim.now));
  t.sim.run_for(seconds(20));
  ASSERT_TRUE(t.alice.agent->probe(t.a, seconds(60), t.sim.now));
  ASSERT_TRUE(t.bob.agent->probe(t.b, seconds(60), t.sim.now)) << "its INFO was answered";
  t.sim.run_for(seconds(1));
  EXPECT_EQ(count_sent(t.alice, "OPTIONS") + count_sent(t.bob, "OPTIONS"), 0);
}

TEST(Probe, APeerThatSaysNothingIsLostAndTheSessionStaysForTheOwnerToEnd) {
  TwoParties t;
  t.connect();
  t.sim.run_for(seconds(70));
  t.sim.drop = [](const std::string&) { return true; };
  ASSERT_TRUE(t.alice.agent->probe(t.a, seconds(60), t.sim.now));
  ASSERT_TRUE(t.alice.agent->probe(t.a, seconds(60), t.sim.now)) << "one at a time";
  const auto lost = t.sim.wait<PeerLost>(t.alice);
  EXPECT_EQ(lost.session, t.a);
  EXPECT_EQ(lost.status, 408);
  EXPECT_FALSE(t.sim.take<SessionEnded>(t.alice));
  ASSERT_TRUE(t.alice.agent->hang_up(t.a, t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kByUs);
}

TEST(Probe, APeerThatKnowsOfNoSuchCallIsLost) {
  TwoParties t;
  t.connect();
  t.sim.run_for(seconds(70));
  t.sim.drop = [](const std::string& bytes) { return bytes.starts_with("BYE"); };
  ASSERT_TRUE(t.bob.agent->hang_up(t.b, t.sim.now));
  t.sim.run_for(seconds(40));
  ASSERT_TRUE(t.alice.agent->probe(t.a, seconds(60), t.sim.now));
  EXPECT_EQ(t.sim.wait<PeerLost>(t.alice).status, 481);
}

TEST(Probe, OnlyAnAnsweredCallIsAsked) {
  TwoParties t;
  t.a = t.invite(t.offer_text());
  EXPECT_FALSE(t.alice.agent->probe(t.a, seconds(0), t.sim.now));
}

}  // namespace
}  // namespace madoguchi::sip
