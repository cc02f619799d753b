#include "wire/authority.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "wire/credentials.h"

namespace madoguchi::wire {
namespace {

class Authority : public testing::Test {
 protected:
  Authority() {
    std::string pattern = testing::TempDir() + "authorityXXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~Authority() override { std::filesystem::remove_all(folder_); }

  std::string read(const std::string& name) const {
    std::ifstream in(folder_ / name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  std::filesystem::path folder_;
  const Time now_ = *parse_utc("2026-11-22T03:00:00Z");
};

TEST_F(Authority, MakesWhatIsMissingAndLeavesTheRestAlone) {
  ASSERT_TRUE(ensure_certificates(folder_, {"vault"}, now_));
  const std::string first = read("vault.pem");
  ASSERT_TRUE(ensure_certificates(folder_, {"vault", "centre"}, now_));
  EXPECT_EQ(read("vault.pem"), first);
  EXPECT_NE(read("centre.pem"), "");
  EXPECT_TRUE(server_credentials(
      {folder_ / "authority.pem", folder_ / "vault.pem", folder_ / "vault.key"}));
}

TEST_F(Authority, KeysAreForTheOwnerAlone) {
  ASSERT_TRUE(ensure_certificates(folder_, {"vault"}, now_));
  struct stat info {};
  ASSERT_EQ(stat((folder_ / "vault.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(Authority, RenewsARoleThirtyDaysBeforeItsEnd) {
  ASSERT_TRUE(ensure_certificates(folder_, {"vault"}, now_));
  const std::string first = read("vault.pem");
  const std::string authority = read("authority.pem");
  ASSERT_TRUE(ensure_certificates(folder_, {"vault"}, now_ + std::chrono::hours(24 * 360)));
  EXPECT_EQ(read("vault.pem"), first);
  ASSERT_TRUE(ensure_certificates(folder_, {"vault"}, now_ + std::chrono::hours(24 * 370)));
  EXPECT_NE(read("vault.pem"), first);
  EXPECT_EQ(read("authority.pem"), authority);
}

TEST_F(Authority, ASpoiltKeyFileIsNamedInTheError) {
  std::ofstream(folder_ / "vault.key") << "rubbish";
  ASSERT_TRUE(ensure_certificates(folder_, {"centre"}, now_));
  const auto found = server_credentials(
      {folder_ / "authority.pem", folder_ / "centre.pem", folder_ / "vault.key"});
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("vault.key"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::wire
