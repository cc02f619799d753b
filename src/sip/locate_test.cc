#include "sip/locate.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace madoguchi::sip {
namespace {

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : engine_(seed) {}
  void fill(void* bytes, std::size_t count) override {
    auto* at = static_cast<unsigned char*>(bytes);
    for (std::size_t i = 0; i < count; ++i) at[i] = static_cast<unsigned char>(engine_());
  }

 private:
  std::mt19937_64 engine_;
};

using Zone = std::map<std::pair<DnsType, std::string>, DnsAnswer>;

DnsAnswer address(std::string_view text) {
  return {{}, {}, {*IpAddress::parse(text)}};
}

// What the targets look like: "UDP 192.0.2.1:5060".
std::vector<std::string> locate(std::string_view uri, const Zone& zone, std::uint64_t seed = 1,
                                LocateOptions options = {}) {
  SeededEntropy entropy(seed);
  Locate locate(*Uri::parse(uri), std::move(options), entropy);
  int asked = 0;
  while (const auto question = locate.poll_question()) {
    EXPECT_LT(++asked, 100);
    const auto found = zone.find({question->type, question->name});
    locate.answer(*question, found == zone.end() ? DnsAnswer{} : found->second);
  }
  EXPECT_TRUE(locate.done());
  std::vector<std::string> texts;
  for (const LocatedTarget& target : locate.targets())
    texts.push_back(std::string(name_of(target.transport)) + " " + target.remote.text());
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Locate, ANumericAddressNeedsNoQuestion) {
  EXPECT_EQ(locate("sip:192.0.2.1", {}), Texts{"UDP 192.0.2.1:5060"});
  EXPECT_EQ(locate("sip:192.0.2.1:5080;transport=tcp", {}), Texts{"TCP 192.0.2.1:5080"});
  EXPECT_EQ(locate("sips:[2001:db8::1]", {}), Texts{"TLS [2001:db8::1]:5061"});
  EXPECT_EQ(locate("sips:192.0.2.1;transport=tcp", {}), Texts{"TLS 192.0.2.1:5061"});
  EXPECT_EQ(locate("sip:example.com;maddr=192.0.2.9", {}), Texts{"UDP 192.0.2.9:5060"});
}

TEST(Locate, WhatWeCannotSpeakHasNoTarget) {
  EXPECT_TRUE(locate("sip:192.0.2.1;transport=sctp", {}).empty());
  EXPECT_TRUE(locate("tel:+81312345678", {}).empty());
  EXPECT_TRUE(locate("sip:nowhere.example.com", {}).empty());
}

TEST(Locate, APortMeansAddressesOnly) {
  const Zone zone{{{DnsType::kA, "pbx.example.com"}, address("192.0.2.7")}};
  EXPECT_EQ(locate("sip:pbx.example.com:5070", zone), Texts{"UDP 192.0.2.7:5070"});
}

