// Offers within a call, glare, and session timers.
#include <gtest/gtest.h>
#include <malloc.h>

#include "sip/user_agent.h"
#include "sip/user_agent_testing.h"

namespace madoguchi::sip {
namespace {

// Answers every offer at once, as an exchange does that needs nobody's leave.
void answer_offers(Party& party, Sim& sim, const std::string& answer) {
  party.on_event = [&party, &sim, answer](const UserAgentEvent& event) {
    if (const auto* offer = std::get_if<OfferReceived>(&event)) {
      EXPECT_TRUE(party.agent->answer_offer(offer->session, answer, sim.now));
    }
    if (const auto* wanted = std::get_if<OfferWanted>(&event)) {
      EXPECT_TRUE(party.agent->answer_offer(wanted->session, answer, sim.now));
    }
  };
}

UserAgentOptions with_interval(seconds interval) {
  UserAgentOptions options;
  options.session_interval = interval;
  return options;
}

TEST(UserAgentOffers, HoldAndResumeGoThroughTheNegotiation) {
  TwoParties t;
  LocalAudio here;
  here.address = "192.0.2.1";
  here.port = 4000;
  LocalAudio there = here;
  there.port = 5000;
  OfferAnswer alice(here, 1);
  OfferAnswer bob(there, 2);
  t.a = t.invite(alice.offer().value());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, bob.answer(incoming.sdp).value(), t.sim.now));
  ASSERT_TRUE(alice.take_answer(t.sim.wait<CallAnswered>(t.alice).sdp));
  t.sim.wait<CallConfirmed>(t.bob);
  t.bob.on_event = [&](const UserAgentEvent& event) {
    if (const auto* offer = std::get_if<OfferReceived>(&event)) {
      EXPECT_TRUE(answer_with(*t.bob.agent, bob, *offer, Direction::kSendRecv, t.sim.now));
    }
  };
  for (const OfferBy by : {OfferBy::kReInvite, OfferBy::kUpdate}) {
    for (const Direction direction : {Direction::kSendOnly, Direction::kSendRecv}) {
      ASSERT_TRUE(t.alice.agent->offer(t.a, alice.offer(direction).value(), by, t.sim.now));
      ASSERT_TRUE(alice.take_answer(t.sim.wait<AnswerReceived>(t.alice).sdp));
      EXPECT_EQ(bob.agreement()->held_by_peer, direction == Direction::kSendOnly);
      t.sim.run_for(seconds(1));
    }
  }
  EXPECT_EQ(count_sent(t.alice, "UPDATE"), 2);
  EXPECT_EQ(count_sent(t.alice, "INVITE"), 3);
}

TEST(UserAgentOffers, ARefusedOfferLeavesTheCallAsItWas) {
  TwoParties t;
  t.connect();
  ASSERT_TRUE(t.alice.agent->offer(t.a, t.description("new", 6000), OfferBy::kReInvite, t.sim.now));
  EXPECT_FALSE(
      t.alice.agent->offer(t.a, t.description("newer", 6002), OfferBy::kReInvite, t.sim.now));
  t.sim.wait<OfferReceived>(t.bob);
  ASSERT_TRUE(t.bob.agent->refuse_offer(t.b, 488, t.sim.now));
  EXPECT_EQ(t.sim.wait<OfferRefused>(t.alice).status, 488);
  EXPECT_EQ(t.alice.agent->session_count(), 1u);
  EXPECT_TRUE(t.bob.agent->offer(t.b, t.description("new", 6000), OfferBy::kReInvite, t.sim.now));
  t.sim.wait<OfferReceived>(t.alice);
}

TEST(UserAgentOffers, AnOfferThatTheOwnerNeverAnswersIsRefused) {
  TwoParties t;
  t.connect();
  ASSERT_TRUE(t.alice.agent->offer(t.a, t.description("new", 6000), OfferBy::kReInvite, t.sim.now));
  EXPECT_EQ(t.sim.wait<OfferRefused>(t.alice).status, 500);
  EXPECT_EQ(t.bob.agent->session_count(), 1u);
}

