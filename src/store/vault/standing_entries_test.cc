// Who organisations, numbers and staff are is told in the logs of the owners concerned, by the very
// commit that makes it so; on a real store of either kind.
#include "store/vault/openings_fixture.h"
#include "vault/mandate_json.h"

namespace madoguchi::store {
namespace {

using vault::Number;
using vault::Password;
using vault::RegisteredBy;
using vault::StaffRole;
using Words = std::vector<std::string>;

const OrganisationId kSakura("sakura");
const OperatorId kHana("hana");

std::string detail(const ledger::Entry& entry, const std::string& name) {
  const auto found = entry.details.find(name);
  return found == entry.details.end() ? "" : std::get<std::string>(found->second);
}

// "staff placed hana"
Words told(const std::vector<ledger::Entry>& entries) {
  Words words;
  for (const ledger::Entry& entry : entries) {
    const std::string of = detail(entry, entry.kind == ledger::kind::kStaff ? "person" : "number");
    words.push_back(entry.kind + " " + entry.outcome + (of.empty() ? "" : " " + of));
  }
  return words;
}

class StandingEntriesOn : public VaultOn {
 protected:
  Words told_in(const std::string& log) { return told(entries(log)); }
  void place(const std::string& who, const std::string& where, StaffRole role,
             const std::string& phone = "") {
    const auto put = authority_->put_place({OperatorId(who), OrganisationId(where), role, phone});
    ASSERT_TRUE(put) << put.error().message;
  }
  // sakura and wakaba let minato act; what that leaves in their logs goes from the counts.
  void mandate(const std::string& id, std::vector<OrganisationId> owners) {
    vault::Mandate mandate;
    mandate.id = vault::MandateId(id);
    mandate.owners = owners;
    mandate.to = OrganisationId("minato");
    mandate.desks = {DeskId("leak")};
    mandate.purposes = {{"answer", "回答", {"name_kanji"}, 0}};
    mandate.begins = clock_.now();
    mandate.ends = mandate.retention = clock_.now() + std::chrono::hours(24);
    ASSERT_TRUE(authority_->draft(mandate, vault::administrator()));
    for (const OrganisationId& owner : owners)
      ASSERT_TRUE(authority_->sign(mandate.id, 1, OperatorId("owner-of-" + owner.text())));
  }
  void owners() {
    place("owner-of-sakura", "sakura", StaffRole::kOwner);
    place("owner-of-wakaba", "wakaba", StaffRole::kOwner);
    mandate("m1", {kSakura, OrganisationId("wakaba")});
    ASSERT_TRUE(staff_->put(kHana, "花", ""));
    said_ = {told_in("sakura").size(), told_in("wakaba").size()};
  }
  Words since(const std::string& log) {
    const Words all = told_in(log);
    const std::size_t before = log == "sakura" ? said_.first : said_.second;
    return {all.begin() + static_cast<std::ptrdiff_t>(std::min(before, all.size())), all.end()};
  }