TEST(Locate, FollowsNaptrThenSrvThenAddresses) {
  Zone zone;
  zone[{DnsType::kNaptr, "example.com"}].naptr = {
      {50, 50, "s", "SIP+D2U", "_sip._udp.example.com"},
      {10, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"},
      {5, 50, "u", "E2U+sip", "x"},
  };
  zone[{DnsType::kSrv, "_sips._tcp.example.com"}].srv = {{0, 1, 5061, "a.example.com"},
                                                         {1, 1, 5061, "b.example.com"}};
  zone[{DnsType::kSrv, "_sip._udp.example.com"}].srv = {{0, 1, 5060, "b.example.com"}};
  zone[{DnsType::kA, "a.example.com"}] = address("192.0.2.1");
  zone[{DnsType::kA, "b.example.com"}] = address("192.0.2.2");
  EXPECT_EQ(locate("sip:example.com", zone),
            (Texts{"TLS 192.0.2.1:5061", "TLS 192.0.2.2:5061", "UDP 192.0.2.2:5060"}));
  EXPECT_EQ(locate("sips:example.com", zone), (Texts{"TLS 192.0.2.1:5061", "TLS 192.0.2.2:5061"}));
}

TEST(Locate, WithoutNaptrTriesSrvOfEachTransport) {
  Zone zone;
  zone[{DnsType::kSrv, "_sip._tcp.example.com"}].srv = {{0, 1, 5090, "a.example.com"}};
  zone[{DnsType::kA, "a.example.com"}] = address("192.0.2.1");
  EXPECT_EQ(locate("sip:example.com", zone), Texts{"TCP 192.0.2.1:5090"});
}

TEST(Locate, WithoutSrvTheHostItself) {
  Zone zone{{{DnsType::kA, "example.com"}, address("192.0.2.3")},
            {{DnsType::kAaaa, "example.com"}, address("2001:db8::3")}};
  EXPECT_EQ(locate("sip:example.com", zone),
            (Texts{"UDP [2001:db8::3]:5060", "UDP 192.0.2.3:5060"}));
  EXPECT_EQ(locate("sip:example.com;transport=tls", zone, 1, {{Transport::kTls}, false, 8}),
            Texts{"TLS 192.0.2.3:5061"});
}

TEST(Locate, AServiceDeclaredAbsentIsNotTried) {
  Zone zone{{{DnsType::kA, "example.com"}, address("192.0.2.3")}};
  zone[{DnsType::kSrv, "_sip._udp.example.com"}].srv = {{0, 0, 0, "."}};
  EXPECT_TRUE(locate("sip:example.com;transport=udp", zone).empty());
}

TEST(Locate, WeightsDecideWhoIsFirst) {
  Zone zone;
  zone[{DnsType::kSrv, "_sip._udp.example.com"}].srv = {{1, 90, 1, "a"}, {1, 10, 1, "b"}};
  zone[{DnsType::kA, "a"}] = address("192.0.2.1");
  zone[{DnsType::kA, "b"}] = address("192.0.2.2");
  int first_a = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    if (locate("sip:example.com;transport=udp", zone, seed)[0] == "UDP 192.0.2.1:1") ++first_a;
  EXPECT_GT(first_a, 850);
  EXPECT_LT(first_a, 950);
}

TEST(Locate, HostileRecordsStayBounded) {
  Zone zone;
  auto& naptr = zone[{DnsType::kNaptr, "example.com"}].naptr;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "n" + std::to_string(i);
    naptr.push_back({1, 1, "s", "SIP+D2U", name});
    auto& srv = zone[{DnsType::kSrv, name}].srv;
    for (int j = 0; j < 100; ++j) srv.push_back({1, 0, 5060, name + "-" + std::to_string(j)});
  }
  SeededEntropy entropy(1);
  Locate engine(*Uri::parse("sip:example.com"), {}, entropy);
  int asked = 0;
  while (const auto question = engine.poll_question()) {
    ++asked;
    const auto found = zone.find({question->type, question->name});
    engine.answer(*question, found == zone.end() ? address("192.0.2.1") : found->second);
  }
  EXPECT_TRUE(engine.done());
  EXPECT_LT(asked, 200);
  EXPECT_LE(engine.targets().size(), 32u);
}

TEST(FailOver, LeavesOutWhatFailedAndComesBack) {
  const LocatedTarget a{Transport::kUdp, *Endpoint::parse("192.0.2.1:5060"), "x"};
  const LocatedTarget b{Transport::kUdp, *Endpoint::parse("192.0.2.2:5060"), "x"};
  const std::vector<LocatedTarget> both{a, b};
  FailOver fail_over;
  MonoTime now{};
  EXPECT_EQ(fail_over.choose(both, now), a);
  fail_over.failed(a, now);
  EXPECT_EQ(fail_over.choose(both, now), b);
  fail_over.failed(b, now + std::chrono::seconds(1));
  EXPECT_EQ(fail_over.choose(both, now + std::chrono::seconds(2)), a) << "the one due first";
  now += std::chrono::seconds(30);
  EXPECT_EQ(fail_over.choose(both, now), a);
  fail_over.failed(a, now);
  EXPECT_EQ(fail_over.choose(both, now + std::chrono::seconds(31)), b) << "twice: twice as long";
  fail_over.succeeded(a);
  EXPECT_EQ(fail_over.choose(both, now), a);
  EXPECT_EQ(fail_over.choose({}, now), std::nullopt);
}

}  // namespace
}  // namespace madoguchi::sip
