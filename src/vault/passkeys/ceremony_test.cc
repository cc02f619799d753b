#include "vault/passkeys/ceremony.h"

#include <gtest/gtest.h>

#include "vault/passkeys/challenges.h"
#include "vault/passkeys/public_key.h"
#include "vault/passkeys/software_authenticator.h"

namespace madoguchi::vault {
namespace {

class Ceremony : public testing::Test {
 protected:
  const Bytes challenge_ = Bytes(32, 7);
  CeremonyPlace place_{"https://vault.example", "vault.example", {"https://desk.example"}};
  SoftwareAuthenticator key_;
  bool fresh_ = true;

  ChallengeCheck is_ours() {
    return [this](ByteView given) {
      return fresh_ && Bytes(given.begin(), given.end()) == challenge_;
    };
  }
  std::string made(const Bytes& object, const std::string& type = "webauthn.create") {
    const auto passkey =
        check_registration(place_, is_ours(), key_.client(type, challenge_), object);
    return passkey ? "" : passkey.error().message;
  }
  std::string made() { return made(SoftwareAuthenticator::attestation(key_.attested())); }
  std::string signed_in(const Assertion& assertion, std::uint32_t known = 0) {
    const auto count = check_assertion(place_, is_ours(), {key_.cose(), known}, assertion);
    return count ? "" : count.error().message;
  }
  std::string signed_in(std::uint32_t known = 0) {
    return signed_in(key_.assertion(challenge_), known);
  }
};

TEST_F(Ceremony, ANewPasskeyGivesItsIdAndKey) {
  const auto passkey =
      check_registration(place_, is_ours(), key_.client("webauthn.create", challenge_),
                         SoftwareAuthenticator::attestation(key_.attested()));
  ASSERT_TRUE(passkey) << passkey.error().message;
  EXPECT_EQ(passkey->credential, key_.credential);
  EXPECT_EQ(passkey->public_key, key_.cose());
  EXPECT_EQ(signed_in(), "");
}

TEST_F(Ceremony, WhatIsNotAsAskedIsRefusedInBoth) {
  const auto refused = [&](const char* what, const char* why) {
    EXPECT_NE(made().find(why), std::string::npos) << what << ": " << made();
    EXPECT_NE(signed_in().find(why), std::string::npos) << what << ": " << signed_in();
    key_.origin = place_.origin;
    key_.site = place_.relying_party;
    key_.flags = 0x05;
    key_.more.clear();
    fresh_ = true;
  };
  key_.origin = "https://evil.example";
  refused("another origin", "another origin");
  key_.origin = "https://vault.example:444";
  refused("another port", "another origin");
  key_.site = "evil.example";
  refused("another site", "another site");
  key_.flags = 0x04;
  refused("nobody present", "present");
  key_.flags = 0x01;
  refused("not verified", "verified");
  fresh_ = false;
  refused("used challenge", "challenge");
  key_.more = R"(,"crossOrigin":true,"topOrigin":"https://evil.example")";
  refused("another frame", "frame");
  key_.more = R"(,"topOrigin":5)";
  refused("a frame of nothing", "frame");
  EXPECT_NE(made(SoftwareAuthenticator::attestation(key_.attested()), "webauthn.get"), "");
  key_.more = R"(,"crossOrigin":true,"topOrigin":"https://desk.example")";
  EXPECT_EQ(signed_in(), "");
}

TEST_F(Ceremony, ASignatureCoversEverything) {
  for (int part = 0; part < 3; ++part)
    for (std::size_t at = 0; at < 37; ++at) {
      Assertion changed = key_.assertion(challenge_);
      Bytes& bytes = part == 0   ? changed.client_data
                     : part == 1 ? changed.authenticator_data
                                 : changed.signature;
      bytes[at] ^= 1;
      EXPECT_NE(signed_in(changed), "") << part << " " << at;
    }
  const SoftwareAuthenticator another;
  EXPECT_NE(signed_in(another.assertion(challenge_)), "");
}

TEST_F(Ceremony, ACountThatDoesNotGrowIsACopys) {
  key_.count = 5;
  EXPECT_EQ(signed_in(4), "");
  EXPECT_NE(signed_in(5), "");
  EXPECT_NE(signed_in(6), "");
  key_.count = 0;
  EXPECT_NE(signed_in(1), "");
  EXPECT_EQ(signed_in(0), "");
}

TEST_F(Ceremony, CutOffOrLengthenedAnswersAreRefused) {
  const Bytes whole = SoftwareAuthenticator::attestation(key_.attested());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(made(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))), "");
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_NE(made(longer), "");
  Bytes data = key_.attested();
  data.push_back(0);
  EXPECT_NE(made(SoftwareAuthenticator::attestation(data)), "");
  key_.credential.clear();
  EXPECT_NE(made(), "");
  key_.credential = Bytes(kMostCredentialId + 1, 1);
  EXPECT_NE(made(), "");
  key_.credential = Bytes(kMostCredentialId, 1);
  EXPECT_EQ(made(), "");
}