  std::pair<std::size_t, std::size_t> said_{0, 0};
};

TEST_P(StandingEntriesOn, AnOrganisationsLogBeginsWithItselfAndTellsOfEachNumber) {
  ASSERT_TRUE(registry_->put_organisation(kSakura, "さくら", {"+81300000001"}));
  EXPECT_EQ(told_in("sakura"), (Words{"organisation made", "number bound +81300000001"}));
  EXPECT_EQ(detail(entries().front(), "by"), "centre");
  ASSERT_TRUE(registry_->put_organisation(kSakura, "さくら", {"03-0000-0001"}));
  EXPECT_EQ(told_in("sakura").size(), 2U) << "a repetition is no change";
  ASSERT_TRUE(
      registry_->put_organisation(kSakura, "さくら信販", {"*77#"}, RegisteredBy::kAdministrator));
  EXPECT_EQ(told_in("sakura").back(), "number bound *77#");
  const ledger::Entry renamed = entries().at(2);
  EXPECT_EQ(renamed.outcome, "renamed");
  EXPECT_EQ(renamed.operator_id, "administrator");
  EXPECT_EQ(detail(renamed, "name_sha256"), to_hex(sha256(as_bytes("さくら信販"))));
}

TEST_P(StandingEntriesOn, WhatWasNotCommittedIsNotToldAndWhatWasKeptAfterAllIs) {
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(registry_->put_organisation(kSakura, "さくら", {"+81300000001"}));
  EXPECT_EQ(told_in("sakura"), Words{});
  fault_ = CommitFault::kFailedButKept;
  EXPECT_FALSE(registry_->put_organisation(kSakura, "さくら", {"+81300000001"}));
  ASSERT_TRUE(registry_->put_organisation(kSakura, "さくら", {"+81300000001"}));
  EXPECT_EQ(told_in("sakura"), (Words{"organisation made", "number bound +81300000001"}));
  owners();
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(authority_->put_place({kHana, OrganisationId("minato"), StaffRole::kOperator, ""}));
  EXPECT_FALSE(authority_->place_of(kHana));
  EXPECT_EQ(since("sakura"), Words{});
}

TEST_P(StandingEntriesOn, EveryOwnerWhoseDataAPersonCanComeToIsToldOfThePerson) {
  owners();
  place("hana", "minato", StaffRole::kOperator, "7001");
  place("hana", "minato", StaffRole::kOperator, "7001");  // as it is
  EXPECT_EQ(since("sakura"), Words{"staff placed hana"});
  EXPECT_EQ(since("wakaba"), Words{"staff placed hana"});
  const ledger::Entry placed = entries().back();
  EXPECT_EQ(placed.operator_id, "administrator");
  EXPECT_EQ(detail(placed, "of"), "minato");
  EXPECT_EQ(detail(placed, "role"), "operator");
  EXPECT_EQ(detail(placed, "phone"), "7001");
  // Whoever leaves is told to those whose data they could come to.
  ASSERT_TRUE(authority_->revoke(vault::MandateId("m1"), OperatorId("owner-of-wakaba")));
  place("hana", "elsewhere", StaffRole::kSupervisor);
  EXPECT_EQ(since("sakura").back(), "staff placed hana");
  EXPECT_EQ(detail(entries().back(), "from"), "minato");
  EXPECT_EQ(since("wakaba").back(), "mandate revoked");
  place("kei", "elsewhere", StaffRole::kOperator);
  EXPECT_EQ(since("sakura").size(), 2U);
}

TEST_P(StandingEntriesOn, WhoMakesThemselvesAnOwnersPersonIsToldToThatOwner) {
  place("mallory", "sakura", StaffRole::kOwner);
  EXPECT_EQ(told_in("sakura"), Words{"staff placed mallory"});
}

TEST_P(StandingEntriesOn, WaysToSignInAreToldWhenTheyAreGivenAndTaken) {
  owners();
  place("hana", "minato", StaffRole::kOperator);
  ASSERT_TRUE(staff_->set_password(kHana, Password("a long password")));
  ASSERT_TRUE(staff_->sign_in("hana", Password("a long password")));
  ASSERT_TRUE(staff_->end_sessions(kHana));
  ASSERT_TRUE(staff_->end_sessions(kHana));  // there is none any more
  ASSERT_TRUE(gate_->put_phone(kHana, Number("09000000001")));
  ASSERT_TRUE(gate_->put_phone(kHana, Number("")));
  ASSERT_TRUE(staff_->disable(kHana));
  EXPECT_EQ(since("wakaba"),
            (Words{"staff placed hana", "staff password_set hana", "staff sessions_ended hana",
                   "staff phone_set hana", "staff phone_removed hana", "staff disabled hana"}));
  EXPECT_EQ(entries().back().operator_id, "administrator");
  // Of somebody who can come to nobody's data there is nobody to be told.
  ASSERT_TRUE(staff_->put(OperatorId("jiro"), "次郎", ""));
  ASSERT_TRUE(staff_->set_password(OperatorId("jiro"), Password("a long password")));
  EXPECT_EQ(since("wakaba").size(), 6U);
}

INSTANTIATE_TEST_SUITE_P(Both, StandingEntriesOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

// The first start with the demo's settings.
using DemosEntriesOn = OpeningsOn;

TEST_P(DemosEntriesOn, EachOwnerIsToldOfEverybodyInTheDemo) {
  const auto count = [](const Words& words, const std::string& word) {
    return std::count(words.begin(), words.end(), word);
  };
  for (const auto& [log, own] : {std::pair{"sakura", "oku"}, std::pair{"wakaba", "wada"}}) {
    const Words words = told(entries(log));
    EXPECT_EQ(words.front(), "organisation made") << log;
    for (const std::string who : {"hana", "kenji", "suzu", own})
      EXPECT_EQ(count(words, "staff placed " + who), 1) << who << " in the log of " << log;
    EXPECT_EQ(count(words, std::string("staff password_set ") + own), 1) << log;
  }
  EXPECT_EQ(count(told(entries()), "number bound +81300000001"), 1);
}

INSTANTIATE_TEST_SUITE_P(Both, DemosEntriesOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
