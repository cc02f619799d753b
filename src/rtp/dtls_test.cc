#include "rtp/dtls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace madoguchi::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kWall = time_from_micros(1'790'000'000'000'000);

const DtlsIdentity& exchange() {
  static const DtlsIdentity identity = std::move(*DtlsIdentity::create(kWall));
  return identity;
}
const DtlsIdentity& browser() {
  static const DtlsIdentity identity = std::move(*DtlsIdentity::create(kWall));
  return identity;
}

// Two endpoints and the network between them, in simulated time.
class Pair {
 public:
  explicit Pair(unsigned seed) : random_(seed) {}

  void begin() {
    passive = make(exchange(), {DtlsRole::kPassive, browser_is});
    active = make(browser(), {DtlsRole::kActive, exchange_is});
    passive->start(now);
    active->start(now);
  }

  // Runs until nothing is left to do or the time is over.
  void run(Micros longest) {
    const MonoTime end = now + longest;
    while (now < end) {
      collect(*passive, *active);
      collect(*active, *passive);
      std::optional<MonoTime> next = earlier(passive->next_deadline(), active->next_deadline());
      for (const Flying& datagram : air_) next = earlier(next, datagram.arrives);
      if (!next) return;
      now = std::max(now, *next);
      deliver();
      passive->advance(now);
      active->advance(now);
    }
  }

  bool connected() const {
    return passive->state() == DtlsState::kConnected && active->state() == DtlsState::kConnected;
  }

  Fingerprint browser_is = browser().fingerprint();
  Fingerprint exchange_is = exchange().fingerprint();
  double loss = 0;
  double reorder = 0;
  double duplicate = 0;
  double rubbish = 0;
  std::size_t largest = 0;
  int sent = 0;
  MonoTime now{seconds(1000)};
  std::optional<DtlsEndpoint> passive;
  std::optional<DtlsEndpoint> active;

 private:
  struct Flying {
    MonoTime arrives;
    DtlsEndpoint* to;
    Bytes bytes;
  };

  static std::optional<DtlsEndpoint> make(const DtlsIdentity& identity,
                                          DtlsEndpoint::Settings settings) {
    auto made = DtlsEndpoint::create(identity, settings);
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  static std::optional<MonoTime> earlier(std::optional<MonoTime> a, std::optional<MonoTime> b) {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
  }
  bool chance(double probability) {
    return std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }

  void collect(DtlsEndpoint& from, DtlsEndpoint& to) {
    while (auto datagram = from.poll_transmit()) {
      ++sent;
      largest = std::max(largest, datagram->size());
      if (chance(loss)) continue;
      const Micros delay = chance(reorder) ? milliseconds(60) : milliseconds(20);
      if (chance(duplicate)) air_.push_back({now + milliseconds(30), &to, *datagram});
      if (chance(rubbish)) {
        Bytes bent = *datagram;
        bent[random_() % bent.size()] ^= static_cast<std::uint8_t>(1 + random_() % 255);
        // Flips within a handshake message would be read as the peer's own words: DTLS trusts
        // nothing only once keys exist. So bend the record's type or version, and send pure noise
        // too.
        Bytes noise(13 + random_() % 100);
        for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random_());
        noise[0] = static_cast<std::uint8_t>(24 + random_() % 40);
        air_.push_back({now + milliseconds(10), &to, noise});
        bent = *datagram;
        bent.resize(random_() % bent.size());
        air_.push_back({now + milliseconds(10), &to, bent});
      }
      air_.push_back({now + delay, &to, std::move(*datagram)});
    }
  }

  void deliver() {
    std::stable_sort(air_.begin(), air_.end(),
                     [](const Flying& a, const Flying& b) { return a.arrives < b.arrives; });
    while (!air_.empty() && air_.front().arrives <= now) {
      Flying datagram = std::move(air_.front());
      air_.erase(air_.begin());
      datagram.to->receive(datagram.bytes, now);
    }
  }

  std::mt19937 random_;
  std::vector<Flying> air_;
};

TEST(Dtls, TwoEndpointsAgreeOnKeysWithoutTheClock) {
  Pair pair(1);
  pair.begin();
  pair.run(seconds(5));
  ASSERT_TRUE(pair.connected()) << pair.passive->failure() << pair.active->failure();
  EXPECT_LE(pair.now, MonoTime(seconds(1000)) + milliseconds(100));
  const auto& ours = pair.passive->srtp_keys();
  const auto& theirs = pair.active->srtp_keys();
  ASSERT_TRUE(ours && theirs);
  EXPECT_EQ(ours->profile, SrtpProfile::kAeadAes128Gcm);
  EXPECT_EQ(ours->sending.key, theirs->receiving.key);
  EXPECT_EQ(ours->sending.salt, theirs->receiving.salt);
  EXPECT_EQ(ours->receiving.key, theirs->sending.key);
  EXPECT_NE(ours->sending.key, ours->receiving.key);
  EXPECT_LE(pair.largest, 1200U);
  EXPECT_FALSE(pair.passive->next_deadline());
}

TEST(Dtls, SurvivesLossReorderingAndDuplicates) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Pair pair(seed);
    pair.loss = 0.25;
    pair.reorder = 0.2;
    pair.duplicate = 0.2;
    pair.begin();
    pair.run(seconds(29));
    EXPECT_TRUE(pair.connected()) << "seed " << seed << " " << pair.passive->failure() << " "
                                  << pair.active->failure();
    if (!pair.connected()) continue;
    EXPECT_EQ(pair.passive->srtp_keys()->sending.key, pair.active->srtp_keys()->receiving.key);
  }
}

