#include "vault/dial_gate.h"

#include "store/vault/vault_fixture.h"

namespace madoguchi::store {
namespace {

using std::chrono::seconds;

class DialGateOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "A", {"+81312340000"}));
    ASSERT_TRUE(registry_->put_organisation(OrganisationId("ume"), "B", {"+81312340001"}));
    ASSERT_TRUE(staff_->put(OperatorId("hana"), "Hana", ""));
  }

  LineToken keep(const std::string& id, const std::string& number,
                 const std::string& organisation = "sakura") {
    const auto answer = gate_->keep(wish(id, number, organisation));
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer->error, "");
    return answer->token;
  }
  std::string denied(const vault::TicketAsked& asked) {
    const auto answer = gate_->ask(asked);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer && answer->refused ? answer->refused->word : "";
  }
  TicketId granted(const vault::TicketAsked& asked) {
    const auto answer = gate_->ask(asked);
    EXPECT_TRUE(answer && !answer->refused) << (answer ? answer->refused->word : "");
    return answer ? answer->ticket : TicketId();
  }
  std::string redeem(const TicketId& ticket, const std::string& call) {
    const auto grant = gate_->redeem(ticket, CallId(call));
    EXPECT_TRUE(grant);
    return grant->refused ? grant->refused->word : grant->number.reveal();
  }
};

TEST_P(DialGateOn, OnlyALineThatAskedIsRungAndOnlyOncePerTicket) {
  const LineToken token = keep("w1", "09012345678");
  const TicketId ticket_id = granted(ticket("w1", token));
  EXPECT_EQ(redeem(ticket_id, "out-1"), "+819012345678");
  EXPECT_EQ(redeem(ticket_id, "out-1"), "+819012345678");  // its answer had been lost
  EXPECT_EQ(redeem(ticket_id, "out-2"), "ticket_used");
  EXPECT_EQ(redeem(TicketId("none"), "out-3"), "no_ticket");
}

// Whoever picked up may have been a machine, or the call may have broken: what became of the
// promise is the centre's to say.
TEST_P(DialGateOn, AnAnsweredRingLeavesTheWishOpenUntilItIsSettled) {
  const LineToken token = keep("w1", "09012345678");
  const TicketId first = granted(ticket("w1", token));
  EXPECT_EQ(redeem(first, "out-1"), "+819012345678");
  ASSERT_TRUE(gate_->end(first, "talked"));
  const TicketId second = granted(ticket("w1", token));
  EXPECT_EQ(redeem(second, "out-2"), "+819012345678");
  ASSERT_TRUE(gate_->end(second, "talked"));
  EXPECT_EQ(count_of("dial_ended"), 2);
  ASSERT_TRUE(gate_->settle(vault::WishId("w1"), "called_back"));
  EXPECT_EQ(denied(ticket("w1", token)), "settled");
}

TEST_P(DialGateOn, AnsweredRingsOfAWishCountAsRedials) {
  const LineToken token = keep("w1", "09012345678");
  for (int i = 0; i < 3; ++i) {
    const TicketId ticket_id = granted(ticket("w1", token));
    redeem(ticket_id, "out-" + std::to_string(i));
    ASSERT_TRUE(gate_->end(ticket_id, "talked"));
  }
  EXPECT_EQ(denied(ticket("w1", token)), "redial_limit");
}

TEST_P(DialGateOn, WherePeopleSignInATicketIsForSomebodyWhoIsSignedIn) {
  needs_session_ = true;
  start();
  const LineToken token = keep("w1", "09012345678");
  EXPECT_EQ(denied(ticket("w1", token)), "not_signed_in");
  ASSERT_TRUE(staff_->set_password(OperatorId("hana"), vault::Password("long enough")));
  const auto in = staff_->sign_in("hana", vault::Password("long enough"));
  ASSERT_TRUE(in) << in.error().message;
  EXPECT_EQ(denied(ticket("w1", token, "jiro")), "not_signed_in");  // another's session is no use
  const TicketId given = granted(ticket("w1", token));
  ASSERT_TRUE(staff_->sign_out(in->cookie));
  EXPECT_EQ(redeem(given, "out-1"), "not_signed_in");
  const auto again = staff_->sign_in("hana", vault::Password("long enough"));
  ASSERT_TRUE(again);
  EXPECT_EQ(redeem(given, "out-1"), "+819012345678");
}

TEST_P(DialGateOn, NobodyElsesWishOpensTheGate) {
  const LineToken token = keep("w1", "09012345678");
  const LineToken other_line = *registry_->tokenise(OrganisationId("sakura"), sealed("0312345678"));
  EXPECT_EQ(denied(ticket("w2", token)), "no_wish");
  EXPECT_EQ(denied(ticket("w1", other_line)), "no_wish");
  EXPECT_EQ(denied(ticket("w1", token, "hana", "ume")), "no_wish");
  EXPECT_EQ(denied(ticket("", token)), "no_wish");
}