TEST(UserAgentOffers, AReInviteWithoutOneAsksForOurOffer) {
  TwoParties t;
  t.connect();
  const auto summary = *t.alice.agent->summary(t.a);
  Message message = Message::request(Method::kInvite, t.bob.uri("x"));
  message.add(Header::kVia, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKri");
  message.add(Header::kFrom, "<" + t.alice.uri("0312345678").text() + ">;tag=" + summary.local_tag);
  message.add(Header::kTo, "<" + t.bob.uri("0120000000").text() + ">;tag=" + summary.remote_tag);
  message.add(Header::kCallId, summary.call_id);
  message.add(Header::kCSeq, "50 INVITE");
  message.add(Header::kMaxForwards, "70");
  message.add(Header::kContact, "<sip:0312345678@192.0.2.1>");
  t.bob.agent->receive(t.bob.flow_to(t.alice), message.to_bytes(), t.sim.now);
  t.sim.wait<OfferWanted>(t.bob);
  ASSERT_TRUE(t.bob.agent->answer_offer(t.b, t.description("ours", 7000), t.sim.now));
  message = Message::request(Method::kAck, t.bob.uri("x"));
  message.add(Header::kVia, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKack");
  message.add(Header::kFrom, "<" + t.alice.uri("0312345678").text() + ">;tag=" + summary.local_tag);
  message.add(Header::kTo, "<" + t.bob.uri("0120000000").text() + ">;tag=" + summary.remote_tag);
  message.add(Header::kCallId, summary.call_id);
  message.add(Header::kCSeq, "50 ACK");
  message.set_body("application/sdp", t.description("theirs", 7002));
  t.bob.agent->receive(t.bob.flow_to(t.alice), message.to_bytes(), t.sim.now);
  EXPECT_EQ(t.sim.wait<AnswerReceived>(t.bob).sdp, t.description("theirs", 7002));
}

TEST(UserAgentOffers, GlareEndsWithBothOffersAnswered) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    TwoParties t(seed);
    t.connect();
    answer_offers(t.alice, t.sim, t.description("alice", 4004));
    answer_offers(t.bob, t.sim, t.description("bob", 5004));
    ASSERT_TRUE(t.alice.agent->offer(t.a, t.description("a", 4002), OfferBy::kReInvite, t.sim.now));
    ASSERT_TRUE(t.bob.agent->offer(t.b, t.description("b", 5002), OfferBy::kReInvite, t.sim.now));
    // Bob does not own the Call-ID and comes back first; Alice hears his offer while hers waits and
    // is told that hers is lost, so that she can make one that fits.
    EXPECT_EQ(t.sim.wait<AnswerReceived>(t.bob).sdp, t.description("alice", 4004));
    EXPECT_EQ(t.sim.wait<OfferRefused>(t.alice).status, 491);
    ASSERT_TRUE(
        t.alice.agent->offer(t.a, t.description("a", 4002), OfferBy::kReInvite, t.sim.now) || true);
    t.sim.run_for(seconds(10));
    EXPECT_EQ(t.alice.agent->session_count() + t.bob.agent->session_count(), 2u);
  }
}

