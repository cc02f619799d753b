#include "base/p256.h"

#include <gtest/gtest.h>

#include "base/sealing.h"

namespace madoguchi {
namespace {

// Made in Chromium by WebCrypto, with a key that could not be read out.
const Bytes kPoint = *from_base64(
    "BHpqJALANr+kb0wFMV9dCNybHKPrQ2CDo0m9+OSleQE1iT3iGzsIO7PO9YMuEkvJ2V+uPDc8HZvGrJwzEerW8NI=");
const Bytes kSignature = *from_base64(
    "ClQB059B9JIfM9MHjqdflkLkv1mFdWV5E83Ap6VwEh161kyXtI7WlO44FG2yec797QIJhgzmqMzDJe14Oz1iqQ==");

TEST(P256, VerifiesWhatABrowserSigned) {
  const auto key = P256PublicKey::of_point(kPoint);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->verifies(as_bytes("madoguchi.proof.1"), kSignature));
  EXPECT_FALSE(key->verifies(as_bytes("madoguchi.proof.2"), kSignature));
}

TEST(P256, EitherFormIsNotTheOther) {
  const auto key = P256PublicKey::of_point(kPoint);
  ASSERT_TRUE(key);
  EXPECT_FALSE(key->verifies_der(as_bytes("madoguchi.proof.1"), kSignature));
  Bytes der{0x30, 0x44, 0x02, 0x20};  // neither r nor s begins with a set bit
  der.insert(der.end(), kSignature.begin(), kSignature.begin() + 32);
  der.insert(der.end(), {0x02, 0x20});
  der.insert(der.end(), kSignature.begin() + 32, kSignature.end());
  EXPECT_TRUE(key->verifies_der(as_bytes("madoguchi.proof.1"), der));
  EXPECT_FALSE(key->verifies(as_bytes("madoguchi.proof.1"), der));
}

TEST(P256, EveryChangedByteOfASignatureIsRefused) {
  const auto key = P256PublicKey::of_point(kPoint);
  ASSERT_TRUE(key);
  for (std::size_t i = 0; i < kSignature.size(); ++i) {
    Bytes changed = kSignature;
    changed[i] ^= 1;
    EXPECT_FALSE(key->verifies(as_bytes("madoguchi.proof.1"), changed)) << i;
  }
  EXPECT_FALSE(key->verifies(as_bytes("madoguchi.proof.1"), Bytes(64, 0)));
  EXPECT_FALSE(key->verifies(as_bytes("madoguchi.proof.1"), Bytes()));
  EXPECT_FALSE(key->verifies_der(as_bytes("madoguchi.proof.1"), Bytes()));
}

TEST(P256, AKeyIsAnUncompressedPointOfTheCurveAndNothingElse) {
  Bytes off = kPoint;
  off[40] ^= 1;
  EXPECT_FALSE(P256PublicKey::of_point(off));
  EXPECT_FALSE(P256PublicKey::of_point(Bytes(65, 0)));
  EXPECT_FALSE(P256PublicKey::of_point(Bytes()));
  EXPECT_FALSE(P256PublicKey::of_point(ByteView(kPoint).first(64)));
  Bytes compressed(kPoint.begin(), kPoint.begin() + 33);
  compressed[0] = 2;
  EXPECT_FALSE(P256PublicKey::of_point(compressed));
}

}  // namespace
}  // namespace madoguchi
