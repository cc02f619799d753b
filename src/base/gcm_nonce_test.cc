#include "base/gcm_nonce.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "base/aead.h"

namespace madoguchi {
namespace {

Bytes counted(std::size_t size, std::uint8_t first) {
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = first++;
  return bytes;
}

GcmBlock hash_key_of(const Bytes& key) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const GcmBlock zeros{};
  GcmBlock block{};
  int written = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), nullptr, key.data(), nullptr), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context, block.data(), &written, zeros.data(), 16), 1);
  EVP_CIPHER_CTX_free(context);
  return block;
}

// OpenSSL is the judge, for every length that it takes.
TEST(ShortGcmNonce, SealsAsTheLongOneDoes) {
  const Bytes plain = counted(100, 7);
  for (std::size_t size = 1; size <= 128; ++size) {
    if (size == 12) continue;
    const Bytes key = counted(32, static_cast<std::uint8_t>(size));
    const Bytes nonce = counted(size, 200);
    const GcmBlock brief = short_gcm_nonce(hash_key_of(key), nonce);
    EXPECT_EQ(aes_gcm_seal(key, brief, {}, plain).value(),
              aes_gcm_seal(key, nonce, {}, plain).value())
        << size;
  }
}

TEST(ShortGcmNonce, OfSixteenBytesIsItself) {
  const Bytes nonce = counted(16, 90);
  const GcmBlock brief = short_gcm_nonce(hash_key_of(counted(32, 1)), nonce);
  EXPECT_EQ(Bytes(brief.begin(), brief.end()), nonce);
}

TEST(AesGcm, OpensWhatWasSealedWithALongNonceAndNothingElse) {
  const Bytes key = counted(32, 3);
  const Bytes plain = counted(50, 9);
  Bytes nonce = counted(300, 1);
  const Bytes sealed = aes_gcm_seal(key, nonce, {}, plain).value();
  EXPECT_EQ(aes_gcm_open(key, nonce, {}, sealed).value(), plain);
  nonce.back() ^= 1;
  EXPECT_FALSE(aes_gcm_open(key, nonce, {}, sealed));
  nonce.pop_back();
  EXPECT_FALSE(aes_gcm_open(key, nonce, {}, sealed));
}

}  // namespace
}  // namespace madoguchi
