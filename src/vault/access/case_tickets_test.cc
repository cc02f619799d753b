#include "vault/access/case_tickets.h"

#include <gtest/gtest.h>

#include "vault/access/access_fixture.h"

namespace madoguchi::vault {
namespace {

using namespace std::chrono_literals;

TEST(CaseReference, IsLettersAndShortNumbersAndNothingThatNamesAnybody) {
  for (const char* good : {"C-1", "C-1024", "KJ-2026-12", "ABCD-123456-654321"})
    EXPECT_TRUE(is_case_reference(good)) << good;
  for (const char* bad :
       {"", "C", "1024", "C1024", "c-1024", "C-", "C-1024-", "C--1", "ABCDE-1", "C-1234567",
        "C-1-2-3", "090-0000-1001", "09000001001", "C-1024 ", "佐藤-1", "C-a", "-1", "+81-90"})
    EXPECT_FALSE(is_case_reference(bad)) << bad;
}

TEST(CaseOrigins, AreReadAsTheyAreWritten) {
  for (const CaseOrigin origin : {CaseOrigin::kCall, CaseOrigin::kMail, CaseOrigin::kOwner})
    EXPECT_EQ(*origin_named(name_of(origin)), origin);
  EXPECT_FALSE(origin_named("centre"));
}

// hana talks with taro for "answer", which is one for cases; "call-back" is none.
class CaseTicketTest : public testing::Test, protected AccessWorld {
 protected:
  void SetUp() override {
    put_place("ken", "minato", StaffRole::kOperator);
    put_place("oku", "sakura", StaffRole::kOwner);
    put_place("wada", "wakaba", StaffRole::kOwner);
    sign_in("ken", "session-ken", "CC");
    Mandate mandate = mandate_of("m1", "sakura", "minato", now);
    mandate.purposes.front().cases = true;
    mandate.purposes.front().checks = 1;
    mandate.purposes.front().callers = {{"agent", {{"letter"}, 2}}};
    mandate.purposes.front().playback = true;
    put(mandate);
    sign("m1");
    lease("call", {"AA"});
    ASSERT_TRUE(issue("t1"));
  }
  void match(const std::string& field = "name", const std::string& subject = "taro") {
    authority.checked(about("t1", subject), field, true);
  }
  std::string keep(const std::string& subject = "taro", const std::string& ticket = "t1",
                   const std::string& reference = "C-1") {
    auto kept = authority.may_keep(about(ticket, subject), reference, now);
    if (!kept) return std::string(name_of(kept.error()));
    if (!kept->id.empty()) return "known";
    kept->id = CaseTicketId(reference + "." + subject);
    authority.cases().put(*kept);
    return "kept";
  }
  std::string take_up(const std::string& id, const std::string& who = "hana",
                      const std::string& session = "session-hana",
                      const std::string& fresh = "o1") {
    const auto taken = authority.take_up(CaseTicketId(id), OperatorId(who), SessionKey(session),
                                         now + 12h, OpeningTicketId(fresh), now);
    return taken ? taken->id.text() : std::string(name_of(taken.error()));
  }
  // hana has opened taro, keeps him for a case, and the call is over.
  void keep_and_hang_up() {
    match();
    ASSERT_EQ(open("t1"), "opened");
    ASSERT_EQ(keep(), "kept");
    authority.leases().end(CallId("call"), now);
    now += 11min;
    ASSERT_EQ(open("t1"), "ticket_over");
  }
  std::string given(const std::string& to, const std::string& purpose = "answer",
                    const std::string& desk = "leak", const std::string& owner = "sakura") {
    const auto may =
        authority.may_give({OperatorId("oku"), OrganisationId(owner), SubjectId("taro"),
                            OperatorId(to), DeskId(desk), purpose, "C-2"},
                           now);
    if (!may) return std::string(name_of(may.error()));
    CaseTicket ticket = *may;
    ticket.id = CaseTicketId("given");
    authority.cases().put(ticket);
    return "given";
  }
};

TEST_F(CaseTicketTest, IsKeptOfAPersonOpenedInTheCallAfterACheck) {
  EXPECT_EQ(keep(), "not_checked");
  match();
  EXPECT_EQ(keep(), "not_checked");  // matched, never opened
  ASSERT_EQ(open("t1"), "opened");
  EXPECT_EQ(keep("jiro"), "not_checked");
  EXPECT_EQ(keep(), "kept");
  EXPECT_EQ(keep(), "known");
  EXPECT_EQ(keep("taro", "t1", "C-2"), "kept");
}

TEST_F(CaseTicketTest, APersonNobodyCheckedIsNotKeptEvenWhereNoCheckIsWanted) {
  Mandate mandate = mandate_of("m1", "sakura", "minato", now);
  mandate.version = 2;
  mandate.purposes.front().cases = true;
  put(mandate);
  sign("m1", "sakura", 2);
  ASSERT_EQ(open("t1"), "opened");
  EXPECT_EQ(keep(), "not_checked");
  match();
  EXPECT_EQ(keep(), "kept");
}

TEST_F(CaseTicketTest, IsKeptInTheWrapUpAndNotAfterIt) {
  match();
  ASSERT_EQ(open("t1"), "opened");
  authority.leases().end(CallId("call"), now);
  now += 30s;
  EXPECT_EQ(keep(), "kept");
  now += 31s;
  EXPECT_EQ(keep("taro", "t1", "C-2"), "ticket_over");
}

TEST_F(CaseTicketTest, InTheWrapUpNoMoreIsKeptThanWasOpenedInTheCall) {
  match();
  match("letter");
  const CallerSaid agent{"agent", "", false};
  ASSERT_TRUE(authority.may_speak(about("t1"), agent, now));
  authority.speaks(about("t1"), agent);
  ASSERT_EQ(open("t1"), "opened");    // what an agent gets
  authority.speaks(about("t1"), {});  // now it is the person, who would get more
  authority.leases().end(CallId("call"), now);
  EXPECT_EQ(keep(), "wrap_up");
  authority.speaks(about("t1"), agent);
  EXPECT_EQ(keep(), "kept");
}

TEST_F(CaseTicketTest, OnlyForAPurposeThatEveryMandateOfTheChainHasForCases) {
  match();
  ASSERT_TRUE(authority.for_purpose(OpeningTicketId("t1"), SessionKey("session-hana"),
                                    OpeningTicketId("t2"), "call-back", now));
  ASSERT_EQ(open("t2"), "opened");
  EXPECT_EQ(keep("taro", "t2"), "no_cases");
  EXPECT_EQ(given("ken", "call-back"), "no_cases");
  // Passed on: the sub-contractor's mandate has it not.
  Mandate root = mandate_of("m1", "sakura", "minato", now);
  root.version = 2;
  root.pass_on = PassOn::kAllowed;
  root.purposes.front().cases = true;
  put(root);
  sign("m1", "sakura", 2);
  Mandate leaf = mandate_of("m2", "sakura", "kawa", now);
  leaf.parent = MandateId("m1");
  put(leaf);
  sign("m2");
  EXPECT_EQ(given("kei"), "no_cases");
}

TEST_F(CaseTicketTest, OpensItsPersonWithoutACallAndWithoutACheckAndNobodyElse) {
  keep_and_hang_up();
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  EXPECT_EQ(open("o1"), "opened");
  EXPECT_TRUE(authority.write(about("o1"), now));
  EXPECT_EQ(open("o1", "jiro"), "other_person");
  PersonAsk elsewhere = about("o1");
  elsewhere.owner = OrganisationId("wakaba");
  EXPECT_EQ(authority.open(elsewhere, now).error(), Denial::kOtherPerson);
  const SessionKey mine("session-hana");
  EXPECT_EQ(authority.search(OpeningTicketId("o1"), mine, now).error(), Denial::kOtherPerson);
  EXPECT_EQ(authority.check(about("o1"), now).error(), Denial::kNoCall);
  EXPECT_EQ(authority.play(about("o1"), now).error(), Denial::kNoPlayback);
  EXPECT_EQ(
      authority.for_purpose(OpeningTicketId("o1"), mine, OpeningTicketId("o2"), "call-back", now)
          .error(),
      Denial::kNoPurpose);
  EXPECT_EQ(keep("taro", "o1", "C-9"), "no_call");  // a case makes no cases
  EXPECT_EQ(authority.may_speak(about("o1"), {"heir", "", false}, now).error(), Denial::kWrapUp);
}

TEST_F(CaseTicketTest, IsItsHoldersAloneInTheSessionThatTookItUp) {
  keep_and_hang_up();
  EXPECT_EQ(take_up("C-1.taro", "ken", "session-ken"), "no_ticket");
  EXPECT_EQ(take_up("unknown"), "no_ticket");
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  EXPECT_EQ(take_up("C-1.taro", "hana", "session-hana", "o2"), "o1");  // the same once more
  EXPECT_EQ(open("o1", "taro", "session-ken"), "no_ticket");
  EXPECT_EQ(open("o1", "taro", "session-hana-elsewhere"), "no_ticket");
  EXPECT_EQ(take_up("C-1.taro", "hana", "session-hana-elsewhere", "o3"), "o3");
  authority.end_session(SessionKey("session-hana"), now);
  EXPECT_EQ(open("o1"), "ticket_over");
  EXPECT_EQ(open("o3", "taro", "session-hana-elsewhere"), "opened");
}

TEST_F(CaseTicketTest, EveryOpeningAsksTheMandatesAgain) {
  keep_and_hang_up();
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  authority.freezes().put({FreezeId("f"), OrganisationId("sakura"), FreezeScope::kDesk, "leak",
                           OperatorId("oku"), now, ""});
  EXPECT_EQ(open("o1"), "frozen");
  EXPECT_EQ(take_up("C-1.taro"), "frozen");
  authority.freezes().lift(FreezeId("f"));
  EXPECT_EQ(open("o1"), "opened");
  Mandate without = mandate_of("m1", "sakura", "minato", now);
  without.version = 2;
  put(without);
  sign("m1", "sakura", 2);
  EXPECT_EQ(open("o1"), "no_cases");
  revoke("m1");
  EXPECT_EQ(open("o1"), "revoked");
  EXPECT_EQ(take_up("C-1.taro"), "revoked");
}

TEST_F(CaseTicketTest, CountsAgainstTheMandatesLimitsAsAnyOpening) {
  Mandate limited = mandate_of("m1", "sakura", "minato", now);
  limited.version = 2;
  limited.purposes.front().cases = true;
  limited.limits.by_operator.per_hour = 3;
  put(limited);
  sign("m1", "sakura", 2);
  keep_and_hang_up();
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  EXPECT_EQ(open("o1"), "opened");
  EXPECT_EQ(open("o1"), "opened");
  EXPECT_EQ(open("o1"), "limit");
}

TEST_F(CaseTicketTest, EndsAtItsDeadlineWhichIsNeverAfterTheMandates) {
  match();
  ASSERT_EQ(open("t1"), "opened");
  now += 10 * 24h;  // of the mandate's thirty days
  lease("call", {"AA"});
  ASSERT_EQ(keep(), "kept");
  const CaseTicket& kept = *authority.cases().find(CaseTicketId("C-1.taro"));
  EXPECT_EQ(kept.ends, now + 20 * 24h);
  now = kept.ends - Micros(1);
  EXPECT_EQ(take_up("C-1.taro"), "o1");
  now += Micros(1);
  EXPECT_EQ(open("o1"), "ticket_over");
  EXPECT_EQ(take_up("C-1.taro"), "ticket_over");
  EXPECT_EQ(authority.cases().over(now, 10).size(), 1U);
}

TEST_F(CaseTicketTest, TheSessionsEndIsTheTakenUpTicketsToo) {
  keep_and_hang_up();
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  now += 12h;
  EXPECT_EQ(open("o1"), "ticket_over");
  authority.forget(now);
  EXPECT_EQ(authority.tickets().find(OpeningTicketId("o1")), nullptr);
}

TEST_F(CaseTicketTest, OpensNoMoreThanTheCallDidWhoeverSpoke) {
  authority.speaks(about("t1"), {"agent", "letter_of_attorney", false});
  match("name");
  match("letter");
  ASSERT_EQ(open("t1"), "opened");
  ASSERT_EQ(keep(), "kept");
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  const auto permission = authority.open(about("o1"), now);
  ASSERT_TRUE(permission);
  EXPECT_EQ(permission->grant.purpose.fields, (std::set<std::string>{"letter"}));
  EXPECT_EQ(permission->speaks.kind, "agent");
}

TEST_F(CaseTicketTest, IsHandedOnWithinTheOrganisationAndThenNoLongerTheFirstHolders) {
  keep_and_hang_up();
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  const CaseTicketId id("C-1.taro");
  const auto may = [&](const char* by, const char* to) {
    const auto handed = authority.may_hand_on(id, OperatorId(by), OperatorId(to), now);
    return handed ? handed->holder.text() : std::string(name_of(handed.error()));
  };
  EXPECT_EQ(may("hana", "kei"), "no_place");  // of another organisation
  EXPECT_EQ(may("hana", "hana"), "no_place");
  EXPECT_EQ(may("hana", "stranger"), "no_place");
  EXPECT_EQ(may("ken", "ken"), "no_ticket");
  EXPECT_EQ(may("suzu", "ken"), "no_ticket");
  ASSERT_EQ(may("hana", "ken"), "ken");
  EXPECT_EQ(authority.colleagues(OperatorId("hana")),
            (std::vector<OperatorId>{OperatorId("ken"), OperatorId("suzu")}));
  authority.hand_on(id, OperatorId("ken"), now);
  EXPECT_EQ(open("o1"), "ticket_over");
  EXPECT_EQ(take_up("C-1.taro"), "no_ticket");
  ASSERT_EQ(take_up("C-1.taro", "ken", "session-ken", "o2"), "o2");
  EXPECT_EQ(open("o2", "taro", "session-ken"), "opened");
}

TEST_F(CaseTicketTest, WhoLeftTheOrganisationOpensNothing) {
  keep_and_hang_up();
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  put_place("hana", "kawa", StaffRole::kOperator);
  EXPECT_EQ(open("o1"), "no_place");
  EXPECT_EQ(take_up("C-1.taro"), "no_place");
}

TEST_F(CaseTicketTest, ItsHolderAndTheOwnerEndItAtOnceNobodyElse) {
  keep_and_hang_up();
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  const CaseTicketId id("C-1.taro");
  EXPECT_FALSE(authority.may_end(id, OperatorId("ken")));
  EXPECT_FALSE(authority.may_end(id, OperatorId("suzu")));
  EXPECT_FALSE(authority.may_end(id, OperatorId("wada")));
  EXPECT_TRUE(authority.may_end(id, OperatorId("hana")));
  ASSERT_TRUE(authority.may_end(id, OperatorId("oku")));
  authority.end_case(id, {now, OperatorId("oku"), "owner"});
  EXPECT_EQ(open("o1"), "ticket_over");
  EXPECT_EQ(take_up("C-1.taro"), "ticket_over");
  EXPECT_TRUE(authority.cases().held_by(OperatorId("hana"), now).empty());
}

TEST_F(CaseTicketTest, TheOwnerGivesOneToWhomItsMandatesName) {
  EXPECT_EQ(given("stranger"), "no_place");
  EXPECT_EQ(given("kei"), "no_mandate");
  EXPECT_EQ(given("ken", "sell"), "no_purpose");
  EXPECT_EQ(given("ken", "answer", "other-desk"), "other_desk");
  EXPECT_EQ(given("ken", "answer", "leak", "wakaba"), "no_mandate");
  const auto offers = authority.case_offers(OrganisationId("sakura"), now);
  ASSERT_EQ(offers.size(), 1U);
  EXPECT_EQ(offers[0].to, OrganisationId("minato"));
  EXPECT_EQ(offers[0].people.size(), 3U);  // hana, ken, suzu
  ASSERT_EQ(offers[0].purposes.size(), 1U);
  EXPECT_EQ(offers[0].purposes[0].id, "answer");
  EXPECT_TRUE(authority.case_offers(OrganisationId("wakaba"), now).empty());
  ASSERT_EQ(given("ken"), "given");
  ASSERT_EQ(take_up("given", "ken", "session-ken"), "o1");
  EXPECT_EQ(open("o1", "taro", "session-ken"), "opened");
  EXPECT_EQ(open("o1", "jiro", "session-ken"), "other_person");
}

TEST_F(CaseTicketTest, AnAlarmOutsideACallStopsAllCasesOfTheOperatorUntilReleased) {
  keep_and_hang_up();
  ASSERT_EQ(take_up("C-1.taro"), "o1");
  authority.tickets().freeze({}, OperatorId("hana"), now);
  EXPECT_EQ(open("o1"), "ticket_frozen");
  EXPECT_EQ(take_up("C-1.taro"), "ticket_frozen");
  now += 3 * 24h;
  authority.forget(now);
  EXPECT_EQ(take_up("C-1.taro"), "ticket_frozen");
  authority.tickets().release({}, OperatorId("hana"));
  EXPECT_EQ(take_up("C-1.taro"), "o1");
}

TEST(CaseTicketLimit, NobodyHoldsMoreThanTheRuleSays) {
  AuthorityRules rules;
  rules.cases.most_open = 2;
  AccessWorld world(rules);
  Mandate mandate = mandate_of("m1", "sakura", "minato", world.now);
  mandate.purposes.front().cases = true;
  world.put(mandate);
  world.sign("m1");
  world.put_place("ken", "minato", StaffRole::kOperator);
  const auto give = [&](const std::string& id, const std::string& to) {
    auto may =
        world.authority.may_give({OperatorId("oku"), OrganisationId("sakura"), SubjectId("taro"),
                                  OperatorId(to), DeskId("leak"), "answer", "C-1"},
                                 world.now);
    if (!may) return std::string(name_of(may.error()));
    may->id = CaseTicketId(id);
    world.authority.cases().put(*may);
    return std::string("given");
  };
  EXPECT_EQ(give("c1", "hana"), "given");
  EXPECT_EQ(give("c2", "hana"), "given");
  EXPECT_EQ(give("c3", "hana"), "too_many_cases");
  EXPECT_EQ(give("c4", "ken"), "given");
  EXPECT_EQ(world.authority
                .may_hand_on(CaseTicketId("c4"), OperatorId("ken"), OperatorId("hana"), world.now)
                .error(),
            Denial::kTooManyCases);
}

}  // namespace
}  // namespace madoguchi::vault
