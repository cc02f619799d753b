#include <gtest/gtest.h>

#include "exchange/media/loopback_browser.h"
#include "exchange/media/media_engine.h"
#include "exchange/media/test_rig.h"

namespace madoguchi::exchange {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const rtp::DtlsIdentity& browser_identity() {
  static const rtp::DtlsIdentity identity =
      std::move(*rtp::DtlsIdentity::create(EngineRig::wall()));
  return identity;
}

class Seat : public testing::Test {
 protected:
  Seat() { rig_.add("caller", Side::kCaller, caller_); }

  Result<rtp::LocalPeer> open(LoopbackBrowser& browser, rtp::Fingerprint fingerprint) {
    const BrowserOffer offer = browser.offer();
    command::OpenSeat open{LegId("seat"),
                           offer,
                           {offer.ice_ufrag, offer.ice_pwd, fingerprint, rtp::DtlsSetup::kActpass},
                           {}};
    auto answer = open.answer.get_future();
    rig_.apply(std::move(open));
    return answer.get();
  }
  void sign(LoopbackBrowser& browser) {
    auto local = open(browser, browser_identity().fingerprint());
    ASSERT_TRUE(local.has_value()) << local.error().message;
    browser.answer(local->ice.ufrag, local->ice.password, local->fingerprint.text(),
                   rig_.browser_port());
  }
  void shake_hands(LoopbackBrowser& browser) {
    browser.check();
    for (int round = 0; round < 20; ++round) {
      rig_.pump();
      static_cast<void>(browser.listen(rig_.now()));
    }
  }
  void attach() {
    rig_.apply(command::PutLeg{LegId("seat"), EngineRig::kCall});
    rig_.connect("caller", "seat");
  }

  EngineRig rig_;
  LoopbackPhone caller_{0, 1};
  LoopbackBrowser browser_{browser_identity(), 2};
};

TEST_F(Seat, ConnectsAndTalksWithACaller) {
  sign(browser_);
  shake_hands(browser_);
  ASSERT_TRUE(browser_.connected());
  const auto changes = rig_.events_of<SeatChanged>();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].change, SeatChange::kConnected);
  EXPECT_EQ(changes[0].leg, LegId("seat"));
  attach();
  std::size_t by_browser = 0;
  for (int n = 0; n < 50; ++n) {
    caller_.say(0x11);
    browser_.say(0x22);
    rig_.pump();
    for (const auto& heard : browser_.listen(rig_.now())) {
      EXPECT_EQ(heard.payload, Bytes(160, 0x11));
      ++by_browser;
    }
    rig_.pass(milliseconds(20));
  }
  EXPECT_EQ(by_browser, 50U);
  const auto by_caller = caller_.listen();
  ASSERT_EQ(by_caller.size(), 50U);
  EXPECT_EQ(by_caller[49].payload, Bytes(160, 0x22));
}

// As Firefox does on the exchange's own machine: it sends from an address that is not loopback's.
TEST_F(Seat, TalksByTheSideDoorToo) {
  const rtp::Address side = *rtp::Address::parse("127.0.0.2", rig_.browser_port());
  rig_.apply(command::SetSideDoor{std::move(*UdpSocket::bind("127.0.0.2", side.port)),
                                  side,
                                  {*rtp::Address::parse("127.0.0.2", 0)}});
  LoopbackBrowser beside(browser_identity(), 3, "127.0.0.2");
  const auto local = open(beside, browser_identity().fingerprint());
  ASSERT_TRUE(local.has_value()) << local.error().message;
  ASSERT_EQ(local->candidates.size(), 2U);
  EXPECT_EQ(local->candidates[1], side);
  beside.answer(local->ice.ufrag, local->ice.password, local->fingerprint.text(), side.port);
  shake_hands(beside);
  ASSERT_TRUE(beside.connected());
  attach();
  std::size_t by_browser = 0;
  for (int n = 0; n < 50; ++n) {
    caller_.say(0x11);
    beside.say(0x22);
    rig_.pump();
    by_browser += beside.listen(rig_.now()).size();
    rig_.pass(milliseconds(20));
  }
  EXPECT_EQ(by_browser, 50U);
  EXPECT_EQ(caller_.listen().size(), 50U);
}

TEST_F(Seat, StaysWhenItsCallEndsAndServesTheNext) {
  sign(browser_);
  shake_hands(browser_);
  attach();
  rig_.apply(command::RemoveCall{EngineRig::kCall});
  const CallId next("next");
  rig_.apply(command::CreateCall{next});
  LoopbackPhone other(0, 5);
  rig_.add("other", Side::kCaller, other, SoundCodec::kPcmu, next);
  rig_.apply(command::PutLeg{LegId("seat"), next});
  rig_.apply(command::Connect{next, LegId("other"), LegId("seat"), Hearing::kBoth});
  browser_.say(0x22);
  rig_.pump();
  EXPECT_EQ(other.listen().size(), 1U);
}

TEST_F(Seat, AWrongCertificateFails) {
  rtp::Fingerprint wrong = browser_identity().fingerprint();
  wrong.sha256[0] ^= 1;
  auto local = open(browser_, wrong);
  ASSERT_TRUE(local.has_value());
  browser_.answer(local->ice.ufrag, local->ice.password, local->fingerprint.text(),
                  rig_.browser_port());
  shake_hands(browser_);
  const auto changes = rig_.events_of<SeatChanged>();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].change, SeatChange::kFailed);
  EXPECT_FALSE(changes[0].reason.empty());
}

TEST_F(Seat, FollowsTheBrowserToAnotherNetwork) {
  sign(browser_);
  shake_hands(browser_);
  attach();
  static_cast<void>(rig_.events());
  browser_.restart_ice();
  browser_.move();
  sign(browser_);
  browser_.check();
  rig_.pump();
  const auto changes = rig_.events_of<SeatChanged>();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].change, SeatChange::kPathChanged);
  static_cast<void>(browser_.listen(rig_.now()));
  caller_.say(0x11);
  rig_.pump();
  EXPECT_EQ(browser_.listen(rig_.now()).size(), 1U);
}

TEST_F(Seat, IsLostWithoutConsentAndReturnsWithANewOffer) {
  sign(browser_);
  shake_hands(browser_);
  attach();
  static_cast<void>(rig_.events());
  rig_.pass(seconds(40));
  auto changes = rig_.events_of<SeatChanged>();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].change, SeatChange::kLost);
  static_cast<void>(browser_.listen(rig_.now()));

  LoopbackBrowser reloaded(browser_identity(), 9);
  sign(reloaded);
  shake_hands(reloaded);
  changes = rig_.events_of<SeatChanged>();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].change, SeatChange::kConnected);
  caller_.say(0x11);
  rig_.pump();
  EXPECT_EQ(reloaded.listen(rig_.now()).size(), 1U);
}

}  // namespace
}  // namespace madoguchi::exchange
