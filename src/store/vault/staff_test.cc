#include "vault/staff.h"

#include <sodium.h>

#include "store/vault/vault_fixture.h"

namespace madoguchi::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using vault::Password;

std::string hash(const std::string& password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  EXPECT_EQ(crypto_pwhash_str(text.data(), password.data(), password.size(),
                              crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN),
            0);
  return text.data();
}

class StaffOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(staff_->put(hana_, "花", hash("right password")));
  }
  bool signs_in(const std::string& password) {
    const auto in = staff_->sign_in("hana", Password(password));
    EXPECT_TRUE(in || in.error().code == ErrorCode::kDenied);
    return in.has_value();
  }
  const OperatorId hana_{"hana"};
};

TEST_P(StaffOn, ARightPasswordOpensASessionThatLastsAShift) {
  const auto in = staff_->sign_in("hana", Password("right password"));
  ASSERT_TRUE(in) << in.error().message;
  ASSERT_TRUE(*staff_->who(in->cookie));
  EXPECT_EQ((*staff_->who(in->cookie))->display_name, "花");
  EXPECT_EQ(*staff_->signed_in({hana_, OperatorId("jiro")}), std::vector{hana_});
  start();
  EXPECT_TRUE(*staff_->who(in->cookie));
  clock_.advance(hours(12));
  EXPECT_FALSE(*staff_->who(in->cookie));
  EXPECT_TRUE(staff_->signed_in({hana_})->empty());
}

TEST_P(StaffOn, SigningOutEndsTheSession) {
  const auto in = staff_->sign_in("hana", Password("right password"));
  ASSERT_TRUE(in);
  ASSERT_TRUE(staff_->sign_out(in->cookie));
  EXPECT_FALSE(*staff_->who(in->cookie));
  EXPECT_FALSE(*staff_->who("rubbish"));
  EXPECT_FALSE(*staff_->who(std::string(64, '0')));
}

TEST_P(StaffOn, WhoIsDisabledIsOutAtOnceAndNeedsANewPassword) {
  const auto in = staff_->sign_in("hana", Password("right password"));
  ASSERT_TRUE(in);
  ASSERT_TRUE(staff_->disable(hana_));
  EXPECT_FALSE(*staff_->who(in->cookie));
  EXPECT_TRUE(staff_->signed_in({hana_})->empty());
  EXPECT_FALSE(signs_in("right password"));
  ASSERT_TRUE(staff_->put(hana_, "花", hash("right password")));  // the centre tells again
  EXPECT_FALSE(signs_in("right password"));
  ASSERT_TRUE(staff_->set_password(hana_, Password("another password")));
  clock_.advance(minutes(20));
  EXPECT_TRUE(signs_in("another password"));
  EXPECT_EQ(staff_->disable(OperatorId("nobody")).error().code, ErrorCode::kNotFound);
}

TEST_P(StaffOn, WrongPasswordsLockTheNameForAGrowingTime) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(signs_in("wrong"));
  EXPECT_FALSE(signs_in("right password"));  // locked for 2 s, also over a restart
  start();
  EXPECT_FALSE(signs_in("right password"));
  clock_.advance(seconds(2));
  EXPECT_FALSE(signs_in("wrong"));
  clock_.advance(seconds(3));
  EXPECT_FALSE(signs_in("right password"));  // 4 s this time
  clock_.advance(seconds(1));
  EXPECT_TRUE(signs_in("right password"));
  EXPECT_FALSE(signs_in("wrong"));  // counts from the beginning again
  EXPECT_TRUE(signs_in("right password"));
}

TEST_P(StaffOn, UnknownWrongAndLockedAnswerAlike) {
  const auto unknown = staff_->sign_in("nobody", Password("x"));
  const auto odd = staff_->sign_in("03-1234 5678 ☎", Password("x"));
  const auto wrong = staff_->sign_in("hana", Password("x"));
  ASSERT_TRUE(!unknown && !odd && !wrong);
  EXPECT_EQ(unknown.error().message, wrong.error().message);
  EXPECT_EQ(odd.error().message, wrong.error().message);
  for (const auto& line : journal_lines()) EXPECT_EQ(line.json.find("nobody"), std::string::npos);
}

TEST_P(StaffOn, APasswordSetAtTheVaultIsNotReplacedByTheCentre) {
  ASSERT_TRUE(staff_->set_password(hana_, Password("the vault's own")));
  ASSERT_TRUE(staff_->put(hana_, "花子", hash("right password")));
  EXPECT_FALSE(signs_in("right password"));
  EXPECT_TRUE(signs_in("the vault's own"));
  EXPECT_EQ(staff_->set_password(hana_, Password("short")).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(staff_->set_password(OperatorId("x"), Password("long enough")).error().code,
            ErrorCode::kNotFound);
}

TEST_P(StaffOn, OutsideADemoTheCentreBringsNoPasswords) {
  vault::Staff strict({*store_, clock_, *authority_, false, vault::HashingCost::kLeast, hours(12)});
  EXPECT_EQ(strict.put(OperatorId("jiro"), "次郎", hash("password")).error().code,
            ErrorCode::kDenied);
  EXPECT_TRUE(strict.put(OperatorId("jiro"), "次郎", ""));
  EXPECT_FALSE(strict.sign_in("jiro", Password("")));
}

TEST_P(StaffOn, AHashThatWouldStallTheVaultIsRefused) {
  for (const char* bad : {"plain", "$argon2id$v=19$m=99999999,t=2,p=1$c2FsdA$aGFzaA",
                          "$argon2i$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA"})
    EXPECT_EQ(staff_->put(hana_, "花", bad).error().code, ErrorCode::kInvalid) << bad;
}

TEST_P(StaffOn, WhenNothingCanBeWrittenNobodySignsIn) {
  fault_ = CommitFault::kFailed;
  const auto in = staff_->sign_in("hana", Password("right password"));
  ASSERT_FALSE(in);
  EXPECT_EQ(in.error().code, ErrorCode::kUnavailable);
}

TEST(LockAfter, GrowsFromNothingToAQuarterOfAnHour) {
  EXPECT_EQ(vault::lock_after(4), seconds(0));
  EXPECT_EQ(vault::lock_after(5), seconds(2));
  EXPECT_EQ(vault::lock_after(6), seconds(4));
  EXPECT_EQ(vault::lock_after(100), minutes(15));
}

INSTANTIATE_TEST_SUITE_P(Both, StaffOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
