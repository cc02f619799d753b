// What crosses on the wire: CANCEL and 200, forks, repeats, and whole lives of calls at random over
// a bad network.
#include <gtest/gtest.h>

#include <set>

#include "sip/user_agent.h"
#include "sip/user_agent_testing.h"

namespace madoguchi::sip {
namespace {

TEST(Calling, AServerThatSaysNothingIsGivenUpEarlyWhereThatIsWanted) {
  TwoParties t;
  t.sim.drop = [](const std::string&) { return true; };
  auto call = t.call(t.offer_text());
  call.first_response_within = seconds(4);
  const MonoTime start = t.sim.now;
  t.a = t.invite(std::move(call));
  const auto ended = t.sim.wait<SessionEnded>(t.alice);
  EXPECT_EQ(ended.cause, EndCause::kTimedOut);
  EXPECT_EQ(t.sim.now - start, seconds(4));
}

TEST(Calling, A100IsASignAndWaitsForAsLongAsEver) {
  TwoParties t;
  auto call = t.call(t.offer_text());
  call.first_response_within = seconds(4);
  t.a = t.invite(std::move(call));
  t.sim.run_for(seconds(60));
  EXPECT_FALSE(t.sim.take<SessionEnded>(t.alice)) << "it rings nowhere yet, but it is looked after";
}

TEST(Called, ACallerOfRfc2543WithoutContactIsReachedByItsFrom) {
  TwoParties t;
  t.sim.change = [](std::string& bytes) {
    if (!bytes.starts_with("INVITE") && !bytes.starts_with("ACK")) return;
    const auto at = bytes.find("Contact:");
    if (at != std::string::npos) bytes.erase(at, bytes.find("\r\n", at) + 2 - at);
  };
  t.connect();
  t.sim.run_for(seconds(1));
  ASSERT_TRUE(t.bob.agent->hang_up(t.b, t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kByPeer);
  EXPECT_EQ(count_sent(t.bob, "BYE sip:0312345678@192.0.2.1"), 1);
}

// The other end of a call of Alice's, by hand: answers her INVITE as any number of branches would.
class Branches {
 public:
  explicit Branches(TwoParties& t) : t_(t) {
    t.sim.drop = [](const std::string&) { return true; };  // Bob hears nothing
    t.a = t.invite(t.offer_text());
    t.sim.settle();
    invite_ = parse_message(t.alice.sent.at(0), Framing::kDatagram).message;
  }

  void respond(int status, std::string_view tag, std::string_view sdp = {}, int rseq = 0) {
    Message response = Message::response_to(invite_, status, {}, tag);
    response.add(Header::kContact, "<sip:" + std::string(tag) + "@192.0.2.2>");
    if (rseq != 0) response.add(Header::kRSeq, std::to_string(rseq));
    if (rseq != 0) response.add(Header::kRequire, "100rel");
    if (!sdp.empty()) response.set_body("application/sdp", sdp);
    t_.alice.agent->receive(t_.alice.flow_to(t_.bob), response.to_bytes(), t_.sim.now);
    t_.sim.settle();
  }

  // Requests of Alice's to that branch, by method.
  [[nodiscard]] int sent(std::string_view method, std::string_view tag) const {
    return count_sent(t_.alice, std::string(method) + " sip:" + std::string(tag) + "@");
  }

 private:
  TwoParties& t_;
  Message invite_;
};

TEST(UserAgentForks, TheFirst2xxWinsAndTheOthersAreEnded) {
  TwoParties t;
  Branches branches(t);
  branches.respond(180, "one");
  branches.respond(183, "two", t.description("two", 5002));
  EXPECT_EQ(t.sim.wait<CallProgress>(t.alice).dialog_tag, "one");
  EXPECT_EQ(t.sim.wait<CallProgress>(t.alice).dialog_tag, "two");
  branches.respond(200, "two", t.description("two", 5002));
  branches.respond(200, "one", t.description("one", 5001));
  branches.respond(200, "one", t.description("one", 5001));
  branches.respond(200, "two", t.description("two", 5002));
  EXPECT_EQ(t.sim.wait<CallAnswered>(t.alice).dialog_tag, "two");
  EXPECT_FALSE(t.sim.take<CallAnswered>(t.alice));
  EXPECT_EQ(branches.sent("ACK", "two"), 2);
  EXPECT_EQ(branches.sent("BYE", "two"), 0);
  EXPECT_EQ(branches.sent("ACK", "one"), 2);
  EXPECT_EQ(branches.sent("BYE", "one"), 1);
  EXPECT_EQ(t.alice.agent->counters().extra_branches, 1u);
  EXPECT_EQ(t.alice.agent->session_count(), 1u);
}

TEST(UserAgentForks, EachBranchHasItsOwnReliableNumbers) {
  TwoParties t;
  Branches branches(t);
  branches.respond(183, "one", t.description("one", 5001), 17);
  branches.respond(183, "one", t.description("one", 5001), 17);  // repeated
  branches.respond(180, "one", {}, 19);                          // 18 was lost
  branches.respond(180, "two", {}, 4000);
  branches.respond(180, "one", {}, 18);
  EXPECT_EQ(branches.sent("PRACK", "one"), 2);
  EXPECT_EQ(branches.sent("PRACK", "two"), 1);
  branches.respond(200, "two", t.description("two", 5002));
  EXPECT_EQ(t.sim.wait<CallAnswered>(t.alice).sdp, t.description("two", 5002));
}

TEST(UserAgentForks, TheirNumberIsBounded) {
  TwoParties t;
  Branches branches(t);
  for (int i = 0; i < 500; ++i) branches.respond(183, "t" + std::to_string(i), t.answer_text(), 1);
  EXPECT_EQ(count_sent(t.alice, "PRACK"), 16);
  for (int i = 0; i < 500; ++i) branches.respond(200, "t" + std::to_string(i), t.answer_text());
  EXPECT_LE(count_sent(t.alice, "BYE"), 18);
  EXPECT_EQ(t.alice.agent->session_count(), 1u);
}

TEST(UserAgentForks, A2xxWithoutAnAnswerEndsTheCall) {
  TwoParties t;
  Branches branches(t);
  branches.respond(200, "one");
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kProtocol);
  EXPECT_EQ(branches.sent("ACK", "one"), 1);
  EXPECT_EQ(branches.sent("BYE", "one"), 1);
}

TEST(UserAgentRaces, A200ThatCrossesTheCancelIsAcknowledgedAndEnded) {
  TwoParties t;
  t.a = t.invite(t.offer_text());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  ASSERT_TRUE(
      t.bob.agent->provisional(incoming.session, 180, {}, t.sim.now, ReliableProvisionals::kOff));
  t.sim.wait<CallProgress>(t.alice);
  ASSERT_TRUE(t.alice.agent->cancel(t.a, t.sim.now));
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, t.answer_text(), t.sim.now));
  t.sim.wait<CallConfirmed>(t.bob);
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.bob).cause, EndCause::kByPeer);
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kByUs);
  EXPECT_FALSE(t.sim.take<CallAnswered>(t.alice));
  t.expect_clean();
}

