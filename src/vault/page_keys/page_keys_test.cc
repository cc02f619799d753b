#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/sealing.h"
#include "vault/page_keys/proof_check.h"
#include "vault/page_keys/software_page.h"

namespace madoguchi::vault {
namespace {

constexpr std::chrono::seconds kSecond{1};

class Proofs : public testing::Test {
 protected:
  Proofs() { page_.learn(check_.run(), clock_.now()); }

  std::optional<ProofFault> sent(const std::string& header) { return sent(header, asked_); }
  std::optional<ProofFault> sent(const std::string& header, const AskedRequest& request) {
    return check_.of_session("session", bound_to_, header, request);
  }
  [[nodiscard]] std::string proof() const { return page_.proof(asked_, clock_.now()).header(); }

  ManualClock clock_{*parse_utc("2026-11-22T03:00:00Z")};
  SystemEntropy entropy_;
  ProofCheck check_{clock_, entropy_};
  SoftwarePage page_;
  const std::string bound_to_ = thumbprint_of(page_.public_key());
  const AskedRequest asked_{"POST", "vault.localhost:8443", "/api/open?x=%20y", "T1", "", "{}"};
};

TEST_F(Proofs, ThePagesOwnRequestsPassOnceEach) {
  const std::string one = proof();
  const std::string other = proof();
  EXPECT_EQ(sent(other), std::nullopt);  // in any order
  EXPECT_EQ(sent(one), std::nullopt);
  EXPECT_EQ(sent(one), ProofFault::kUsed);
  EXPECT_EQ(sent(other), ProofFault::kUsed);
}

TEST_F(Proofs, NothingOrNonsenseIsNoProof) {
  const std::string good = proof();
  EXPECT_EQ(sent(""), ProofFault::kMissing);
  EXPECT_EQ(sent(good + " "), ProofFault::kMissing);
  EXPECT_EQ(sent(" " + good), ProofFault::kMissing);
  EXPECT_EQ(sent("- 1 0123456789abcdef k"), ProofFault::kMissing);
  EXPECT_EQ(sent("- -1 0123456789abcdef k AAAA"), ProofFault::kMissing);
  EXPECT_EQ(sent("- 01 0123456789abcdef k AAAA"), ProofFault::kMissing);
  EXPECT_EQ(sent("- 1 short k AAAA"), ProofFault::kMissing);
  EXPECT_EQ(sent("- 999999999999999 0123456789abcdef k AAAA"), ProofFault::kMissing);
  EXPECT_EQ(sent(good), std::nullopt);
}

TEST_F(Proofs, AnotherKeysSignatureIsWrong) {
  SoftwarePage thief;
  thief.learn(check_.run(), clock_.now());
  EXPECT_EQ(sent(thief.proof(asked_, clock_.now()).header()), ProofFault::kWrong);
  RequestProof claimed = thief.proof(asked_, clock_.now());
  claimed.key = page_.public_key();
  EXPECT_EQ(sent(claimed.header()), ProofFault::kWrong);
  // Nor does a session that was bound to no key take any.
  EXPECT_EQ(check_.of_session("older", "", proof(), asked_), ProofFault::kWrong);
  RequestProof odd = page_.proof(asked_, clock_.now());
  odd.key = to_base64(Bytes(65, 4));
  EXPECT_EQ(check_.of_session("odd", thumbprint_of(odd.key), odd.header(), asked_),
            ProofFault::kWrong);
}

TEST_F(Proofs, EachPartOfTheRequestIsSigned) {
  const auto changed = [&](auto change) {
    AskedRequest other = asked_;
    change(other);
    return sent(proof(), other);
  };
  EXPECT_EQ(changed([](auto& r) { r.method = "GET"; }), ProofFault::kWrong);
  EXPECT_EQ(changed([](auto& r) { r.host = "vault.localhost:8444"; }), ProofFault::kWrong);
  EXPECT_EQ(changed([](auto& r) { r.target = "/api/open?x=%20z"; }), ProofFault::kWrong);
  EXPECT_EQ(changed([](auto& r) { r.target = "/api/open?x=+y"; }), ProofFault::kWrong);
  EXPECT_EQ(changed([](auto& r) { r.ticket = "T2"; }), ProofFault::kWrong);
  EXPECT_EQ(changed([](auto& r) { r.playback = "P"; }), ProofFault::kWrong);
  EXPECT_EQ(changed([](auto& r) { r.body = "{ }"; }), ProofFault::kWrong);
}

TEST_F(Proofs, EachPartOfTheProofIsSigned) {
  RequestProof later = page_.proof(asked_, clock_.now());
  later.made += kSecond;
  EXPECT_EQ(sent(later.header()), ProofFault::kWrong);
  RequestProof renamed = page_.proof(asked_, clock_.now());
  renamed.name[0] = renamed.name[0] == '0' ? '1' : '0';
  EXPECT_EQ(sent(renamed.header()), ProofFault::kWrong);
  RequestProof shorter = page_.proof(asked_, clock_.now());
  shorter.signature.pop_back();
  EXPECT_EQ(sent(shorter.header()), ProofFault::kWrong);
}

TEST_F(Proofs, AMinuteOldOrAheadIsTheLimit) {
  const std::string first = proof();
  const std::string second = proof();
  clock_.advance(ProofCheck::kFresh);
  EXPECT_EQ(sent(first), std::nullopt);
  clock_.advance(kSecond);
  EXPECT_EQ(sent(second), ProofFault::kOld);
  const auto ahead = [&](std::chrono::seconds by) {
    return page_.proof(asked_, clock_.now() + by).header();
  };
  EXPECT_EQ(sent(ahead(ProofCheck::kFresh)), std::nullopt);
  EXPECT_EQ(sent(ahead(ProofCheck::kFresh + kSecond)), ProofFault::kOld);
}

TEST_F(Proofs, ANameIsRememberedForAsLongAsItsProofIsFresh) {
  // As far ahead as may be: good for two minutes.
  const std::string early = page_.proof(asked_, clock_.now() + ProofCheck::kFresh).header();
  EXPECT_EQ(sent(early), std::nullopt);
  for (int i = 0; i < 120; ++i) {
    clock_.advance(kSecond);
    EXPECT_EQ(sent(proof()), std::nullopt);
    EXPECT_EQ(sent(early), ProofFault::kUsed) << i;
  }
  clock_.advance(kSecond);
  EXPECT_EQ(sent(early), ProofFault::kOld);
}

TEST_F(Proofs, WhatWasSignedForAnEarlierRunIsVoidUntilThePageHasLearnt) {
  const std::string before = proof();
  ProofCheck after(clock_, entropy_);
  EXPECT_EQ(after.of_session("session", bound_to_, before, asked_), ProofFault::kOtherRun);
  page_.learn(after.run(), clock_.now());
  EXPECT_EQ(after.of_session("session", bound_to_, proof(), asked_), std::nullopt);
}

TEST_F(Proofs, APageWhoseClockIsWrongLearnsTheVaultsTime) {
  const Time wrong = clock_.now() - std::chrono::hours(9);
  SoftwarePage page;
  const auto begins = [&] {
    return check_.of_beginning(page.proof(asked_, wrong).header(), asked_);
  };
  EXPECT_EQ(begins().error(), ProofFault::kOtherRun);
  page.learn(check_.run(), wrong);
  EXPECT_EQ(begins().value(), thumbprint_of(page.public_key()));
}

TEST_F(Proofs, WhoeverBeginsMustHoldTheKey) {
  const SoftwarePage other;
  RequestProof theirs = page_.proof(asked_, clock_.now());
  theirs.key = other.public_key();
  EXPECT_EQ(check_.of_beginning(theirs.header(), asked_).error(), ProofFault::kWrong);
  theirs.key = "AAAA";
  EXPECT_EQ(check_.of_beginning(theirs.header(), asked_).error(), ProofFault::kWrong);
  EXPECT_EQ(check_.of_beginning("", asked_).error(), ProofFault::kMissing);
}

TEST_F(Proofs, OfOneProofSentManyTimesAtOnceOneIsTaken) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  std::vector<std::string> headers;
  for (int i = 0; i < kEach; ++i) headers.push_back(proof());
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      for (const std::string& one : headers)
        if (!sent(one)) ++taken;
    });
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(taken, kEach);
}

TEST_F(Proofs, SessionsDoNotSpendEachOthersNames) {
  const std::string one = proof();
  EXPECT_EQ(sent(one), std::nullopt);
  EXPECT_EQ(check_.of_session("another", bound_to_, one, asked_), std::nullopt);
}

TEST(RequestProof, IsWrittenAsItIsRead) {
  const std::string text = "0123456789abcdef 1795316400123 AbCd-_0123456789 BK+/= AAECAw==";
  const auto proof = RequestProof::parse(text);
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->header(), text);
}

}  // namespace
}  // namespace madoguchi::vault
