#include "wire/role_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "wire/authority.h"

namespace madoguchi::wire {
namespace {

class RoleFiles : public testing::Test {
 protected:
  RoleFiles() {
    std::string pattern = testing::TempDir() + "roleXXXXXX";
    folder_ = mkdtemp(pattern.data());
    made_ = ensure_certificates(folder_, {"vault", "centre"}, now_).has_value() &&
            ensure_certificates(folder_ / "other", {"vault"}, now_).has_value();
  }
  ~RoleFiles() override { std::filesystem::remove_all(folder_); }

  // What is wrong with them for the vault; empty: nothing.
  std::string wrong(const std::string& authority, const std::string& certificate,
                    const std::string& key) const {
    const auto good =
        check_role_files({folder_ / authority, folder_ / certificate, folder_ / key}, "vault");
    if (good) return "";
    EXPECT_EQ(good.error().code, ErrorCode::kInvalid);
    return good.error().message;
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  const Time now_ = *parse_utc("2026-11-22T03:00:00Z");
  std::filesystem::path folder_;
  bool made_ = false;
};

TEST_F(RoleFiles, AreGoodAsTheyAreMadeHoweverOldTheyAre) {
  ASSERT_TRUE(made_);
  EXPECT_EQ(wrong("authority.pem", "vault.pem", "vault.key"), "");
  const Time long_ago = *parse_utc("2001-01-01T00:00:00Z");
  ASSERT_TRUE(ensure_certificates(folder_ / "old", {"vault"}, long_ago));
  EXPECT_EQ(wrong("old/authority.pem", "old/vault.pem", "old/vault.key"), "");
}

TEST_F(RoleFiles, EachMistakeNamesKeyFileAndMend) {
  ASSERT_TRUE(made_);
  std::ofstream(folder_ / "rubbish") << "-----BEGIN CERTIFICATE-----\nrubbish\n";
  EXPECT_EQ(wrong("authority.pem", "centre.pem", "centre.key"),
            "rpc.certificate: " + at("centre.pem") +
                " is of the role \"centre\", not \"vault\"; `madoguchi up` makes one in tls/");
  EXPECT_EQ(wrong("authority.pem", "vault.pem", "centre.key"),
            "rpc.key: " + at("centre.key") + " is not the key of " + at("vault.pem") +
                "; `madoguchi up` makes one in tls/");
  EXPECT_EQ(wrong("authority.pem", "other/vault.pem", "other/vault.key"),
            "rpc.certificate: " + at("other/vault.pem") + " was not made by the authority of " +
                at("authority.pem") + "; `madoguchi up` makes one in tls/");
  EXPECT_EQ(wrong("rubbish", "vault.pem", "vault.key"),
            "rpc.authority: " + at("rubbish") +
                " is no readable certificate; `madoguchi up` makes one in tls/");
  EXPECT_EQ(wrong("authority.pem", "nowhere.pem", "vault.key"),
            "rpc.certificate: " + at("nowhere.pem") +
                " is no readable certificate; `madoguchi up` makes one in tls/");
  EXPECT_EQ(wrong("authority.pem", "vault.pem", "rubbish"),
            "rpc.key: " + at("rubbish") +
                " is no readable key without a passphrase; `madoguchi up` makes one in tls/");
}

}  // namespace
}  // namespace madoguchi::wire
