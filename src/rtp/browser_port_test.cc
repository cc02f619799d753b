#include "rtp/browser_port.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <utility>
#include <vector>

#include "rtp/allocation_count.h"
#include "rtp/ice_check.h"
#include "rtp/rtcp.h"

namespace madoguchi::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kWall = time_from_micros(1'790'000'000'000'000);
const Address kPort = Address::v4(0xc0000263, 3478);
const Address kHome = Address::v4(0xcb007105, 40000);
const Address kMobile = Address::v4(0xc6336407, 50000);

class SeededEntropy final : public Entropy {
 public:
  void fill(void* bytes, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i)
      static_cast<std::uint8_t*>(bytes)[i] = static_cast<std::uint8_t>(random_());
  }

 private:
  std::mt19937 random_{4};
};

const DtlsIdentity& exchange_identity() {
  static const DtlsIdentity identity = std::move(*DtlsIdentity::create(kWall));
  return identity;
}
const DtlsIdentity& browser_identity() {
  static const DtlsIdentity identity = std::move(*DtlsIdentity::create(kWall));
  return identity;
}

// What a browser does: checks, says hello, sends and hears media.
class Browser {
 public:
  explicit Browser(std::string ufrag = "brow", const DtlsIdentity& identity = browser_identity())
      : ufrag_(std::move(ufrag)), identity_(&identity) {}

  RemotePeer offer(DtlsSetup setup = DtlsSetup::kActpass) const {
    return {ufrag_, "passwordofthebrowser0123", identity_->fingerprint(), setup};
  }
  void restart(std::string ufrag) { ufrag_ = std::move(ufrag); }

  void answer(const LocalPeer& theirs) {
    theirs_ = theirs;
    if (dtls_) return;
    const DtlsRole role =
        theirs.setup == DtlsSetup::kActive ? DtlsRole::kPassive : DtlsRole::kActive;
    auto made = DtlsEndpoint::create(*identity_, {role, theirs.fingerprint});
    ASSERT_TRUE(made);
    dtls_ = std::move(*made);
  }

  Bytes check(bool nominate) const {
    return IceCheck{theirs_.ice.ufrag + ":" + ufrag_, theirs_.ice.password, nominate}.write();
  }

  DtlsEndpoint& dtls() { return *dtls_; }
  SrtpSession& srtp() {
    if (!srtp_) {
      const auto& keys = *dtls_->srtp_keys();
      srtp_ = std::move(*SrtpSession::create(keys.profile, keys.sending, keys.receiving));
    }
    return *srtp_;
  }

 private:
  std::string ufrag_;
  const DtlsIdentity* identity_;
  LocalPeer theirs_;
  std::optional<DtlsEndpoint> dtls_;
  std::optional<SrtpSession> srtp_;
};

class Port : public testing::Test {
 protected:
  BrowserPort::Received receive(Bytes& datagram, const Address& from) {
    return port.receive(datagram, from, now);
  }
  BrowserPort::Received check(Browser& browser, const Address& from, bool nominate = true) {
    Bytes datagram = browser.check(nominate);
    return receive(datagram, from);
  }

  // Passes handshake datagrams to and fro until both are silent.
  void shake_hands(Browser& browser, const Address& from) {
    browser.dtls().start(now);
    for (int round = 0; round < 20; ++round) {
      bool quiet = true;
      while (auto datagram = browser.dtls().poll_transmit()) {
        quiet = false;
        receive(*datagram, from);
      }
      while (auto transmit = port.poll_transmit()) {
        quiet = false;
        EXPECT_EQ(transmit->to, from);
        browser.dtls().receive(transmit->datagram, now);
      }
      if (quiet) return;
    }
  }

  std::vector<PeerEvent> events() {
    std::vector<PeerEvent> all;
    while (auto event = port.poll_event()) all.push_back(event->event);
    return all;
  }

  PeerHandle connect(Browser& browser, const Address& from, DtlsSetup setup = DtlsSetup::kActpass) {
    auto opened = port.open(browser.offer(setup), now);
    EXPECT_TRUE(opened);
    browser.answer(opened->local);
    EXPECT_FALSE(check(browser, from).answer.empty());
    shake_hands(browser, from);
    const auto happened = events();
    EXPECT_EQ(happened.size(), 1U);
    EXPECT_EQ(happened.at(0).kind, PeerEvent::Kind::kConnected);
    return opened->peer;
  }

