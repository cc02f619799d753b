#include "vault/authority_desk.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/vault/vault_fixture.h"
#include "vault/mandate_json.h"

namespace madoguchi::store {
namespace {

using namespace std::chrono_literals;
using vault::Denial;
using vault::FreezeScope;
using vault::LegKind;
using vault::MandateId;
using vault::SessionKey;
using vault::StaffRole;

std::string fingerprint(char digit) {
  std::string text = "sha-256 ";
  for (int i = 0; i < 32; ++i) text += std::string(i == 0 ? "" : ":") + digit + digit;
  return text;
}

class AuthorityDeskOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    place("hana", "minato", StaffRole::kOperator);
    place("oku", "sakura", StaffRole::kOwner);
    place("other", "wakaba", StaffRole::kOwner);
    ASSERT_TRUE(authority_->draft(mandate("m1"), OperatorId("administrator")));
    ASSERT_TRUE(authority_->register_browser(OperatorId("hana"), SessionKey("s1"),
                                             clock_.now() + 12h, fingerprint('A')));
  }
  void place(const std::string& who, const std::string& where, StaffRole role) {
    ASSERT_TRUE(authority_->put_place({OperatorId(who), OrganisationId(where), role, ""}));
  }
  vault::Mandate mandate(const std::string& id) const {
    vault::Mandate mandate;
    mandate.id = MandateId(id);
    mandate.owners = {OrganisationId("sakura")};
    mandate.to = OrganisationId("minato");
    mandate.desks = {DeskId("leak")};
    mandate.purposes = {{"answer", "回答", {"name_kanji"}, 0}};
    mandate.begins = clock_.now();
    mandate.ends = clock_.now() + 720h;
    mandate.retention = mandate.ends;
    return mandate;
  }
  std::string issue() {
    authority_->lease({CallId("call"),
                       OrganisationId("sakura"),
                       DeskId("leak"),
                       "sealed",
                       {{LegKind::kBrowser, fingerprint('A')}}});
    const auto ticket = authority_->issue(OperatorId("hana"), DeskId("leak"), CallId("call"), "");
    return ticket ? "ticket" : std::string(name_of(ticket.error()));
  }
};

TEST_P(AuthorityDeskOn, OnlyTheOwnerGivesAndTakesAndARestartKnowsIt) {
  EXPECT_EQ(issue(), "no_mandate");
  EXPECT_FALSE(authority_->sign(MandateId("m1"), 1, OperatorId("hana")));
  EXPECT_FALSE(authority_->sign(MandateId("m1"), 1, OperatorId("other")));
  ASSERT_TRUE(authority_->sign(MandateId("m1"), 1, OperatorId("oku")));
  EXPECT_EQ(issue(), "ticket");
  start();
  EXPECT_EQ(issue(), "ticket");
  EXPECT_TRUE(authority_->concerns(OrganisationId("sakura")));
  EXPECT_TRUE(authority_->concerns(OrganisationId("minato")));
  EXPECT_FALSE(authority_->concerns(OrganisationId("wakaba")));
  ASSERT_TRUE(authority_->revoke(MandateId("m1"), OperatorId("oku")));
  EXPECT_EQ(issue(), "no_mandate");
  start();
  EXPECT_EQ(issue(), "no_mandate");
  EXPECT_EQ(count_of("mandate_signed"), 1);
  EXPECT_EQ(count_of("mandate_revoked"), 1);
}

TEST_P(AuthorityDeskOn, WhatTakesAwayHoldsThoughTheStoreIsAwayWhatGivesDoesNot) {
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(authority_->sign(MandateId("m1"), 1, OperatorId("oku")));
  EXPECT_EQ(issue(), "no_mandate");
  ASSERT_TRUE(authority_->sign(MandateId("m1"), 1, OperatorId("oku")));
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(authority_->freeze(FreezeScope::kAll, "", "why", OperatorId("oku")));
  EXPECT_EQ(
      authority_->with([](auto& authority, Time) { return authority.freezes().all().size(); }), 1U);
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(authority_->revoke(MandateId("m1"), OperatorId("oku")));
  EXPECT_EQ(issue(), "no_mandate");
}

