// The token is SoftHSM2, in a folder of the test's own.
#include "vault/core/token.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "vault/core/crypto.h"

namespace madoguchi::vault {
namespace {

namespace fs = std::filesystem;

class OnSoftToken : public testing::Test {
 protected:
  void SetUp() override {
    place_.module = "/usr/lib/softhsm/libsofthsm2.so";
    if (!fs::exists(place_.module)) GTEST_SKIP() << "softhsm2 is not installed";
    std::string pattern = testing::TempDir() + "tokenXXXXXX";
    folder_ = mkdtemp(pattern.data());
    fs::create_directory(folder_ / "tokens");
    std::ofstream(folder_ / "softhsm2.conf")
        << "directories.tokendir = " << (folder_ / "tokens").string() << "\n";
    setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1);
    const std::string init =
        "softhsm2-util --init-token --free --label 'the token' --so-pin 12345678 --pin 2468 "
        "> /dev/null";
    ASSERT_EQ(std::system(init.c_str()), 0);
    place_.label = "the token";
    place_.pin_file = folder_ / "pin";
    place_.key = "master";
    put_pin("2468\n");
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  void put_pin(const std::string& text, mode_t mode = 0600) {
    std::ofstream(place_.pin_file) << text;
    ASSERT_EQ(chmod(place_.pin_file.c_str(), mode), 0);
  }
  [[nodiscard]] std::string refusal() const {
    const auto secret = token_secret(place_, as_bytes("context"));
    if (secret) return "";
    const bool setting = secret.error().message.starts_with("token.");
    EXPECT_TRUE(setting) << secret.error().message;
    return secret.error().message;
  }
  [[nodiscard]] bool refused_for(std::string_view why) const {
    const std::string said = refusal();
    const bool so = said.find(why) != std::string::npos;
    EXPECT_TRUE(so) << said;
    return so;
  }

  fs::path folder_;
  TokenPlace place_;
};

TEST_F(OnSoftToken, AKeyThatItMadeGivesTheSameSecretAgainAndAnotherForAnotherContext) {
  ASSERT_TRUE(make_token_key(place_));
  const auto one = token_secret(place_, as_bytes("context"));
  const auto again = token_secret(place_, as_bytes("context"));
  const auto other = token_secret(place_, as_bytes("another context"));
  ASSERT_TRUE(one && again && other) << one.error().message;
  EXPECT_EQ(one->reveal().size(), kKeyBytes);
  EXPECT_TRUE(std::ranges::equal(one->reveal(), again->reveal()));
  EXPECT_FALSE(std::ranges::equal(one->reveal(), other->reveal()));
}

TEST_F(OnSoftToken, AKeyIsMadeOnce) {
  ASSERT_TRUE(make_token_key(place_));
  const auto twice = make_token_key(place_);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::kConflict);
  place_.key = "another";
  EXPECT_TRUE(make_token_key(place_));
}

TEST_F(OnSoftToken, WhatIsMissingIsNamed) {
  EXPECT_TRUE(refused_for("token.key: token \"the token\" has no key \"master\""));
  ASSERT_TRUE(make_token_key(place_));
  TokenPlace right = place_;
  place_.label = "elsewhere";
  EXPECT_TRUE(refused_for("token \"elsewhere\" is not there (the module sees \"the token\")"));
  place_ = right;
  place_.module = "/nowhere.so";
  EXPECT_TRUE(refused_for("token.module: /nowhere.so: cannot be loaded"));
  place_.module = "/usr/lib/x86_64-linux-gnu/libm.so.6";
  EXPECT_TRUE(refused_for("is no PKCS#11 module"));
  place_ = right;
  fs::rename(folder_ / "tokens", folder_ / "carried off");
  EXPECT_NE(refusal(), "");
  fs::rename(folder_ / "carried off", folder_ / "tokens");
  EXPECT_EQ(refusal(), "");
}

TEST_F(OnSoftToken, APinThatIsWrongMissingOrOpenToOthersIsRefused) {
  ASSERT_TRUE(make_token_key(place_));
  put_pin("1357\n");
  EXPECT_TRUE(refused_for("holds the wrong PIN"));
  put_pin("\n");
  EXPECT_TRUE(refused_for("its first line is empty"));
  put_pin("2468\n", 0644);
  EXPECT_TRUE(refused_for("has mode 0644"));
  fs::remove(place_.pin_file);
  EXPECT_TRUE(refused_for("is missing"));
}

}  // namespace
}  // namespace madoguchi::vault