TEST_P(DialGateOn, LinesThatAreNeverRungAreRefusedWhenAskedForAndAgainAtTheGate) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"110", "emergency"},         {"118", "emergency"},       {"119", "emergency"},
      {"0990123456", "premium"},    {"0570123456", "premium"},  {"+14155550123", "international"},
      {"0312340001", "own_number"}, {"117", "special_service"}, {"anonymous", "withheld"},
      {"12345678901", "invalid"},
  };
  int i = 0;
  for (const auto& [number, word] : table) {
    const std::string id = "w" + std::to_string(++i);
    const auto kept = gate_->keep(wish(id, number));
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->error, word) << number;
    EXPECT_EQ(denied(ticket(id, kept->token)), word) << number;
  }
}

TEST_P(DialGateOn, AWishIsKeptOnceByItsId) {
  const LineToken token = keep("w1", "09012345678");
  EXPECT_EQ(gate_->keep(wish("w1", "0312345678"))->token, token);
  EXPECT_EQ(count_of("wish_kept"), 1);
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    EXPECT_FALSE(gate_->keep(wish("w2", "0312345678")));
  }
  EXPECT_EQ(gate_->keep(wish("w2", "0312345678"))->error, "");
  EXPECT_EQ(count_of("wish_kept"), 2);
}

TEST_P(DialGateOn, ATicketExpiresAndIsHeldByOneOperator) {
  const LineToken token = keep("w1", "09012345678");
  const TicketId first = granted(ticket("w1", token));
  EXPECT_EQ(granted(ticket("w1", token)), first);
  EXPECT_EQ(denied(ticket("w1", token, "jiro")), "ticket_open");
  clock_.advance(vault::DialRules::japanese().ticket_lifetime());
  EXPECT_EQ(redeem(first, "out-1"), "ticket_expired");
  EXPECT_NE(granted(ticket("w1", token, "jiro")), first);
}

TEST_P(DialGateOn, RedialsAreCountedPerNumberOverAllOrganisations) {
  const LineToken at_sakura = keep("w1", "09012345678");
  const LineToken at_ume = keep("w2", "+819012345678", "ume");
  for (int i = 0; i < 3; ++i) {
    const bool sakura = i % 2 == 0;
    const TicketId id =
        granted(sakura ? ticket("w1", at_sakura) : ticket("w2", at_ume, "hana", "ume"));
    EXPECT_EQ(redeem(id, "out-" + std::to_string(i)), "+819012345678");
    ASSERT_TRUE(gate_->end(id, "no_answer"));
    clock_.advance(seconds(20));
  }
  EXPECT_EQ(denied(ticket("w1", at_sakura)), "redial_limit");
  EXPECT_EQ(denied(ticket("w2", at_ume, "hana", "ume")), "redial_limit");
  clock_.advance(seconds(180));
  EXPECT_EQ(denied(ticket("w1", at_sakura)), "");
}

TEST_P(DialGateOn, TwoTicketsForOneLineCanNotBothGetAroundTheLimit) {
  const LineToken at_sakura = keep("w1", "09012345678");
  const LineToken at_ume = keep("w2", "09012345678", "ume");
  for (int i = 0; i < 2; ++i) redeem(granted(ticket("w1", at_sakura)), "out-" + std::to_string(i));
  const TicketId one = granted(ticket("w1", at_sakura));
  const TicketId two = granted(ticket("w2", at_ume, "hana", "ume"));
  EXPECT_EQ(redeem(one, "out-8"), "+819012345678");
  EXPECT_EQ(redeem(two, "out-9"), "redial_limit");
}

TEST_P(DialGateOn, ANumberThatBecameOurOwnIsNoLongerRung) {
  const LineToken token = keep("w1", "0312345678");
  const TicketId ticket_id = granted(ticket("w1", token));
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("ume"), "B", {"+81312345678"}));
  EXPECT_EQ(redeem(ticket_id, "out-1"), "own_number");
}

TEST_P(DialGateOn, WithoutItsJournalTheGateStaysShut) {
  const LineToken token = keep("w1", "09012345678");
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    EXPECT_FALSE(gate_->ask(ticket("w1", token)));
  }
  const TicketId ticket_id = granted(ticket("w1", token));
  EXPECT_EQ(count_of("ticket_made"), 1);
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(gate_->redeem(ticket_id, CallId("out-1")));
  fault_ = CommitFault::kFailedButKept;
  EXPECT_FALSE(gate_->redeem(ticket_id, CallId("out-1")));
  EXPECT_EQ(redeem(ticket_id, "out-1"), "+819012345678");  // the same call may ask again
  EXPECT_EQ(redeem(ticket_id, "out-2"), "ticket_used");
  EXPECT_EQ(count_of("ticket_redeemed"), 1);
}

TEST_P(DialGateOn, EverythingSurvivesARestart) {
  const LineToken token = keep("w1", "09012345678");
  start();
  const TicketId ticket_id = granted(ticket("w1", token));
  start();
  EXPECT_EQ(redeem(ticket_id, "out-1"), "+819012345678");
  start();
  EXPECT_EQ(redeem(ticket_id, "out-2"), "ticket_used");
}