  static Bytes media(std::uint16_t sequence) {
    Bytes buffer(kMaxDatagram);
    const std::array<std::uint8_t, 160> payload{};
    buffer.resize(write_rtp(buffer, {0, false, sequence, sequence * 160U, 77}, payload) +
                  kSrtpTagRoom);
    return buffer;
  }
  Bytes protected_media(Browser& browser, std::uint16_t sequence) {
    Bytes packet = media(sequence);
    packet.resize(browser.srtp().protect_rtp(packet, packet.size() - kSrtpTagRoom).value());
    return packet;
  }

  SeededEntropy entropy;
  MonoTime now{seconds(5000)};
  BrowserPort port{exchange_identity(), entropy, {{kPort}, 20, 8}};
};

TEST_F(Port, ALegConnectsAndMediaFlowsBothWays) {
  for (const DtlsSetup setup : {DtlsSetup::kActpass, DtlsSetup::kPassive}) {
    Browser browser;
    const Address from = setup == DtlsSetup::kActpass ? kHome : kMobile;
    const PeerHandle peer = connect(browser, from, setup);

    Bytes packet = protected_media(browser, 1);
    const auto got = receive(packet, from);
    EXPECT_EQ(got.peer, peer);
    ASSERT_EQ(got.kind, PacketKind::kRtp);
    const auto view = RtpView::parse(got.packet);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->header.sequence, 1);
    EXPECT_EQ(view->payload.size(), 160U);

    Bytes ours = media(9);
    const auto sent = port.protect_rtp(peer, ours, ours.size() - kSrtpTagRoom);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->to, from);
    EXPECT_EQ(browser.srtp().unprotect_rtp(MutableBytes(ours).first(sent->size)).verdict,
              Unprotected::kOk);

    std::array<std::uint8_t, 128> report{};
    RtcpWriter writer(report);
    writer.receiver_report(1, {});
    const auto control = port.protect_rtcp(peer, report, writer.size());
    ASSERT_TRUE(control);
    EXPECT_EQ(browser.srtp().unprotect_rtcp(MutableBytes(report).first(control->size)).verdict,
              Unprotected::kOk);
  }
}

TEST_F(Port, OurOwnOfferWorksToo) {
  Browser browser;
  auto opened = port.open(std::nullopt, now);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->local.setup, DtlsSetup::kActpass);
  EXPECT_EQ(opened->local.candidates, std::vector<Address>{kPort});
  LocalPeer seen = opened->local;
  seen.setup = DtlsSetup::kPassive;  // the browser chooses to be active
  browser.answer(seen);
  // A check may overtake the answer that travels over signalling.
  EXPECT_FALSE(check(browser, kHome).answer.empty());
  const auto updated = port.update(opened->peer, browser.offer(DtlsSetup::kActive), now);
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->setup, DtlsSetup::kPassive);
  shake_hands(browser, kHome);
  EXPECT_TRUE(port.find(opened->peer)->connected());
}

TEST_F(Port, TwoBrowsersOnOnePortAreToldApart) {
  Browser one("one");
  Browser two("two");
  const PeerHandle first = connect(one, kHome);
  const PeerHandle second = connect(two, kMobile);
  Bytes from_one = protected_media(one, 1);
  Bytes from_two = protected_media(two, 1);
  EXPECT_EQ(receive(from_one, kHome).peer, first);
  EXPECT_EQ(receive(from_two, kMobile).peer, second);
  Bytes crossed = protected_media(one, 2);
  EXPECT_EQ(receive(crossed, kMobile).kind, PacketKind::kUnknown);
  EXPECT_EQ(port.find(second)->totals().forged, 1U);
}

