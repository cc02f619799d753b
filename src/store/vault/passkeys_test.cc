// Staff's passkeys on a real store of either kind.
#include "vault/passkeys.h"

#include "store/vault/vault_fixture.h"
#include "vault/passkeys/software_authenticator.h"

namespace madoguchi::store {
namespace {

class PasskeysOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    renew();
    ASSERT_TRUE(staff_->put(hana_, "花", ""));
  }
  void TearDown() override {
    passkeys_.reset();
    VaultOn::TearDown();
  }
  // As after a restart.
  void renew() {
    passkeys_ = std::make_unique<vault::Passkeys>(
        vault::Passkeys::Parts{*store_, clock_, entropy_, *staff_, *authority_});
  }
  std::string code() {
    const auto made = passkeys_->make_code(hana_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : std::string();
  }
  vault::Passkeys::Made made(const Bytes& challenge) const {
    return {key_.client("webauthn.create", challenge),
            vault::SoftwareAuthenticator::attestation(key_.attested())};
  }
  // What came of it; empty: well.
  static std::string said(const Result<vault::SignedIn>& session) {
    return session ? "" : std::string(name_of(session.error().code));
  }
  std::string enrol(const std::string& with) {
    const auto wanted = passkeys_->wanted_with(with);
    if (!wanted) return std::string(name_of(wanted.error().code));
    return said(passkeys_->make_with(with, place_, made(wanted->challenge)));
  }
  std::string sign_in(const vault::Assertion& assertion) {
    return said(passkeys_->sign_in(place_, vault::to_base64url(key_.credential), assertion));
  }
  std::string sign_in() { return sign_in(key_.assertion(passkeys_->challenge())); }

  const OperatorId hana_{"hana"};
  const vault::CeremonyPlace place_{"https://vault.example", "vault.example", {}};
  const std::string denied_{name_of(ErrorCode::kDenied)};
  vault::SoftwareAuthenticator key_;
  std::unique_ptr<vault::Passkeys> passkeys_;
};

TEST_P(PasskeysOn, ACodeMakesOnePasskeyAndThePasskeySignsIn) {
  const std::string with = code();
  EXPECT_EQ(sign_in(), denied_);
  EXPECT_EQ(enrol(with), "");
  EXPECT_EQ(enrol(with), denied_);
  EXPECT_EQ(sign_in(), "");
  renew();
  const auto session = passkeys_->sign_in(place_, vault::to_base64url(key_.credential),
                                          key_.assertion(passkeys_->challenge()));
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->operator_id, hana_);
  const auto who = staff_->who(session->cookie);
  ASSERT_TRUE(who && *who);
  EXPECT_EQ((*who)->operator_id, hana_);
  EXPECT_EQ(count_of("passkey_made"), 1);
}

TEST_P(PasskeysOn, TheOwnersConcernedAreToldOfCodesAndOfEachPasskey) {
  ASSERT_TRUE(
      authority_->put_place({hana_, OrganisationId("sakura"), vault::StaffRole::kOwner, ""}));
  ASSERT_EQ(enrol(code()), "");
  std::vector<std::string> told;
  for (const ledger::Entry& entry : entries())
    told.push_back(entry.operator_id + " " + entry.outcome);
  EXPECT_EQ(told, (std::vector<std::string>{"administrator placed", "administrator passkey_code",
                                            "hana passkey_made"}));
}

TEST_P(PasskeysOn, CodesAreTypedAsPeopleTypeAndEndAfterADay) {
  std::string with = code();
  for (char& letter : with) letter = static_cast<char>(std::tolower(letter));
  std::erase(with, '-');
  EXPECT_TRUE(passkeys_->wanted_with(with));
  const std::string second = code();
  EXPECT_EQ(enrol(with), denied_);
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(enrol(second), denied_);
  EXPECT_EQ(enrol("ABCD-EFGH-IJKL-MNOP"), denied_);
  EXPECT_EQ(enrol(""), denied_);
  const auto unknown = passkeys_->make_code(OperatorId("nobody"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

TEST_P(PasskeysOn, AReplayedOrForeignAnswerIsRefused) {
  ASSERT_EQ(enrol(code()), "");
  const vault::Assertion once = key_.assertion(passkeys_->challenge());
  EXPECT_EQ(sign_in(once), "");
  EXPECT_EQ(sign_in(once), denied_);
  const vault::Assertion old = key_.assertion(passkeys_->challenge());
  clock_.advance(vault::Challenges::kFresh);
  EXPECT_EQ(sign_in(old), denied_);
  key_.origin = "https://desk.example";
  EXPECT_EQ(sign_in(), denied_);
  EXPECT_GE(count_of("passkey_refused"), 3);
  EXPECT_EQ(count_of("signed_in"), 2);  // with the code, and once
}

TEST_P(PasskeysOn, AChallengeForSigningInMakesNoPasskeyAndTheOtherWayRound) {
  ASSERT_EQ(enrol(code()), "");
  const auto wanted = passkeys_->wanted_for(hana_);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->known, std::vector<std::string>{vault::to_base64url(key_.credential)});
  EXPECT_EQ(sign_in(key_.assertion(wanted->challenge)), denied_);
  vault::SoftwareAuthenticator second;
  second.credential = Bytes(16, 0xC2);
  const auto with = [&](const Bytes& challenge) {
    return passkeys_
        ->make_for(hana_, place_,
                   {second.client("webauthn.create", challenge),
                    vault::SoftwareAuthenticator::attestation(second.attested())})
        .has_value();
  };
  EXPECT_FALSE(with(passkeys_->challenge()));
  EXPECT_TRUE(with(wanted->challenge));
  EXPECT_FALSE(with(passkeys_->wanted_for(hana_)->challenge));  // the same passkey again
}

TEST_P(PasskeysOn, ACopiedAuthenticatorIsNoticed) {
  key_.count = 1;
  ASSERT_EQ(enrol(code()), "");
  key_.count = 5;
  EXPECT_EQ(sign_in(), "");
  EXPECT_EQ(sign_in(), denied_);
  key_.count = 6;
  EXPECT_EQ(sign_in(), "");
}

TEST_P(PasskeysOn, WhoeverIsDisabledHasNoPasskeyAnyMore) {
  ASSERT_EQ(enrol(code()), "");
  const std::string with = code();
  ASSERT_TRUE(staff_->disable(hana_));
  EXPECT_EQ(sign_in(), denied_);
  EXPECT_EQ(enrol(with), denied_);
}

TEST_P(PasskeysOn, NobodyIsSignedInWhileNothingCanBeWritten) {
  const std::string with = code();
  const auto wanted = passkeys_->wanted_with(with);
  ASSERT_TRUE(wanted);
  fault_ = CommitFault::kFailed;
  EXPECT_NE(said(passkeys_->make_with(with, place_, made(wanted->challenge))), "");
  EXPECT_EQ(enrol(with), "");
  fault_ = CommitFault::kFailedButKept;
  EXPECT_NE(sign_in(), "");
  EXPECT_EQ(sign_in(), "");
}

INSTANTIATE_TEST_SUITE_P(Both, PasskeysOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