TEST_F(Ceremony, ExtensionsArePassedOver) {
  key_.flags = 0x85;
  Bytes data = key_.attested();
  const std::string extensions(
      "\xA1\x6B"
      "credProtect\x03");
  data.insert(data.end(), extensions.begin(), extensions.end());
  EXPECT_EQ(made(SoftwareAuthenticator::attestation(data)), "");
  EXPECT_NE(made(), "");  // promised, and not there
}

TEST(PasskeyPublicKey, OnlyWholeKeysOfItsKindsAreTaken) {
  const SoftwareAuthenticator authenticator;
  const Bytes whole = authenticator.cose();
  EXPECT_TRUE(PasskeyPublicKey::parse(whole));
  Bytes off_the_curve = whole;
  off_the_curve.back() ^= 1;
  EXPECT_FALSE(PasskeyPublicKey::parse(off_the_curve));
  Bytes of_another_algorithm = whole;
  of_another_algorithm[4] = 0x27;
  EXPECT_FALSE(PasskeyPublicKey::parse(of_another_algorithm));
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(PasskeyPublicKey::parse(longer));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(PasskeyPublicKey::parse(ByteView(whole).first(size)));
  // RFC 8032, 7.1, test 1.
  Bytes edwards{0xA4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20};
  const Bytes x = *from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  edwards.insert(edwards.end(), x.begin(), x.end());
  const auto key = PasskeyPublicKey::parse(edwards);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_TRUE(key->verifies(
      {}, *from_hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb88215"
                    "90a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")));
  EXPECT_FALSE(key->verifies(as_bytes("x"), Bytes(64, 0)));
}

TEST(PasskeyPublicKey, RsaKeysVerifyTheirSignatures) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> made(EVP_RSA_gen(2048), EVP_PKEY_free);
  BIGNUM* n = nullptr;
  ASSERT_EQ(EVP_PKEY_get_bn_param(made.get(), OSSL_PKEY_PARAM_RSA_N, &n), 1);
  Bytes modulus(256);
  BN_bn2binpad(n, modulus.data(), 256);
  BN_free(n);
  Bytes cose{0xA4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00};
  cose.insert(cose.end(), modulus.begin(), modulus.end());
  cose.insert(cose.end(), {0x21, 0x43, 0x01, 0x00, 0x01});
  const auto key = PasskeyPublicKey::parse(cose);
  ASSERT_TRUE(key) << key.error().message;
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  Bytes signature(256);
  std::size_t size = signature.size();
  const ByteView message = as_bytes("message");
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, made.get());
  ASSERT_EQ(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()),
            1);
  EXPECT_TRUE(key->verifies(message, signature));
  EXPECT_FALSE(key->verifies(as_bytes("another"), signature));
}

TEST(ChallengesOf, AreGoodOnceForOneEndWhileFresh) {
  SystemEntropy entropy;
  Challenges challenges(entropy);
  const Time now = *parse_utc("2026-11-22T03:00:00Z");
  const Bytes one = challenges.make("sign in", now);
  EXPECT_FALSE(challenges.use(one, "another end", now));
  EXPECT_TRUE(challenges.use(one, "sign in", now));
  EXPECT_FALSE(challenges.use(one, "sign in", now));
  const Bytes old = challenges.make("sign in", now);
  EXPECT_FALSE(challenges.use(old, "sign in", now + Challenges::kFresh));
  EXPECT_TRUE(challenges.use(old, "sign in", now + Challenges::kFresh - Micros(1)));
  Bytes changed = challenges.make("sign in", now);
  changed[0] ^= 1;
  EXPECT_FALSE(challenges.use(changed, "sign in", now));
  EXPECT_FALSE(Challenges(entropy).use(challenges.make("sign in", now), "sign in", now));
  EXPECT_FALSE(challenges.use({}, "sign in", now));
}

TEST(Base64Url, IsStrict) {
  EXPECT_EQ(to_base64url(Bytes{0xFB, 0xFF}), "-_8");
  EXPECT_EQ(from_base64url("-_8"), (Bytes{0xFB, 0xFF}));
  for (const char* text : {"-_8=", "+/8", "-_9", "-", "a b"})
    EXPECT_FALSE(from_base64url(text)) << text;
}

}  // namespace
}  // namespace madoguchi::vault