TEST_F(Port, AChangeOfNetworkMovesThePathAndMediaGoesOn) {
  Browser browser;
  const PeerHandle peer = connect(browser, kHome);
  now += seconds(5);
  check(browser, kMobile, true);
  const auto happened = events();
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].kind, PeerEvent::Kind::kPathChanged);
  EXPECT_EQ(happened[0].path, kMobile);
  Bytes packet = protected_media(browser, 1);
  EXPECT_EQ(receive(packet, kMobile).kind, PacketKind::kRtp);
  Bytes ours = media(1);
  EXPECT_EQ(port.protect_rtp(peer, ours, ours.size() - kSrtpTagRoom)->to, kMobile);
}

TEST_F(Port, AnIceRestartKeepsKeysAndChangesCredentials) {
  Browser browser;
  const PeerHandle peer = connect(browser, kHome);
  const std::string before = port.find(peer)->ice().local().ufrag;
  for (int round = 0; round < 5; ++round) {
    browser.restart("again" + std::to_string(round));
    const auto updated = port.update(peer, browser.offer(), now);
    ASSERT_TRUE(updated);
    EXPECT_NE(updated->ice.ufrag, before);
    browser.answer(*updated);
    const Address from = Address::v4(0xcb007105, static_cast<std::uint16_t>(100 + round));
    EXPECT_FALSE(check(browser, from).answer.empty());
    Bytes packet = protected_media(browser, static_cast<std::uint16_t>(round + 1));
    EXPECT_EQ(receive(packet, from).kind, PacketKind::kRtp);
  }
  port.close(peer);
  EXPECT_EQ(port.peers(), 0U);
  Bytes late = browser.check(true);
  EXPECT_FALSE(receive(late, kHome).peer.value);
}

TEST_F(Port, AReloadedPageShakesHandsAnewOnTheSameLeg) {
  const DtlsIdentity fresh = std::move(*DtlsIdentity::create(kWall));
  Browser before;
  const PeerHandle peer = connect(before, kHome);
  Bytes late = protected_media(before, 1);
  Browser after("reloaded", fresh);
  const auto updated = port.update(peer, after.offer(), now);
  ASSERT_TRUE(updated);
  EXPECT_EQ(receive(late, kHome).kind, PacketKind::kUnknown);
  EXPECT_FALSE(port.find(peer)->connected());
  after.answer(*updated);
  EXPECT_FALSE(check(after, kMobile).answer.empty());
  shake_hands(after, kMobile);
  const auto happened = events();
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].kind, PeerEvent::Kind::kConnected);
  EXPECT_EQ(happened[0].path, kMobile);
  Bytes packet = protected_media(after, 1);
  EXPECT_EQ(receive(packet, kMobile).kind, PacketKind::kRtp);
}

TEST_F(Port, ABrowserThatStopsCheckingIsGoneAfterThirtySeconds) {
  Browser browser;
  const PeerHandle peer = connect(browser, kHome);
  for (int n = 0; n < 10; ++n) {
    now += seconds(10);
    port.advance(now);
    check(browser, kHome);
  }
  EXPECT_TRUE(events().empty());
  ASSERT_TRUE(port.next_deadline());
  EXPECT_EQ(*port.next_deadline(), now + seconds(30));
  now += seconds(30);
  port.advance(now);
  const auto happened = events();
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].kind, PeerEvent::Kind::kClosed);
  EXPECT_EQ(port.find(peer), nullptr);
  Bytes ours = media(1);
  EXPECT_FALSE(port.protect_rtp(peer, ours, 172));
}

TEST_F(Port, GoodbyesWorkBothWays) {
  Browser browser;
  const PeerHandle peer = connect(browser, kHome);
  browser.dtls().close();
  Bytes goodbye = browser.dtls().poll_transmit().value();
  receive(goodbye, kHome);
  EXPECT_EQ(events().at(0).kind, PeerEvent::Kind::kClosed);
  EXPECT_EQ(port.find(peer), nullptr);

  Browser other;
  const PeerHandle second = connect(other, kMobile);
  port.close(second);
  const auto transmit = port.poll_transmit();
  ASSERT_TRUE(transmit);
  EXPECT_EQ(transmit->to, kMobile);
  other.dtls().receive(transmit->datagram, now);
  EXPECT_EQ(other.dtls().state(), DtlsState::kClosed);
}

