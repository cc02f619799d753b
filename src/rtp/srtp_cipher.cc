// SHA1_* on plain structs is deprecated in OpenSSL 3, but EVP_MAC copies its context with two
// allocations a packet.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "rtp/srtp_cipher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cstring>

namespace madoguchi::rtp {
namespace {

constexpr std::size_t kGcmTag = 16;
constexpr std::size_t kHmacTag = 10;
constexpr std::size_t kHmacKey = 20;
constexpr std::size_t kShaBlock = 64;
constexpr std::size_t kSrtcpIndex = 4;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

int length_of(ByteView bytes) {
  return static_cast<int>(bytes.size());
}

// AES in counter mode over `data`, in place; `context` has the key.
bool run_counter(EVP_CIPHER_CTX* context, const SrtpCipher::Iv& iv, MutableBytes data) {
  int written = 0;
  return EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, iv.data()) == 1 &&
         EVP_EncryptUpdate(context, data.data(), &written, data.data(), length_of(data)) == 1;
}

// RFC 3711, 4.3.1 and 4.3.3 with a key derivation rate of 0: the key stream at (label * 2^48 XOR
// salt) * 2^16. A GCM salt of 96 bits is used as if zeros followed (RFC 7714, 11).
bool derive(const SrtpMasterKey& master, std::size_t salt_size, int label, MutableBytes out) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  if (!context || EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, master.key.data(),
                                     nullptr) != 1)
    return false;
  SrtpCipher::Iv iv{};
  std::memcpy(iv.data(), master.salt.data(), salt_size);
  iv[7] ^= static_cast<std::uint8_t>(label);
  std::memset(out.data(), 0, out.size());
  return run_counter(context.get(), iv, out);
}

}  // namespace

struct SrtpCipher::State {
  bool gcm = false;
  CipherContext cipher;
  std::array<std::uint8_t, kMaxSrtpSaltSize> salt{};
  SHA_CTX inner{};  // HMAC's two halves with the key already in (RFC 2104)
  SHA_CTX outer{};

  ~State() {
    OPENSSL_cleanse(salt.data(), salt.size());
    OPENSSL_cleanse(&inner, sizeof inner);
    OPENSSL_cleanse(&outer, sizeof outer);
  }

  void set_hmac_key(ByteView key) {
    std::array<std::uint8_t, kShaBlock> pad{};
    for (std::size_t i = 0; i < pad.size(); ++i) pad[i] = 0x36 ^ (i < key.size() ? key[i] : 0);
    SHA1_Init(&inner);
    SHA1_Update(&inner, pad.data(), pad.size());
    for (std::uint8_t& byte : pad) byte ^= 0x36 ^ 0x5c;
    SHA1_Init(&outer);
    SHA1_Update(&outer, pad.data(), pad.size());
    OPENSSL_cleanse(pad.data(), pad.size());
  }

  // Over the bytes and a 32-bit word that follows them (rollover counter, or nothing if it is in
  // the bytes).
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> hmac(ByteView bytes,
                                                   const std::uint32_t* word) const {
    std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
    SHA_CTX hash = inner;
    SHA1_Update(&hash, bytes.data(), bytes.size());
    if (word != nullptr) {
      std::array<std::uint8_t, 4> tail{};
      write_u32(tail.data(), *word);
      SHA1_Update(&hash, tail.data(), tail.size());
    }
    SHA1_Final(digest.data(), &hash);
    hash = outer;
    SHA1_Update(&hash, digest.data(), digest.size());
    SHA1_Final(digest.data(), &hash);
    return digest;
  }

  bool gcm_seal(MutableBytes text, const Iv& iv, ByteView first, ByteView second,
                std::uint8_t* tag) {
    EVP_CIPHER_CTX* context = cipher.get();
    int n = 0;
    return EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, iv.data()) == 1 &&
           EVP_EncryptUpdate(context, nullptr, &n, first.data(), length_of(first)) == 1 &&
           (second.empty() ||
            EVP_EncryptUpdate(context, nullptr, &n, second.data(), length_of(second)) == 1) &&
           (text.empty() ||
            EVP_EncryptUpdate(context, text.data(), &n, text.data(), length_of(text)) == 1) &&
           EVP_EncryptFinal_ex(context, tag, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kGcmTag, tag) == 1;
  }

  bool gcm_open(MutableBytes text, const Iv& iv, ByteView first, ByteView second,
                std::uint8_t* tag) {
    EVP_CIPHER_CTX* context = cipher.get();
    int n = 0;
    std::array<std::uint8_t, 16> rest{};
    return EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, iv.data()) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kGcmTag, tag) == 1 &&
           EVP_DecryptUpdate(context, nullptr, &n, first.data(), length_of(first)) == 1 &&
           (second.empty() ||
            EVP_DecryptUpdate(context, nullptr, &n, second.data(), length_of(second)) == 1) &&
           (text.empty() ||
            EVP_DecryptUpdate(context, text.data(), &n, text.data(), length_of(text)) == 1) &&
           EVP_DecryptFinal_ex(context, rest.data(), &n) == 1;
  }
};

SrtpCipher::SrtpCipher() : state_(std::make_unique<State>()) {}
SrtpCipher::~SrtpCipher() = default;