TEST(UserAgentRaces, CancelledBeforeAnythingCame) {
  TwoParties t;
  t.a = t.invite(t.offer_text());
  ASSERT_TRUE(t.alice.agent->cancel(t.a, t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.bob).cause, EndCause::kCancelled);
  t.expect_clean();
}

TEST(UserAgentRaces, BothHangUpAtOnce) {
  TwoParties t;
  t.connect();
  ASSERT_TRUE(t.alice.agent->bye(t.a, t.sim.now));
  ASSERT_TRUE(t.bob.agent->bye(t.b, t.sim.now));
  t.sim.run_for(seconds(5));
  EXPECT_EQ(count_sent(t.alice, "SIP/2.0 200"), 1);
  EXPECT_EQ(count_sent(t.bob, "SIP/2.0 200"), 2);
  t.expect_clean();
}

TEST(UserAgentRaces, HungUpAmidAReInvite) {
  TwoParties t;
  t.connect();
  ASSERT_TRUE(t.alice.agent->offer(t.a, t.description("n", 1), OfferBy::kReInvite, t.sim.now));
  t.sim.wait<OfferReceived>(t.bob);
  ASSERT_TRUE(t.bob.agent->bye(t.b, t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kByPeer);
  EXPECT_EQ(count_sent(t.bob, "SIP/2.0 487"), 1) << "the re-INVITE is not left unanswered";
  t.expect_clean();
}

// A party that does what may happen in a call centre, at random, and keeps count.
class Restless {
 public:
  Restless(Party& party, Sim& sim, std::mt19937_64& random)
      : party_(party), sim_(sim), random_(random) {
    party.keep_sent = false;
    party.on_event = [this](const UserAgentEvent& event) { hear(event); };
  }

  void call(const TwoParties& t, const Party& other) {
    OutgoingCall call;
    call.target = other.uri("1");
    call.flow = party_.flow_to(other);
    call.from = party_.uri("2");
    if (chance(70)) call.sdp = t.offer_text();
    call.reliable = chance(30)   ? ReliableProvisionals::kRequired
                    : chance(50) ? ReliableProvisionals::kOff
                                 : ReliableProvisionals::kSupported;
    call.give_up_after = seconds(60);
    if (const auto id = party_.agent->invite(std::move(call), sim_.now)) begun_.insert(*id);
  }

  // Something to do with one of its sessions, allowed in its state or not.
  void act() {
    if (begun_.empty()) return;
    auto at = begun_.begin();
    std::advance(at, random_() % begun_.size());
    const SessionId id = *at;
    UserAgent& agent = *party_.agent;
    const MonoTime now = sim_.now;
    const std::string sdp = TwoParties::description("r", 7000);
    switch (random_() % 14) {
      case 0:
        static_cast<void>(agent.provisional(id, 180, {}, now));
        break;
      case 1:
        static_cast<void>(agent.provisional(id, 183, sdp, now));
        break;
      case 2:
      case 3:
      case 4:
        static_cast<void>(agent.accept(id, sdp, now));
        break;
      case 5:
        static_cast<void>(agent.reject(id, 486, now));
        break;
      case 6:
        static_cast<void>(agent.cancel(id, now));
        break;
      case 7:
        static_cast<void>(agent.hang_up(id, now));
        break;
      case 8:
        static_cast<void>(agent.offer(id, sdp, OfferBy::kReInvite, now));
        break;
      case 9:
        static_cast<void>(agent.offer(id, sdp, OfferBy::kUpdate, now));
        break;
      case 10:
        static_cast<void>(agent.answer_offer(id, sdp, now));
        break;
      case 11:
        static_cast<void>(agent.refuse_offer(id, 488, now));
        break;
      case 12:
        static_cast<void>(agent.info(id, "application/dtmf", "1", now));
        break;
      case 13:
        static_cast<void>(agent.provisional(id, 180, {}, now, ReliableProvisionals::kOff));
        break;
    }
  }

  void hang_up_all() {
    for (const SessionId id : std::set<SessionId>(begun_))
      static_cast<void>(party_.agent->hang_up(id, sim_.now));
  }

  [[nodiscard]] std::size_t open() const { return begun_.size(); }
  int ended = 0;

 private:
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  void hear(const UserAgentEvent& event) {
    if (const auto* call = std::get_if<IncomingCall>(&event)) {
      EXPECT_TRUE(begun_.insert(call->session).second);
    }
    if (const auto* end = std::get_if<SessionEnded>(&event)) {
      EXPECT_EQ(begun_.erase(end->session), 1u) << "one end for each session";
      ++ended;
    }
    const auto* answered = std::get_if<CallAnswered>(&event);
    if (answered != nullptr) {
      EXPECT_TRUE(begun_.contains(answered->session));
    }
    party_.events.clear();
  }

  Party& party_;
  Sim& sim_;
  std::mt19937_64& random_;
  std::set<SessionId> begun_;
};

TEST(UserAgentRaces, WhateverHappensEachSessionEndsOnceAndNothingIsLeft) {
  int ended = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    TwoParties t(seed, {static_cast<int>(random() % 30), static_cast<int>(random() % 20),
                        milliseconds(1), milliseconds(1 + random() % 900)});
    // On every third seed the network also damages what it carries.
    if (seed % 3 == 0) {
      t.sim.change = [&random](std::string& bytes) {
        if (random() % 100 >= 5 || bytes.empty()) return;
        const std::size_t at = random() % bytes.size();
        if (random() % 2 == 0)
          bytes[at] = static_cast<char>(random());
        else
          bytes.erase(at, random() % 30);
      };
    }
    Restless alice(t.alice, t.sim, random);
    Restless bob(t.bob, t.sim, random);
    for (int i = 0; i < 400; ++i) {
      if (random() % 8 == 0) alice.call(t, t.bob);
      if (random() % 12 == 0) bob.call(t, t.alice);
      alice.act();
      bob.act();
      t.sim.run_for(milliseconds(random() % 1500));
    }
    alice.hang_up_all();
    bob.hang_up_all();
    t.sim.run_for(minutes(10));
    EXPECT_EQ(alice.open() + bob.open(), 0u);
    t.expect_clean();
    if (::testing::Test::HasFailure()) return;
    ended += alice.ended + bob.ended;
  }
  EXPECT_GT(ended, 4000);
}