TEST_P(DialGateOn, AnOperatorsOwnPhoneIsRungUnderTheSameRules) {
  vault::TicketAsked own;
  own.own_phone = true;
  own.operator_id = OperatorId("hana");
  EXPECT_EQ(denied(own), "no_phone");
  EXPECT_EQ(gate_->put_phone(OperatorId("hana"), vault::Number("110")).error().code,
            ErrorCode::kDenied);
  EXPECT_EQ(gate_->put_phone(OperatorId("nobody"), vault::Number("09012345678")).error().code,
            ErrorCode::kNotFound);
  ASSERT_TRUE(gate_->put_phone(OperatorId("hana"), vault::Number("09012345678")));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(redeem(granted(own), "out-" + std::to_string(i)), "+819012345678");
  EXPECT_EQ(denied(own), "redial_limit");
  ASSERT_TRUE(gate_->put_phone(OperatorId("hana"), vault::Number("")));
  EXPECT_EQ(denied(own), "no_phone");
}

TEST_P(DialGateOn, AnOwnPhoneThatAnswersMayRingForEachCaller) {
  vault::TicketAsked own;
  own.own_phone = true;
  own.operator_id = OperatorId("hana");
  ASSERT_TRUE(gate_->put_phone(OperatorId("hana"), vault::Number("09012345678")));
  for (int i = 0; i < 30; ++i) {
    const TicketId ticket_id = granted(own);
    EXPECT_EQ(redeem(ticket_id, "in-" + std::to_string(i)), "+819012345678");
    ASSERT_TRUE(gate_->end(ticket_id, "talked"));
  }
  for (int i = 0; i < 3; ++i) {
    const TicketId ticket_id = granted(own);
    redeem(ticket_id, "missed-" + std::to_string(i));
    ASSERT_TRUE(gate_->end(ticket_id, "no_answer"));
  }
  EXPECT_EQ(denied(own), "redial_limit");
}

TEST_P(DialGateOn, ASettledOrOldWishOpensNothing) {
  const LineToken one = keep("w1", "09012345678");
  ASSERT_TRUE(gate_->settle(vault::WishId("w1"), "got_through"));
  ASSERT_TRUE(gate_->settle(vault::WishId("w1"), "got_through"));
  EXPECT_EQ(denied(ticket("w1", one)), "settled");
  EXPECT_EQ(count_of("wish_settled"), 1);
  const LineToken two = keep("w2", "09012345678");
  clock_.advance(vault::DialRules::japanese().wish_lifetime() + seconds(1));
  EXPECT_EQ(denied(ticket("w2", two)), "wish_expired");
}

TEST_P(DialGateOn, AWishThatWasSettledBeforeItCameOpensNothing) {
  ASSERT_TRUE(gate_->settle(vault::WishId("late"), "got_through"));
  ASSERT_TRUE(gate_->settle(vault::WishId("late"), "got_through"));
  EXPECT_EQ(count_of("wish_settled"), 1);
  start();
  const LineToken token = keep("late", "09012345678");
  EXPECT_FALSE(token.empty());  // the exchange is answered as ever
  EXPECT_EQ(count_of("wish_kept"), 0);
  EXPECT_EQ(denied(ticket("late", token)), "no_wish");
}

TEST_P(DialGateOn, UnknownWishesAreSettledOnlySoManyAMinute) {
  int settled = 0;
  for (int i = 0; i < 250; ++i)
    settled += gate_->settle(vault::WishId("w" + std::to_string(i)), "got_through") ? 1 : 0;
  EXPECT_EQ(settled, 200);
  clock_.advance(std::chrono::minutes(1));
  EXPECT_TRUE(gate_->settle(vault::WishId("w249"), "got_through"));
}

// Everything that could hold a number in clear is searched for it: database, write-ahead log,
// journal, in every form in which it was given.
TEST_P(DialGateOn, NoNumberStandsInClearInAnythingStored) {
  ASSERT_TRUE(gate_->put_phone(OperatorId("hana"), vault::Number("0451239876")));
  const LineToken token = keep("w1", "09087654321");
  keep("w2", "+81452223333");
  ASSERT_TRUE(gate_->keep(wish("w3", "0990778899")));
  redeem(granted(ticket("w1", token)), "out-1");
  std::string stored;
  for (const auto& line : journal_lines()) stored += line.json;
  if (GetParam() == Backend::kSqlite)
    for (const auto& file : std::filesystem::recursive_directory_iterator(scratch_->folder())) {
      std::ifstream in(file.path(), std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      stored += text.str();
    }
  ASSERT_GT(stored.size(), 1000u);
  for (const char* planted : {"9087654321", "452223333", "990778899", "451239876"})
    EXPECT_EQ(stored.find(planted), std::string::npos) << planted;
}

INSTANTIATE_TEST_SUITE_P(Both, DialGateOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
