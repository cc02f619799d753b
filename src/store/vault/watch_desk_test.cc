#include "vault/watch_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/vault/openings_fixture.h"
#include "vault/case_desk.h"

namespace madoguchi::store {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class WatchOn : public OpeningsOn {
 protected:
  void SetUp() override {
    OpeningsOn::SetUp();
    if (IsSkipped()) return;
    watch_ = watcher(*authority_);
    openings_ = std::make_unique<vault::Openings>(vault::Openings::Parts{
        *store_, clock_, entropy_, *authority_, *registry_, people_->records(),
        vault::NumberingPlan::japanese(), nullptr, watch_.get()});
  }
  void TearDown() override {
    OpeningsOn::TearDown();
    watch_.reset();
  }
  std::unique_ptr<vault::WatchDesk> watcher(vault::AuthorityDesk& authority) {
    return std::make_unique<vault::WatchDesk>(vault::WatchDesk::Parts{
        authority, *store_, clock_, entropy_, vault::WatchRules::built_in()});
  }
  PersonId person_of(const std::string& letter) {
    const auto found = openings_->search(asker_, OrganisationId("sakura"),
                                         {{"letter_number", Personal<std::string>(letter)}});
    EXPECT_TRUE(found) << word_of(found.error());
    return found->people.at(0).person;
  }
  // Guesses at several people, until the alarm of five mismatches in a call.
  void guess(int times) {
    for (int i = 0; i < times; ++i) {
      const PersonId person = person_of(i < 3 ? "S-1002" : "S-1003");
      EXPECT_EQ(check(person, "name_kana", "チガウ ヒト"), "cannot_confirm");
    }
  }
  std::vector<std::string> rules_of(vault::WatchDesk& desk) {
    std::vector<std::string> rules;
    for (const vault::Alarm& alarm : desk.of_owner(OrganisationId("sakura"), 100))
      rules.push_back(alarm.rule);
    return rules;
  }
  // "raised guessing_in_call" and the like, as the owner's log has them.
  std::vector<std::string> alarms_in_log() {
    std::vector<std::string> found;
    for (const ledger::Entry& entry : entries())
      if (entry.kind == ledger::kind::kAlarm)
        found.push_back(entry.outcome + " " + std::get<std::string>(entry.details.at("rule")));
    return found;
  }
  std::string look() {
    return authority_->with([&](vault::Authority& authority, Time now) {
      const auto ticket = authority.look(asker_.ticket, asker_.session, now);
      return ticket ? "usable" : std::string(name_of(ticket.error()));
    });
  }

