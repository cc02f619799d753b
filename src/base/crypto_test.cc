// Answers known from elsewhere: RFCs, and Python's hashlib and hmac where a comment says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/aead.h"
#include "base/keyed.h"
#include "base/signing.h"

namespace madoguchi {
namespace {

class CountingEntropy final : public Entropy {
 public:
  explicit CountingEntropy(std::uint8_t from) : next_(from) {}
  void fill(void* bytes, std::size_t count) override {
    auto* into = static_cast<std::uint8_t*>(bytes);
    for (std::size_t i = 0; i < count; ++i) into[i] = next_++;
  }

 private:
  std::uint8_t next_;
};

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

const Bytes kPlain = {'a', 'b', 'c'};

TEST(Committed, StoresTheCommitmentOfKeyAndNonce) {
  CountingEntropy entropy(100);
  const Bytes sealed = seal_committed(counting(32), as_bytes("here"), kPlain, entropy);
  ASSERT_EQ(sealed.size(), kPlain.size() + kCommittedOverhead);
  // hashlib.blake2b(b"madoguchi.committed.1" + bytes(range(100, 124)), key=bytes(range(32))),
  // bytes 32 to 64.
  EXPECT_EQ(to_hex(ByteView(sealed).subspan(24, 32)),
            "f4f7c34c34ede443d9619b6b36dc92eacb310e4ca8cb9d983005e751239c1081");
  EXPECT_EQ(open_committed(counting(32), as_bytes("here"), sealed).value(), kPlain);
  EXPECT_EQ(to_hex(open_committed_secret(counting(32), as_bytes("here"), sealed)->reveal()),
            to_hex(kPlain));
}

TEST(Committed, OpensNowhereElseAndWithNoOtherKeyAndNotWhenChanged) {
  CountingEntropy entropy(1);
  const Bytes sealed = seal_committed(counting(32), as_bytes("here"), kPlain, entropy);
  EXPECT_FALSE(open_committed(counting(32), as_bytes("there"), sealed));
  Bytes other = counting(32);
  other[31] ^= 1;
  EXPECT_FALSE(open_committed(other, as_bytes("here"), sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 0x40;
    EXPECT_FALSE(open_committed(counting(32), as_bytes("here"), changed)) << "byte " << i;
    EXPECT_FALSE(open_committed(counting(32), as_bytes("here"), ByteView(sealed).first(i)))
        << "cut to " << i;
  }
}

TEST(Committed, HoldsAnEmptyValueButNoEmptySecret) {
  CountingEntropy entropy(1);
  const Bytes sealed = seal_committed(counting(32), {}, {}, entropy);
  EXPECT_TRUE(open_committed(counting(32), {}, sealed)->empty());
  EXPECT_FALSE(open_committed_secret(counting(32), {}, sealed));
}

TEST(Associated, NoTwoPlacesHaveTheSameBytes) {
  const Associated one = std::move(Associated("field").add("ab").add("c"));
  const Associated other = std::move(Associated("field").add("a").add("bc"));
  EXPECT_NE(to_hex(one.bytes()), to_hex(other.bytes()));
}

TEST(XChaCha20Poly1305, RefusesOtherKeyAndNonceSizes) {
  EXPECT_EQ(xchacha20_poly1305_seal(counting(31), counting(24), {}, kPlain).error().code,
            ErrorCode::kInvalid);
  EXPECT_EQ(xchacha20_poly1305_seal(counting(32), counting(12), {}, kPlain).error().code,
            ErrorCode::kInvalid);
  const auto sealed = xchacha20_poly1305_seal(counting(32), counting(24), {}, kPlain);
  EXPECT_EQ(xchacha20_poly1305_open(counting(32), counting(24), {}, *sealed).value(), kPlain);
}

TEST(Hmac, MatchesPythonAndCutTags) {
  const Bytes key(70, 'k');
  const std::string expected =
      "aa7d99fae44e3fbeefb3fedbf92031f254d77f39e317e9d7b7bcf8ad8a86c3f6";  // hmac.new(b"k" * 70,
                                                                           // "窓口".encode(),
                                                                           // "sha256")
  EXPECT_EQ(to_hex(hmac_sha256(key, as_bytes("窓口"))), expected);
  const Bytes tag = hex(expected);
  EXPECT_TRUE(hmac_sha256_matches(key, as_bytes("窓口"), tag));
  EXPECT_TRUE(hmac_sha256_matches(key, as_bytes("窓口"), ByteView(tag).first(16)));
  EXPECT_FALSE(hmac_sha256_matches(key, as_bytes("窓口"), ByteView(tag).first(15)));
  EXPECT_FALSE(hmac_sha256_matches(key, as_bytes("窓"), tag));
}

TEST(Hkdf, MatchesPythonOverSeveralBlocks) {
  const auto out =
      hkdf_sha256(as_bytes("input key"), as_bytes("salt of ours"), as_bytes("vault/field"), 70);
  // RFC 5869 written out with Python's hmac.
  EXPECT_EQ(to_hex(*out),
            "165324b0c3e47501afac8661871283850cae56565628d0ea2a11df665fdb7423bfbc30"
            "61bb5d7b0ebf3b0bfed40a17e9557ec1608e6cf9d4cc99842543d1d5d94d3e7e3cb30b");
  const auto secret = derive_secret(as_bytes("input key"), as_bytes("salt of ours"), "vault/field");
  EXPECT_EQ(to_hex(secret->reveal()), to_hex(ByteView(*out).first(32)));
  EXPECT_FALSE(hkdf_sha256({}, {}, {}, kHkdfMost + 1));
}

TEST(AesKwp, WrapsAsRfc5649Section6Says) {
  const Bytes wrapping = hex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
  const Bytes key = hex("c37b7e6492584340bed12207808941155068f738");
  const auto wrapped = aes_kwp_wrap(wrapping, key);
  EXPECT_EQ(to_hex(*wrapped), "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a");
  EXPECT_EQ(to_hex(aes_kwp_unwrap(wrapping, *wrapped)->reveal()), to_hex(key));
  for (std::size_t i = 0; i < wrapped->size(); ++i) {
    Bytes changed = *wrapped;
    changed[i] ^= 1;
    EXPECT_FALSE(aes_kwp_unwrap(wrapping, changed)) << "byte " << i;
  }
}

TEST(Signing, SignsAsRfc8032Section7Says) {
  const auto key =
      SigningKey::of_seed(hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  EXPECT_EQ(to_hex(key->public_key()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const Signature signature = key->sign({});
  EXPECT_EQ(to_hex(signature),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  EXPECT_TRUE(ed25519_verify(key->public_key(), {}, signature));
  EXPECT_FALSE(ed25519_verify(key->public_key(), as_bytes("x"), signature));
  EXPECT_FALSE(SigningKey::of_seed(counting(31)));
}

}  // namespace
}  // namespace madoguchi
