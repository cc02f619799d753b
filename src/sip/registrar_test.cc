#include "sip/registrar.h"

#include <gtest/gtest.h>

#include "sip/transaction_testing.h"

namespace madoguchi::sip {
namespace {

using std::chrono::seconds;

class RegistrarTest : public ::testing::Test {
 protected:
  Message request(std::string_view contact, std::optional<int> expires = {},
                  std::string_view user = "200", std::string_view call_id = "c1") {
    Message message = Message::request(Method::kRegister, *Uri::parse("sip:example.com"));
    message.add(Header::kVia, "SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK1");
    const std::string address = "<sip:" + std::string(user) + "@example.com>";
    message.add(Header::kFrom, address + ";tag=1");
    message.add(Header::kTo, address);
    message.add(Header::kCallId, call_id);
    message.add(Header::kCSeq, std::to_string(++cseq_) + " REGISTER");
    if (!contact.empty()) message.add(Header::kContact, contact);
    if (expires) message.add(Header::kExpires, std::to_string(*expires));
    return message;
  }

  // Sends it as a telephone does: once plain, then with the answer to the challenge.
  Registrar::Reply send(Message message, DigestAlgorithm algorithm = DigestAlgorithm::kMd5,
                        std::string_view user = "200", std::string_view password = "secret") {
    auto reply = registrar_.handle(message, flow_, now_);
    if (reply.status != 401) return reply;
    Message challenge = Message::response_to(message, 401);
    for (const HeaderLine& line : reply.headers)
      if (line.value.find("algorithm=" + std::string(name_of(algorithm))) != std::string::npos)
        challenge.add(line.name, line.value);
    DigestClient client({std::string(user), std::string(password)}, entropy_);
    EXPECT_TRUE(client.take_challenge(challenge));
    message.set(Header::kCSeq, std::to_string(++cseq_) + " REGISTER");
    client.authorize(message);
    return registrar_.handle(message, flow_, now_);
  }