  std::unique_ptr<vault::WatchDesk> watch_;
};

TEST_P(WatchOn, ASevereAlarmIsLoggedWithItsActAndFreezesTheTicketUntilTheOwnerReleasesIt) {
  const PersonId person = candidate();
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  guess(5);
  EXPECT_THAT(alarms_in_log(), ElementsAre("raised mismatches_in_call", "raised guessing_in_call"));
  EXPECT_EQ(open(person), "ticket_frozen");
  const auto again =
      authority_->issue(OperatorId("hana"), DeskId("sakura-leak"), CallId("call"), "");
  ASSERT_TRUE(again);
  asker_.ticket = again->id;
  EXPECT_EQ(look(), "ticket_frozen");

  const auto alarms = watch_->of_owner(OrganisationId("sakura"), 10);
  ASSERT_EQ(alarms.size(), 2U);
  EXPECT_EQ(alarms[0].rule, "guessing_in_call");
  EXPECT_EQ(alarms[0].who, OperatorId("hana"));
  EXPECT_EQ(alarms[0].figures.count, 5);
  EXPECT_EQ(watch_->about(OrganisationId("minato"), 10).size(), 2U);
  EXPECT_THAT(watch_->about(OrganisationId("sakura"), 10), IsEmpty());
  EXPECT_THAT(watch_->of_owner(OrganisationId("wakaba"), 10), IsEmpty());

  const OrganisationId owner("sakura");
  const OperatorId oku("oku");
  EXPECT_EQ(
      watch_->answer(alarms[0].id, OrganisationId("wakaba"), vault::AlarmAnswer::kRelease, oku)
          .error()
          .code,
      ErrorCode::kNotFound);
  ASSERT_TRUE(watch_->answer(alarms[0].id, owner, vault::AlarmAnswer::kSeen, oku));
  EXPECT_EQ(look(), "ticket_frozen");
  ASSERT_TRUE(watch_->answer(alarms[0].id, owner, vault::AlarmAnswer::kRelease, oku));
  EXPECT_EQ(look(), "usable");
  EXPECT_EQ(watch_->answer(alarms[0].id, owner, vault::AlarmAnswer::kSeen, oku).error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(open(person), "opened");
  EXPECT_THAT(alarms_in_log(), Contains("released guessing_in_call"));
}

TEST_P(WatchOn, AnAlarmWhoseActWasNotKeptIsLoggedWithTheNextOneAndFreezesAtOnce) {
  guess(4);
  const PersonId person = person_of("S-1001");
  EXPECT_EQ(look(), "usable");
  fault_ = CommitFault::kFailed;
  const auto outcome =
      openings_->check(asker_, person, "name_kana", Personal<std::string>("チガウ ヒト"));
  EXPECT_FALSE(outcome);
  EXPECT_EQ(look(), "ticket_frozen");
  EXPECT_THAT(alarms_in_log(), Not(Contains("raised guessing_in_call")));
  EXPECT_EQ(open(person), "ticket_frozen");
  EXPECT_THAT(alarms_in_log(), Contains("raised guessing_in_call"));
}

TEST_P(WatchOn, ASevereAlarmInACaseStopsAllCasesOfTheOperatorUntilReleased) {
  const PersonId person = candidate();
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  ASSERT_EQ(open(person), "opened");
  vault::CaseDesk cases(
      {*store_, clock_, entropy_, *authority_, people_->records(), openings_->act_log()});
  const auto kept = cases.keep(asker_, person, "C-1");
  ASSERT_TRUE(kept) << word_of(kept.error());
  authority_->end_call(CallId("call"));
  const auto key = vault::subject_salt_key(people_->records(), person);
  const OperatorId oku("oku");
  ASSERT_TRUE(watch_->mark_canary(person.owner, person.subject, key->reveal(), oku));
  const auto take_up = [&] {
    const auto taken =
        cases.take_up({OperatorId("hana"), SessionKey("s1"), {}}, clock_.now() + 1h, kept->id);
    if (taken) asker_.ticket = taken->id;
    return taken ? "taken_up" : word_of(taken.error());
  };
  ASSERT_EQ(take_up(), "taken_up");
  EXPECT_EQ(open(person), "opened");
  EXPECT_THAT(alarms_in_log(), Contains("raised canary"));
  EXPECT_EQ(open(person), "ticket_frozen");
  EXPECT_EQ(take_up(), "ticket_frozen");
  const auto alarms = watch_->of_owner(OrganisationId("sakura"), 1);
  EXPECT_EQ(alarms.at(0).case_id, "C-1");
  ASSERT_TRUE(
      watch_->answer(alarms.at(0).id, OrganisationId("sakura"), vault::AlarmAnswer::kRelease, oku));
  EXPECT_EQ(open(person), "opened");
}

TEST_P(WatchOn, ARestartForgetsNeitherAlarmsNorWhatTheyFroze) {
  guess(5);
  const auto alarms = watch_->of_owner(OrganisationId("sakura"), 10);
  ASSERT_EQ(alarms.size(), 2U);
  ASSERT_TRUE(watch_->answer(alarms[1].id, OrganisationId("sakura"), vault::AlarmAnswer::kSeen,
                             OperatorId("oku")));
  DatabaseOptions options;
  options.url = scratch_->url();
  const auto log = open_vault_log(std::move(options));
  ASSERT_TRUE(log) << log.error().message;
  const auto restarted = vault::AuthorityDesk::open({*store_, clock_, entropy_});
  ASSERT_TRUE(restarted);
  const auto watch = watcher(**restarted);
  ASSERT_TRUE(vault::watch_again(**log, *watch, clock_.now()));
  EXPECT_THAT(rules_of(*watch), ElementsAre("guessing_in_call", "mismatches_in_call"));
  const auto again = watch->of_owner(OrganisationId("sakura"), 10);
  EXPECT_FALSE(again[0].answered);
  ASSERT_TRUE(again[1].answered);
  EXPECT_EQ(again[1].answered->by, OperatorId("oku"));
  EXPECT_TRUE((*restarted)->with([](vault::Authority& authority, Time) {
    return authority.tickets().is_frozen(CallId("call"), OperatorId("hana"));
  }));
}

TEST_P(WatchOn, OpeningsSayHowManyPeopleAndHowManyUnlikeTheCall) {
  for (const char* letter : {"S-1001", "S-1002", "S-1003"}) {
    const PersonId person = person_of(letter);
    ASSERT_TRUE(authority_->with([&](vault::Authority& authority, Time) {
      const auto* ticket = authority.tickets().find(asker_.ticket);
      authority.tickets().progress(*ticket).vouched.insert(person.subject);
      return true;
    }));
    ASSERT_EQ(open(person), "opened");
  }
  const ledger::Entry last = [&] {
    ledger::Entry found;
    for (const ledger::Entry& entry : entries())
      if (entry.kind == ledger::kind::kOpening) found = entry;
    return found;
  }();
  EXPECT_EQ(std::get<std::int64_t>(last.details.at("people")), 3);
  EXPECT_EQ(std::get<std::int64_t>(last.details.at("unlike")), 2);
  EXPECT_THAT(rules_of(*watch_), ElementsAre("unlike_call"));
}

TEST_P(WatchOn, ACanaryIsTouchedByWhoeverLooksForItAndKnownAgainAfterARestart) {
  const OrganisationId owner("sakura");
  const PersonId canary = person_of("S-1009");
  const auto key = vault::subject_salt_key(people_->records(), canary);
  ASSERT_TRUE(key);
  ASSERT_TRUE(watch_->mark_canary(owner, canary.subject, key->reveal(), OperatorId("oku")));
  person_of("S-1001");
  EXPECT_THAT(rules_of(*watch_), IsEmpty());
  person_of("S-1009");
  EXPECT_THAT(rules_of(*watch_), ElementsAre("canary"));
  EXPECT_EQ(look(), "ticket_frozen");

  DatabaseOptions options;
  options.url = scratch_->url();
  const auto log = open_vault_log(std::move(options));
  ASSERT_TRUE(log);
  clock_.advance(24h * 60);
  const auto restarted = watcher(*authority_);
  ASSERT_TRUE(vault::watch_again(**log, *restarted, clock_.now()));
  EXPECT_TRUE(restarted->is_canary(owner, canary.subject, key->reveal()));
  EXPECT_THAT(rules_of(*restarted), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stores, WatchOn, testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
