#include "sip/digest.h"

#include <gtest/gtest.h>

#include "sip/transaction_testing.h"

namespace madoguchi::sip {
namespace {

using Verdict = DigestAuthenticator::Verdict;
using std::chrono::seconds;

Message registration() {
  Message message = Message::request(Method::kRegister, Uri::sip("", "exchange.example"));
  message.add(Header::kVia, "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa");
  message.add(Header::kFrom, "<sip:op1@exchange.example>;tag=a");
  message.add(Header::kTo, "<sip:op1@exchange.example>");
  message.add(Header::kCallId, "x");
  message.add(Header::kCSeq, "1 REGISTER");
  return message;
}

class DigestPair : public ::testing::Test {
 protected:
  static DigestServerOptions options() {
    DigestServerOptions options;
    options.realm = "exchange \"one\"";
    options.max_nonces = 4;
    return options;
  }
  DigestAuthenticator::Outcome check(const Message& request) {
    return server.check(request, Header::kAuthorization, lookup, now);
  }
  Message challenge(bool stale = false) {
    return server.challenge(registration(), Header::kAuthorization, stale, now);
  }

  SeededEntropy entropy{1};
  DigestAuthenticator server{options(), entropy};
  DigestClient client{{"op1", "secret"}, entropy};
  DigestAuthenticator::Lookup lookup = [](std::string_view user) -> std::optional<DigestSecret> {
    if (user != "op1") return std::nullopt;
    return DigestSecret::of("op1", "exchange \"one\"", "secret");
  };
  MonoTime now{seconds(5000)};
};

TEST(Digest, HashesAsRfc7616Shows) {
  // RFC 7616, 3.9.1: HA1 of "Mufasa" with MD5, recomputed through digest_hex.
  EXPECT_EQ(digest_hex(DigestAlgorithm::kMd5, ""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(digest_hex(DigestAlgorithm::kSha256, ""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest_hex(DigestAlgorithm::kMd5, "Mufasa:testrealm@host.com:Circle Of Life"),
            "939e7578ed9e3c518a452acee763bce9");
}

TEST_F(DigestPair, AgreesAfterOneChallenge) {
  EXPECT_EQ(check(registration()).verdict, Verdict::kNoCredentials);
  const Message challenged = challenge();
  EXPECT_EQ(challenged.status(), 401);
  ASSERT_EQ(challenged.count(Header::kWwwAuthenticate), 2U);
  // Telephones that look at one challenge only must find the one they know.
  EXPECT_NE(challenged.first(Header::kWwwAuthenticate)->find("algorithm=MD5"),
            std::string_view::npos);
  ASSERT_TRUE(client.take_challenge(challenged));
  Message request = registration();
  client.authorize(request);
  ASSERT_EQ(request.count(Header::kAuthorization), 1U);
  EXPECT_NE(request.first(Header::kAuthorization)->find("SHA-256"), std::string_view::npos);
  const auto outcome = check(request);
  EXPECT_EQ(outcome.verdict, Verdict::kAccepted);
  EXPECT_EQ(outcome.user, "op1");
}

TEST_F(DigestPair, TakesEachNonceCountOnce) {
  ASSERT_TRUE(client.take_challenge(challenge()));
  Message first = registration();
  Message second = registration();
  client.authorize(first);
  client.authorize(second);
  EXPECT_EQ(check(second).verdict, Verdict::kAccepted);
  EXPECT_EQ(check(first).verdict, Verdict::kAccepted);  // overtaken on the way
  EXPECT_EQ(check(first).verdict, Verdict::kStale);
  EXPECT_EQ(check(second).verdict, Verdict::kStale);
}

TEST_F(DigestPair, CallsAnOldNonceStaleAndTheClientTriesAgain) {
  ASSERT_TRUE(client.take_challenge(challenge()));
  now += std::chrono::minutes(6);
  Message request = registration();
  client.authorize(request);
  EXPECT_EQ(check(request).verdict, Verdict::kStale);
  ASSERT_TRUE(client.take_challenge(challenge(true)));
  client.authorize(request);
  EXPECT_EQ(check(request).verdict, Verdict::kAccepted);
}

TEST_F(DigestPair, RefusesAWrongPasswordAndTheClientStops) {
  DigestClient wrong({"op1", "guess"}, entropy);
  ASSERT_TRUE(wrong.take_challenge(challenge()));
  Message request = registration();
  wrong.authorize(request);
  EXPECT_EQ(check(request).verdict, Verdict::kRefused);
  EXPECT_FALSE(wrong.take_challenge(challenge()));
}

TEST_F(DigestPair, TellsUnknownUsersNoMoreThanWrongPasswords) {
  DigestClient nobody({"nobody", "secret"}, entropy);
  ASSERT_TRUE(nobody.take_challenge(challenge()));
  Message request = registration();
  nobody.authorize(request);
  EXPECT_EQ(check(request).verdict, Verdict::kRefused);
}

TEST_F(DigestPair, TakesARegistrarsNewNonceAfterSuccess) {
  ASSERT_TRUE(client.take_challenge(challenge()));
  Message request = registration();
  client.authorize(request);
  client.take_success(Message::response_to(request, 200));
  client.authorize(request);
  EXPECT_TRUE(client.take_challenge(challenge()));
  client.authorize(request);
  EXPECT_FALSE(client.take_challenge(challenge()));
}

TEST_F(DigestPair, RefusesForgedNonces) {
  ASSERT_TRUE(client.take_challenge(challenge()));
  Message request = registration();
  client.authorize(request);
  DigestAuthenticator other(options(), entropy);
  EXPECT_EQ(other.check(request, Header::kAuthorization, lookup, now).verdict, Verdict::kStale);
}

TEST_F(DigestPair, BindsTheAnswerToTheTarget) {
  ASSERT_TRUE(client.take_challenge(challenge()));
  Message request = registration();
  client.authorize(request);
  request.set_target(Uri::sip("", "elsewhere.example"));
  EXPECT_EQ(check(request).verdict, Verdict::kMalformed);
}

TEST_F(DigestPair, RemembersABoundedNumberOfNoncesAndNoneTwice) {
  std::vector<Message> used;
  for (int i = 0; i < 10; ++i) {
    DigestClient one({"op1", "secret"}, entropy);
    ASSERT_TRUE(one.take_challenge(challenge()));
    Message request = registration();
    one.authorize(request);
    EXPECT_EQ(check(request).verdict, Verdict::kAccepted);
    used.push_back(request);
  }
  EXPECT_EQ(server.nonces_remembered(), 4U);
  for (const Message& request : used) EXPECT_EQ(check(request).verdict, Verdict::kStale);
}

TEST_F(DigestPair, UsesMd5WhereTheServerKnowsNothingElse) {
  Message challenged = Message::response_to(registration(), 407);
  challenged.add(Header::kProxyAuthenticate, "Digest realm=\"r\", nonce=\"n\", algorithm=MD5");
  ASSERT_TRUE(client.take_challenge(challenged));
  Message request = registration();
  client.authorize(request);
  const auto value = AuthValue::parse(*request.first(Header::kProxyAuthorization));
  const std::string expected =
      digest_hex(DigestAlgorithm::kMd5,
                 digest_hex(DigestAlgorithm::kMd5, "op1:r:secret") +
                     ":n:" + digest_hex(DigestAlgorithm::kMd5, "REGISTER:sip:exchange.example"));
  EXPECT_EQ(value->param("response"), expected);
  EXPECT_FALSE(value->param("qop"));
}

TEST_F(DigestPair, LeavesUnknownSchemesAlone) {
  Message challenged = Message::response_to(registration(), 401);
  challenged.add(Header::kWwwAuthenticate, "NoOneKnowsThis opaque=\"x\"");
  EXPECT_FALSE(client.take_challenge(challenged));
  Message request = registration();
  request.add(Header::kAuthorization, "NoOneKnowsThis user=\"op1\"");
  EXPECT_EQ(check(request).verdict, Verdict::kNoCredentials);
}

}  // namespace
}  // namespace madoguchi::sip
