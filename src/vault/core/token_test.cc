// The token is SoftHSM2, in a folder of the test's own.
#include "vault/core/token.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "vault/core/crypto.h"
#include "vault/core/token_session.h"

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
    const auto secrets = token_secrets(place_);
    if (secrets) return "";
    const bool setting = secrets.error().message.starts_with("token.");
    EXPECT_TRUE(setting) << secrets.error().message;
    return secrets.error().message;
  }
  [[nodiscard]] bool refused_for(std::string_view why) const {
    const std::string said = refusal();
    const bool so = said.find(why) != std::string::npos;
    EXPECT_TRUE(so) << said;
    return so;
  }

  // Made by a session, as `madoguchi keys rotate --master` has one.
  static std::string next_of(const TokenPlace& place) {
    const auto session = TokenSession::open(place, TokenSession::Access::kChange);
    if (!session) return session.error().message;
    const auto next = (*session)->next_key();
    if (!next) return next.error().message;
    const auto made = (*session)->make_key(*next);
    return made ? *next : made.error().message;
  }
  static Result<void> destroyed(const TokenPlace& place, const std::string& key) {
    const auto session = TokenSession::open(place, TokenSession::Access::kChange);
    return session ? (*session)->destroy_key(key) : tl::unexpected<Error>(session.error());
  }
  static std::vector<std::string> labels_of(const std::vector<TokenSecret>& secrets) {
    std::vector<std::string> labels;
    for (const TokenSecret& one : secrets) labels.push_back(one.key);
    return labels;
  }

  fs::path folder_;
  TokenPlace place_;
};

TEST_F(OnSoftToken, AKeyThatItMadeGivesTheSameSecretAgainAndAnotherKeyAnother) {
  ASSERT_TRUE(make_token_key(place_));
  const auto one = token_secrets(place_);
  const auto again = token_secrets(place_);
  ASSERT_TRUE(one && again) << one.error().message;
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->front().key, "master");
  EXPECT_EQ(one->front().secret.reveal().size(), kKeyBytes);
  EXPECT_TRUE(std::ranges::equal(one->front().secret.reveal(), again->front().secret.reveal()));
  ASSERT_EQ(next_of(place_), "master.2");
  const auto both = token_secrets(place_);
  ASSERT_TRUE(both) << both.error().message;
  ASSERT_EQ(both->size(), 2U);
  EXPECT_TRUE(std::ranges::equal(both->at(0).secret.reveal(), one->front().secret.reveal()));
  EXPECT_FALSE(std::ranges::equal(both->at(0).secret.reveal(), both->at(1).secret.reveal()));
}

TEST_F(OnSoftToken, KeysFollowOneAnotherByNumberAndOthersOfTheTokenDoNotCount) {
  for (const char* other :
       {"mast", "masters", "master.x", "master.02", "master.1", "Master", "x"}) {
    TokenPlace elsewhere = place_;
    elsewhere.key = other;
    ASSERT_TRUE(make_token_key(elsewhere)) << other;
  }
  ASSERT_TRUE(make_token_key(place_));
  for (int number = 2; number <= 11; ++number)
    EXPECT_EQ(next_of(place_), "master." + std::to_string(number));
  ASSERT_TRUE(destroyed(place_, "master.3"));
  ASSERT_TRUE(destroyed(place_, "master"));
  const auto secrets = token_secrets(place_);
  ASSERT_TRUE(secrets) << secrets.error().message;
  EXPECT_EQ(labels_of(*secrets),
            (std::vector<std::string>{"master.2", "master.4", "master.5", "master.6", "master.7",
                                      "master.8", "master.9", "master.10", "master.11"}));
  EXPECT_EQ(destroyed(place_, "master.3").error().code, ErrorCode::kNotFound);
}