TEST_P(AuthorityDeskOn, ARevocationThatCouldNotBeKeptIsKeptByAskingAgainOrByTheVaultItself) {
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept})
    for (const bool asked_again : {true, false}) {
      const std::string id = fmt::format("m{}{}", static_cast<int>(fault), asked_again);
      const long before = count_of("mandate_revoked");
      ASSERT_TRUE(authority_->draft(mandate(id), OperatorId("administrator")));
      ASSERT_TRUE(authority_->sign(MandateId(id), 1, OperatorId("oku")));
      EXPECT_EQ(issue(), "ticket");
      fault_ = fault;
      EXPECT_FALSE(authority_->revoke(MandateId(id), OperatorId("oku")));
      EXPECT_EQ(issue(), "no_mandate");
      fault_ = CommitFault::kFailed;  // and away still
      EXPECT_EQ(fault == CommitFault::kFailedButKept, authority_->keep_owed().has_value());
      fault_ = CommitFault::kNone;
      if (asked_again && fault == CommitFault::kFailed) {
        EXPECT_TRUE(authority_->revoke(MandateId(id), OperatorId("oku")));
      }
      EXPECT_TRUE(authority_->keep_owed());
      EXPECT_EQ(authority_->revoke(MandateId(id), OperatorId("oku")).error().code,
                ErrorCode::kConflict);
      EXPECT_EQ(count_of("mandate_revoked"), before + 1);
      start();
      EXPECT_EQ(issue(), "no_mandate") << id;
    }
}

TEST_P(AuthorityDeskOn, AFreezeThatCouldNotBeKeptIsKeptLaterAndLiftedForGood) {
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(authority_->freeze(FreezeScope::kAll, "", "why", OperatorId("oku")));
  EXPECT_TRUE(authority_->keep_owed());
  start();
  const auto frozen = [&] {
    return authority_->with([](auto& authority, Time) { return authority.freezes().all(); });
  };
  ASSERT_EQ(frozen().size(), 1U);
  EXPECT_EQ(count_of("frozen"), 1);
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(authority_->freeze(FreezeScope::kDesk, "leak", "", OperatorId("oku")));
  for (const auto& [id, freeze] : frozen()) EXPECT_TRUE(authority_->lift(id, OperatorId("oku")));
  EXPECT_TRUE(authority_->keep_owed());
  start();
  EXPECT_TRUE(frozen().empty());
}

TEST_P(AuthorityDeskOn, AMandateThatNamesNoLimitHasTheVaultsOwnForItsOwnerToRead) {
  vault::Mandate some = mandate("m2");
  some.limits.by_operator = {1'000'000, 7, vault::Rates::kUnlimited};
  some.pass_on = vault::PassOn::kAllowed;
  ASSERT_TRUE(authority_->draft(some, OperatorId("administrator")));
  vault::Mandate part = mandate("m3");
  part.parent = some.id;
  part.to = OrganisationId("kawabe");
  part.begins = some.begins;
  ASSERT_TRUE(authority_->draft(part, OperatorId("administrator")));
  const auto limits = [&](const char* id) {
    return authority_->with(
        [&](auto& authority, Time) { return authority.mandates().newest(MandateId(id))->limits; });
  };
  const vault::UseLimits usual = vault::kUsualLimits;
  for (int restarts = 0; restarts < 2; ++restarts) {
    EXPECT_EQ(limits("m1"), usual);
    EXPECT_EQ(limits("m2").by_operator, (vault::Rates{1'000'000, 7, usual.by_operator.per_day}));
    EXPECT_EQ(limits("m2").in_all, usual.in_all);
    EXPECT_EQ(limits("m3").by_operator, (vault::Rates{20, 7, usual.by_operator.per_day}));
    start();
  }
}

TEST_P(AuthorityDeskOn, FreezesAreTheOwnersAndSurviveARestart) {
  ASSERT_TRUE(authority_->sign(MandateId("m1"), 1, OperatorId("oku")));
  EXPECT_FALSE(authority_->freeze(FreezeScope::kAll, "", "", OperatorId("hana")));
  EXPECT_FALSE(authority_->freeze(FreezeScope::kDesk, "", "", OperatorId("oku")));
  const auto freeze = authority_->freeze(FreezeScope::kDesk, "leak", "alarm", OperatorId("oku"));
  ASSERT_TRUE(freeze);
  start();
  EXPECT_FALSE(authority_->lift(*freeze, OperatorId("other")));
  EXPECT_TRUE(authority_->lift(*freeze, OperatorId("oku")));
  start();
  EXPECT_FALSE(authority_->lift(*freeze, OperatorId("oku")));
}

TEST_P(AuthorityDeskOn, AFreezeOfANameThatStopsNobodyIsRefused) {
  place("kei", "kawabe", StaffRole::kOperator);  // of an organisation that no mandate names
  const auto code = [&](FreezeScope scope, const char* name) {
    const auto frozen = authority_->freeze(scope, name, "why", OperatorId("oku"));
    return frozen ? std::optional<ErrorCode>() : frozen.error().code;
  };
  for (const char* name : {"nosuchone", "kei", "leak"})
    EXPECT_EQ(code(FreezeScope::kPerson, name), ErrorCode::kNotFound) << name;
  for (const char* name : {"leek", "hana"})
    EXPECT_EQ(code(FreezeScope::kDesk, name), ErrorCode::kNotFound) << name;
  EXPECT_EQ(count_of("frozen"), 0);
  EXPECT_EQ(code(FreezeScope::kPerson, "hana"), std::nullopt);
  EXPECT_EQ(code(FreezeScope::kDesk, "leak"), std::nullopt);
  // Who took a ticket, and was placed elsewhere since.
  ASSERT_TRUE(authority_->sign(MandateId("m1"), 1, OperatorId("oku")));
  EXPECT_EQ(issue(), "ticket");
  place("hana", "kawabe", StaffRole::kOperator);
  EXPECT_EQ(code(FreezeScope::kPerson, "hana"), std::nullopt);
}

