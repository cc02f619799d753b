// C2SP's wycheproof vectors, all of them, against the functions that the project itself uses.
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/aead.h"
#include "base/keyed.h"
#include "base/shared_vectors.h"
#include "base/signing.h"

namespace madoguchi {
namespace {

using Json = nlohmann::json;

Bytes bytes_of(const Json& object, const char* name) {
  return from_hex(object.at(name).get<std::string>()).value();
}

struct Tally {
  int cases = 0;
  int valid = 0;
};

// Runs every case of the file; `accepts` says whether our function takes it, right answer included.
Tally run_file(const std::filesystem::path& file,
               const std::function<bool(const Json& group, const Json& test)>& accepts) {
  std::ifstream in(file);
  const Json all = Json::parse(in);
  Tally tally;
  for (const Json& group : all.at("testGroups"))
    for (const Json& test : group.at("tests")) {
      ++tally.cases;
      const bool valid = test.at("result") == "valid";
      tally.valid += valid ? 1 : 0;
      EXPECT_EQ(accepts(group, test), valid)
          << file.filename().string() << " case " << test.at("tcId") << ": " << test.at("comment");
    }
  EXPECT_EQ(tally.cases, all.at("numberOfTests").get<int>());
  return tally;
}

std::filesystem::path file_of(const char* name) {
  return shared_vectors() / "wycheproof" / name;
}

Bytes joined(const Bytes& one, const Bytes& other) {
  Bytes both = one;
  both.insert(both.end(), other.begin(), other.end());
  return both;
}

using Seal = Result<Bytes> (*)(ByteView, ByteView, ByteView, ByteView);

// Opens what the file sealed, and seals the same again; a valid case must do both.
bool accepts_aead(const Json& test, Seal seal, Seal open) {
  const Bytes key = bytes_of(test, "key");
  const Bytes nonce = bytes_of(test, "iv");
  const Bytes associated = bytes_of(test, "aad");
  const Bytes sealed = joined(bytes_of(test, "ct"), bytes_of(test, "tag"));
  const auto opened = open(key, nonce, associated, sealed);
  if (!opened) return false;
  EXPECT_EQ(*opened, bytes_of(test, "msg"));
  EXPECT_EQ(seal(key, nonce, associated, *opened).value(), sealed);
  return true;
}

TEST(Wycheproof, XChaCha20Poly1305) {
  const auto file = file_of("xchacha20_poly1305.json");
  REQUIRE_VECTORS(file);
  const Tally tally = run_file(file, [](const Json&, const Json& test) {
    return accepts_aead(test, xchacha20_poly1305_seal, xchacha20_poly1305_open);
  });
  EXPECT_GT(tally.valid, 0);
}

TEST(Wycheproof, AesGcm) {
  const auto file = file_of("aes_gcm.json");
  REQUIRE_VECTORS(file);
  const Tally tally = run_file(file, [](const Json&, const Json& test) {
    return accepts_aead(test, aes_gcm_seal, aes_gcm_open);
  });
  EXPECT_GT(tally.valid, 0);
}

TEST(Wycheproof, Ed25519) {
  const auto file = file_of("ed25519.json");
  REQUIRE_VECTORS(file);
  run_file(file, [](const Json& group, const Json& test) {
    return ed25519_verify(bytes_of(group.at("publicKey"), "pk"), bytes_of(test, "msg"),
                          bytes_of(test, "sig"));
  });
}

TEST(Wycheproof, HmacSha256) {
  const auto file = file_of("hmac_sha256.json");
  REQUIRE_VECTORS(file);
  run_file(file, [](const Json&, const Json& test) {
    return hmac_sha256_matches(bytes_of(test, "key"), bytes_of(test, "msg"), bytes_of(test, "tag"));
  });
}

TEST(Wycheproof, HkdfSha256) {
  const auto file = file_of("hkdf_sha256.json");
  REQUIRE_VECTORS(file);
  run_file(file, [](const Json&, const Json& test) {
    const auto out = hkdf_sha256(bytes_of(test, "ikm"), bytes_of(test, "salt"),
                                 bytes_of(test, "info"), test.at("size").get<std::size_t>());
    return out && *out == bytes_of(test, "okm");
  });
}

TEST(Wycheproof, AesKwp) {
  const auto file = file_of("aes_kwp.json");
  REQUIRE_VECTORS(file);
  run_file(file, [](const Json&, const Json& test) {
    const Bytes key = bytes_of(test, "key");
    const auto opened = aes_kwp_unwrap(key, bytes_of(test, "ct"));
    if (!opened) return false;
    EXPECT_EQ(to_hex(opened->reveal()), test.at("msg").get<std::string>());
    EXPECT_EQ(to_hex(aes_kwp_wrap(key, opened->reveal()).value()),
              test.at("ct").get<std::string>());
    return true;
  });
}

}  // namespace
}  // namespace madoguchi