TEST_F(OnSoftToken, TooManyKeysOfOneNameAreRefused) {
  for (std::size_t i = 0; i < kMostTokenKeys; ++i) EXPECT_NE(next_of(place_), "");
  EXPECT_TRUE(token_secrets(place_));
  const auto session = TokenSession::open(place_, TokenSession::Access::kUse);
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ((*session)->next_key().error().code, ErrorCode::kExhausted);
}

TEST_F(OnSoftToken, AKeyIsMadeOnce) {
  ASSERT_TRUE(make_token_key(place_));
  const auto twice = make_token_key(place_);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::kConflict);
  place_.key = "another";
  EXPECT_TRUE(make_token_key(place_));
}

TEST_F(OnSoftToken, OneCommandAtATimeMayChangeKeysAndOthersMayUseThem) {
  ASSERT_TRUE(make_token_key(place_));
  const int command = open(place_.pin_file.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(flock(command, LOCK_EX | LOCK_NB), 0);
  place_.key = "another";
  const auto other = make_token_key(place_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  EXPECT_NE(other.error().message.find("token.pin_file: "), std::string::npos);
  EXPECT_NE(other.error().message.find("another command changes the keys of token \"the token\""),
            std::string::npos);
  place_.key = "master";
  EXPECT_TRUE(token_secrets(place_));
  close(command);
  // A session is such a command, as long as it is there.
  auto session = TokenSession::open(place_, TokenSession::Access::kChange);
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(make_token_key(place_).error().message, other.error().message);
  session->reset();
  place_.key = "another";
  EXPECT_TRUE(make_token_key(place_));
}

TEST_F(OnSoftToken, OnlyWhatWasMadeHereIsTakenBack) {
  ASSERT_TRUE(make_token_key(place_));
  {
    const auto session = TokenSession::open(place_, TokenSession::Access::kChange);
    ASSERT_TRUE(session) << session.error().message;
    ASSERT_TRUE((*session)->take_back());
    ASSERT_EQ((*session)->make_key("master").error().code, ErrorCode::kConflict);
    ASSERT_TRUE((*session)->take_back());
    EXPECT_EQ((*session)->keys().value(), std::vector<std::string>{"master"});
    ASSERT_TRUE((*session)->make_key("master.2"));
    ASSERT_TRUE((*session)->take_back());
  }
  EXPECT_EQ(labels_of(*token_secrets(place_)), std::vector<std::string>{"master"});
}

// Hosts that reach one token have files of their own, and no lock in common. SoftHSM does not
// always show a process what another made in the same moment: both keys may stand then, both say
// so; the vault takes one of them, and the other command destroys its own.
TEST_F(OnSoftToken, OfTwoHostsThatMakeOneKeyAtOnceEachSaysWhatBecameOfItsOwn) {
  TokenPlace elsewhere = place_;
  elsewhere.pin_file = folder_ / "pin elsewhere";
  fs::copy_file(place_.pin_file, elsewhere.pin_file);
  for (int round = 0; round < 12; ++round) {
    place_.key = elsewhere.key = "round" + std::to_string(round);
    std::array<int, 2> gate{};
    ASSERT_EQ(pipe(gate.data()), 0);
    std::vector<pid_t> hosts;
    for (const TokenPlace* place : {&place_, &elsewhere}) {
      hosts.push_back(fork());
      if (hosts.back() != 0) continue;
      close(gate[1]);
      const auto session = TokenSession::open(*place, TokenSession::Access::kChange);
      char none = 0;
      const bool open = read(gate[0], &none, 1) == 0;
      _exit(open && session && (*session)->make_key(place->key) ? 0 : 1);
    }
    close(gate[0]);
    close(gate[1]);
    int made = 0;
    for (const pid_t host : hosts) {
      int ended = 0;
      ASSERT_EQ(waitpid(host, &ended, 0), host);
      made += WIFEXITED(ended) && WEXITSTATUS(ended) == 0 ? 1 : 0;
    }
    const auto left = token_secrets(place_);
    EXPECT_EQ(left ? left->size() : 0, static_cast<std::size_t>(made)) << round;
  }
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
