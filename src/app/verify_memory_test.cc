#include "app/verify_memory.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>

#include "base/signing.h"

namespace madoguchi::app {
namespace {

class VerifyMemoryTest : public testing::Test {
 protected:
  VerifyMemoryTest() {
    std::string pattern = testing::TempDir() + "memoryXXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~VerifyMemoryTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  static ledger::VerifierKey key(std::uint8_t number) {
    return ledger::NoteSigner::make("vault.example/log/sakura", ledger::KeyType::kEd25519,
                                    SigningKey::of_seed(Bytes(32, number)).value())
        ->verifier();
  }
  VerifyMemory of(const std::string& asked, std::uint8_t number = 1) {
    return VerifyMemory::of(asked, key(number), [this](const char* name) {
      const auto set = set_.find(name);
      return set == set_.end() ? nullptr : set->second.c_str();
    });
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> set_;
};

TEST_F(VerifyMemoryTest, IsKeptForEachKeyWhereNothingIsSaid) {
  set_ = {{"HOME", folder_ / "home"}};
  EXPECT_EQ(of("").file.parent_path(), folder_ / "home/.local/state/madoguchi/verify");
  EXPECT_NE(of("", 1).file, of("", 2).file);
  set_["XDG_STATE_HOME"] = folder_ / "state";
  EXPECT_EQ(of("").file.parent_path(), folder_ / "state/madoguchi/verify");
  set_["XDG_STATE_HOME"] = "state";  // not absolute: as if it were not set
  EXPECT_EQ(of("").file.parent_path(), folder_ / "home/.local/state/madoguchi/verify");
}

TEST_F(VerifyMemoryTest, RecallsWhatItKept) {
  set_ = {{"HOME", folder_}};
  EXPECT_EQ(of("").recall().value(), std::nullopt);
  ASSERT_TRUE(of("").keep("a note"));
  EXPECT_EQ(of("").recall().value(), "a note");
  EXPECT_EQ(of("", 2).recall().value(), std::nullopt);
  EXPECT_NE(of("").said().find(folder_.string()), std::string::npos);
}

TEST_F(VerifyMemoryTest, SaysWhenNothingIsRemembered) {
  EXPECT_NE(of("").said().find("not remembered"), std::string::npos);  // no HOME
  set_ = {{"HOME", folder_}};
  EXPECT_NE(of("none").said().find("not remembered"), std::string::npos);
  EXPECT_TRUE(of("none").keep("a note"));
  EXPECT_EQ(of("").recall().value(), std::nullopt);
}

TEST_F(VerifyMemoryTest, OnlyAFileThatWasNamedSavesReadingAgain) {
  set_ = {{"HOME", folder_}};
  EXPECT_EQ(of(folder_ / "mine").reads_again(), 0U);
  EXPECT_GT(of("").reads_again(), 0U);
}

}  // namespace
}  // namespace madoguchi::app
