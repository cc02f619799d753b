#include "vault/caller_identity.h"

#include "store/vault/openings_fixture.h"

namespace madoguchi::store {
namespace {

using vault::CallerIdentity;
using vault::CallerRules;

class CallerIdentityOn : public OpeningsOn {
 protected:
  void SetUp() override {
    OpeningsOn::SetUp();
    if (IsSkipped()) return;
    identity_ = std::make_unique<CallerIdentity>(
        CallerIdentity::Parts{clock_, *authority_, openings_->act_log(), CallerRules::japanese()});
    supervisor_ = asker_;
    supervisor_.who = OperatorId("suzu");
    supervisor_.session = SessionKey("of suzu");
  }
  void TearDown() override {
    identity_.reset();
    OpeningsOn::TearDown();
  }
  std::string speaks(const PersonId& person, const std::string& kind, const std::string& basis) {
    const auto standing = identity_->speaks(asker_, person, kind, basis);
    return standing ? "said" : word_of(standing.error());
  }
  std::set<std::string> opened_fields(const PersonId& person) {
    const auto opened = openings_->open(asker_, person);
    EXPECT_TRUE(opened) << word_of(opened.error());
    std::set<std::string> fields;
    if (opened)
      for (const auto& value : opened->record.values) fields.insert(value.field);
    return fields;
  }
  static std::string detail(const ledger::Entry& entry, const char* name) {
    const auto found = entry.details.find(name);
    return found == entry.details.end() ? "" : std::get<std::string>(found->second);
  }

  std::unique_ptr<CallerIdentity> identity_;
  Asker supervisor_;
};

TEST_P(CallerIdentityOn, AnHeirOpensWhatTheMandateGivesHeirsAndTheLogSaysOnWhatBasis) {
  const PersonId person = candidate();
  EXPECT_EQ(speaks(person, "heir", ""), "caller: none of the words, or not on that basis");
  EXPECT_EQ(speaks(person, "heir", "power_of_attorney"),
            "caller: none of the words, or not on that basis");
  ASSERT_EQ(speaks(person, "heir", "family_register"), "said");
  EXPECT_EQ(entries().back().outcome, "caller_is");
  EXPECT_EQ(detail(entries().back(), "caller"), "heir");
  EXPECT_EQ(detail(entries().back(), "basis"), "family_register");
  // One answer is enough for the person, an heir takes two.
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  EXPECT_EQ(open(person), "not_checked");
  ASSERT_EQ(check(person, "birth_date", "1972-04-03"), "match");
  EXPECT_EQ(opened_fields(person), (std::set<std::string>{"name_kanji", "letter_number"}));
  for (const ledger::Entry& entry : entries())
    if (entry.kind == "opening") {
      EXPECT_EQ(detail(entry, "caller"), "heir");
      EXPECT_EQ(detail(entry, "basis"), "family_register");
    }
}

TEST_P(CallerIdentityOn, WhoIsNotInTheMandateGetsNothing) {
  const PersonId person = candidate();
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  EXPECT_EQ(speaks(person, "relative", "consent_on_call"), "no_caller");
  EXPECT_EQ(entries().back().outcome, "refused_no_caller");
  EXPECT_EQ(detail(entries().back(), "asked"), "caller");
  // It stays with whoever was said before: the person.
  EXPECT_EQ(open(person), "opened");
}

TEST_P(CallerIdentityOn, ByRelayServiceItIsThePersonWhoSpeaks) {
  const PersonId person = candidate();
  ASSERT_EQ(speaks(person, "relay_service", "relay_announced"), "said");
  ASSERT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
  EXPECT_EQ(opened_fields(person).size(), 3U);
  EXPECT_EQ(detail(entries().back(), "caller"), "relay_service");
}

TEST_P(CallerIdentityOn, GuessesAreThePersonsWhoeverSpeaks) {
  const PersonId person = candidate();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(check(person, "name_kana", "チガウ"), "cannot_confirm");
  ASSERT_EQ(speaks(person, "agent", "statutory"), "said");
  EXPECT_EQ(check(person, "name_kana", "チガウ"), "cannot_confirm");
  EXPECT_EQ(check(person, "name_kana", "カクウ ハナコ"), "guesses");
  ASSERT_EQ(speaks(person, "self", ""), "said");
  EXPECT_EQ(check(person, "name_kana", "カクウ ハナコ"), "guesses");
}

TEST_P(CallerIdentityOn, ASupervisorsWordIsAskedForGivenForAReasonAndLogged) {
  const PersonId person = candidate();
  ASSERT_EQ(speaks(person, "heir", "legal_heirs_list"), "said");
  ASSERT_TRUE(identity_->want_vouch(asker_, person));
  const std::size_t asked = entries().size();
  ASSERT_TRUE(identity_->want_vouch(asker_, person));
  EXPECT_EQ(entries().size(), asked);
  EXPECT_TRUE(identity_->wanted_of(OperatorId("kenji")).empty());
  const auto wanted = identity_->wanted_of(OperatorId("suzu"));
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0].who, OperatorId("hana"));
  EXPECT_EQ(wanted[0].subject, person.subject);
  EXPECT_EQ(wanted[0].standing.checks_left, 2);
  EXPECT_FALSE(identity_->vouch(supervisor_, person, "because"));
  EXPECT_FALSE(identity_->vouch(asker_, person, "called_back"));
  ASSERT_TRUE(identity_->vouch(supervisor_, person, "called_back"));
  const ledger::Entry vouched = entries().back();
  EXPECT_EQ(vouched.outcome, "vouched");
  EXPECT_EQ(detail(vouched, "by"), "suzu");
  EXPECT_EQ(detail(vouched, "reason"), "called_back");
  EXPECT_EQ(detail(vouched, "caller"), "heir");
  EXPECT_TRUE(identity_->wanted_of(OperatorId("suzu")).empty());
  // The override stands for the answers, not for what the mandate gives.
  EXPECT_EQ(opened_fields(person), (std::set<std::string>{"name_kanji", "letter_number"}));
}