  SeededEntropy entropy_{1};
  DigestAuthenticator digest_{{"example.com"}, entropy_};
  DigestAuthenticator::Lookup lookup_ = [](std::string_view user) -> std::optional<DigestSecret> {
    if (user != "200" && user != "201") return std::nullopt;
    return DigestSecret::of(user, "example.com", "secret");
  };
  Registrar registrar_{{}, digest_, lookup_};
  Flow flow_{Transport::kUdp, 0, *Endpoint::parse("192.0.2.5:40000"), 0};
  MonoTime now_{};
  int cseq_ = 0;
};

TEST_F(RegistrarTest, TelephonesThatStumbleOverSha256AreChallengedByMd5Alone) {
  Message old = request("<sip:200@10.0.0.5>");
  EXPECT_EQ(registrar_.handle(old, flow_, now_).headers.size(), 2U);
  old.add(Header::kUserAgent, "baresip v1.0.0 (x86_64/linux)");
  const auto reply = registrar_.handle(old, flow_, now_);
  ASSERT_EQ(reply.headers.size(), 1U);
  EXPECT_NE(reply.headers[0].value.find("algorithm=MD5"), std::string::npos);
}

TEST_F(RegistrarTest, NobodyRegistersWithoutThePassword) {
  EXPECT_EQ(registrar_.handle(request("<sip:200@10.0.0.5>"), flow_, now_).status, 401);
  EXPECT_EQ(send(request("<sip:200@10.0.0.5>"), DigestAlgorithm::kMd5, "200", "guess").status, 401);
  EXPECT_EQ(send(request("<sip:200@10.0.0.5>"), DigestAlgorithm::kMd5, "201").status, 403)
      << "another's account";
  EXPECT_TRUE(registrar_.find("200", now_).empty());
  EXPECT_FALSE(registrar_.poll());
}

TEST_F(RegistrarTest, BothAlgorithmsServe) {
  for (const auto algorithm : {DigestAlgorithm::kMd5, DigestAlgorithm::kSha256}) {
    const auto reply = send(request("<sip:200@10.0.0.5:5062>"), algorithm);
    EXPECT_EQ(reply.status, 200);
    ASSERT_EQ(reply.headers.size(), 1u);
    EXPECT_EQ(reply.headers[0].value, "<sip:200@10.0.0.5:5062>;expires=300");
  }
}

TEST_F(RegistrarTest, CallsGoBackOverTheFlowThePhoneCameFrom) {
  ASSERT_EQ(send(request("<sip:200@10.0.0.5>;q=0.5;expires=240, <sip:200@10.0.0.6>")).status, 200);
  const auto bindings = registrar_.find("200", now_);
  ASSERT_EQ(bindings.size(), 2u);
  EXPECT_EQ(bindings[0].contact.text(), "sip:200@10.0.0.6") << "the higher q first";
  EXPECT_EQ(bindings[0].flow, flow_);
  EXPECT_EQ(registrar_.poll()->reachable, true);
  now_ += seconds(241);
  registrar_.advance(now_);
  EXPECT_EQ(registrar_.find("200", now_).size(), 1u);
  EXPECT_FALSE(registrar_.poll());
  ASSERT_TRUE(registrar_.next_deadline());
  now_ = *registrar_.next_deadline();
  registrar_.advance(now_);
  EXPECT_EQ(registrar_.poll()->reachable, false);
  EXPECT_FALSE(registrar_.next_deadline());
}

TEST_F(RegistrarTest, RemovesOneAndAll) {
  ASSERT_EQ(send(request("<sip:200@10.0.0.5>, <sip:200@10.0.0.6>")).headers.size(), 2u);
  EXPECT_EQ(send(request("<sip:200@10.0.0.5>;expires=0")).headers.size(), 1u);
  EXPECT_EQ(send(request("*")).status, 400) << "a star needs Expires: 0";
  const auto reply = send(request("*", 0));
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.headers.empty());
  EXPECT_EQ(registrar_.account_count(), 0u);
}

TEST_F(RegistrarTest, NobodyIsGrantedSoLongThatALossWouldLast) {
  EXPECT_EQ(send(request("<sip:200@10.0.0.5>", 3600)).headers.at(0).value,
            "<sip:200@10.0.0.5>;expires=300");
  flow_ = {Transport::kTcp, 0, *Endpoint::parse("192.0.2.5:40000"), 7};
  EXPECT_EQ(
      send(request("<sip:201@10.0.0.5;transport=tcp>", 3600, "201"), DigestAlgorithm::kMd5, "201")
          .headers.at(0)
          .value,
      "<sip:201@10.0.0.5;transport=tcp>;expires=120");
}

TEST_F(RegistrarTest, WhatAnEarlierOneHadIsRungAndRefreshedAsIfItWereItsOwn) {
  EXPECT_FALSE(registrar_.has_touched());
  for (const char* contact : {"sip:200@10.0.0.5", "sip:200@10.0.0.6"})
    registrar_.restore("200", {*Uri::parse(contact), flow_, 1000, now_ + seconds(290), "c1", 0},
                       now_);
  const auto restored = registrar_.find("200", now_);
  ASSERT_EQ(restored.size(), 2U);
  EXPECT_EQ(restored[0].contact.text(), "sip:200@10.0.0.6") << "the latest first";
  EXPECT_EQ(restored[1].flow, flow_);
  EXPECT_FALSE(registrar_.poll()) << "whoever asks is told by find()";
  EXPECT_EQ(registrar_.take_touched(), std::set<std::string>{"200"});
  EXPECT_FALSE(registrar_.has_touched());
  EXPECT_EQ(send(request("<sip:200@10.0.0.5>;expires=0")).headers.size(), 1U);
  EXPECT_EQ(registrar_.take_touched(), std::set<std::string>{"200"});
  now_ += seconds(290);
  registrar_.advance(now_);
  EXPECT_TRUE(registrar_.find("200", now_).empty());
  EXPECT_EQ(registrar_.poll()->reachable, false);
  EXPECT_EQ(registrar_.take_touched(), std::set<std::string>{"200"});
}

TEST_F(RegistrarTest, WhoWantedToRefreshWhileNobodyWasThereHasTheTimeThatTheRequestRepeats) {
  const auto lives = [&](seconds expires, seconds looked_at) {
    Registrar fresh({}, digest_, lookup_);
    fresh.restore("200", {*Uri::parse("sip:200@10.0.0.5"), flow_, 1000, now_ + expires, "c1", 1},
                  now_);
    fresh.advance(now_ + looked_at);
    return fresh.account_count() == 1;
  };
  now_ += seconds(1000);
  EXPECT_TRUE(lives(seconds(-10), seconds(31)));
  EXPECT_FALSE(lives(seconds(-10), seconds(32)));
  EXPECT_FALSE(lives(seconds(-32), seconds(0)));
  EXPECT_TRUE(lives(seconds(100), seconds(99)));
  EXPECT_FALSE(lives(seconds(4000), seconds(300))) << "nobody was granted more";
}

TEST_F(RegistrarTest, TooBriefIsRefusedWithTheLeast) {
  const auto reply = send(request("<sip:200@10.0.0.5>", 30));
  EXPECT_EQ(reply.status, 423);
  ASSERT_EQ(reply.headers.size(), 1u);
  EXPECT_EQ(reply.headers[0].value, "60");
}

TEST_F(RegistrarTest, OutOfOrderChangesNothing) {
  ASSERT_EQ(send(request("<sip:200@10.0.0.5>")).status, 200);
  cseq_ = 0;
  EXPECT_EQ(send(request("<sip:200@10.0.0.5>;expires=0")).status, 500);
  EXPECT_EQ(registrar_.find("200", now_).size(), 1u);
  EXPECT_EQ(send(request("<sip:200@10.0.0.5>;expires=0", {}, "200", "after-restart")).status, 200);
}

TEST_F(RegistrarTest, IsBounded) {
  for (int i = 0; i < 8; ++i)
    ASSERT_EQ(send(request("<sip:200@10.0.1." + std::to_string(i) + ">")).status, 200);
  EXPECT_EQ(send(request("<sip:200@10.0.2.1>")).status, 403);
  std::string many = "<sip:200@10.0.3.1>";
  for (int i = 0; i < 50; ++i) many += ", <sip:200@10.0.4." + std::to_string(i) + ">";
  EXPECT_EQ(send(request(many)).status, 403);
  EXPECT_EQ(registrar_.find("200", now_).size(), 8u);
}

TEST_F(RegistrarTest, AClosedConnectionTakesItsBindings) {
  flow_ = {Transport::kTcp, 0, *Endpoint::parse("192.0.2.5:40000"), 7};
  ASSERT_EQ(send(request("<sip:200@10.0.0.5;transport=tcp>")).status, 200);
  registrar_.connection_closed(8);
  EXPECT_EQ(registrar_.find("200", now_).size(), 1u);
  registrar_.connection_closed(7);
  EXPECT_TRUE(registrar_.find("200", now_).empty());
}

TEST_F(RegistrarTest, GuessingFromOneAddressIsSlowedAndCountedAndLocksNobodyElse) {
  for (std::uint32_t i = 0; i <= GuessGuard::kFree; ++i)
    EXPECT_EQ(send(request("<sip:x@y>"), DigestAlgorithm::kMd5, "200", "guess").status, 401);
  const auto slowed = send(request("<sip:x@y>"));
  EXPECT_EQ(slowed.status, 503) << "even with the right password";
  ASSERT_EQ(slowed.headers.size(), 1U);
  EXPECT_EQ(slowed.headers[0].name + slowed.headers[0].value, "Retry-After2");
  EXPECT_EQ(registrar_.guesses().wrong_count(), GuessGuard::kFree + 1U);
  EXPECT_EQ(registrar_.guesses().slowed_count(), 1U);
  const Flow there =
      std::exchange(flow_, {Transport::kUdp, 0, *Endpoint::parse("192.0.2.9:5060"), 0});
  EXPECT_EQ(send(request("<sip:200@192.0.2.9>")).status, 200) << "the honest telephone";
  flow_ = there;
  now_ += seconds(3);
  EXPECT_EQ(send(request("<sip:200@10.0.0.5>", {}, "200", "again")).status, 200);
}

TEST_F(RegistrarTest, NobodyGuessesUnderAnothersNameOrLocksAnAddressThatIsNotTheirs) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(send(request("<sip:x@y>"), DigestAlgorithm::kMd5, "201", "guess").status, 403);
    EXPECT_EQ(send(request("<sip:x@y>"), DigestAlgorithm::kMd5, "201", "secret").status, 403);
  }
  // Challenged at one address, the answer sent in another's name.
  for (int i = 0; i < 20; ++i) {
    Message message = request("<sip:x@y>");
    const auto reply = registrar_.handle(message, flow_, now_);
    Message challenge = Message::response_to(message, 401);
    challenge.add(reply.headers[0].name, reply.headers[0].value);
    DigestClient client({"200", "guess"}, entropy_);
    ASSERT_TRUE(client.take_challenge(challenge));
    client.authorize(message);
    const Flow honest{Transport::kUdp, 0, *Endpoint::parse("192.0.2.9:5060"), 0};
    EXPECT_EQ(registrar_.handle(message, honest, now_).status, 401);
  }
  EXPECT_EQ(registrar_.guesses().wrong_count(), 0U);
}

TEST_F(RegistrarTest, AddressesOfUnknownSchemesAreMalformed) {
  Message message = request("<sip:200@10.0.0.5>");
  message.set(Header::kTo, "<isbn:2983792873>");  // RFC 4475, 3.3.4
  EXPECT_EQ(registrar_.handle(message, flow_, now_).status, 400);
}

TEST_F(RegistrarTest, WrongAddressesAreRefused) {
  EXPECT_EQ(registrar_.handle(request("<sip:a@b>", {}, ""), flow_, now_).status, 400);
  EXPECT_EQ(send(request("<tel:+81312345678>")).status, 400);
}

}  // namespace
}  // namespace madoguchi::sip