TEST_F(Port, StrangersGetAShortRefusalOrNothing) {
  Browser browser;
  connect(browser, kHome);
  Bytes unknown = IceCheck{"nobody:here", "password", true}.write();
  const auto refused = receive(unknown, kMobile);
  EXPECT_FALSE(refused.answer.empty());
  EXPECT_LE(refused.answer.size(), unknown.size());
  Bytes packet = protected_media(browser, 1);
  Bytes copy = packet;
  EXPECT_EQ(receive(copy, kMobile).kind,
            PacketKind::kUnknown);  // a right packet from a wrong place
  EXPECT_EQ(receive(packet, kHome).kind, PacketKind::kRtp);
  Bytes rubbish(50, 0x55);
  EXPECT_EQ(receive(rubbish, kMobile).kind, PacketKind::kUnknown);
  EXPECT_EQ(port.totals().strangers, 2U);
  EXPECT_EQ(port.totals().malformed, 1U);
}

TEST_F(Port, ForgedChecksNeitherMoveThePathNorKeepConsent) {
  Browser browser;
  const PeerHandle peer = connect(browser, kHome);
  const std::string ufrag = port.find(peer)->ice().local().ufrag;
  const MonoTime consent = port.find(peer)->ice().consent_ends();
  now += seconds(3);
  Bytes forged = IceCheck{ufrag + ":brow", "guess", true}.write();
  EXPECT_FALSE(receive(forged, kMobile).answer.empty());
  EXPECT_EQ(port.find(peer)->ice().path(), kHome);
  EXPECT_EQ(port.find(peer)->ice().consent_ends(), consent);
  EXPECT_EQ(port.totals().refused, 1U);
}

TEST_F(Port, TablesAreBounded) {
  std::vector<PeerHandle> waiting;
  for (int n = 0; n < 8; ++n) {
    auto opened = port.open(Browser().offer(), now);
    ASSERT_TRUE(opened);
    waiting.push_back(opened->peer);
  }
  const auto refused = port.open(Browser().offer(), now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  for (const PeerHandle peer : waiting) port.close(peer);
  EXPECT_EQ(events().size(), waiting.size());
  EXPECT_TRUE(port.open(Browser().offer(), now));
  events();

  Browser wanderer("wand");
  const PeerHandle peer = connect(wanderer, kHome);
  for (std::uint16_t n = 1; n < 2000; ++n) check(wanderer, Address::v4(0x0a000001, n), false);
  EXPECT_EQ(port.find(peer)->ice().path(), kHome);
  Bytes packet = protected_media(wanderer, 1);
  EXPECT_EQ(receive(packet, kHome).kind, PacketKind::kRtp);
}

TEST_F(Port, AWrongCertificateClosesTheLegWithAReason) {
  Browser browser;
  RemotePeer offer = browser.offer();
  offer.fingerprint = exchange_identity().fingerprint();
  auto opened = port.open(offer, now);
  browser.answer(opened->local);
  check(browser, kHome);
  shake_hands(browser, kHome);
  const auto happened = events();
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].kind, PeerEvent::Kind::kClosed);
  EXPECT_NE(happened[0].reason.find("fingerprint"), std::string::npos);
  EXPECT_EQ(port.peers(), 0U);
}

TEST_F(Port, NothingIsAllocatedPerPacketNorPerCheck) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer owns malloc";
  Browser browser;
  const PeerHandle peer = connect(browser, kHome);
  std::vector<Bytes> incoming;
  std::vector<Bytes> outgoing;
  for (std::uint16_t n = 0; n < 100; ++n) {
    incoming.push_back(protected_media(browser, n));
    outgoing.push_back(media(n));
  }
  int opened = 0;
  const std::size_t before = allocations();
  for (std::size_t n = 0; n < incoming.size(); ++n) {
    opened += port.receive(incoming[n], kHome, now).kind == PacketKind::kRtp ? 1 : 0;
    opened += port.protect_rtp(peer, outgoing[n], 172) ? 1 : 0;
    port.advance(now);
  }
  EXPECT_EQ(allocations() - before, 0U);
  EXPECT_EQ(opened, 200);
}

}  // namespace
}  // namespace madoguchi::rtp