TEST_P(AuthorityDeskOn, AnotherPersonsLegIsRefusedAndASignOutEndsIt) {
  ASSERT_TRUE(authority_->sign(MandateId("m1"), 1, OperatorId("oku")));
  EXPECT_EQ(authority_
                ->register_browser(OperatorId("kei"), SessionKey("s2"), clock_.now() + 1h,
                                   fingerprint('A'))
                .error()
                .code,
            ErrorCode::kConflict);
  EXPECT_FALSE(authority_->register_phone(OperatorId("hana"), SessionKey("s1"), clock_.now() + 1h));
  EXPECT_EQ(issue(), "ticket");
  authority_->session_over(SessionKey("s1"));
  EXPECT_EQ(issue(), "not_on_call");
}

TEST_P(AuthorityDeskOn, AVendorsSupervisorPassesOnLessAndTheOwnerSignsIt) {
  place("suzu", "minato", StaffRole::kSupervisor);
  place("kei", "kawabe", StaffRole::kSupervisor);
  vault::Mandate root = mandate("m1");
  root.version = 2;
  root.pass_on = vault::PassOn::kAllowed;
  ASSERT_TRUE(authority_->draft(root, OperatorId("administrator")));
  vault::Mandate part = mandate("m1.kawabe");
  part.parent = MandateId("m1");
  part.limits = vault::kUsualLimits;
  part.to = OrganisationId("kawabe");
  part.begins = root.begins;
  EXPECT_FALSE(authority_->pass_on(part, OperatorId("suzu")));  // nothing is signed yet
  ASSERT_TRUE(authority_->sign(MandateId("m1"), 2, OperatorId("oku")));
  for (const char* who : {"hana", "kei", "oku"})
    EXPECT_EQ(authority_->pass_on(part, OperatorId(who)).error().code, ErrorCode::kDenied) << who;
  vault::Mandate wide = part;
  wide.desks.emplace("another");
  EXPECT_EQ(authority_->pass_on(wide, OperatorId("suzu")).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(authority_->draft(wide, OperatorId("administrator")).error().code, ErrorCode::kInvalid);
  vault::Mandate endless = part;
  endless.limits = {};
  EXPECT_EQ(authority_->pass_on(endless, OperatorId("suzu")).error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(authority_->pass_on(part, OperatorId("suzu")));
  place("hana", "kawabe", StaffRole::kOperator);
  EXPECT_EQ(issue(), "no_mandate");
  ASSERT_TRUE(authority_->sign(MandateId("m1.kawabe"), 1, OperatorId("oku")));
  start();
  EXPECT_EQ(issue(), "ticket");
  clock_.advance(720h - 1us);
  ASSERT_TRUE(authority_->register_browser(OperatorId("hana"), SessionKey("s1"), clock_.now() + 12h,
                                           fingerprint('A')));
  EXPECT_EQ(issue(), "ticket");
  clock_.advance(1us);
  EXPECT_EQ(issue(), "no_mandate");
}

TEST_P(AuthorityDeskOn, NothingThatIsOverIsDraftedOrSigned) {
  vault::Mandate late = mandate("m2");
  late.begins -= 48h;
  late.ends = clock_.now();
  late.retention = late.ends + 720h;
  const auto drafted = authority_->draft(late, OperatorId("administrator"));
  ASSERT_FALSE(drafted);
  EXPECT_EQ(drafted.error().code, ErrorCode::kInvalid);
  EXPECT_NE(drafted.error().message.find("is over already"), std::string::npos);
  late.ends += 1us;
  ASSERT_TRUE(authority_->draft(late, OperatorId("administrator")));
  clock_.advance(1us);
  EXPECT_EQ(authority_->sign(late.id, 1, OperatorId("oku")).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(count_of("mandate_signed"), 0);
  // What was signed in time stays signed, though it ends.
  ASSERT_TRUE(authority_->sign(MandateId("m1"), 1, OperatorId("oku")));
  clock_.advance(1000h);
  start();
  EXPECT_NE(authority_->with([](auto& authority, Time) {
    return authority.mandates().all().at(MandateId("m1")).signed_by(OrganisationId("sakura"));
  }),
            nullptr);
}

INSTANTIATE_TEST_SUITE_P(Stores, AuthorityDeskOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