std::size_t SrtpCipher::tag_size(SrtpProfile profile) {
  switch (profile) {
    case SrtpProfile::kAes128CmSha1_80:
      return kHmacTag;
    case SrtpProfile::kAeadAes128Gcm:
      return kGcmTag;
  }
  return 0;
}

bool SrtpCipher::set_key(SrtpProfile profile, const SrtpMasterKey& master, Kind kind,
                         Direction direction) {
  const std::size_t salt_size = srtp_salt_size(profile);
  const int label = kind == Kind::kRtp ? 0 : 3;  // RFC 3711, 4.3.2
  std::array<std::uint8_t, kSrtpKeySize> key{};
  std::array<std::uint8_t, kHmacKey> auth{};
  state_->gcm = profile == SrtpProfile::kAeadAes128Gcm;
  state_->cipher.reset(EVP_CIPHER_CTX_new());
  if (!state_->cipher || !derive(master, salt_size, label, key) ||
      !derive(master, salt_size, label + 1, auth) ||
      !derive(master, salt_size, label + 2, MutableBytes(state_->salt).first(salt_size)))
    return false;
  state_->set_hmac_key(auth);
  EVP_CIPHER_CTX* context = state_->cipher.get();
  bool ready = false;
  if (!state_->gcm) {
    ready = EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nullptr, key.data(), nullptr) == 1;
  } else if (direction == Direction::kProtect) {
    ready = EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, key.data(), nullptr) == 1;
  } else {
    ready = EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), nullptr, key.data(), nullptr) == 1;
  }
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(auth.data(), auth.size());
  return ready;
}

SrtpCipher::Iv SrtpCipher::rtp_iv(std::uint32_t ssrc, std::uint64_t index) const {
  Iv iv{};
  const std::size_t ssrc_at = state_->gcm ? 2 : 4;  // RFC 7714, 8.1; RFC 3711, 4.1.1
  write_u32(&iv[ssrc_at], ssrc);
  write_u32(&iv[ssrc_at + 4], static_cast<std::uint32_t>(index >> 16));
  write_u16(&iv[ssrc_at + 8], static_cast<std::uint16_t>(index));
  for (std::size_t i = 0; i < state_->salt.size(); ++i) iv[i] ^= state_->salt[i];
  return iv;
}

SrtpCipher::Iv SrtpCipher::rtcp_iv(std::uint32_t ssrc, std::uint32_t index) const {
  // The same layout: a 31-bit index in place of the 48-bit one.
  return rtp_iv(ssrc, index);
}

bool SrtpCipher::seal(MutableBytes buffer, std::size_t clear, std::size_t size, const Iv& iv,
                      std::uint32_t rollover) {
  const MutableBytes text = buffer.subspan(clear, size - clear);
  if (state_->gcm) return state_->gcm_seal(text, iv, buffer.first(clear), {}, &buffer[size]);
  if (!run_counter(state_->cipher.get(), iv, text)) return false;
  std::memcpy(&buffer[size], state_->hmac(buffer.first(size), &rollover).data(), kHmacTag);
  return true;
}

bool SrtpCipher::open(MutableBytes packet, std::size_t clear, std::size_t size, const Iv& iv,
                      std::uint32_t rollover) {
  const MutableBytes text = packet.subspan(clear, size - clear);
  if (state_->gcm) return state_->gcm_open(text, iv, packet.first(clear), {}, &packet[size]);
  const auto digest = state_->hmac(packet.first(size), &rollover);
  if (CRYPTO_memcmp(digest.data(), &packet[size], kHmacTag) != 0) return false;
  return run_counter(state_->cipher.get(), iv, text);
}

std::size_t SrtpCipher::rtcp_index_at(std::size_t size) const {
  return state_->gcm ? size + kGcmTag : size;
}

bool SrtpCipher::seal_rtcp(MutableBytes buffer, std::size_t clear, std::size_t size, const Iv& iv,
                           std::uint32_t index_word) {
  const std::size_t index_at = rtcp_index_at(size);
  const MutableBytes text = buffer.subspan(clear, size - clear);
  write_u32(&buffer[index_at], index_word);
  if (state_->gcm)
    return state_->gcm_seal(text, iv, buffer.first(clear), buffer.subspan(index_at, kSrtcpIndex),
                            &buffer[size]);
  if (!run_counter(state_->cipher.get(), iv, text)) return false;
  const auto digest = state_->hmac(buffer.first(size + kSrtcpIndex), nullptr);
  std::memcpy(&buffer[size + kSrtcpIndex], digest.data(), kHmacTag);
  return true;
}

bool SrtpCipher::open_rtcp(MutableBytes packet, std::size_t clear, std::size_t size, const Iv& iv) {
  const MutableBytes text = packet.subspan(clear, size - clear);
  if (state_->gcm)
    return state_->gcm_open(text, iv, packet.first(clear),
                            packet.subspan(rtcp_index_at(size), kSrtcpIndex), &packet[size]);
  const auto digest = state_->hmac(packet.first(size + kSrtcpIndex), nullptr);
  if (CRYPTO_memcmp(digest.data(), &packet[size + kSrtcpIndex], kHmacTag) != 0) return false;
  return run_counter(state_->cipher.get(), iv, text);
}

}  // namespace madoguchi::rtp