TEST(UserAgentOffers, APeerThatIsGoneEndsTheCall) {
  TwoParties t;
  t.connect();
  UserAgentOptions options;
  options.sockets = {{Transport::kUdp, "192.0.2.2", 5060}};
  t.bob.agent = std::make_unique<UserAgent>(options, t.bob, t.bob.entropy);
  ASSERT_TRUE(t.alice.agent->offer(t.a, t.description("a", 4002), OfferBy::kReInvite, t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kGone);
  t.expect_clean();
}

TEST(SessionTimers, ACallOfFourAndAHalfHoursStaysUpAndFlat) {
  for (const bool updates : {true, false}) {
    TwoParties t(5, {5, 2, milliseconds(5), milliseconds(40)}, with_interval(seconds(90)));
    answer_offers(t.alice, t.sim, t.offer_text());
    answer_offers(t.bob, t.sim, t.answer_text());
    // Without UPDATE in Allow the refresh is a re-INVITE.
    if (!updates)
      t.sim.change = [](std::string& bytes) {
        if (const auto at = bytes.find("UPDATE, "); at != std::string::npos) bytes.erase(at, 8);
      };
    t.connect();
    t.alice.keep_sent = t.bob.keep_sent = false;
    EXPECT_TRUE(t.alice.agent->summary(t.a)->session_interval == seconds(90));
    std::size_t most = 0;
    const auto bytes_used = [] { return static_cast<std::int64_t>(mallinfo2().uordblks); };
    std::int64_t settled = 0;
    std::int64_t grown = 0;
    for (int minute = 0; minute < 270; ++minute) {
      t.sim.run_for(minutes(1));
      most = std::max({most, t.alice.agent->transaction_count(), t.bob.agent->transaction_count()});
      ASSERT_EQ(t.alice.agent->session_count(), 1u) << "minute " << minute;
      ASSERT_EQ(t.bob.agent->session_count(), 1u) << "minute " << minute;
      t.alice.events.clear();
      t.bob.events.clear();
      if (minute == 10) settled = bytes_used();
      if (minute > 10) grown = std::max(grown, bytes_used() - settled);
    }
    EXPECT_LE(most, 3u);
    EXPECT_LE(grown, 64 * 1024) << "bytes on the heap, both ends and the network between";
    ASSERT_TRUE(t.alice.agent->bye(t.a, t.sim.now));
    EXPECT_EQ(t.sim.wait<SessionEnded>(t.bob).cause, EndCause::kByPeer);
    t.expect_clean();
  }
}

TEST(SessionTimers, APeerThatFallsSilentEndsTheCallOnBothSides) {
  TwoParties t(1, {}, with_interval(seconds(90)));
  t.connect();
  t.sim.drop = [](const std::string&) { return true; };
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.bob).cause, EndCause::kSessionExpired);
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kSessionExpired);
  EXPECT_LE(t.sim.now.time_since_epoch(), seconds(91));
  t.expect_clean();
}

TEST(SessionTimers, TooShortAnIntervalIsAgreedAnewAfter422) {
  TwoParties t(1, {}, with_interval(seconds(90)));
  UserAgentOptions options;
  options.sockets = {{Transport::kUdp, "192.0.2.2", 5060}};
  options.min_session_interval = seconds(300);
  t.bob.agent = std::make_unique<UserAgent>(options, t.bob, t.bob.entropy);
  t.connect();
  EXPECT_EQ(count_sent(t.bob, "SIP/2.0 422"), 1);
  EXPECT_EQ(t.alice.agent->summary(t.a)->session_interval, seconds(300));
  EXPECT_EQ(t.bob.agent->summary(t.b)->session_interval, seconds(300));
  EXPECT_NE(t.alice.agent->summary(t.a)->we_refresh, t.bob.agent->summary(t.b)->we_refresh);
}

TEST(SessionTimers, WithoutThePeersSupportThereIsNone) {
  TwoParties t(1, {}, with_interval(seconds(90)));
  UserAgentOptions options = with_interval(seconds(0));
  options.sockets = {{Transport::kUdp, "192.0.2.2", 5060}};
  t.bob.agent = std::make_unique<UserAgent>(options, t.bob, t.bob.entropy);
  t.connect();
  EXPECT_EQ(t.alice.agent->summary(t.a)->session_interval, seconds(0));
  t.sim.run_for(minutes(30));
  EXPECT_EQ(t.alice.agent->session_count(), 1u);
}

}  // namespace
}  // namespace madoguchi::sip