TEST_P(CallerIdentityOn, ASupervisorMayDeclineAndThatIsLogged) {
  const PersonId person = candidate();
  ASSERT_TRUE(identity_->want_vouch(asker_, person));
  ASSERT_TRUE(identity_->decline(supervisor_, person));
  EXPECT_EQ(entries().back().outcome, "not_vouched");
  const auto standing = identity_->standing(asker_, person);
  ASSERT_TRUE(standing);
  EXPECT_FALSE(standing->vouched);
  EXPECT_FALSE(standing->vouch_wanted);
  EXPECT_EQ(open(person), "not_checked");
}

TEST_P(CallerIdentityOn, NothingCountsThatIsNotLogged) {
  const PersonId person = candidate();
  fault_ = CommitFault::kFailed;
  EXPECT_NE(speaks(person, "heir", "executor"), "said");
  EXPECT_TRUE(identity_->standing(asker_, person)->speaks.kind.empty());
  ASSERT_TRUE(identity_->want_vouch(asker_, person));
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(identity_->vouch(supervisor_, person, "documents_seen"));
  EXPECT_EQ(open(person), "not_checked");
}

INSTANTIATE_TEST_SUITE_P(Stores, CallerIdentityOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres));

TEST(CallerRules, ReadsItsOwnFileAndRefusesWhatSpeaksForOthersOnNoBasis) {
  const CallerRules& rules = CallerRules::japanese();
  EXPECT_TRUE(rules.kinds().front().own_voice);
  for (const char* kind : {"agent", "relative", "heir", "relay_service"})
    ASSERT_NE(rules.find(kind), nullptr) << kind;
  EXPECT_TRUE(rules.rests_on(*rules.find("self"), ""));
  EXPECT_FALSE(rules.rests_on(*rules.find("agent"), ""));
  const std::string head =
      "[source]\nvalid_from = \"2022-04-01\"\nchecked = \"2026-11-22\"\n"
      "[[caller]]\nid = \"self\"\nown_voice = true\nja = \"ご本人\"\nen = \"x\"\n";
  EXPECT_TRUE(CallerRules::from_text(head, "x.toml"));
  EXPECT_FALSE(CallerRules::from_text(
      head + "[[caller]]\nid = \"agent\"\nja = \"代理人\"\nen = \"x\"\n", "x.toml"));
}

}  // namespace
}  // namespace madoguchi::store
