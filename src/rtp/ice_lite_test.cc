#include "rtp/ice_lite.h"

#include <gtest/gtest.h>

#include <array>

#include "rtp/ice_check.h"

namespace madoguchi::rtp {
namespace {

using std::chrono::seconds;

const Address kHome = Address::v4(0xc0000201, 5000);
const Address kMobile = Address::v4(0xcb007101, 6000);
const IceCredentials kOurs{"ourfrag1", "ourpasswordourpassword01"};

class IceLite : public testing::Test {
 protected:
  IceCheck good(bool nominate = false) const { return {"ourfrag1:them", kOurs.password, nominate}; }

  IceSession::Outcome receive(const IceCheck& check, const Address& from = kHome) {
    const Bytes message = check.write();
    const auto view = StunView::parse(message);
    EXPECT_TRUE(view);
    return session.receive(*view, from, answer, now);
  }
  StunView answered(const IceSession::Outcome& outcome) {
    const auto view = StunView::parse(ByteView(answer).first(outcome.answer_size));
    EXPECT_TRUE(view);
    return view.value_or(StunView{});
  }

  MonoTime now{seconds(100)};
  IceSession session{kOurs, "them", now};
  std::array<std::uint8_t, kStunAnswerSize> answer{};
};

TEST_F(IceLite, AGoodCheckIsAnsweredWithTheAddressItCameFrom) {
  const auto outcome = receive(good());
  EXPECT_EQ(outcome.checked, IceSession::Checked::kPathChanged);
  const StunView view = answered(outcome);
  EXPECT_EQ(view.message_class, StunClass::kSuccess);
  EXPECT_EQ(view.transaction, (StunTransaction{1, 2, 3}));
  EXPECT_EQ(view.mapped, kHome);
  EXPECT_TRUE(view.integrity_is(kOurs.password));
  EXPECT_TRUE(view.has_fingerprint);
  EXPECT_EQ(session.path(), kHome);
  EXPECT_EQ(receive(good()).checked, IceSession::Checked::kAnswered);
}

TEST_F(IceLite, ErrorsAreThoseOfTheRfcs) {
  struct Row {
    IceCheck check;
    int error;
    bool is_signed;
  };
  IceCheck no_name = good();
  no_name.username.clear();
  IceCheck unsigned_one = good();
  unsigned_one.with_integrity = false;
  IceCheck stranger = good();
  stranger.username = "other:them";
  IceCheck wrong_password = good();
  wrong_password.password = "x";
  IceCheck wrong_half = good();
  wrong_half.username = "ourfrag1:someoneelse";
  IceCheck unknown = good();
  unknown.unknown_attribute = 0x7777;
  IceCheck bare = good();
  bare.with_fingerprint = false;
  IceCheck no_priority = good();
  no_priority.with_priority = false;
  IceCheck conflict = good();
  conflict.controlled = true;
  const Row rows[] = {{no_name, 400, false},    {unsigned_one, 400, false},
                      {stranger, 401, false},   {wrong_password, 401, false},
                      {wrong_half, 401, false}, {unknown, 420, true},
                      {bare, 400, true},        {no_priority, 400, true},
                      {conflict, 487, true}};
  for (const Row& row : rows) {
    const auto outcome = receive(row.check);
    EXPECT_EQ(outcome.checked, IceSession::Checked::kRefused);
    EXPECT_EQ(outcome.error, row.error);
    const StunView view = answered(outcome);
    EXPECT_EQ(view.message_class, StunClass::kError);
    EXPECT_EQ(view.error, row.error);
    EXPECT_EQ(view.integrity_is(kOurs.password), row.is_signed) << row.error;
  }
  EXPECT_FALSE(session.path());
  EXPECT_FALSE(session.proven(kHome));
  EXPECT_EQ(session.consent_ends(), now + seconds(30));
}

TEST_F(IceLite, ResponsesAndIndicationsGetSilence) {
  std::array<std::uint8_t, 64> buffer{};
  for (const StunClass kind : {StunClass::kIndication, StunClass::kSuccess, StunClass::kError}) {
    StunWriter writer(buffer, kind, kStunBinding, {});
    writer.fingerprint();
    const auto view = StunView::parse(ByteView(buffer).first(writer.size()));
    const auto outcome = session.receive(*view, kHome, answer, now);
    EXPECT_EQ(outcome.checked, IceSession::Checked::kIgnored);
    EXPECT_EQ(outcome.answer_size, 0U);
    EXPECT_EQ(refuse_stranger(*view, answer), 0U);
  }
}

TEST_F(IceLite, TheBrowsersNominationDecidesThePath) {
  receive(good());
  EXPECT_EQ(receive(good(), kMobile).checked, IceSession::Checked::kAnswered);
  EXPECT_EQ(session.path(), kHome);
  EXPECT_TRUE(session.proven(kMobile));
  EXPECT_EQ(receive(good(true), kMobile).checked, IceSession::Checked::kPathChanged);
  EXPECT_EQ(session.path(), kMobile);
  EXPECT_EQ(receive(good(), kHome).checked, IceSession::Checked::kAnswered);
  EXPECT_EQ(session.path(), kMobile);
}

TEST_F(IceLite, AfterANetworkChangeThePathFollowsEvenWithoutNomination) {
  receive(good(true));
  now += seconds(3);
  EXPECT_EQ(receive(good(), kMobile).checked, IceSession::Checked::kAnswered);
  now += seconds(4);
  EXPECT_EQ(receive(good(), kMobile).checked, IceSession::Checked::kPathChanged);
  EXPECT_EQ(session.path(), kMobile);
}

TEST_F(IceLite, ConsentEndsThirtySecondsAfterTheLastGoodCheck) {
  receive(good());
  now += seconds(20);
  receive(good());
  EXPECT_EQ(session.consent_ends(), now + seconds(30));
  const MonoTime ends = session.consent_ends();
  now += seconds(5);
  IceCheck forged = good();
  forged.password = "x";
  receive(forged);
  EXPECT_EQ(session.consent_ends(), ends);
}

TEST_F(IceLite, RemembersABoundedNumberOfAddressesAndNeverForgetsThePath) {
  receive(good(true));
  for (std::uint16_t port = 1; port < 100; ++port) {
    now += Micros(1000);
    receive(good(), Address::v4(0xcb007101, port));
    EXPECT_TRUE(session.proven(Address::v4(0xcb007101, port)));
  }
  EXPECT_TRUE(session.proven(kHome));
  EXPECT_FALSE(session.proven(Address::v4(0xcb007101, 1)));
  EXPECT_EQ(session.path(), kHome);
}

TEST_F(IceLite, ARestartTakesNewCredentialsAndServesTheOldUntilTheyAreUsed) {
  receive(good(true));
  const IceCredentials fresh{"ourfrag2", "anotherpasswordanother02"};
  session.restart(fresh, "they", now);
  EXPECT_EQ(receive(good()).checked, IceSession::Checked::kAnswered);
  EXPECT_EQ(session.path(), kHome);
  const IceCheck renewed{"ourfrag2:they", fresh.password, true};
  EXPECT_EQ(receive(renewed, kMobile).checked, IceSession::Checked::kPathChanged);
  EXPECT_EQ(receive(good()).error, 401);
}

TEST_F(IceLite, WhileTheAnswerIsOnItsWayAnyOtherHalfIsTaken) {
  session = IceSession(kOurs, "", now);
  EXPECT_EQ(receive(good()).checked, IceSession::Checked::kPathChanged);
  session.set_remote("them");
  EXPECT_EQ(receive(good()).checked, IceSession::Checked::kAnswered);
  session.set_remote("others");
  EXPECT_EQ(receive(good()).error, 401);
}

TEST(IceStranger, IsToldSoOnceOrNotAtAll) {
  std::array<std::uint8_t, kStunAnswerSize> answer{};
  IceCheck check{"nobody:knows", "password", false};
  Bytes message = check.write();
  std::size_t size = refuse_stranger(*StunView::parse(message), answer);
  ASSERT_NE(size, 0U);
  EXPECT_LE(size, message.size());
  EXPECT_EQ(StunView::parse(ByteView(answer).first(size))->error, 401);
  check.with_integrity = false;
  message = check.write();
  size = refuse_stranger(*StunView::parse(message), answer);
  EXPECT_EQ(StunView::parse(ByteView(answer).first(size))->error, 400);
  check.with_fingerprint = false;
  message = check.write();
  EXPECT_EQ(refuse_stranger(*StunView::parse(message), answer), 0U);
}

TEST(IceCredentials, AreLongEnoughAndOfIceCharacters) {
  class Counting final : public Entropy {
   public:
    void fill(void* bytes, std::size_t count) override {
      for (std::size_t i = 0; i < count; ++i)
        static_cast<std::uint8_t*>(bytes)[i] = static_cast<std::uint8_t>(next_ += 37);
    }

   private:
    int next_ = 0;
  } entropy;
  const IceCredentials one = IceCredentials::fresh(entropy);
  EXPECT_EQ(one.ufrag.size(), 8U);
  EXPECT_EQ(one.password.size(), 24U);
  for (const char character : one.ufrag + one.password)
    EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '+' ||
                character == '/');
  EXPECT_NE(IceCredentials::fresh(entropy).ufrag, one.ufrag);
}

}  // namespace
}  // namespace madoguchi::rtp
