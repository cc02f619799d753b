#include "vault/access/authority.h"

#include <gtest/gtest.h>

#include "vault/access/access_fixture.h"

namespace madoguchi::vault {
namespace {

using namespace std::chrono_literals;

class AuthorityTest : public testing::Test, protected AccessWorld {
 protected:
  void SetUp() override {
    put(mandate_of("m1", "sakura", "minato", now));
    sign("m1");
    lease("call", {"AA"});
  }
};

TEST_F(AuthorityTest, OpensForTheCallInHand) {
  const auto ticket = issue("t1");
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->purpose, "answer");
  const auto permission = authority.open(about("t1"), now);
  ASSERT_TRUE(permission);
  EXPECT_EQ(permission->grant.purpose.fields, (std::set<std::string>{"address", "letter", "name"}));
  EXPECT_EQ(permission->grant.chain.size(), 1U);
}

TEST_F(AuthorityTest, NoTicketWithoutLeaseLegPlaceOrDesk) {
  EXPECT_EQ(issue("t", "hana", "other-call").error(), Denial::kNoCall);
  EXPECT_EQ(issue("t", "kei").error(), Denial::kNotOnCall);
  EXPECT_EQ(issue("t", "stranger").error(), Denial::kNoPlace);
  EXPECT_EQ(
      authority
          .issue({OpeningTicketId("t"), OperatorId("hana"), DeskId("other"), "", CallId("call")},
                 now)
          .error(),
      Denial::kOtherDesk);
  EXPECT_EQ(
      authority
          .issue({OpeningTicketId("t"), OperatorId("hana"), DeskId("leak"), "sell", CallId("call")},
                 now)
          .error(),
      Denial::kNoPurpose);
}

TEST_F(AuthorityTest, WhatTheLogDidNotTakeWasNotOpened) {
  ASSERT_TRUE(issue("t1"));
  const auto lost = authority.open(about("t1"), now);
  ASSERT_TRUE(lost);
  EXPECT_TRUE(lost->first);
  authority.not_opened(about("t1"), *lost);
  EXPECT_EQ(authority.write(about("t1"), now).error(), Denial::kNotChecked);
  const auto told = authority.open(about("t1"), now);
  ASSERT_TRUE(told);
  EXPECT_TRUE(told->first);
  const auto again = authority.open(about("t1"), now);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->first);
  authority.not_opened(about("t1"), *again);  // what was shown before stays so
  EXPECT_TRUE(authority.write(about("t1"), now));
}

TEST_F(AuthorityTest, ATicketOfAnotherSessionIsNone) {
  ASSERT_TRUE(issue("t1"));
  EXPECT_EQ(open("t1", "taro", "session-kei"), "no_ticket");
  EXPECT_EQ(open("unknown"), "no_ticket");
}

TEST_F(AuthorityTest, ALeaseNotRenewedForTenSecondsIsDead) {
  ASSERT_TRUE(issue("t1"));
  now += 10s - Micros(1);
  EXPECT_EQ(open("t1"), "opened");
  now += Micros(1);
  EXPECT_EQ(open("t1", "jiro"), "wrap_up");
  EXPECT_EQ(issue("t2").error(), Denial::kNoCall);
}

TEST_F(AuthorityTest, WrapUpKeepsWhoWasOpenedAndEnds) {
  ASSERT_TRUE(issue("t1"));
  EXPECT_EQ(open("t1"), "opened");
  authority.leases().end(CallId("call"), now);
  now += 59s;
  EXPECT_EQ(open("t1", "jiro"), "wrap_up");
  EXPECT_EQ(open("t1"), "opened");
  now += 1s;
  EXPECT_EQ(open("t1"), "ticket_over");
}

TEST_F(AuthorityTest, WrapUpShowsWhatWasOpenedInTheCallAndNoOtherPurposeFieldOrGuess) {
  Mandate with_agents = mandate_of("m1", "sakura", "minato", now);
  with_agents.version = 2;
  with_agents.purposes.front().callers = {{"agent", {{"name"}, 0}}};
  put(with_agents);
  sign("m1", "sakura", 2);
  ASSERT_TRUE(issue("t1"));
  const auto change = [&](const std::string& fresh, const std::string& purpose) {
    const auto other = authority.for_purpose(OpeningTicketId("t1"), SessionKey("session-hana"),
                                             OpeningTicketId(fresh), purpose, now);
    return other ? "ticket" : std::string(name_of(other.error()));
  };
  EXPECT_EQ(change("in-call", "call-back"), "ticket");
  const CallerSaid agent{"agent", "", false};
  ASSERT_TRUE(authority.may_speak(about("t1"), agent, now));
  authority.speaks(about("t1"), agent);
  EXPECT_EQ(open("t1"), "opened");  // the name, and no more
  authority.speaks(about("t1"), {});
  authority.leases().end(CallId("call"), now);
  EXPECT_EQ(open("in-call"), "wrap_up");
  EXPECT_EQ(change("later", "call-back"), "wrap_up");
  EXPECT_EQ(change("again", "answer"), "ticket");
  EXPECT_EQ(authority.check(about("t1"), now).error(), Denial::kWrapUp);
  EXPECT_TRUE(authority.write(about("t1"), now));
  for (const char* ticket : {"t1", "again"}) {
    const auto still = authority.open(about(ticket), now);
    ASSERT_TRUE(still) << ticket;
    EXPECT_EQ(still->grant.purpose.fields, std::set<std::string>{"name"});
  }
}

