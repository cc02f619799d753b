#include "centre/opening_tickets.h"

#include <gtest/gtest.h>

namespace madoguchi::centre {
namespace {

using namespace std::chrono_literals;

class FakeTicketVault final : public TicketVault {
 public:
  void ask_opening(const OperatorId& who, const DeskId&, const CallId& call,
                   Answered then) override {
    said.push_back("ask " + who.text() + " " + call.text());
    answers.push_back(std::move(then));
  }
  void extend_opening(const TicketId& ticket, Micros by) override {
    said.push_back("extend " + ticket.text() + " " + std::to_string(by / 1s));
  }
  void end_opening(const TicketId& ticket) override { said.push_back("end " + ticket.text()); }

  std::vector<std::string> said;
  std::vector<Answered> answers;
};

class OpeningTicketsTest : public testing::Test {
 protected:
  void talk(const std::string& call = "c1", const std::string& who = "hana") {
    CallView view;
    view.id = CallId(call);
    view.desk = DeskId("leak");
    view.with = OperatorId(who);
    view.talked = now;
    tickets.apply(view, now);
  }
  void is(routing::OperatorState state, const std::string& call,
          std::optional<Time> deadline = std::nullopt) {
    OperatorView view;
    view.id = OperatorId("hana");
    view.state = state;
    view.call = CallId(call);
    view.deadline = deadline;
    tickets.apply(view, now);
  }
  void pass(Micros by) {
    now += by;
    tickets.advance(now);
  }
  std::string given() { return tickets.ticket_of(CallId("c1"), OperatorId("hana")).text(); }

  Time now = *parse_utc("2026-11-22T03:00:00Z");
  FakeTicketVault vault;
  int shown = 0;
  OpeningTickets tickets{vault, [this](const CallId&) { ++shown; }};
};

TEST_F(OpeningTicketsTest, ATicketIsAskedOnceShownAndEndedAfterTheWrapUp) {
  talk();
  talk();
  ASSERT_EQ(vault.said, std::vector<std::string>{"ask hana c1"});
  vault.answers[0](TicketId("t1"), "");
  EXPECT_EQ(given(), "t1");
  EXPECT_EQ(shown, 1);
  is(routing::OperatorState::kTalking, "c1");
  is(routing::OperatorState::kWrapUp, "c1", now + 90s);
  is(routing::OperatorState::kWrapUp, "c1", now + 90s);
  is(routing::OperatorState::kReady, "");
  EXPECT_EQ(vault.said, (std::vector<std::string>{"ask hana c1", "extend t1 90", "end t1"}));
  EXPECT_EQ(given(), "");
}

TEST_F(OpeningTicketsTest, IsAskedAgainUntilTheVaultKnowsTheCall) {
  talk();
  vault.answers[0](TicketId(), "no_call");
  ASSERT_TRUE(tickets.next_deadline());
  pass(100ms);
  ASSERT_EQ(vault.answers.size(), 2U);
  vault.answers[1](TicketId(), "not_on_call");
  pass(100ms);
  EXPECT_EQ(vault.answers.size(), 2U);
  pass(150ms);
  ASSERT_EQ(vault.answers.size(), 3U);
  vault.answers[2](TicketId("t1"), "");
  EXPECT_EQ(given(), "t1");
  EXPECT_FALSE(tickets.next_deadline());
}

TEST_F(OpeningTicketsTest, WhereThereIsNoMandateIsAskedOnceAMinute) {
  talk("c1");
  vault.answers[0](TicketId(), "no_mandate");
  talk("c2");
  talk("c3");
  EXPECT_EQ(vault.answers.size(), 1U);
  EXPECT_FALSE(tickets.next_deadline());
  pass(61s);
  talk("c4");
  EXPECT_EQ(vault.answers.size(), 2U);
}

TEST_F(OpeningTicketsTest, ATicketThatComesTooLateIsGivenBack) {
  talk();
  is(routing::OperatorState::kReady, "");
  vault.answers[0](TicketId("t1"), "");
  EXPECT_EQ(vault.said.back(), "end t1");
  EXPECT_EQ(given(), "");
}

}  // namespace
}  // namespace madoguchi::centre
