#include "sip/registration.h"

#include <gtest/gtest.h>

#include "sip/registrar.h"
#include "sip/user_agent_testing.h"

namespace madoguchi::sip {
namespace {

// A trunk of ours ("alice") and a carrier ("bob") with our own registrar behind it.
class RegistrationTest : public ::testing::Test {
 protected:
  RegistrationTest() : t_(1, {}, options()) {
    t_.bob.on_event = [this](const UserAgentEvent& event) {
      const auto* received = std::get_if<RequestReceived>(&event);
      if (received == nullptr) return;
      auto reply = registrar_.handle(received->message, received->flow, t_.sim.now);
      if (forced_status_ != 0) reply = {forced_status_, {}};
      EXPECT_TRUE(
          t_.bob.agent->respond(received->request, reply.status, t_.sim.now, reply.headers));
    };
    t_.alice.on_event = [this](const UserAgentEvent& event) {
      if (const auto* response = std::get_if<ResponseReceived>(&event))
        registration_.response(*response, t_.sim.now);
    };
  }

  static UserAgentOptions options() {
    UserAgentOptions options;
    options.delivered_methods = {Method::kRegister};
    return options;
  }

  RegistrationOptions trunk() {
    RegistrationOptions options;
    options.registrar = *Uri::parse("sip:example.com");
    options.address = *Uri::parse("sip:200@example.com");
    options.expires = seconds(300);
    options.login = Login{"200", "secret"};
    options.flow_for = [](const LocatedTarget& target) {
      return Flow{target.transport, 0, target.remote, 0};
    };
    options.contact_for = [this](const Flow& flow) { return t_.alice.agent->contact_for(flow); };
    return options;
  }

  void act() {
    while (const auto action = registration_.poll()) {
      if (const auto* send = std::get_if<Registration::SendRequest>(&*action)) {
        const auto id = t_.alice.agent->send_request(send->request, t_.sim.now);
        registration_.sent(id ? std::optional(*id) : std::nullopt, t_.sim.now);
      } else if (std::holds_alternative<Registration::NeedServers>(*action)) {
        registration_.located(servers_, t_.sim.now);
      } else if (const auto* changed = std::get_if<Registration::Changed>(&*action)) {
        changes_.push_back(*changed);
      }
    }
  }

  void run_for(Micros time) {
    const MonoTime limit = t_.sim.now + time;
    while (t_.sim.now < limit) {
      act();
      const auto due = registration_.next_deadline();
      const MonoTime until = std::min(limit, due.value_or(limit));
      if (t_.sim.step(until)) continue;
      registration_.advance(t_.sim.now);
    }
    act();
  }

  TwoParties t_;
  SeededEntropy entropy_{4};
  DigestAuthenticator digest_{{"example.com"}, entropy_};
  Registrar registrar_{{}, digest_, [](std::string_view user) {
                         return std::optional(DigestSecret::of(user, "example.com", "secret"));
                       }};
  std::vector<LocatedTarget> servers_{
      {Transport::kUdp, *Endpoint::parse("192.0.2.2:5060"), "example.com"}};
  Registration registration_{trunk(), entropy_};
  std::vector<Registration::Changed> changes_;
  int forced_status_ = 0;
};

TEST_F(RegistrationTest, RegistersAndStaysRegistered) {
  registration_.start(t_.sim.now);
  run_for(seconds(1));
  EXPECT_EQ(registration_.state(), Registration::State::kRegistered);
  EXPECT_EQ(registration_.server()->remote, t_.bob.endpoint);
  run_for(std::chrono::hours(3));
  ASSERT_EQ(changes_.size(), 1u) << "refreshed in time, every time";
  EXPECT_EQ(registrar_.find("200", t_.sim.now).size(), 1u);
  registration_.stop(t_.sim.now);
  run_for(seconds(1));
  EXPECT_TRUE(registrar_.find("200", t_.sim.now).empty());
  EXPECT_EQ(registration_.state(), Registration::State::kUnregistered);
}

TEST_F(RegistrationTest, GoesToTheNextServerWhenTheFirstIsSilent) {
  servers_.insert(servers_.begin(),
                  {Transport::kUdp, *Endpoint::parse("192.0.2.99:5060"), "example.com"});
  registration_.start(t_.sim.now);
  run_for(seconds(40));
  EXPECT_EQ(registration_.state(), Registration::State::kRegistered);
  EXPECT_EQ(registration_.server()->remote, t_.bob.endpoint);
}

TEST_F(RegistrationTest, BacksOffAndReturns) {
  forced_status_ = 503;
  registration_.start(t_.sim.now);
  run_for(minutes(10));
  EXPECT_EQ(registration_.state(), Registration::State::kUnregistered);
  const int sent = count_sent(t_.alice, "REGISTER");
  EXPECT_GE(sent, 4);
  EXPECT_LE(sent, 8);
  forced_status_ = 0;
  run_for(minutes(15));
  EXPECT_EQ(registration_.state(), Registration::State::kRegistered);
}

TEST_F(RegistrationTest, ARefusalIsToldAndTriedAgainSlowly) {
  forced_status_ = 403;
  registration_.start(t_.sim.now);
  run_for(minutes(10));
  EXPECT_EQ(registration_.state(), Registration::State::kRefused);
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_EQ(changes_[0].status, 403);
  EXPECT_LE(count_sent(t_.alice, "REGISTER"), 4);
}

TEST_F(RegistrationTest, AGrantedRegistrationHoldsUntilItExpires) {
  registration_.start(t_.sim.now);
  run_for(seconds(1));
  t_.sim.weather.lost_percent = 100;
  run_for(seconds(280));
  EXPECT_EQ(registration_.state(), Registration::State::kRegistered);
  run_for(seconds(30));
  EXPECT_EQ(registration_.state(), Registration::State::kUnregistered);
  t_.sim.weather.lost_percent = 0;
  run_for(minutes(20));
  EXPECT_EQ(registration_.state(), Registration::State::kRegistered);
}

}  // namespace
}  // namespace madoguchi::sip
