#include "vault/core/master_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace madoguchi::vault {
namespace {

class MasterKey : public testing::Test {
 protected:
  MasterKey() {
    std::string pattern = testing::TempDir() + "masterXXXXXX";
    folder_ = mkdtemp(pattern.data());
    file_ = folder_ / "master.key";
  }
  ~MasterKey() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::filesystem::path file_;
};

TEST_F(MasterKey, IsMadeOnceForTheOwnerAlone) {
  const auto first = read_master_key(file_, IfMissing::kMake);
  ASSERT_TRUE(first) << first.error().message;
  struct stat info {};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto again = read_master_key(file_, IfMissing::kRefuse);
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::ranges::equal(first->reveal(), again->reveal()));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(MasterKey, IsRefusedWhenOthersCouldReadIt) {
  ASSERT_TRUE(read_master_key(file_, IfMissing::kMake));
  ASSERT_EQ(chmod(file_.c_str(), 0640), 0);
  const auto refused = read_master_key(file_, IfMissing::kMake);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("master.key: has mode 0640"), std::string::npos)
      << refused.error().message;
}

TEST_F(MasterKey, IsNotMadeAnewForADatabaseThatHasOne) {
  const auto missing = read_master_key(file_, IfMissing::kRefuse);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(MasterKey, RubbishAndLinksAreRefused) {
  std::ofstream(file_) << "rubbish";
  ASSERT_EQ(chmod(file_.c_str(), 0600), 0);
  EXPECT_EQ(read_master_key(file_, IfMissing::kMake).error().code, ErrorCode::kInvalid);
  ASSERT_EQ(symlink(file_.c_str(), (folder_ / "link").c_str()), 0);
  EXPECT_FALSE(read_master_key(folder_ / "link", IfMissing::kMake));
}

}  // namespace
}  // namespace madoguchi::vault