// Bytes of real calls, cut, joined and changed at random, thrown at a fresh agent.
TEST(UserAgentRubbish, NothingReceivedMakesItGrowOrFall) {
  std::vector<std::string> messages;
  {
    TwoParties t(9, {20, 10, milliseconds(5), milliseconds(300)});
    auto call = t.call(t.offer_text());
    call.reliable = ReliableProvisionals::kRequired;
    t.a = t.invite(std::move(call));
    const auto incoming = t.sim.wait<IncomingCall>(t.bob);
    ASSERT_TRUE(t.bob.agent->provisional(incoming.session, 183, t.answer_text(), t.sim.now));
    t.sim.wait<CallProgress>(t.alice);
    ASSERT_TRUE(t.bob.agent->accept(incoming.session, {}, t.sim.now));
    t.sim.wait<CallConfirmed>(t.bob);
    ASSERT_TRUE(t.alice.agent->offer(t.a, t.offer_text(), OfferBy::kUpdate, t.sim.now));
    t.sim.run_for(seconds(20));
    static_cast<void>(t.alice.agent->bye(t.a, t.sim.now));
    t.sim.run_for(seconds(40));
    for (const Party* party : {&t.alice, &t.bob})
      messages.insert(messages.end(), party->sent.begin(), party->sent.end());
  }
  std::mt19937_64 random(3);
  UserAgentOptions options;
  options.max_sessions = 50;
  TwoParties t(1, {}, options);
  t.alice.on_event = [&](const UserAgentEvent&) { t.alice.events.clear(); };
  std::size_t most = 0;
  for (int i = 0; i < 40'000; ++i) {
    std::string bytes = messages[random() % messages.size()];
    if (random() % 4 == 0) {
      // Another call of the same kind.
      for (const std::string_view mark : {"z9hG4bK", "Call-ID: "})
        if (const auto at = bytes.find(mark); at != std::string::npos)
          bytes.insert(at + mark.size(), std::to_string(random() % 1000));
    }
    for (int changes = static_cast<int>(random() % 4); changes > 0 && !bytes.empty(); --changes) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, random() % 40);
          break;
        case 2:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
          break;
        case 3: {
          const std::string& other = messages[random() % messages.size()];
          bytes = bytes.substr(0, at) + other.substr(std::min(at, other.size()));
          break;
        }
      }
    }
    t.alice.agent->receive(t.alice.flow_to(t.bob), std::move(bytes), t.sim.now);
    t.sim.settle();
    t.alice.sent.clear();
    if (i % 50 == 0) t.sim.run_for(milliseconds(random() % 2000));
    most = std::max(most, t.alice.agent->session_count());
  }
  EXPECT_GT(most, 20u);
  EXPECT_LE(most, 50u);
  for (const SessionId id : t.alice.agent->sessions())
    static_cast<void>(t.alice.agent->hang_up(id, t.sim.now));
  t.expect_clean();
}

}  // namespace
}  // namespace madoguchi::sip