TEST_F(AuthorityTest, WrapUpIsExtendedToTheCapOnly) {
  ASSERT_TRUE(issue("t1"));
  const Time ended = now;
  authority.leases().end(CallId("call"), now);
  const auto longer =
      authority.tickets().extend(OpeningTicketId("t1"), Micros::max(), authority.leases(), now);
  ASSERT_TRUE(longer);
  EXPECT_EQ(longer->until, ended + 10min);
  EXPECT_TRUE(
      authority.tickets().extend(OpeningTicketId("t1"), Micros::max(), authority.leases(), now));
  now += 10min;
  EXPECT_EQ(open("t1"), "ticket_over");
  EXPECT_FALSE(authority.tickets().extend(OpeningTicketId("t1"), 1min, authority.leases(), now));
}

TEST_F(AuthorityTest, AnOperatorWhoLeftTheCallIsInWrapUp) {
  ASSERT_TRUE(issue("t1"));
  lease("call", {"BB"});  // handed over
  EXPECT_EQ(open("t1"), "wrap_up");
  now += 5s;
  authority.leases().renew(CallId("call"), now);
  now += 55s;
  EXPECT_EQ(open("t1"), "ticket_over");
}

TEST_F(AuthorityTest, RevocationHoldsForTheNextOpening) {
  ASSERT_TRUE(issue("t1"));
  EXPECT_EQ(open("t1"), "opened");
  revoke("m1");
  EXPECT_EQ(open("t1"), "revoked");
}

TEST_F(AuthorityTest, AMandateEndsThatVerySecond) {
  const Time end = now + std::chrono::hours(24 * 30);
  now = end - 1s;
  sign_in("hana", "session-hana", "AA");
  lease("call", {"AA"});
  ASSERT_TRUE(issue("t1"));
  now = end - Micros(1);
  EXPECT_EQ(open("t1"), "opened");
  now = end;
  EXPECT_EQ(open("t1"), "ended");
}

TEST_F(AuthorityTest, FreezesStopPersonDeskOrAll) {
  ASSERT_TRUE(issue("t1"));
  const auto freeze = [&](FreezeScope scope, const std::string& name) {
    authority.freezes().put(
        {FreezeId("f"), OrganisationId("sakura"), scope, name, OperatorId("owner"), now, "alarm"});
    return open("t1");
  };
  EXPECT_EQ(freeze(FreezeScope::kPerson, "kei"), "opened");
  EXPECT_EQ(freeze(FreezeScope::kPerson, "hana"), "frozen");
  EXPECT_EQ(freeze(FreezeScope::kDesk, "other"), "opened");
  EXPECT_EQ(freeze(FreezeScope::kDesk, "leak"), "frozen");
  EXPECT_EQ(freeze(FreezeScope::kAll, ""), "frozen");
  authority.freezes().lift(FreezeId("f"));
  EXPECT_EQ(open("t1"), "opened");
}

TEST_F(AuthorityTest, SigningOutEndsTheTickets) {
  ASSERT_TRUE(issue("t1"));
  authority.end_session(SessionKey("session-hana"), now);
  EXPECT_EQ(open("t1"), "ticket_over");
  EXPECT_EQ(issue("t2").error(), Denial::kNotOnCall);
}