TEST(Dtls, RubbishInBetweenDoesNotStopIt) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Pair pair(seed);
    pair.rubbish = 0.7;
    pair.begin();
    pair.run(seconds(29));
    EXPECT_TRUE(pair.connected()) << "seed " << seed << " " << pair.passive->failure() << " "
                                  << pair.active->failure();
  }
}

TEST(Dtls, AStrangersCertificateIsRefused) {
  Pair pair(1);
  pair.browser_is = exchange().fingerprint();
  pair.begin();
  pair.run(seconds(5));
  EXPECT_EQ(pair.passive->state(), DtlsState::kFailed);
  EXPECT_NE(pair.passive->failure().find("fingerprint"), std::string::npos);
  EXPECT_FALSE(pair.passive->srtp_keys());

  Pair other(1);
  other.exchange_is = browser().fingerprint();
  other.begin();
  other.run(seconds(5));
  EXPECT_EQ(other.active->state(), DtlsState::kFailed);
  EXPECT_NE(other.passive->state(), DtlsState::kConnected);
}

TEST(Dtls, APeerThatNeverAnswersIsGivenUpInTime) {
  Pair pair(1);
  pair.loss = 1;
  pair.begin();
  pair.run(seconds(60));
  EXPECT_EQ(pair.active->state(), DtlsState::kFailed);
  EXPECT_EQ(pair.passive->state(), DtlsState::kFailed);
  EXPECT_EQ(pair.now, MonoTime(seconds(1030)));
  EXPECT_GE(pair.sent, 8);
  EXPECT_LE(pair.sent, 16);
}

TEST(Dtls, AGoodbyeReachesTheOtherSide) {
  Pair pair(1);
  pair.begin();
  pair.run(seconds(5));
  ASSERT_TRUE(pair.connected());
  pair.active->close();
  EXPECT_EQ(pair.active->state(), DtlsState::kClosed);
  pair.run(seconds(5));
  EXPECT_EQ(pair.passive->state(), DtlsState::kClosed);
}

TEST(Dtls, RubbishAfterTheHandshakeChangesNothing) {
  Pair pair(1);
  pair.begin();
  pair.run(seconds(5));
  ASSERT_TRUE(pair.connected());
  std::mt19937 random(9);
  for (int step = 0; step < 5000; ++step) {
    Bytes noise(13 + random() % 200);
    for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random());
    noise[0] = static_cast<std::uint8_t>(20 + random() % 44);
    if (step % 2 == 0) {
      noise[1] = 0xfe;
      noise[2] = 0xfd;
      noise[3] = 0;
      noise[4] = static_cast<std::uint8_t>(step % 3);
    }
    pair.passive->receive(noise, pair.now);
  }
  EXPECT_EQ(pair.passive->state(), DtlsState::kConnected);
  pair.active->close();
  pair.run(seconds(1));
  EXPECT_EQ(pair.passive->state(), DtlsState::kClosed);
}

// Anybody can forge these: there is nothing in them to authenticate.
TEST(Dtls, RecordsTooShortToBeSealedEndNothing) {
  Pair pair(1);
  pair.begin();
  pair.run(seconds(5));
  ASSERT_TRUE(pair.connected());
  for (std::uint8_t length = 0; length < 30; ++length) {
    Bytes sealed{23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 1, 0, 0, length};
    sealed.resize(sealed.size() + length, 0x5a);
    pair.passive->receive(sealed, pair.now);
    // The same, inside of a record that is thrown away.
    Bytes wrapped{
        22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 9, 0, static_cast<std::uint8_t>(13 + length)};
    wrapped.insert(wrapped.end(), sealed.begin(), sealed.end());
    pair.passive->receive(wrapped, pair.now);
    EXPECT_FALSE(pair.passive->poll_transmit()) << int{length} << ": no alert is due";
  }
  pair.active->close();
  pair.run(seconds(1));
  EXPECT_EQ(pair.passive->state(), DtlsState::kClosed);
}

TEST(Dtls, BeforeTheStartNothingIsTaken) {
  auto endpoint = DtlsEndpoint::create(exchange(), {DtlsRole::kPassive, browser().fingerprint()});
  ASSERT_TRUE(endpoint);
  Bytes hello(100, 22);
  endpoint->receive(hello, MonoTime{});
  EXPECT_EQ(endpoint->state(), DtlsState::kWaiting);
  EXPECT_FALSE(endpoint->poll_transmit());
  EXPECT_FALSE(endpoint->next_deadline());
}

TEST(Fingerprint, ReadsAndWritesSdpsForm) {
  const std::string text = exchange().fingerprint().text();
  EXPECT_EQ(text.size(), 95U);
  EXPECT_EQ(Fingerprint::parse(text), exchange().fingerprint());
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  EXPECT_EQ(Fingerprint::parse(lower), exchange().fingerprint());
  EXPECT_FALSE(Fingerprint::parse(text.substr(1)));
  EXPECT_FALSE(Fingerprint::parse(text + ":"));
  std::string bent = text;
  bent[2] = '-';
  EXPECT_FALSE(Fingerprint::parse(bent));
  bent = text;
  bent[0] = 'G';
  EXPECT_FALSE(Fingerprint::parse(bent));
  EXPECT_NE(exchange().fingerprint(), browser().fingerprint());
}

}  // namespace
}  // namespace madoguchi::rtp