TEST_F(AuthorityTest, GuessesAreFewForAPersonAndACallWhateverTheTicket) {
  ASSERT_TRUE(issue("t1"));
  const auto guess = [&](const std::string& ticket, const std::string& subject) {
    if (!authority.check(about(ticket, subject), now)) return false;
    authority.checked(about(ticket, subject), "kana", false);
    return true;
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(guess("t1", "taro"));
  EXPECT_FALSE(guess("t1", "taro"));
  ASSERT_TRUE(issue("t2"));
  EXPECT_FALSE(guess("t2", "taro"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(guess("t2", "jiro"));
  EXPECT_FALSE(guess("t2", "saburo"));
}

TEST_F(AuthorityTest, GuessesThatAreBeingComparedCountAndThoseThatCameToNothingDoNot) {
  ASSERT_TRUE(issue("t1"));
  const auto begin = [&](const std::string& subject) {
    const auto allowed = authority.check(about("t1", subject), now);
    return allowed ? "judged" : std::string(name_of(allowed.error()));
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(begin("taro"), "judged");
  EXPECT_EQ(begin("taro"), "guesses");  // though none of the three has its outcome yet
  authority.checked(about("t1"), "kana", true);
  EXPECT_EQ(begin("taro"), "judged");
  authority.unchecked(about("t1"));  // the records were away
  EXPECT_EQ(begin("taro"), "judged");
  authority.checked(about("t1"), "birth", false);
  EXPECT_EQ(begin("taro"), "guesses");
}

TEST_F(AuthorityTest, GuessesAtOnceInManyCallsStayWithinTheOperatorsRate) {
  for (int call = 0; call < 6; ++call) {
    lease("call" + std::to_string(call), {"AA"});
    ASSERT_TRUE(issue("t" + std::to_string(call), "hana", "call" + std::to_string(call)));
  }
  int judged = 0;
  for (int call = 0; call < 6; ++call)
    for (int i = 0; i < 3; ++i)
      if (authority.check(about("t" + std::to_string(call)), now)) ++judged;
  EXPECT_EQ(judged, 10);
}

TEST_F(AuthorityTest, AnUncheckedPersonIsOpenedOnlyWithASupervisorsWord) {
  Mandate stricter = mandate_of("m1", "sakura", "minato", now);
  stricter.version = 2;
  stricter.purposes = {purpose_of("answer", {"name"}, 2)};
  put(stricter);
  sign("m1", "sakura", 2);
  ASSERT_TRUE(issue("t1"));
  EXPECT_EQ(open("t1"), "not_checked");
  authority.checked(about("t1"), "kana", true);
  authority.checked(about("t1"), "kana", true);
  EXPECT_EQ(open("t1"), "not_checked");
  authority.checked(about("t1"), "birth", true);
  EXPECT_EQ(open("t1"), "opened");
  EXPECT_EQ(open("t1", "jiro"), "not_checked");
  const auto vouch = [&](const std::string& who) {
    return authority.vouch(OpeningTicketId("t1"), OrganisationId("sakura"), SubjectId("jiro"),
                           OperatorId(who), now);
  };
  EXPECT_FALSE(vouch("hana"));
  EXPECT_FALSE(vouch("kei"));
  EXPECT_TRUE(vouch("suzu"));
  EXPECT_EQ(open("t1", "jiro"), "opened");
}

TEST_F(AuthorityTest, DocumentsAreAFieldOfThePurposeAndEachReadingCountsAsAnOpening) {
  const auto read = [&](const std::string& ticket) {
    const auto permission = authority.read(about(ticket), now);
    return permission ? "read" : std::string(name_of(permission.error()));
  };
  ASSERT_TRUE(issue("t1"));
  EXPECT_EQ(open("t1"), "opened");
  EXPECT_EQ(read("t1"), "no_purpose");
  EXPECT_TRUE(authority.write(about("t1"), now));
  Mandate reading = mandate_of("m1", "sakura", "minato", now);
  reading.version = 2;
  for (Purpose& purpose : reading.purposes) purpose.fields.insert(kDocumentsField);
  reading.limits.by_operator = {4, 100, 100};
  put(reading);
  sign("m1", "sakura", 2);
  EXPECT_EQ(read("t1"), "not_checked");  // opened before, without them
  EXPECT_EQ(open("t1"), "opened");
  EXPECT_EQ(read("t1"), "read");
  ASSERT_TRUE(authority.for_purpose(OpeningTicketId("t1"), SessionKey("session-hana"),
                                    OpeningTicketId("t2"), "call-back", now));
  EXPECT_EQ(read("t2"), "not_checked");  // opened for another purpose
  EXPECT_EQ(read("t1"), "read");
  EXPECT_EQ(read("t1"), "limit");  // three uses before, and the one under the first version
  EXPECT_TRUE(authority.may_read(about("t1"), now));
  authority.leases().end(CallId("call"), now);
  EXPECT_TRUE(authority.may_read(about("t1"), now));
  EXPECT_EQ(read("t1"), "wrap_up");
}

TEST_F(AuthorityTest, ARecordingIsHeardOnlyForAPurposeThatAllowsItAndCountsAsAnOpening) {
  const auto play = [&](const std::string& ticket, const std::string& subject = "") {
    const auto permission = authority.play(about(ticket, subject), now);
    return permission ? "played" : std::string(name_of(permission.error()));
  };
  ASSERT_TRUE(issue("t1"));
  EXPECT_EQ(play("t1"), "no_playback");
  Mandate listening = mandate_of("m1", "sakura", "minato", now);
  listening.version = 2;
  listening.purposes.front().playback = true;
  listening.limits.by_operator = {3, 100, 100};
  put(listening);
  sign("m1", "sakura", 2);
  EXPECT_EQ(play("t1"), "played");
  EXPECT_EQ(play("t1", "taro"), "not_checked");
  EXPECT_EQ(open("t1"), "opened");
  EXPECT_EQ(play("t1", "taro"), "played");
  EXPECT_EQ(play("t1"), "limit");
  EXPECT_TRUE(authority.may_play(about("t1", ""), now));
  EXPECT_EQ(authority.play(about("t1", "", "session-kei"), now).error(), Denial::kNoTicket);
  // In the wrap-up too, and then no more.
  authority.leases().end(CallId("call"), now);
  EXPECT_TRUE(authority.may_play(about("t1", ""), now));
  now += 61s;
  EXPECT_EQ(authority.may_play(about("t1", ""), now).error(), Denial::kTicketOver);
}

TEST_F(AuthorityTest, SearchesAreLimitedAndOnlyInTheCall) {
  ASSERT_TRUE(issue("t1"));
  const auto search = [&] {
    return authority.search(OpeningTicketId("t1"), SessionKey("session-hana"), now).has_value();
  };
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(search());
  EXPECT_FALSE(search());
  talk("call", 61s);
  EXPECT_TRUE(search());
  authority.leases().end(CallId("call"), now);
  EXPECT_FALSE(search());
}

TEST_F(AuthorityTest, AnotherPurposeIsAskedForInTheSameCall) {
  ASSERT_TRUE(issue("t1"));
  const auto other = authority.for_purpose(OpeningTicketId("t1"), SessionKey("session-hana"),
                                           OpeningTicketId("t2"), "call-back", now);
  ASSERT_TRUE(other);
  const auto permission = authority.open(about("t2"), now);
  ASSERT_TRUE(permission);
  EXPECT_EQ(permission->grant.purpose.fields, (std::set<std::string>{"name", "phone"}));
  EXPECT_EQ(authority
                .for_purpose(OpeningTicketId("t1"), SessionKey("session-kei"),
                             OpeningTicketId("t3"), "call-back", now)
                .error(),
            Denial::kNoTicket);
}

TEST_F(AuthorityTest, NothingIsForgottenWhileACallIsUp) {
  ASSERT_TRUE(issue("t1"));
  talk("call", std::chrono::hours(5));
  authority.forget(now);
  EXPECT_EQ(open("t1"), "opened");
  authority.leases().end(CallId("call"), now);
  now += 11min;
  authority.forget(now);
  authority.forget(now);
  EXPECT_EQ(authority.leases().count(), 0U);
  EXPECT_TRUE(authority.tickets().all().empty());
}

TEST(SessionLegs, ALegBelongsToOnePerson) {
  SessionLegs legs;
  const Time now = *parse_utc("2026-11-22T03:00:00Z");
  const LegProof proof{LegKind::kBrowser, "AA"};
  const SessionLeg hana{SessionKey("s1"), OperatorId("hana"), proof, now + 1h};
  const SessionLeg kei{SessionKey("s2"), OperatorId("kei"), proof, now + 1h};
  ASSERT_TRUE(legs.may_put(hana, now));
  legs.put(hana, now);
  EXPECT_FALSE(legs.may_put(kei, now));
  EXPECT_TRUE(legs.may_put(kei, now + 1h));
  legs.end(SessionKey("s1"));
  EXPECT_TRUE(legs.may_put(kei, now));
}

TEST(SessionLegs, AFingerprintHasOneSpelling) {
  std::string pairs;
  for (int i = 0; i < 32; ++i) pairs += i == 0 ? "ab" : ":0f";
  const auto spelled = fingerprint_of("SHA-256 " + pairs);
  ASSERT_TRUE(spelled);
  EXPECT_EQ(spelled->substr(0, 16), "sha-256 AB:0F:0F");
  EXPECT_FALSE(fingerprint_of("sha-1 " + pairs));
  EXPECT_FALSE(fingerprint_of("sha-256 " + pairs + ":0f"));
  EXPECT_FALSE(fingerprint_of(""));
  pairs[2] = '0';
  EXPECT_FALSE(fingerprint_of("sha-256 " + pairs));
}

}  // namespace
}  // namespace madoguchi::vault
